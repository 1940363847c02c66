/** As much of a browser as the client needs in Node: it keeps cookies, sends them where they belong, and its origin. */
export class Browser {
  readonly cookies = new Map<string, { value: string; path: string }>();
  readonly sent: string[] = [];

  constructor(readonly origin = "http://127.0.0.1:5173") {}

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    this.sent.push(`${request.method} ${pathname}`);
    const headers = new Headers(request.headers);
    headers.set("origin", this.origin);
    const withCookies = request.credentials === "include";
    if (withCookies && this.header(pathname)) headers.set("cookie", this.header(pathname));
    const body = request.body ? await request.arrayBuffer() : null;
    const answer = await fetch(request.url, { method: request.method, headers, body, signal: request.signal });
    if (withCookies) for (const line of answer.headers.getSetCookie()) this.keep(line);
    return answer;
  };

  private header(path: string): string {
    const fitting = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    return fitting.map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  private keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    const path = attributes.find((each) => each.startsWith("Path="))?.slice(5) ?? "/";
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
    else this.cookies.set(name, { value, path });
  }
}
