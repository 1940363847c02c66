// A browser as far as an auth client needs one: a cookie jar, the headers a page of one site sends, a window.
//
// Every request goes to one of several servers that are all reachable as the same site, chosen by `choose`.

import http from "node:http";

/** A small deterministic generator (mulberry32), so that a failing choice of servers can be repeated. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export class Browser {
  constructor({ site, ports, random }) {
    this.site = new URL(site);
    this.ports = ports;
    this.random = random;
    this.jar = new Map();
    this.log = [];
    this.fetch = this.fetch.bind(this);
  }

  /** `fetch` as a page of the site sees it. */
  async fetch(input, init = {}) {
    const url = new URL(input instanceof Request ? input.url : input, this.site);
    const method = (init.method ?? "GET").toUpperCase();
    const headers = { ...this.#own(method), ...Object.fromEntries(new Headers(init.headers)) };
    const port = this.ports[Math.floor(this.random() * this.ports.length)];
    const entry = { method, path: url.pathname + url.search, port };
    this.log.push(entry);
    const answer = await send(port, method, url, headers, init.body, init.signal);
    entry.status = answer.status;
    for (const line of answer.cookies) this.#remember(line);
    const empty = [101, 204, 205, 304].includes(answer.status);
    return new Response(empty ? null : answer.body, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
  }

  #own(method) {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    return {
      host: this.site.host,
      "user-agent": "Mozilla/5.0 (conformance)",
      accept: "*/*",
      "accept-language": "en",
      referer: `${this.site.origin}/`,
      "sec-fetch-site": "same-origin",
      "sec-fetch-mode": "cors",
      "sec-fetch-dest": "empty",
      ...(method === "GET" || method === "HEAD" ? {} : { origin: this.site.origin }),
      ...(cookie ? { cookie } : {}),
    };
  }

  #remember(line) {
    const [pair, ...attributes] = line.split("; ");
    const name = pair.slice(0, pair.indexOf("="));
    this.jar.delete(name);
    if (!attributes.includes("Max-Age=0")) this.jar.set(name, pair.slice(pair.indexOf("=") + 1));
  }
}

function send(port, method, url, headers, body, signal) {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", method, path: url.pathname + url.search, headers, signal };
    const request = http.request({ ...options, setHost: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { "set-cookie": cookies = [], ...rest } = response.headers;
        const kept = Object.entries(rest).filter(([name]) => name !== "transfer-encoding");
        resolve({ status: response.statusCode, statusText: response.statusMessage, headers: kept, cookies, body: Buffer.concat(chunks) });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Make this process look like a page to code that asks `typeof window`; navigation is only noted down. */
export function installWindow(site) {
  const stored = new Map();
  const window = Object.assign(new EventTarget(), {
    location: { href: `${site}/`, origin: site },
    localStorage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => stored.set(key, String(value)),
      removeItem: (key) => stored.delete(key),
    },
    document: Object.assign(new EventTarget(), { visibilityState: "visible", cookie: "" }),
  });
  globalThis.window = window;
  globalThis.document = window.document;
  return window;
}

/** Wait until a condition holds. */
export async function until(condition, what) {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

/** Dates in answers are shown as such: the client must have revived them. */
export function shown(value) {
  if (value instanceof Date) return { Date: value.toISOString() };
  if (Array.isArray(value)) return value.map(shown);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item)]));
  }
  return value === undefined ? "(undefined)" : value;
}
