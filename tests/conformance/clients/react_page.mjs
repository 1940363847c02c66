// A React page that shows who is signed in, through the React client's hook.

import { Window } from "happy-dom";

import { Browser, generator, shown, until } from "./browser.mjs";

const settings = JSON.parse(process.argv[2]);
const window = new Window({ url: `${settings.site}/` });
Object.assign(globalThis, { window, document: window.document });
Object.defineProperty(globalThis, "navigator", { value: window.navigator, configurable: true });
const { createElement } = await import("react");
const { createRoot } = await import("react-dom/client");
const { createAuthClient } = await import("better-auth/react");

const PASSWORD = "correct horse battery";
const browser = new Browser({ site: settings.site, ports: settings.ports, random: generator(settings.seed) });
const client = createAuthClient({ baseURL: settings.site, fetchOptions: { customFetchImpl: browser.fetch } });
const email = "react@journey.example";
const steps = [];

function Greeting() {
  const { data, isPending, error } = client.useSession();
  const greeting = isPending ? "…" : error ? `${error.status} ${error.code}` : data ? `Hello, ${data.user.name}` : "Who are you?";
  return createElement("p", null, greeting);
}

const root = createRoot(document.body.appendChild(document.createElement("main")));
const text = () => document.body.textContent;

/** Do something and wait until the page, after asking for the session by itself, shows a text. */
async function shows(expected, step, action) {
  const from = browser.log.length;
  const outcome = await action();
  const asked = () => browser.log.slice(from).some(({ path, status }) => path.startsWith("/api/auth/get-session") && status);
  await until(() => asked() && text() === expected, `${step} shows "${expected}"`);
  const requests = browser.log.slice(from).map(({ method, path, status }) => `${method} ${path} ${status}`);
  steps.push({ step, outcome: shown(outcome ?? null), requests, text: text() });
}

await shows("Who are you?", "render", () => root.render(createElement(Greeting)));
await shows("Hello, Ada", "sign up", () => client.signUp.email({ name: "Ada", email, password: PASSWORD }));
await shows("Hello, Ada L.", "update", () => client.updateUser({ name: "Ada L." }));
await shows("Who are you?", "sign out", () => client.signOut());
await shows("Hello, Ada L.", "sign in", () => client.signIn.email({ email, password: PASSWORD }));
await shows("Who are you?", "delete", () => client.deleteUser({ password: PASSWORD }));
root.unmount();
process.stdout.write(JSON.stringify(steps));
process.exit(0);
