"""What browsers, proxies and attackers put into the Cookie header."""

import re

from tests.conformance.client import Client
from tests.conformance.cookie_values import forged
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import CACHES, DEFAULT
from tests.conformance.stage import SECRET

TOKEN = "better-auth.session_token"


@scenario(DEFAULT)
def cookies_of_others_do_no_harm(client: Client) -> None:
    client.arrive()
    own = f"{TOKEN}={client.jar[TOKEN]}"
    for label, line in {
        "before": f"theme=dark; {own}",
        "after": f"{own}; theme=dark",
        "json": f'prefs={{"a":[1,2],"b":"c d"}}; {own}',
        "no spaces": f"a=1;{own};b=2",
        "many spaces": f"a=1;   {own}  ;  b=2",
        "no value": f"flag; {own}",
        "empty value": f"empty=; {own}",
        "empty name": f"=x; {own}",
        "equals in value": f"a=b=c==; {own}",
        "umlaut": f"name=\xe4\xf6; {own}",
        "brackets": f"a[0]=1; a:b=2; {own}",
        "separators": f";;; {own};;",
        "dollar": f"$Version=1; {own}; $Path=/",
        "prototype": f"__proto__=x; constructor=y; {own}",
        "percent": f"a=%; b=%zz; {own}",
        "google": f"_ga=GA1.2.3; _gid=x.y; {own}",
        "comma": f"a=1, b=2; {own}",
        "long": f"a={'x' * 5000}; {own}",
        "tab": f"a=1;\t{own}",
    }.items():
        client.get("/get-session", cookie=line, label=label)


@scenario(DEFAULT)
def only_a_signed_token_is_a_session(client: Client) -> None:
    first = client.arrive()
    token = next(token for token in map("chosen-{}".format, range(1000)) if {"%2F", "%2B"} <= _escapes(token))
    client.sql("UPDATE session SET token = $1 WHERE token = $2", token, first)
    value = forged(SECRET, token)
    _, _, signature = value.rpartition(".")
    for label, cookie in {
        "right": value,
        "unsigned": token,
        "empty": "",
        "empty signature": f"{token}.",
        "another signature": f"{token}.{signature[:-6]}AAA%3D",
        "short signature": f"{token}.{signature[:10]}",
        "no padding": f"{token}.{signature.removesuffix('%3D')}",
        "unescaped": value.replace("%3D", "=").replace("%2F", "/").replace("%2B", "+"),
        "double escaped": value.replace("%", "%25"),
        "lower case escapes": value.replace("%3D", "%3d").replace("%2F", "%2f").replace("%2B", "%2b"),
        "quoted": f'"{value}"',
        "half quoted": f'"{value}',
        "another token": forged(SECRET, "another"),
        "wrong secret": forged("another-secret-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ", token),
        "dots": forged(SECRET, "a.b.c"),
        "dot only": ".",
        "signature only": f".{signature}",
        "upper case token": f"{token.upper()}.{signature}",
        "url-safe signature": value.replace("%2F", "_").replace("%2B", "-"),
        "spaces": f" {value} ",
        "escaped token": f"%{ord(token[0]):02X}{token[1:]}.{signature}",
    }.items():
        client.get("/get-session", cookie=f"{TOKEN}={cookie}", label=label)


def _escapes(token: str) -> set[str]:
    return set(re.findall("%..", forged(SECRET, token)))


@scenario(DEFAULT)
def the_first_of_two_cookies_counts(client: Client) -> None:
    client.arrive()
    right, wrong = client.jar[TOKEN], "wrong.signature"
    client.get("/get-session", cookie=f"{TOKEN}={right}; {TOKEN}={wrong}", label="right first")
    client.get("/get-session", cookie=f"{TOKEN}={wrong}; {TOKEN}={right}", label="wrong first")
    client.get("/get-session", cookie=f"{TOKEN}=; {TOKEN}={right}", label="empty first")
    client.get("/get-session", cookie=f"__Secure-{TOKEN}={right}", label="secure name")
    client.get("/get-session", cookie=f"__Host-{TOKEN}={right}", label="host name")
    client.get("/get-session", cookie=f"{TOKEN.upper()}={right}", label="upper case")
    client.get("/get-session", cookie=f"better-auth-session_token={right}", label="hyphen")
    client.get("/get-session", cookie=f"session_token={right}", label="no prefix")
    client.get("/get-session", cookie=f"{TOKEN}.0={right}", label="chunk")
    client.get("/get-session", cookie=None, headers={"Authorization": f"Bearer {right}"}, label="bearer")


