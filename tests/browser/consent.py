"""The page on which people of a provider let us know who they are; a browser's test fills it in."""

from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ostiary import GenericOAuth
from tests.identity_provider import IdentityProvider, asked, code_for
from tests.social import openid

PATH = "/test/provider"
PAGE = """<!doctype html><title>Provider</title><h1>Who are you?</h1><form method="post">
<label>Address <input name="email"></label><button name="answer" value="yes">Allow</button>
<button name="answer" value="no">Deny</button></form>"""

consent = APIRouter(prefix=PATH)


def provider_options(provider: IdentityProvider, here: str) -> GenericOAuth:
    """Return how the example knows the provider."""
    return openid(provider, "oidc", authorization_url=f"{here}{PATH}", private_network=True)


@consent.get("")
async def ask() -> HTMLResponse:
    """Ask the person who came here."""
    return HTMLResponse(PAGE)


@consent.post("")
async def answer(request: Request) -> RedirectResponse:
    """Send the person back, with a code or with a refusal."""
    wanted, said = asked(str(request.url)), dict(parse_qsl((await request.body()).decode()))
    if said["answer"] == "yes":
        email = said["email"]
        code = code_for(str(request.url), sub=email, email=email, email_verified=True, name="Ada of Provider")
        back = {"code": code}
    else:
        back = {"error": "access_denied"}
    return RedirectResponse(f"{wanted['redirect_uri']}?{urlencode({**back, 'state': wanted['state']})}", 303)
