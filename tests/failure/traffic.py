"""People who use a server while something happens to it, and remember what they were told."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic
from typing import Any, TypeAlias, TypeVar

import httpx2

from tests.builders import PASSWORD

P = TypeVar("P")
Outage: TypeAlias = tuple[Callable[[P], None], Callable[[P], None]]
"""How a part is taken away, and how it is brought back."""

PATIENCE = 30.0
THINKING = 0.02  # seconds between two requests of one person


class Unanswered(Exception):
    """A connection ended before there was an answer."""


@dataclass
class Person:
    """What one person was told: by an answer, not by the lack of one."""

    email: str
    cookies: dict[str, str] = field(default_factory=dict)
    name: str = "Ada"
    names: set[str] = field(default_factory=set)
    """What may be stored besides: nobody said it was, or was not."""
    signed_out: bool | None = False
    """None: nobody said."""


class Traffic:
    """People who sign up, look who they are, change their name and sign out, all at once."""

    def __init__(self, address: str, people: int = 4) -> None:
        """Send them to an address."""
        self.address = address
        self.persons: list[Person] = []
        """Everybody whose sign-up was acknowledged."""
        self.answers: Counter[int] = Counter()
        self.dropped = 0
        self.slowest = 0.0
        """Seconds that the slowest request took."""
        self.wrong: list[str] = []
        self._people = people
        self._numbers = itertools.count()
        self._stopped = False
        self._under_way = 0
        self._open = asyncio.Event()
        self._open.set()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Let nobody ask anything for the time of a block, which begins when all were answered."""
        self._open.clear()
        await self.until(lambda: self._under_way == 0, "somebody is never answered")
        try:
            yield
        finally:
            self._open.set()

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator["Traffic"]:
        """Let people come and go for the time of a block."""
        async with self._crowd() as client:
            tasks = [asyncio.create_task(self._come_and_go(client)) for _ in range(self._people)]
            try:
                await self.gains(5)
                yield self
                await self.gains(5)
            finally:
                self._stopped = True
                await asyncio.gather(*tasks)

    async def survives(self, part: P, outages: Iterable[Outage[P]]) -> None:
        """Take a part away in each of these ways and bring it back, and judge what people saw of it."""
        async with self.flowing():
            for take, bring_back in outages:
                take(part)
                await self.is_refused(20)
                bring_back(part)
                await self.gains(5)
        await self.judge()
        assert self.dropped == 0

    async def gains(self, number: int) -> None:
        """Wait for so many further sign-ups that are acknowledged."""
        goal = len(self.persons) + number
        await self.until(lambda: len(self.persons) >= goal, "nobody can sign up")

    async def is_refused(self, number: int) -> None:
        """Wait for so many further answers that say the server cannot."""
        goal = self.answers[503] + number
        await self.until(lambda: self.answers[503] >= goal, "nothing is refused")

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something, not for ever."""
        deadline = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < deadline, f"{what}: {self.answers}, {self.wrong[:3]}"
            await asyncio.sleep(0.02)

    async def _come_and_go(self, client: httpx2.AsyncClient) -> None:
        while not self._stopped:
            person = Person(f"p{next(self._numbers)}@example.com")
            given = {"name": "Ada", "email": person.email, "password": PASSWORD}
            try:
                answer = await self._ask(client, person, "POST", "/sign-up/email", **given)
                if answer.status_code == 200:
                    self.persons.append(person)
                    await self._stay(client, person)
            except Unanswered:
                self.dropped += 1

    async def _stay(self, client: httpx2.AsyncClient, person: Person) -> None:
        for step in range(3):
            await self._look(client, person)
            name = f"Ada {step}"
            person.names.add(name)
            if (await self._ask(client, person, "POST", "/update-user", name=name)).status_code == 200:
                person.name, person.names = name, set()
        await self._look(client, person)
        if int(person.email[1:].partition("@")[0]) % 3 == 0:
            person.signed_out = None
            stolen = dict(person.cookies)
            answer = await self._ask(client, person, "POST", "/sign-out")
            person.signed_out = True if answer.status_code == 200 else None
            person.cookies = stolen

    async def _look(self, client: httpx2.AsyncClient, person: Person) -> None:
        answer = await self._ask(client, person, "GET", "/get-session")
        if answer.status_code == 200:
            self._expect_who(person, answer.json())

    def _expect_who(self, person: Person, session: Any) -> None:
        if session is None:
            self.wrong.append(f"{person.email} was taken for nobody")
        elif session["user"]["email"] != person.email:
            self.wrong.append(f"{person.email} was taken for {session['user']['email']}")

    async def _ask(
        self, client: httpx2.AsyncClient, person: Person, method: str, path: str, **body: str
    ) -> httpx2.Response:
        await asyncio.sleep(THINKING)
        await self._open.wait()
        begun = monotonic()
        self._under_way += 1
        try:
            answer = await self._send(client, person, method, path, **body)
        except httpx2.TransportError as error:
            raise Unanswered from error
        finally:
            self._under_way -= 1
        self.slowest = max(self.slowest, monotonic() - begun)
        self.answers[answer.status_code] += 1
        if answer.status_code not in {200, 503}:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
        if answer.status_code == 503 and "retry-after" not in answer.headers:
            self.wrong.append(f"{method} {path}: 503 that does not say when to come back")
        return answer

    @staticmethod
    async def _send(
        client: httpx2.AsyncClient, person: Person, method: str, path: str, **body: str
    ) -> httpx2.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        headers = {"cookie": cookie} if cookie else {}
        answer = await client.request(method, f"/api/auth{path}", json=body or None, headers=headers)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            person.cookies[name] = value
        return answer

    def client(self, **more: Any) -> httpx2.AsyncClient:
        """Return a browser."""
        own = {"origin": self.address}
        return httpx2.AsyncClient(
            base_url=self.address, headers=own, timeout=PATIENCE, trust_env=False, **more
        )

    def _crowd(self) -> httpx2.AsyncClient:
        """Return the connections of many browsers, which share no cookies."""
        return self.client(cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])))

    async def session_of(self, person: Person) -> httpx2.Response:
        """Ask who somebody is."""
        async with self._crowd() as client:
            return await self._send(client, person, "GET", "/get-session")

    async def judge(self) -> None:
        """See that all that was acknowledged is there, and nothing that was not."""
        async with self._crowd() as client:
            for person in self.persons:
                answer = await self._send(client, person, "GET", "/get-session")
                assert answer.status_code == 200, answer.text
                self._compare(person, answer.json())
            for person in self.persons[:: max(1, len(self.persons) // 5)]:
                given = {"email": person.email, "password": PASSWORD}
                answer = await self._send(client, Person(person.email), "POST", "/sign-in/email", **given)
                assert answer.status_code == 200, f"{person.email} lost a sign-up: {answer.text}"
        assert not self.wrong, self.wrong[:5]

    def _compare(self, person: Person, session: Any) -> None:
        if session is None and person.signed_out is False:
            self.wrong.append(f"{person.email} lost an acknowledged session")
        elif session is not None and person.signed_out:
            self.wrong.append(f"{person.email} signed out, and is in again")
        elif session is not None:
            self._expect_who(person, session)
            if session["user"]["name"] not in {person.name, *person.names}:
                self.wrong.append(f"{person.email} lost an acknowledged name")
