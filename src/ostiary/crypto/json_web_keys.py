"""Asymmetric keys as JSON (RFC 7517, 7518, 8037): made, read with suspicion, each bound to one algorithm."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, cast

from ostiary.crypto import base64url
from ostiary.domain.errors import JsonValue

if TYPE_CHECKING:
    from joserfc.jwk import Key

Algorithm: TypeAlias = Literal["EdDSA", "ES256", "ES512", "PS256", "RS256"]
"""What the server signs with."""
Jwk: TypeAlias = Mapping[str, JsonValue]

SMALLEST_MODULUS: Final = 2048
"""Bits (RFC 7518 section 3.3)."""
LARGEST_MODULUS: Final = 8192
"""Bits: beyond this a single verification would be an attack on ourselves."""

_CURVES: Final[Mapping[str, str]] = {
    "EdDSA": "Ed25519",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
}
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ALGORITHM_OF_CURVE: Final = {curve: algorithm for algorithm, curve in _CURVES.items()}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyRefused(Exception):
    """This is no key to trust, or none we understand; the message is for the operator."""


class VerifyingKey(Protocol):
    """Proves signatures of exactly one algorithm."""

    @property
    def algorithm(self) -> str:
        """The `alg` of every token it proves."""
        ...

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is of this message and by this key; no input raises."""
        ...


