// What the reference's own provider objects ask for and make of the answers. Reads cases as JSON from standard input,
// sends every request to a server on this machine in the place of the provider, and writes what came of each.

import { socialProviders } from "@better-auth/core/social-providers";
import * as plugins from "better-auth/plugins";

const { site, cases } = JSON.parse(await new Response(process.stdin).text());
const usual = globalThis.fetch;
let current = "";

globalThis.fetch = (input, options) => {
	const url = new URL(input instanceof Request ? input.url : input);
	return usual(`${site}/${current}/${url.host}${url.pathname}${url.search}`, options);
};

const errors = [];
for (const name of ["error", "warn"]) console[name] = (...words) => errors.push(words.map(String).join(" "));

async function providerOf({ provider, options, preset }) {
	if (!preset) return socialProviders[provider](options);
	const plugin = plugins.genericOAuth({ config: [preset === "plain" ? options : plugins[preset](options)] });
	const { context } = await plugin.init({ socialProviders: [], logger: console, baseURL: "http://auth.test" });
	return context.socialProviders[0];
}

async function played(one) {
	current = one.name;
	const provider = await providerOf(one);
	const request = { ...one.request, codeVerifier: one.verifier, state: one.state, redirectURI: one.redirectURI };
	const url = await provider.createAuthorizationURL(request);
	const asked = { code: one.code, codeVerifier: one.verifier, redirectURI: one.redirectURI, deviceId: one.deviceId };
	const tokens = await provider.validateAuthorizationCode(asked);
	const info = await provider.getUserInfo({ ...tokens, user: one.posted });
	const subject = info && (await provider.accountSubject({ tokens, profile: info.data }));
	if (provider.refreshAccessToken && one.renews) await provider.refreshAccessToken("a refresh token", {});
	return { url: url.toString(), scopes: tokens.scopes, info, subject };
}

const outcomes = {};
for (const one of cases) {
	try {
		outcomes[one.name] = await played(one);
	} catch (error) {
		outcomes[one.name] = { error: String(error?.stack ?? error) };
	}
}
process.stdout.write(JSON.stringify(outcomes));
