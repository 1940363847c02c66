export { createApiClient, type ApiClient, type ApiClientOptions, type Body, type RequestOptions } from "./client.js";
export { ApiError, type ErrorCode } from "./errors.js";
export type { User } from "./grant.js";
export { AuthProvider, ProtectedRoute, useAuth, type Auth, type ProtectedRouteProps } from "./react.js";
export type { AuthState, Credentials, Outcome, Registered, Registration, SignedIn } from "./session.js";
