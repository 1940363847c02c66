// What people do in a real browser: a page of the site with the real client, a provider's pages, and back.
//
// Reads `{"site", "callbacks", "executable"}` as the first line of standard input, writes where the providers are and the
// page's script; at the second line it plays every journey and writes what came of each.

import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { openProvider } from "./provider.mjs";

// the provider has notices for its operators; standard output is for what came of the journeys
console.log = console.info = console.error;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { site, callbacks, executable } = JSON.parse((await lines.next()).value);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const bundle = await build({
	entryPoints: [fileURLToPath(new URL("./page.mjs", import.meta.url))],
	nodePaths: [fileURLToPath(new URL("../conformance/latest/node_modules", import.meta.url))],
	bundle: true,
	format: "iife",
	write: false,
});
const honest = await openProvider("localhost", callbacks);
const other = await openProvider("127.0.0.2", callbacks);
say({ honest: honest.issuer, other: other.issuer, script: bundle.outputFiles[0].text });
await lines.next();

const browser = await chromium.launch({ executablePath: executable, args: ["--no-sandbox"] });
const context = await browser.newContext();
context.setDefaultTimeout(15_000);
const page = await context.newPage();

/** Open the site as somebody who was never there. */
async function arrive() {
	await context.clearCookies();
	await page.goto(site);
}

async function depart() {
	await page.evaluate(() => {
		window.auth.signIn.social({ provider: "honest", callbackURL: "/home", errorCallbackURL: "/failed" });
	});
}

async function answer(name, button = "Allow") {
	await page.getByLabel("Name").fill(name);
	await page.getByRole("button", { name: "Sign in" }).click();
	await page.getByRole("button", { name: button }).click();
}

/** Wait until the browser is back at the site; tell where, and who is signed in. */
async function back() {
	await page.waitForURL((url) => url.origin === site && /^\/(home|failed)/.test(url.pathname));
	const { data } = await page.evaluate(() => window.auth.getSession());
	const url = new URL(page.url());
	return { at: url.pathname, error: url.searchParams.get("error"), email: data?.user.email ?? null };
}

async function throughout(name, button) {
	await arrive();
	await depart();
	await answer(name, button);
	return await back();
}

/** Change what the site asks the provider, as somebody in between would. */
async function asked(change) {
	const toProvider = (url) => url.origin === honest.issuer && url.pathname === "/auth";
	const changed = async (route) => {
		const url = new URL(route.request().url());
		change(url.searchParams);
		await route.fulfill({ status: 302, headers: { location: url.toString() } });
	};
	await page.route(toProvider, changed, { times: 1 });
}

/** Change what the provider answers, as somebody in between would. */
async function answered(change, play) {
	honest.tamper((address) => {
		const url = new URL(address, honest.issuer);
		if (url.origin !== site) return address;
		return change(url) ?? url.toString();
	});
	try {
		return await play();
	} finally {
		honest.tamper();
	}
}

const journeys = {
	async consents() {
		const first = await throughout("ada");
		await page.goto(site);
		await depart();
		const again = await back();
		await page.evaluate(() => {
			window.auth.signOut();
		});
		await page.getByRole("button", { name: "Sign out" }).click();
		await page.waitForURL(`${site}/out`);
		const out = await page.evaluate(async () => (await window.auth.getSession()).data);
		await depart();
		await answer("joan");
		return { first, again, out, another: await back() };
	},
	denies: () => throughout("eve", "Deny"),
	async rotatedKeys() {
		const before = await throughout("grace");
		honest.rotate();
		return { before, after: await throughout("grace") };
	},
	anotherIssuer: () => answered((url) => url.searchParams.set("iss", other.issuer), () => throughout("ida")),
	noIssuer: () => answered((url) => url.searchParams.delete("iss"), () => throughout("ida")),
	anotherProvider: () =>
		answered((url) => url.toString().replace("/callback/honest", "/callback/other"), () => throughout("ida")),
	async anotherNonce() {
		await asked((query) => query.set("nonce", "replayed"));
		return await throughout("ida");
	},
	async anotherChallenge() {
		await asked((query) => query.set("code_challenge", "A".repeat(43)));
		return await throughout("ida");
	},
	async noChallenge() {
		await asked((query) => {
			query.delete("code_challenge");
			query.delete("code_challenge_method");
		});
		await arrive();
		await depart();
		return await back();
	},
	async anotherBrowser() {
		let stolen;
		const steal = (url) => {
			stolen = url.toString();
			return `${site}/home`;
		};
		const robbed = await answered(steal, () => throughout("joan"));
		await context.clearCookies();
		await page.goto(stolen);
		return { robbed, thief: await back() };
	},
};

const outcomes = {};
for (const [name, play] of Object.entries(journeys)) {
	try {
		outcomes[name] = await play();
	} catch (error) {
		outcomes[name] = { failed: String(error?.stack ?? error) };
	}
}
say(outcomes);
await browser.close();
honest.close();
other.close();
process.exit(0);
