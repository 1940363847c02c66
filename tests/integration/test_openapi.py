"""The document shows what the endpoints take, answer and refuse, under the configuration at hand."""

import warnings
from typing import Annotated, Any

import pytest
from fastapi import FastAPI

from ostiary import ANY, Auth, Errors, Field, Hooks, Options, SessionOptions, UserOptions
from ostiary.domain.errors import ErrorCode
from ostiary.http.documented_models import DocumentedModels
from ostiary.http.wire import JsonObject, Ok, Status, WireModel, absent
from tests.builders import some_auth, some_options
from tests.integration.application import application

JSON = "application/json"


def document_of(auth: Auth) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # duplicate operation ids are a warning
        return application(auth).openapi()


@pytest.fixture
def document(app: FastAPI) -> Any:
    return app.openapi()


def operation(document: Any, path: str, method: str = "post") -> Any:
    return document["paths"][f"/api/auth{path}"][method]


def resolved(document: Any, schema: Any) -> Any:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def answer_schema(document: Any, path: str, method: str = "post", status: str = "200") -> Any:
    return resolved(
        document, operation(document, path, method)["responses"][status]["content"][JSON]["schema"]
    )


def body_schema(document: Any, path: str, media_type: str = JSON) -> Any:
    return resolved(document, operation(document, path)["requestBody"]["content"][media_type]["schema"])


def examples_of(operation: Any) -> dict[str, tuple[int, Any]]:
    return {
        name: (int(status), example["value"])
        for status, response in operation["responses"].items()
        for name, example in response.get("content", {}).get(JSON, {}).get("examples", {}).items()
    }


def test_every_routed_endpoint_is_shown(auth: Auth, document: Any) -> None:
    shown = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    routed = {(method, f"/api/auth{each.path}") for each in auth.endpoints for method in each.methods}
    assert routed <= shown
    assert {path for _, path in shown if path.startswith("/api/auth")} == {path for _, path in routed}


def test_operations_carry_the_names_of_the_calls_in_process(document: Any) -> None:
    names = {
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
        if operation.get("tags") == ["auth"]
    }
    assert {
        "signUpEmail",
        "signInEmail",
        "signOut",
        "getSession",
        "listSessions",
        "revokeOtherSessions",
    } <= names
    assert operation(document, "/sign-in/email")["summary"] == "Sign in with email and password."


def test_every_declared_refusal_is_an_example_with_its_status_and_sentence(auth: Auth, document: Any) -> None:
    for endpoint in auth.endpoints:
        for method in endpoint.methods:
            examples = examples_of(operation(document, endpoint.path, method.lower()))
            for refusal in endpoint.raises:
                status, value = examples[refusal.name]
                assert status == refusal.status
                said = refusal()
                said = endpoint.rewrite_refusal(said) if endpoint.rewrite_refusal else said
                assert (value.get("message"), value.get("code")) == (said.message, said.code)


@pytest.mark.parametrize(
    "refusal",
    [
        Errors.VALIDATION_ERROR,
        Errors.BAD_REQUEST,
        Errors.PAYLOAD_TOO_LARGE,
        Errors.UNSUPPORTED_MEDIA_TYPE,
        Errors.INVALID_ORIGIN,
        Errors.MISSING_OR_NULL_ORIGIN,
        Errors.INVALID_CALLBACK_URL,
        Errors.SERVICE_UNAVAILABLE,
    ],
    ids=lambda refusal: refusal.name,
)
def test_refusals_of_the_pipeline_are_examples_too(document: Any, refusal: ErrorCode) -> None:
    status, value = examples_of(operation(document, "/sign-in/email"))[refusal.name]
    assert (status, value) == (refusal.status, {"message": refusal.message, "code": refusal.name})


def test_a_limit_is_shown_where_requests_are_counted(document: Any) -> None:
    assert "429" not in operation(document, "/sign-in/email")["responses"]
    counting = document_of(some_auth(Options(secret="x" * 32, base_url="http://auth.test")))
    assert examples_of(operation(counting, "/sign-in/email"))["TOO_MANY_REQUESTS"][0] == 429


def test_no_auth_route_claims_the_validation_of_the_framework(document: Any) -> None:
    failed = {"FAILED_TO_CREATE_USER", "FAILED_TO_UPDATE_USER", "FAILED_TO_UPDATE_SESSION"}
    own = {"USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", *failed}
    for path, item in document["paths"].items():
        if path.startswith("/api/auth"):
            for method, operation_ in item.items():
                shown = operation_["responses"].get("422", {}).get("content", {}).get(JSON, {})
                assert "HTTPValidationError" not in str(shown), (method, path)
                assert set(shown.get("examples", {})) <= own
    assert "422" in document["paths"]["/notes"]["post"]["responses"]


