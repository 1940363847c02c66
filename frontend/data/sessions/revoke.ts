import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

export const revokeSession = (token: string) => attempt(authClient.revokeSession({ token }));

export const revokeOtherSessions = () => attempt(authClient.revokeOtherSessions());
