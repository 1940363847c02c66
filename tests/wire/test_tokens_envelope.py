"""The envelope shape, written as its clients write it."""

from ostiary import EmailAndPassword
from ostiary.plugins import Tokens
from tests.builders import PASSWORD, some_options
from tests.pairs import EMAIL, Pair, bearer, families, pair_auth, program, refresh

PREFIX = "/api/v1/auth"
USER = {"id", "email", "name", "is_active", "created_at"}
ADA = {"email": EMAIL, "password": PASSWORD, "name": "Ada"}
FORM = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


async def test_registration_signs_in() -> None:
    async with program(pair_auth(), base=PREFIX) as client:
        answer = await client.post("/register", json=ADA)
        body = Pair.of(answer, 201).body
        assert list(body) == ["user", "tokens"]
        assert set(body["user"]) == USER
        assert (body["user"]["name"], body["user"]["is_active"]) == ("Ada", True)
        assert list(body["tokens"]) == ["access_token", "refresh_token", "token_type"]
        assert body["tokens"]["token_type"] == "bearer"
        taken = await client.post("/register", json=ADA)
        assert (taken.status_code, taken.json()["detail"]) == (400, "Email already registered")
        nameless = await client.post("/register", json={"email": "eve@example.com", "password": PASSWORD})
        assert nameless.status_code == 422


async def test_registration_gives_no_tokens_before_an_address_is_verified() -> None:
    settings = EmailAndPassword(enabled=True, require_email_verification=True)
    auth = pair_auth(options=some_options(email_and_password=settings))
    async with program(auth, base=PREFIX) as client:
        new, known = [await client.post("/register", json=ADA) for _ in range(2)]
    assert (
        (new.status_code, new.json()["tokens"]) == (known.status_code, known.json()["tokens"]) == (201, None)
    )
    assert {**new.json()["user"], "id": ""} == {**known.json()["user"], "id": ""}


async def test_signing_in_answers_the_envelope_and_what_oauth_clients_look_for() -> None:
    async with program(pair_auth(), base=PREFIX) as client:
        await client.post("/register", json=ADA)
        form = Pair.of(await client.post("/login", data=FORM)).body
        assert list(form) == ["user", "tokens", "access_token", "token_type"]
        assert form["access_token"] == form["tokens"]["access_token"]
        plain = Pair.of(await client.post("/login/json", json={"email": EMAIL, "password": PASSWORD})).body
        assert list(plain) == ["user", "tokens"]
        for answer in (
            await client.post("/login", data={**FORM, "password": "wrong"}),
            await client.post("/login/json", json={"email": EMAIL, "password": "wrong"}),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (401, "Incorrect email or password")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_refresh_gives_a_bare_pair() -> None:
    async with program(pair_auth(), base=PREFIX) as client:
        pair = Pair.of(await client.post("/register", json=ADA), 201)
        body = Pair.of(await refresh(client, pair.refresh)).body
        assert list(body) == ["access_token", "refresh_token", "token_type"]
        missing = await client.post("/refresh", json={})
        assert (missing.status_code, missing.json()["code"]) == (401, "REFRESH_TOKEN_REQUIRED")


async def test_logging_out_is_real() -> None:
    """S25"""
    auth = pair_auth()
    async with program(auth, base=PREFIX) as client:
        pair = Pair.of(await client.post("/register", json=ADA), 201)
        me = await client.get("/me", headers=pair.bearer)
        assert (set(me.json()), me.json()["email"]) == (USER, EMAIL)
        answer = await client.post("/logout", headers=pair.bearer)
        assert (answer.status_code, answer.json()) == (200, {"message": "Successfully logged out"})
        assert (await client.get("/me", headers=pair.bearer)).status_code == 401
        assert (await refresh(client, pair.refresh)).status_code == 401
        assert (await client.post("/logout", headers=pair.bearer)).status_code == 401
        assert (await client.post("/logout")).json()["detail"] == "Authorization header required"
    assert await families(auth) == []


async def test_one_service_stands_behind_both_shapes() -> None:
    async with program(pair_auth(), base="") as client:
        pair = Pair.of(await client.post(f"{PREFIX}/register", json=ADA), 201)
        flat = Pair.of(await client.post("/api/auth/refresh", json={"refresh_token": pair.refresh}))
        assert (await client.get(f"{PREFIX}/me", headers=bearer(flat.access))).status_code == 200
        assert (await client.post("/api/auth/logout", headers=flat.bearer)).status_code == 204
        assert (await client.get(f"{PREFIX}/me", headers=pair.bearer)).status_code == 401


async def test_each_shape_may_be_left_out_and_the_envelope_may_lie_elsewhere() -> None:
    async with program(pair_auth(Tokens(flat=False, envelope_path="/v2/")), base="") as client:
        assert (await client.post("/api/auth/login", json=ADA)).status_code == 404
        assert (await client.post(f"{PREFIX}/register", json=ADA)).status_code == 404
        Pair.of(await client.post("/v2/register", json=ADA), 201)
    async with program(pair_auth(Tokens(envelope_path=None)), base="") as client:
        assert (await client.post(f"{PREFIX}/register", json=ADA)).status_code == 404
        assert (await client.post("/api/auth/register", json=ADA)).status_code == 201
