import { inferAdditionalFields } from "better-auth/client/plugins";
import { createAuthClient } from "better-auth/react";
import { noteEnd } from "@/data/session/leave";

/** Better Auth's own client, configured once. It needs no address: the auth server is on this site. */
export const authClient = createAuthClient({
  plugins: [inferAdditionalFields({ user: { role: { type: "string", required: false, input: false } } })],
  fetchOptions: { onResponse: ({ response }) => noteEnd(response) },
});

export type Session = typeof authClient.$Infer.Session;
