import { createApiClient } from "ostiary-react";

// The same host as the page, another port: one site, so the cookie needs no permission to cross.
const baseURL = import.meta.env.VITE_API_URL ?? `http://${location.hostname}:8000`;

export const apiClient = createApiClient({ baseURL });
