"""A browser that is signed in, as Playwright reads it."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

from tests.builders import PASSWORD, SESSION_COOKIE

from .conftest import Command
from .test_users import a_browser


def prepared(command: Command) -> None:
    assert command("migrate").exit_code == 0
    created = command("users", "create", "ada@example.com", "--password-stdin", typed=f"{PASSWORD}\n")
    assert created.exit_code == 0


async def signed_in(cookies: list[dict[str, Any]]) -> Any:
    """Ask the server who has these cookies."""
    async with a_browser() as browser:
        browser.headers["cookie"] = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
        return await browser.session()


def test_the_cookies_are_of_a_real_session(command: Command, configured: Path) -> None:
    prepared(command)
    result = command("mint-session", "ada@example.com", "--url", "http://127.0.0.1:3000")
    assert result.exit_code == 0
    state = json.loads(result.stdout)
    assert state["origins"] == []
    cookie = next(each for each in state["cookies"] if each["name"] == SESSION_COOKIE)
    assert (cookie["domain"], cookie["path"], cookie["httpOnly"]) == ("127.0.0.1", "/", True)
    assert (cookie["secure"], cookie["sameSite"]) == (False, "Lax")
    session = asyncio.run(signed_in(state["cookies"]))
    assert session["user"]["email"] == "ada@example.com"
    assert session["session"]["userAgent"] == "ostiary mint-session"


def test_a_file_is_for_its_owner_alone(command: Command, configured: Path) -> None:
    prepared(command)
    (configured / "state.json").write_text("open to all")
    (configured / "state.json").chmod(0o644)
    result = command("mint-session", "ada@example.com", "-o", "state.json")
    assert result.stdout == "Wrote state.json.\n"
    assert stat.S_IMODE((configured / "state.json").stat().st_mode) == 0o600
    state = json.loads((configured / "state.json").read_text())
    assert state["cookies"][0]["domain"] == "auth.test"


def test_nobody_and_the_banned_get_none(command: Command, configured: Path) -> None:
    prepared(command)
    assert command("mint-session", "eve@example.com").exit_code == 1
    assert command("users", "ban", "ada@example.com").exit_code == 0
    result = command("mint-session", "ada@example.com")
    assert (result.exit_code, result.stdout) == (1, "")


def test_cookies_keep_the_attributes_of_the_configuration(command: Command, directory: Path) -> None:
    (directory / "shop_site.py").write_text(
        "from ostiary import Advanced, Auth, CrossSubdomainCookies, EmailAndPassword, Options\n"
        "from ostiary.plugins import Admin\n"
        'SHARED = CrossSubdomainCookies(enabled=True, domain="shop.example")\n'
        'options = Options(secret="' + "s3cretive-" * 4 + '", base_url="https://auth.shop.example",\n'
        "    email_and_password=EmailAndPassword(enabled=True),\n"
        "    advanced=Advanced(cross_sub_domain_cookies=SHARED),\n"
        ")\n"
        'auth = Auth(options, "sqlite:///site.db", plugins=[Admin()])\n'
    )
    assert command("migrate", "--app", "shop_site:auth").exit_code == 0
    person = ("users", "create", "ada@example.com", "--password-stdin", "--app", "shop_site:auth")
    assert command(*person, typed=f"{PASSWORD}\n").exit_code == 0
    result = command("mint-session", "ada@example.com", "--app", "shop_site:auth")
    cookie = json.loads(result.stdout)["cookies"][0]
    assert (cookie["name"], cookie["domain"]) == (f"__Secure-{SESSION_COOKIE}", ".shop.example")
    assert cookie["secure"] is True


def test_a_browser_needs_a_place(command: Command, directory: Path) -> None:
    (directory / "bare.py").write_text(
        f'from ostiary import Auth, Options\nauth = Auth(Options(secret="{"a" * 40}"), "sqlite://")\n'
    )
    result = command("mint-session", "ada@example.com", "--app", "bare:auth")
    assert result.exit_code == 2
    assert "--url" in result.output