class SigningKey(Protocol):
    """Signs with exactly one algorithm."""

    @property
    def algorithm(self) -> str:
        """The `alg` of every token it signs."""
        ...

    @property
    def kid(self) -> str | None:
        """The name under which its public part is published; None where nothing is published."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        ...


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of a key set."""

    kid: str | None
    algorithm: str
    _proves: Callable[[bytes, bytes], bool] = field(repr=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature is of this message and by this key; no input raises."""
        return self._proves(message, signature)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key to sign with."""

    kid: str
    algorithm: str
    _key: "Key" = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return bytes(_model(self.algorithm).sign(message, self._key))


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key: what is published, and what is kept."""

    public: Jwk
    private: Jwk = field(repr=False)


def generate(algorithm: Algorithm, modulus_length: int = SMALLEST_MODULUS) -> KeyPair:
    """Make a key for an algorithm; `modulus_length` is in bits. RSA takes a good part of a second."""
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415  see `_model`

    key: Key
    if algorithm in _RSA:
        key = RSAKey.generate_key(modulus_length, auto_kid=False)
    elif algorithm == "EdDSA":
        key = OKPKey.generate_key("Ed25519", auto_kid=False)
    else:
        key = ECKey.generate_key(cast("Literal['P-256', 'P-521']", _CURVES[algorithm]), auto_kid=False)
    return KeyPair(_ordered(key.as_dict(private=False)), _ordered(key.as_dict(private=True)))


def _ordered(jwk: dict[str, Any]) -> Jwk:
    # wire: the reference names the kind of key first, but for curves like Ed25519
    return jwk if jwk["kty"] == "OKP" else {"kty": jwk["kty"], **jwk}


def curve_of(algorithm: str) -> str | None:
    """Return the `crv` of an algorithm's keys; None for RSA."""
    return _CURVES.get(algorithm)


def read_public(jwk: JsonValue, *, kid: str | None = None, algorithm: str | None = None) -> PublicKey:
    """Read a key that others published; `kid` and `algorithm` stand in where it does not name them.

    Raises KeyRefused for private members, weak or huge RSA, keys that are not for signatures, and an `alg`
    that does not belong to the kind of key (RFC 8725 section 3.5).
    """
    if not isinstance(jwk, Mapping):
        raise KeyRefused("not an object")
    if not _PRIVATE.isdisjoint(jwk):
        raise KeyRefused("it shows private or symmetric members")
    _require_signatures(jwk)
    name = jwk.get("kid", kid)
    if name is not None and not isinstance(name, str):
        raise KeyRefused("its kid is not text")
    bound = _algorithm_of(jwk, algorithm)
    return PublicKey(name, bound, _verification(_import(jwk, bound), bound))


def read_private(jwk: Jwk, *, kid: str, algorithm: str | None = None) -> PrivateKey:
    """Read a key of our own; raises KeyRefused."""
    bound = _algorithm_of(jwk, algorithm)
    key = _import(jwk, bound)
    if not key.is_private:
        raise KeyRefused("it has no private part")
    return PrivateKey(kid, bound, key)


def read_private_pem(pem: str, *, kid: str) -> PrivateKey:
    """Read a key for ES256 as others hand it out, in PEM; raises KeyRefused."""
    from joserfc.errors import JoseError  # noqa: PLC0415  see `_model`
    from joserfc.jwk import ECKey  # noqa: PLC0415  see `_model`

    try:
        jwk = ECKey.import_key(pem).as_dict(private=True)
    except (JoseError, ValueError, TypeError) as error:
        raise KeyRefused("it is no key in PEM") from error
    return read_private(jwk, kid=kid, algorithm="ES256")


def _require_signatures(jwk: Jwk) -> None:
    operations = jwk.get("key_ops")
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("it is not for signatures")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        raise KeyRefused("it is not for verification")


def _algorithm_of(jwk: Jwk, default: str | None) -> str:
    """Bind a key to one algorithm: the one it names, else the one its kind stands for."""
    kind, curve, named = jwk.get("kty"), jwk.get("crv"), jwk.get("alg", default)
    if kind == "RSA":
        bound = "RS256" if named is None else named
        fits = isinstance(bound, str) and bound in _RSA
    else:
        bound = _ALGORITHM_OF_CURVE.get(curve) if isinstance(curve, str) else None
        fits = bound is not None and kind == ("OKP" if bound == "EdDSA" else "EC")
        fits = fits and (named is None or named == bound)
    if not fits or not isinstance(bound, str):
        raise KeyRefused("its kind, curve and algorithm do not belong together, or are not supported")
    return bound


def _import(jwk: Jwk, algorithm: str) -> "Key":
    from joserfc.errors import JoseError  # noqa: PLC0415  see `_model`
    from joserfc.jwk import ECKey, OKPKey, RSAKey  # noqa: PLC0415  see `_model`

    kinds: dict[str, type[OKPKey | ECKey | RSAKey]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    try:
        if jwk.get("kty") == "RSA":
            _require_size(jwk)
        key = kinds[str(jwk.get("kty"))].import_key(dict(jwk))
        _model(algorithm).check_key(key)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyRefused("its members make no key") from error
    return key


def _verification(key: "Key", algorithm: str) -> Callable[[bytes, bytes], bool]:
    """Return what tells whether a signature is of a message and by this key."""
    if algorithm == "EdDSA":
        return _ed25519_verification(base64url.decode(str(key.as_dict(private=False)["x"])))
    from joserfc.errors import JoseError  # noqa: PLC0415  see `_model`

    model = _model(algorithm)

    def proves(message: bytes, signature: bytes) -> bool:
        try:
            return bool(model.verify(message, signature, key))
        except (JoseError, ValueError):
            return False

    return proves


def _ed25519_verification(key: bytes) -> Callable[[bytes, bytes], bool]:
    """Verify by libsodium: half the cost of OpenSSL's, which is most of what a new token costs."""
    from nacl.bindings import crypto_sign_BYTES, crypto_sign_open  # noqa: PLC0415  see `_model`
    from nacl.exceptions import BadSignatureError  # noqa: PLC0415

    def proves(message: bytes, signature: bytes) -> bool:
        if len(signature) != crypto_sign_BYTES:
            return False
        try:
            crypto_sign_open(signature + message, key)
        except BadSignatureError:
            return False
        return True

    return proves


def _require_size(jwk: Jwk) -> None:
    """Look at the modulus before anybody calculates with it."""
    bits = int.from_bytes(base64url.decode(jwk["n"])).bit_length()
    if not SMALLEST_MODULUS <= bits <= LARGEST_MODULUS:
        raise KeyRefused(f"RSA of {bits} bits")


def _model(algorithm: str) -> Any:  # the class is not exported
    from joserfc.jws import JWSRegistry  # noqa: PLC0415  slow to load, and most servers know no such key

    return JWSRegistry.algorithms[algorithm]


VERIFYING_ALGORITHMS: Final = frozenset({*_CURVES, *_RSA})
"""What a key set may name."""
