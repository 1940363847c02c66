// Tokens with the vanilla client: fetched, sent along with the session, proved by `jose` with the published keys.

import assert from "node:assert/strict";

import { createLocalJWKSet, jwtVerify } from "jose";

import { Browser, generator, installWindow, shown } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
installWindow(settings.site);
const { createAuthClient } = await import("better-auth/client");
const { jwtClient } = await import("better-auth/client/plugins");

const steps = [];
const random = generator(settings.seed);

function open() {
  const browser = new Browser({ site: settings.site, ports: settings.ports, random });
  return createAuthClient({
    baseURL: settings.site,
    fetchOptions: { customFetchImpl: browser.fetch },
    plugins: [jwtClient()],
  });
}

async function proved(client, token) {
  const { data, error } = await client.jwks();
  assert.equal(error, null);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(data), {
    issuer: settings.site,
    audience: settings.site,
  });
  return { payload, protectedHeader, keys: data.keys.length };
}

for (let round = 1; round <= settings.rounds; round++) {
  const client = open();
  const email = `tokens${round}.${settings.seed}@journey.example`;
  const refused = await client.token();
  assert.deepEqual([refused.data, refused.error.status], [null, 401]);
  const signedUp = await client.signUp.email({ name: "Ada", email, password: "correct horse battery" });
  assert.equal(signedUp.error, null);
  let sent = null;
  await client.getSession({ fetchOptions: { onSuccess: ({ response }) => (sent = response.headers.get("set-auth-jwt")) } });
  const asked = await client.token();
  assert.equal(asked.error, null);
  const both = [await proved(client, sent), await proved(client, asked.data.token)];
  assert.equal(both[0].payload.sub, signedUp.data.user.id);
  assert.equal(both[0].protectedHeader.kid, both[1].protectedHeader.kid);
  steps.push(...both.map(shown));

  let signed = null;
  const again = await open().signIn.email(
    { email, password: "correct horse battery" },
    { onSuccess: ({ response }) => (signed = response.headers.get("set-auth-token")) },
  );
  assert.equal(again.error, null);
  const program = open();
  const header = { fetchOptions: { auth: { type: "Bearer", token: signed } } };
  const session = await program.getSession(header);
  assert.equal(session.data.user.email, email);
  steps.push(shown(session.data.user));
}
process.stdout.write(JSON.stringify(steps));
process.exit(0);
