"""What others stored is verified; what is malformed or too costly is refused."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time

import bcrypt
import pytest

from ostiary.crypto.password_hashes.algorithm import Algorithm, HashingAlgorithm
from ostiary.crypto.password_hashes.argon2 import Argon2
from ostiary.crypto.password_hashes.bcrypt import Bcrypt
from ostiary.crypto.password_hashes.firebase import FirebaseScrypt
from ostiary.crypto.password_hashes.pbkdf2 import DjangoPbkdf2
from ostiary.crypto.password_hashes.scrypt import Scrypt
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import SystemRuntime

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "passwords.json").read_text())
RUNTIME = SystemRuntime()
CHEAP: tuple[HashingAlgorithm, ...] = (
    Scrypt(),
    Argon2(memory=64, iterations=1),
    Bcrypt(cost=4),
)
ALL: tuple[Algorithm, ...] = (*CHEAP, DjangoPbkdf2(), FirebaseScrypt())
SALT, KEY = "c2FsdFNBTFQxMjM0NTY3OA", "kMkSe9N6JLVpzEyjLyQp+GZRxwkCWjAs"


@pytest.mark.parametrize("vector", VECTORS["better_auth"], ids=lambda vector: ascii(vector["password"])[:30])
def test_s43_passwords_that_the_reference_hashed_verify(vector: Mapping[str, str]) -> None:
    """Full-width letters, ligatures, composed and decomposed accents, emoji, a lone surrogate."""
    assert Scrypt().recognises(vector["stored"])
    assert Scrypt().is_current(vector["stored"])
    assert Scrypt().verify(vector["password"], vector["stored"])


def test_s43_two_ways_to_type_the_same_characters_are_one_password() -> None:
    stored = Scrypt().hash("pässword", RUNTIME)
    assert Scrypt().verify("pa\u0308ssword", stored)
    assert Scrypt().verify("ｐäｓｓｗｏｒｄ", stored)
    assert not Scrypt().verify("password", stored)


@pytest.mark.parametrize(
    "vector", VECTORS["imported"], ids=lambda vector: f"{vector['maker']} {ascii(vector['password'])[:12]}"
)
def test_imported_hashes_verify_with_the_one_algorithm_that_knows_them(vector: Mapping[str, str]) -> None:
    (algorithm,) = (one for one in ALL if one.recognises(vector["stored"]))
    assert algorithm.verify(vector["password"], vector["stored"])
    assert not algorithm.verify("?" + vector["password"], vector["stored"])


@pytest.mark.parametrize("algorithm", CHEAP, ids=lambda algorithm: type(algorithm).__name__)
def test_s42_passwords_are_hashed_to_their_last_character(algorithm: HashingAlgorithm) -> None:
    password = "x" * 127
    stored = algorithm.hash(password + "a", RUNTIME)
    assert algorithm.verify(password + "a", stored)
    assert not algorithm.verify(password + "b", stored)
    assert algorithm.hash(password, RUNTIME) != algorithm.hash(password, RUNTIME)


def test_s42_what_bcrypt_ignores_is_ignored_in_imported_hashes_only() -> None:
    ours, imported = Bcrypt(cost=4), bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    made = ours.hash("x" * 72, RUNTIME)
    assert [ours.verify("x" * length, made) for length in (71, 72, 73)] == [False, True, False]
    assert [ours.verify("x" * length, imported) for length in (71, 72, 73)] == [False, True, True]
    assert [ours.is_current(stored) for stored in (made, imported)] == [True, False]


@pytest.mark.parametrize("algorithm", CHEAP, ids=lambda algorithm: type(algorithm).__name__)
def test_a_hash_is_current_until_a_parameter_changes(algorithm: HashingAlgorithm) -> None:
    stored = algorithm.hash("password1234", RUNTIME)
    assert algorithm.recognises(stored)
    assert algorithm.is_current(stored)
    assert not any(
        other.is_current(stored) for other in (Argon2(), Argon2(memory=64, iterations=2), Bcrypt())
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Bcrypt(cost=16),
        lambda: Bcrypt(cost=3),
        lambda: Argon2(memory=262_145),
        lambda: Argon2(memory=15, parallelism=2),
        lambda: Argon2(iterations=17),
        lambda: Argon2(iterations=0),
        lambda: Argon2(parallelism=17),
    ],
)
def test_parameters_that_would_not_be_verified_again_are_refused(make: Callable[[], Algorithm]) -> None:
    with pytest.raises(ConfigurationError):
        make()


def test_imported_variants_are_verified_but_not_current() -> None:
    argon2 = Argon2(memory=8192, iterations=1, parallelism=2)
    for stored in (
        f"$argon2i$v=19$m=8192,t=1,p=2${SALT}${KEY}",
        f"argon2$argon2id$v=19$m=8192,t=1,p=2${SALT}${KEY}",
    ):
        assert argon2.recognises(stored)
        assert not argon2.is_current(stored)
    assert not Scrypt().is_current("salt:" + "0" * 128)


@pytest.mark.parametrize(
    ("algorithm", "stored", "reason"),
    [
        (Argon2(), f"$argon2id$v=19$m=1073741824,t=1,p=1${SALT}${KEY}", "memory 1073741824"),
        (Argon2(), f"$argon2id$v=19$m=262145,t=1,p=1${SALT}${KEY}", "memory 262145"),
        (Argon2(), f"$argon2id$v=19$m=64,t=4294967295,p=1${SALT}${KEY}", "iterations 4294967295"),
        (Argon2(), f"argon2$argon2i$v=19$m=8192,t=1,p=1000${SALT}${KEY}", "parallelism 1000"),
        (Bcrypt(), "$2b$31$" + "a" * 53, "cost 31"),
        (Bcrypt(), "bcrypt_sha256$$2b$16$" + "a" * 53, "cost 16"),
        (DjangoPbkdf2(), "pbkdf2_sha256$3000001$salt$" + "A" * 43 + "=", "iterations 3000001"),
        (DjangoPbkdf2(), "pbkdf2_sha1$999999999999$salt$" + "A" * 27 + "=", "iterations 999999999999"),
        (FirebaseScrypt(), "firebase_scrypt$30$8$Bw==$QUFB$QUFB$QUFB", "memory 1099511627776"),
        (FirebaseScrypt(), "firebase_scrypt$14$33$Bw==$QUFB$QUFB$QUFB", "memory 69206016"),
        (FirebaseScrypt(), "firebase_scrypt$999$999$Bw==$QUFB$QUFB$QUFB", "over the cap"),
    ],
)
def test_s47_a_stored_hash_that_asks_for_too_much_work_is_refused_and_logged(
    algorithm: Algorithm, stored: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = process_time()
    with caplog.at_level(logging.WARNING, logger="ostiary.passwords"):
        assert algorithm.recognises(stored)
        assert not algorithm.verify("password1234", stored)
    assert process_time() - began < 0.05
    assert reason in caplog.text
    assert stored.rpartition("$")[2] not in caplog.text


@pytest.mark.parametrize(
    "stored",
    [
        "$scrypt$ln=30,r=8,p=1$" + SALT + "$" + KEY,
        "scrypt$1073741824$salt$8$1$" + KEY,
        "$7$zzzz..../....$" + KEY,
    ],
)
def test_s47_scrypt_hashes_that_bring_their_own_parameters_are_of_no_known_format(stored: str) -> None:
    assert not any(algorithm.recognises(stored) for algorithm in ALL)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        ":",
        "salt:",
        "salt:short",
        ":" + "0" * 128,
        "salt:" + "G" * 128,
        "salt:" + "0" * 129,
        "a" * 300 + ":" + "0" * 128,
        "$argon2id$",
        f"$argon2id$v=19$m=64,t=1,p=1${SALT}",
        f"$argon2id$v=19$m=0,t=0,p=0${SALT}${KEY}",
        f"$argon2id$v=99$m=64,t=1,p=1${SALT}${KEY}",
        f"$argon2id$v=19$t=1,m=64,p=1${SALT}${KEY}",
        f"$argon2id$v=19$m=64,t=1,p=1$A${KEY}",
        f"$argon2id$v=19$m={'9' * 5000},t=1,p=1${SALT}${KEY}",
        "$2b$",
        "$2b$04$short",
        "$2b$03$" + "a" * 53,
        "$2b$00$" + "a" * 53,
        "$2x$04$" + "a" * 53,
        "pbkdf2_sha256$",
        "pbkdf2_sha256$0$salt$" + "A" * 43 + "=",
        "pbkdf2_sha256$-1$salt$" + "A" * 43 + "=",
        "pbkdf2_sha256$x$salt$" + "A" * 43 + "=",
        "pbkdf2_sha256$1000$$" + "A" * 43 + "=",
        "pbkdf2_sha256$1000$salt$!!!",
        "pbkdf2_md5$1000$salt$" + "A" * 43 + "=",
        "firebase_scrypt$",
        "firebase_scrypt$14$8$Bw==$QUFB$QUFB",
        "firebase_scrypt$14$8$Bw==$QUFB$QUFB$A",
        "firebase_scrypt$0$8$Bw==$QUFB$QUFB$QUFB",
        "firebase_scrypt$14$0$Bw==$QUFB$QUFB$QUFB",
        "firebase_scrypt$1$1$Bw==$$QUFB$",
        "\ud800:" + "0" * 127,
        "\0",
        "!",
    ],
)
@pytest.mark.parametrize("password", ["password1234", "", "nul\0byte", "\ud800"])
def test_a_malformed_hash_verifies_nothing_and_raises_nothing(stored: str, password: str) -> None:
    for algorithm in ALL:
        algorithm.recognises(stored)
        assert algorithm.verify(password, stored) is False