@scenario(DEFAULT)
def what_is_not_remembered_is_signed(client: Client) -> None:
    client.arrive()
    own = f"{TOKEN}={client.jar[TOKEN]}"
    for label, value in {
        "forged": forged(SECRET, "true"),
        "unsigned": "true",
        "bad signature": "true.AAAA",
        "false": forged(SECRET, "false"),
        "empty": "",
    }.items():
        line = f"{own}; better-auth.dont_remember={value}"
        client.post("/update-user", {"name": label}, cookie=line, label=label)
        client.get("/get-session", cookie=line, label=label)
    client.post("/sign-out", {}, cookie=f"{own}; better-auth.dont_remember={forged(SECRET, 'true')}")


@scenario(DEFAULT)
def a_cache_cookie_without_a_cache_is_cleared(client: Client) -> None:
    client.arrive()
    own = f"{TOKEN}={client.jar[TOKEN]}"
    for label, extra in {
        "whole": "better-auth.session_data=x",
        "chunks": "better-auth.session_data.0=x; better-auth.session_data.1=y",
        "both": "better-auth.session_data=x; better-auth.session_data.0=y",
        "other suffix": "better-auth.session_data.x=1; better-auth.session_data.01=2",
        "longer name": "better-auth.session_data_more=x",
    }.items():
        client.get("/get-session", cookie=f"{own}; {extra}", label=label)
        client.get("/get-session", cookie=extra, label=f"{label}, no session")
    line = f"{own}; better-auth.session_data.0=x; better-auth.session_data.1=y; better-auth.session_data=z"
    client.post("/sign-out", {}, cookie=line, label="sign out")


@scenario(*CACHES)
def nonsense_in_the_cache_is_cleared(client: Client) -> None:
    client.arrive()
    client.get("/get-session", label="fills the cache")
    own = f"{TOKEN}={client.jar[TOKEN]}"
    data = client.jar["better-auth.session_data"]
    for label, value in {
        "nonsense": "nonsense",
        "empty": "",
        "truncated": data[: len(data) // 2],
        "flipped": data[:-5] + ("AAAAA" if not data.endswith("AAAAA") else "BBBBB"),
        "dots": "a.b.c",
        "five parts": "a.b.c.d.e",
        "empty object": "e30",
        "null": "bnVsbA",
        "quoted": f'"{data}"',
    }.items():
        client.get("/get-session", cookie=f"{own}; better-auth.session_data={value}", label=label)
    client.get("/get-session", cookie=f"better-auth.session_data={data}", label="no token")
    client.get("/get-session", cookie=f"{TOKEN}=x.y; better-auth.session_data={data}", label="bad token")
    half = len(data) // 2
    parts = f"better-auth.session_data.0={data[:half]}; better-auth.session_data.1={data[half:]}"
    client.get("/get-session", cookie=f"{own}; {parts}", label="chunks")
    swapped = f"better-auth.session_data.1={data[half:]}; better-auth.session_data.0={data[:half]}"
    client.get("/get-session", cookie=f"{own}; {swapped}", label="chunks in the other order")
    gap = f"better-auth.session_data.0={data[:half]}; better-auth.session_data.2={data[half:]}"
    client.get("/get-session", cookie=f"{own}; {gap}", label="a gap between chunks")
    odd = f"better-auth.session_data.00={data[:half]}; better-auth.session_data.x={data[half:]}"
    client.get("/get-session", cookie=f"{own}; {odd}", label="odd chunk names")
    client.get(
        "/get-session", cookie=f"{own}; better-auth.session_data={data}; {parts}", label="whole and chunks"
    )


@scenario(DEFAULT)
def several_cookie_headers(client: Client) -> None:
    client.arrive()
    client.get("/get-session", headers={"cookie": "theme=dark"}, label="a second header after")
    own = f"{TOKEN}={client.jar[TOKEN]}"
    client.get(
        "/get-session", cookie="theme=dark", headers={"cookie": own}, label="a second header holds the token"
    )
