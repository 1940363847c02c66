// The vanilla client's session store: what it holds, and which requests it makes by itself after each mutation.

import assert from "node:assert/strict";

import { Browser, generator, installWindow, shown, until } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
installWindow(settings.site);
const { createAuthClient } = await import("better-auth/client");

const PASSWORD = "correct horse battery";
const browser = new Browser({ site: settings.site, ports: settings.ports, random: generator(settings.seed) });
const client = createAuthClient({ baseURL: settings.site, fetchOptions: { customFetchImpl: browser.fetch } });
const email = "store@journey.example";
const steps = [];
const seen = [];
client.useSession.subscribe((state) => seen.push(state));
const now = () => seen.at(-1);

/** Do something, wait for the store to settle as expected, and write down what it went through. */
async function settles(step, action, expected) {
  const [from, states] = [browser.log.length, seen.length];
  const outcome = await action();
  const refetched = () => browser.log.slice(from).some(({ path, status }) => path.startsWith("/api/auth/get-session") && status);
  await until(() => refetched() && !now().isPending && !now().isRefetching && expected(now()), `${step}: ${JSON.stringify(now())}`);
  const requests = browser.log.slice(from).map(({ method, path, status }) => `${method} ${path} ${status}`);
  const stages = seen.slice(states).map(({ isPending, isRefetching, data, error }) => ({
    isPending, isRefetching, person: data?.user.name ?? null, error: error && { status: error.status, code: error.code },
  }));
  steps.push({ step, outcome: shown(outcome ?? null), requests, stages, data: shown(now().data) });
}

const person = (name) => (state) => state.data?.user.name === name;
const nobody = (state) => state.data === null;
await settles("first look", () => {}, nobody);
await settles("sign up", () => client.signUp.email({ name: "Ada", email, password: PASSWORD }), person("Ada"));
assert(now().data.session.expiresAt instanceof Date);
await settles("update", () => client.updateUser({ name: "Ada L." }), person("Ada L."));
await settles("asked", () => now().refetch(), person("Ada L."));
const before = now().data.session.token;
await settles("change password",
  () => client.changePassword({ currentPassword: PASSWORD, newPassword: PASSWORD, revokeOtherSessions: true }),
  (state) => state.data?.session.token !== before);
await settles("revoke others", () => client.revokeOtherSessions(), person("Ada L."));
await settles("sign out", () => client.signOut(), nobody);
await settles("sign in", () => client.signIn.email({ email, password: PASSWORD }), person("Ada L."));
await settles("revoke itself", () => client.revokeSession({ token: now().data.session.token }), nobody);
await settles("sign in again", () => client.signIn.email({ email, password: PASSWORD }), person("Ada L."));
await settles("revoke all", () => client.revokeSessions(), nobody);
await settles("sign in to delete", () => client.signIn.email({ email, password: PASSWORD }), person("Ada L."));
await settles("delete", () => client.deleteUser({ password: PASSWORD }), nobody);
process.stdout.write(JSON.stringify(steps));
process.exit(0);
