// Flows by mail with the vanilla client: an address is verified, a password forgotten, an address changed, an account deleted.
//
//   node mail.mjs '{"site": "http://app.example.test", "ports": [4001], "seed": 7}'

import assert from "node:assert/strict";

import { Browser, generator, installWindow, shown } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
installWindow(settings.site);
const { createAuthClient } = await import("better-auth/client");

const PASSWORD = "correct horse battery";
const NEW_PASSWORD = "a new long password";
const steps = [];
const random = generator(settings.seed);

function open() {
  const browser = new Browser({ site: settings.site, ports: settings.ports, random });
  const client = createAuthClient({ baseURL: settings.site, fetchOptions: { customFetchImpl: browser.fetch } });
  return { browser, client };
}

/** The link that was mailed last to an address. */
async function mailed(email) {
  const calls = [];
  for (const port of settings.ports) {
    const answer = await fetch(`http://127.0.0.1:${port}/-/calls?of=${encodeURIComponent(email)}`);
    calls.push(...(await answer.json()));
  }
  return calls.filter(({ url }) => url).at(-1).url;
}

/** Open a link; where it leads to, with what the page there is told. */
async function follow({ browser }, link) {
  const answer = await browser.fetch(link);
  assert.equal(answer.status, 302);
  return new URL(answer.headers.get("location"), settings.site);
}

function accepted({ data, error }) {
  assert.equal(error, null);
  steps.push(shown(data));
  return data;
}

function refused({ data, error }, code) {
  assert.deepEqual([data, error.code], [null, code]);
}

const email = `mail.${settings.seed}@journey.example`;
const newEmail = `moved.${settings.seed}@journey.example`;
const ada = open();

accepted(await ada.client.signUp.email({ name: "Ada", email, password: PASSWORD, callbackURL: "/welcome" }));
refused(await ada.client.signIn.email({ email, password: PASSWORD }), "EMAIL_NOT_VERIFIED");
accepted(await ada.client.sendVerificationEmail({ email, callbackURL: "/welcome" }));
assert.equal((await follow(ada, await mailed(email))).pathname, "/welcome");
assert.equal(accepted(await ada.client.getSession()).user.emailVerified, true);

accepted(await ada.client.requestPasswordReset({ email, redirectTo: "/new-password" }));
const page = await follow(open(), await mailed(email));
assert.equal(page.pathname, "/new-password");
const token = page.searchParams.get("token");
accepted(await ada.client.resetPassword({ newPassword: NEW_PASSWORD, token }));
refused(await ada.client.resetPassword({ newPassword: PASSWORD, token }), "INVALID_TOKEN");
refused(await open().client.signIn.email({ email, password: PASSWORD }), "INVALID_EMAIL_OR_PASSWORD");

const again = open();
accepted(await again.client.signIn.email({ email, password: NEW_PASSWORD }));
accepted(await again.client.changeEmail({ newEmail, callbackURL: "/moved" }));
assert.equal((await follow(again, await mailed(newEmail))).search, "");
assert.equal(accepted(await again.client.getSession()).user.email, newEmail);

accepted(await again.client.deleteUser({ callbackURL: "/bye" }));
assert.equal((await follow(again, await mailed(newEmail))).pathname, "/bye");
assert.equal(accepted(await again.client.getSession()), null);

process.stdout.write(JSON.stringify(steps));
process.exit(0);
