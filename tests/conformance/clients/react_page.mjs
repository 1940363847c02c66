// A React page that shows who is signed in, through the React client's hook.

import assert from "node:assert/strict";

import { Window } from "happy-dom";

import { Browser, generator, shown, until } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
const window = new Window({ url: `${settings.site}/` });
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });
Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
const { act, createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { createAuthClient } = await import("better-auth/react");

const PASSWORD = "correct horse battery";
const browser = new Browser({ site: settings.site, ports: settings.ports, random: generator(settings.seed) });
const client = createAuthClient({ baseURL: settings.site, fetchOptions: { customFetchImpl: browser.fetch } });
const email = "react@journey.example";
const steps = [];
let renders = [];

function Greeting() {
  const { data, isPending, error } = client.useSession();
  const text = isPending ? "…" : error ? `${error.status} ${error.code}` : data ? `Hello, ${data.user.name}` : "Who are you?";
  if (renders.at(-1) !== text) renders.push(text);
  return createElement("p", null, text);
}

const root = createRoot(document.body.appendChild(document.createElement("main")));
const text = () => document.body.textContent;

/** Do something, wait until the page shows the text, and write down what it showed on the way. */
async function shows(expected, step, action) {
  renders = [];
  const from = browser.log.length;
  let outcome = null;
  await act(async () => {
    outcome = await action();
    await until(() => browser.log.slice(from).some(({ path, status }) => path.startsWith("/api/auth/get-session") && status), `${step} refetches`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  await act(() => until(() => text() === expected, `${step} shows ${expected}, not ${text()}`));
  assert.equal(text(), expected);
  const requests = browser.log.slice(from).map(({ method, path, status }) => `${method} ${path} ${status}`);
  steps.push({ step, outcome: shown(outcome ?? null), requests, renders });
}

await shows("Who are you?", "render", () => root.render(createElement(Greeting)));
await shows("Hello, Ada", "sign up", () => client.signUp.email({ name: "Ada", email, password: PASSWORD }));
await shows("Hello, Ada L.", "update", () => client.updateUser({ name: "Ada L." }));
await shows("Who are you?", "sign out", () => client.signOut());
await shows("Hello, Ada L.", "sign in", () => client.signIn.email({ email, password: PASSWORD }));
await shows("Who are you?", "delete", () => client.deleteUser({ password: PASSWORD }));
await act(() => root.unmount());
process.stdout.write(JSON.stringify(steps));
process.exit(0);