def test_users_and_sessions_have_the_configured_fields() -> None:
    hidden = Field[str](name="internalNote", required=False, returned=False)
    user = UserOptions(additional_fields=(Field(name="loyaltyPoints", type="number", default=0), hidden))
    session = SessionOptions(additional_fields=(Field(name="activeTeam", required=False),))
    document = document_of(some_auth(some_options(user=user, session=session)))
    shown = document["components"]["schemas"]["User"]
    assert list(shown["properties"]) == [
        "name", "email", "emailVerified", "image", "createdAt", "updatedAt", "loyaltyPoints", "id",
    ]  # fmt: skip
    assert set(shown["required"]) == set(shown["properties"])
    assert shown["properties"]["loyaltyPoints"] == {"type": "integer"}
    assert shown["properties"]["createdAt"] == {"type": "string", "format": "date-time"}
    assert shown["properties"]["image"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert list(document["components"]["schemas"]["Session"]["properties"])[-2:] == ["activeTeam", "id"]


def test_fields_of_plugins_are_shown(document: Any) -> None:
    assert {"role", "banned", "plan"} <= set(document["components"]["schemas"]["User"]["properties"])


def test_an_answer_shows_its_members_and_leaves_out_what_may_be_absent(document: Any) -> None:
    signed_in = answer_schema(document, "/sign-in/email")
    assert list(signed_in["properties"]) == ["redirect", "token", "url", "user"]
    assert signed_in["required"] == ["redirect", "token", "user"]
    assert signed_in["properties"]["url"] == {"type": "string"}
    nullable = answer_schema(document, "/get-session", "get")
    assert {"type": "null"} in nullable["anyOf"]
    assert answer_schema(document, "/list-sessions", "get")["items"] == {
        "$ref": "#/components/schemas/Session"
    }
    assert "text/html" in operation(document, "/error", "get")["responses"]["200"]["content"]


def test_sign_up_shows_the_additional_fields_that_clients_may_set(document: Any) -> None:
    shown = body_schema(document, "/sign-up/email")
    assert shown["required"] == ["name", "email", "password"]
    assert {"callbackURL", "rememberMe", "image", "plan"} <= set(shown["properties"])
    assert {"role", "banned", "id", "emailVerified"}.isdisjoint(shown["properties"])
    assert shown["properties"]["callbackURL"]["type"] == "string"  # null is refused
    required = UserOptions(additional_fields=(Field(name="country"),))
    assert (
        "country"
        in body_schema(document_of(some_auth(some_options(user=required))), "/sign-up/email")["required"]
    )


def test_a_form_shows_texts_only(document: Any) -> None:
    form = body_schema(document, "/sign-in/email", "application/x-www-form-urlencoded")
    assert set(form["properties"]) == {"email", "password", "callbackURL"}
    assert list(operation(document, "/change-password")["requestBody"]["content"]) == [JSON]


def test_a_record_shows_what_the_configuration_allows(document: Any) -> None:
    assert set(body_schema(document, "/update-user")["properties"]) == {"name", "image", "plan"}
    assert "required" not in body_schema(document, "/update-user")
    session = SessionOptions(additional_fields=(Field(name="activeTeam", required=False),))
    changed = document_of(some_auth(some_options(session=session)))
    assert set(body_schema(changed, "/update-session")["properties"]) == {"activeTeam"}


def test_a_member_that_may_only_be_absent_shows_no_null(auth: Auth) -> None:
    class Body(WireModel):
        flexible: Annotated[str | int | None, absent] = None
        nullable: str | None = None

    shown = DocumentedModels(auth.schema).input(Body).model_json_schema()["properties"]
    assert shown == {
        "flexible": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "nullable": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }


def test_a_record_of_no_model_is_any_object(auth: Auth) -> None:
    models = DocumentedModels(auth.schema)
    assert models.record(JsonObject).model_json_schema()["properties"] == {}
    assert models.record(JsonObject) is models.record(JsonObject)


def test_an_optional_body_is_not_required(document: Any) -> None:
    assert "required" not in operation(document, "/sign-out")["requestBody"]
    assert operation(document, "/sign-in/email")["requestBody"]["required"] is True


def test_what_a_hook_answers_instead_is_shown() -> None:
    hooks = Hooks()

    @hooks.after("ok", returns=Status)
    async def replace(*_: object) -> Status:
        return Status(status=True)

    @hooks.after(ANY)
    async def watch(*_: object) -> None:
        return None

    shown = answer_schema(document_of(some_auth(hooks=hooks)), "/ok", "get")
    assert {each["$ref"].rpartition("/")[2] for each in shown["anyOf"]} == {Ok.__name__, Status.__name__}


def test_the_session_cookie_is_a_security_scheme_under_its_configured_name(document: Any) -> None:
    assert document["components"]["securitySchemes"] == {
        "session": {"type": "apiKey", "in": "cookie", "name": "better-auth.session_token"}
    }
    secure = document_of(some_auth(some_options(base_url="https://auth.test")))
    assert secure["components"]["securitySchemes"]["session"]["name"] == "__Secure-better-auth.session_token"
    protected = [{"session": []}]
    assert operation(document, "/list-sessions", "get")["security"] == protected
    assert "security" not in operation(document, "/sign-in/email")
    for path in ("/me", "/session", "/whoever", "/fresh", "/admin", "/member"):
        assert document["paths"][path]["get"]["security"] == protected
    assert "security" not in document["paths"]["/public"]["get"]


def test_disabled_paths_are_not_shown() -> None:
    document = document_of(some_auth(some_options(disabled_paths=("/sign-up/email",))))
    assert "/api/auth/sign-up/email" not in document["paths"]
    assert "/api/auth/sign-in/email" in document["paths"]
