"""The people of an attack: accounts of its own, which it deletes when it is done."""

from dataclasses import dataclass, field
from typing import Final

from ostiary.attack.target import Answer, Target
from ostiary.attack.verdict import Skipped
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime

_NOWHERE: Final = "ostiary-attack.invalid"  # RFC 2606: mail to it goes nowhere


@dataclass
class Person:
    """An account of the attack's own."""

    email: str
    password: str
    cookies: dict[str, str] = field(default_factory=dict)
    signed_in: Answer | None = None
    """What the server answered when the account was made."""

    @property
    def cookie(self) -> tuple[str, str]:
        """The Cookie header."""
        return "cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def session_cookie(self) -> tuple[str, str]:
        """Name and value of the cookie that is the session."""
        found = [each for each in self.cookies.items() if each[0].endswith("session_token")]
        if not found:
            raise Skipped("the server sets no cookie whose name ends in session_token")
        return found[0]

    def keep(self, answer: Answer) -> None:
        """Take the cookies of an answer."""
        for line in answer.set_cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()


@dataclass
class Scene:
    """The target, and the accounts that were made there."""

    target: Target
    runtime: Runtime
    people: list[Person] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Accounts that could not be deleted."""
    figures: str = ""
    """What the check under way measured; shown even where nothing is broken."""

    def stranger(self) -> Person:
        """Return somebody without an account."""
        mark = self.runtime.new_token(16).lower()
        return Person(f"attack-{mark}@{_NOWHERE}", f"Attack {self.runtime.new_token(20)} 7!")

    async def person(self, number: int = 0) -> Person:
        """Return one of the attack's accounts, made when first asked for. Raises Skipped."""
        while len(self.people) <= number:
            self.people.append(await self._sign_up(self.stranger()))
        return self.people[number]

    async def _sign_up(self, person: Person) -> Person:
        given = {"name": "Attack", "email": person.email, "password": person.password}
        answer = await self.target.patiently("POST", "/sign-up/email", body=given)
        if answer.status != 200 or not answer.set_cookies:
            raise Skipped(f"no account can be made: sign-up answered {answer.status}")
        person.keep(answer)
        person.signed_in = answer
        return person

    async def sign_in(self, person: Person, **request: JsonValue) -> Answer:
        """Sign in with a password."""
        given = {"email": person.email, "password": person.password}
        return await self.target.patiently("POST", "/sign-in/email", body=given, **request)

    async def session(self, *headers: tuple[str, str]) -> JsonValue:
        """Return what get-session says to somebody with these headers."""
        answer = await self.target.send("GET", "/get-session", headers=headers)
        return answer.json() if answer.status == 200 else None

    async def leave(self) -> None:
        """Delete every account; note those that stay."""
        for person in self.people:
            answer = await self.target.patiently(
                "POST", "/delete-user", body={"password": person.password}, headers=[person.cookie]
            )
            if answer.status != 200:
                self.left.append(person.email)
        self.people.clear()
