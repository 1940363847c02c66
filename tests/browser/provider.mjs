// A certified OpenID provider on this machine, with a page to sign in and a page to consent.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

export const CLIENT = { client_id: "our-client", client_secret: "a secret of the client" };

function newKeys() {
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	return { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: crypto.randomUUID() }] };
}

function configured(jwks, redirectUris) {
	return {
		jwks,
		clients: [
			{
				...CLIENT,
				redirect_uris: redirectUris,
				post_logout_redirect_uris: [new URL("/out", redirectUris[0]).toString()],
				token_endpoint_auth_method: "client_secret_post",
			},
		],
		claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
		pkce: { required: () => true },
		cookies: { keys: ["a key of the provider's cookies"] },
		features: {
			devInteractions: { enabled: false },
			rpInitiatedLogout: { enabled: true, logoutSource: askToSignOut },
		},
		interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
		ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
		findAccount: (_, id) => ({
			accountId: id,
			claims: () => ({ sub: id, name: id, email: `${id}@example.com`, email_verified: true }),
		}),
	};
}

const page = (body) => `<!doctype html><meta charset="utf-8"><title>Provider</title>${body}`;
const SIGN_IN = page(
	`<form method="post"><label>Name <input name="login" required></label><button name="act" value="login">Sign in</button></form>`,
);
const CONSENT = page(
	`<form method="post"><p>May the site know who you are?</p><button name="act" value="allow">Allow</button>
	<button name="act" value="deny">Deny</button></form>`,
);

async function askToSignOut(context, form) {
	context.body = page(`${form}<button name="logout" value="yes" form="op.logoutForm">Sign out</button>`);
}

async function bodyOf(request) {
	let text = "";
	for await (const chunk of request) text += chunk;
	return new URLSearchParams(text);
}

async function granted(provider, { params, session }) {
	const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
	grant.addOIDCScope(params.scope);
	return { consent: { grantId: await grant.save() } };
}

async function interact(provider, request, response) {
	const details = await provider.interactionDetails(request, response);
	if (request.method === "GET") {
		response.setHeader("content-type", "text/html");
		return response.end(details.prompt.name === "login" ? SIGN_IN : CONSENT);
	}
	const form = await bodyOf(request);
	const outcomes = {
		login: () => ({ login: { accountId: form.get("login") } }),
		allow: () => granted(provider, details),
		deny: () => ({ error: "access_denied", error_description: "the person said no" }),
	};
	const outcome = await outcomes[form.get("act")]();
	return provider.interactionFinished(request, response, outcome, { mergeWithLastSubmission: true });
}

/** Have somebody in between change the address that a browser is sent back to. */
function tampered(response, change) {
	const set = response.setHeader.bind(response);
	response.setHeader = (name, value) => set(name, name.toLowerCase() === "location" ? change(value) : value);
	return response;
}

/**
 * Run a provider on a host of this machine. `rotate` gives it other keys, and forgets the old ones; `between` is what
 * somebody makes of the addresses it sends browsers to.
 */
export async function openProvider(host, redirectUris) {
	let provider;
	let between = (address) => address;
	const server = createServer((request, plain) => {
		const response = tampered(plain, (address) => between(address));
		if (!request.url.startsWith("/interaction/")) return provider.callback()(request, response);
		return interact(provider, request, response).catch((error) => response.writeHead(400).end(String(error)));
	});
	await new Promise((listening) => server.listen(0, host === "localhost" ? "127.0.0.1" : host, listening));
	const issuer = `http://${host}:${server.address().port}`;
	const rotate = () => {
		provider = new Provider(issuer, configured(newKeys(), redirectUris));
	};
	rotate();
	const close = () => {
		server.closeAllConnections();
		server.close();
	};
	const tamper = (change = (address) => address) => {
		between = change;
	};
	return { issuer, rotate, tamper, close };
}
