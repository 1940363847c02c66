// A whole life with the vanilla client, from sign-up to deletion, several people at once where asked.
//
//   node journey.mjs '{"site": "http://app.example.test", "ports": [4001, 4002], "seed": 7, "rounds": 20, "atOnce": 4, "steps": false}'
//
// Every step is asserted here. With "steps" each step's outcome is printed as well, for a comparison of servers.

import assert from "node:assert/strict";

import { Browser, generator, installWindow, shown, until } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
const page = installWindow(settings.site);
const { createAuthClient } = await import("better-auth/client");

const PASSWORD = "correct horse battery";
const NEW_PASSWORD = "a new long password";
const FRESH = { query: { disableCookieCache: true } };

class Person {
  constructor(name, random) {
    this.email = `${name}@journey.example`;
    this.random = random;
    this.steps = [];
  }

  /** Open a browser; its session store is watched from the start. */
  open() {
    const browser = new Browser({ site: settings.site, ports: settings.ports, random: this.random });
    const client = createAuthClient({ baseURL: settings.site, fetchOptions: { customFetchImpl: browser.fetch } });
    return { browser, client };
  }

  /** Do one thing, check its outcome, and write it down with the requests it took. */
  async does(step, { browser }, action, check) {
    const from = browser.log.length;
    const outcome = await action();
    try {
      check(outcome);
    } catch (error) {
      const servers = browser.log.map((entry) => `${entry.method} ${entry.path} ${entry.status} by :${entry.port}`);
      throw new Error(`${step}: ${error.message}\n${servers.slice(-8).join("\n")}`);
    }
    const requests = browser.log.slice(from).map(({ method, path, status }) => `${method} ${path} ${status}`);
    this.steps.push({ step, outcome: shown(outcome), requests: requests.sort() });
    return outcome;
  }
}

function accepted({ data, error }) {
  assert.equal(error, null);
  return data;
}

function refused(status, code, message) {
  return ({ data, error }) => {
    assert.equal(data, null);
    assert.deepEqual([error.status, error.code, error.message], [status, code, message]);
  };
}

async function arrival(person, here) {
  const { client } = here;
  const { email } = person;
  await person.does("nobody is signed in", here, () => client.getSession(), ({ data, error }) => {
    assert.deepEqual([data, error], [null, null]);
  });
  await person.does("bad address", here, () => client.signUp.email({ name: "Ada", email: "ada", password: PASSWORD }),
    refused(400, "VALIDATION_ERROR", "[body.email] Invalid email address"));
  await person.does("short password", here, () => client.signUp.email({ name: "Ada", email, password: "short" }),
    refused(400, "PASSWORD_TOO_SHORT", "Password too short"));
  await person.does("sign up", here, () => client.signUp.email({ name: "Ada", email, password: PASSWORD }), (outcome) => {
    const { token, user } = accepted(outcome);
    assert.match(token, /^[A-Za-z0-9]{32}$/);
    assert.equal(user.email, email);
    assert(user.createdAt instanceof Date);
  });
  await person.does("sign up again", here, () => client.signUp.email({ name: "Ada", email, password: PASSWORD }),
    refused(422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", "User already exists. Use another email."));
  await person.does("read the session", here, () => client.getSession(), (outcome) => {
    const { session, user } = accepted(outcome);
    assert.equal(session.userId, user.id);
    assert(session.expiresAt instanceof Date);
  });
}

async function twoBrowsers(person, here) {
  const { client } = here;
  const there = person.open();
  await person.does("wrong password", there, () => there.client.signIn.email({ email: person.email, password: "wrong password" }),
    refused(401, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password"));
  await person.does("sign in elsewhere", there,
    () => there.client.signIn.email({ email: person.email, password: PASSWORD, rememberMe: false }), (outcome) => {
      assert.equal(accepted(outcome).redirect, false);
    });
  const other = await person.does("read the other session", there, () => there.client.getSession(FRESH), accepted);
  await person.does("list sessions", here, () => client.listSessions(), (outcome) => {
    assert.equal(accepted(outcome).length, 2);
  });
  await person.does("change the name", here, () => client.updateUser({ name: "Ada Lovelace", image: null }), (outcome) => {
    assert.deepEqual(accepted(outcome), { status: true });
  });
  await person.does("see the name elsewhere", there, () => there.client.getSession(FRESH), (outcome) => {
    assert.equal(accepted(outcome).user.name, "Ada Lovelace");
  });
  await person.does("nothing to change", here, () => client.updateUser({ colour: "red" }),
    refused(400, undefined, "No fields to update"));
  await person.does("revoke the other", here, () => client.revokeSession({ token: other.data.session.token }), accepted);
  await person.does("signed out elsewhere", there, () => there.client.getSession(FRESH), ({ data }) => assert.equal(data, null));
  await person.does("refused elsewhere", there, () => there.client.revokeSessions(), refused(401, "UNAUTHORIZED", "Unauthorized"));
}

async function passwords(person, here) {
  const { client } = here;
  const change = (currentPassword, newPassword) =>
    client.changePassword({ currentPassword, newPassword, revokeOtherSessions: true });
  await person.does("wrong current password", here, () => change("wrong password", NEW_PASSWORD),
    refused(400, "INVALID_PASSWORD", "Invalid password"));
  const { data } = await person.does("change the password", here, () => change(PASSWORD, NEW_PASSWORD), accepted);
  await person.does("in a new session", here, () => client.getSession(FRESH), (outcome) => {
    assert.equal(accepted(outcome).session.token, data.token);
  });
  await person.does("verify the password", here, () => client.$fetch("/verify-password", { method: "POST", body: { password: NEW_PASSWORD } }),
    (outcome) => assert.deepEqual(accepted(outcome), { status: true }));
  await person.does("revoke others", here, () => client.revokeOtherSessions(), accepted);
  await person.does("sign out", here, () => client.signOut(), (outcome) => {
    assert.deepEqual(accepted(outcome), { success: true });
  });
  await person.does("signed out", here, () => client.getSession(), ({ data: none }) => assert.equal(none, null));
  page.location.href = `${settings.site}/`;
  await person.does("sign in with somewhere to go", here,
    () => client.signIn.email({ email: person.email, password: NEW_PASSWORD, callbackURL: "/home" }), (outcome) => {
      assert.equal(accepted(outcome).url, "/home");
    });
  assert.equal(page.location.href, "/home");
}

async function departure(person, here) {
  const { client } = here;
  await person.does("unknown route", here, () => client.$fetch("/unknown"), ({ error }) => assert.equal(error.status, 404));
  await person.does("delete with a wrong password", here, () => client.deleteUser({ password: "wrong password" }),
    refused(400, "INVALID_PASSWORD", "Invalid password"));
  await person.does("delete", here, () => client.deleteUser({ password: NEW_PASSWORD }), (outcome) => {
    assert.deepEqual(accepted(outcome), { success: true, message: "User deleted" });
  });
  await person.does("gone", here, () => client.getSession(FRESH), ({ data }) => assert.equal(data, null));
}

async function life(round) {
  const random = generator(settings.seed * 1000 + round);
  const person = new Person(`person-${settings.seed}-${round}`, random);
  const here = person.open();
  try {
    await arrival(person, here);
    await twoBrowsers(person, here);
    await passwords(person, here);
    await departure(person, here);
  } catch (error) {
    throw new Error(`seed ${settings.seed}, round ${round}: ${error.message}`);
  }
  assert.equal(new Set(here.browser.log.map(({ port }) => port)).size, settings.ports.length, "a server had nothing to do");
  return person.steps;
}

const rounds = Array.from({ length: settings.rounds }, (_, round) => round);
const lives = [];
await Promise.all(
  Array.from({ length: settings.atOnce ?? 1 }, async () => {
    for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) lives.push(await life(round));
  }),
);
process.stdout.write(JSON.stringify(settings.steps ? lives[0] : lives.length));
process.exit(0);
