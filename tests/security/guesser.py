"""One of several server processes under a guessing attack.

`python -m tests.security.guesser URL NUMBER GUESSES` says `ready`, waits for a line, then answers with the
statuses of its guesses as JSON.
"""

import asyncio
import json
import sys

from ostiary import RateLimitOptions
from ostiary.domain.runtime import FrozenRuntime
from tests.security.exchange import exchange
from tests.security.surface import surface_auth, surface_options


async def main(url: str, number: int, guesses: int) -> None:
    auth = surface_auth(surface_options(rate_limit=RateLimitOptions()), FrozenRuntime(), url)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

    async def guess(email: str, peer: str) -> int:
        body = {"email": email, "password": "a wrong guess"}
        return (await exchange(auth, "POST", "/sign-in/email", send=body, peer=peer)).status

    turns = range(guesses)
    statuses = {
        "one account": await asyncio.gather(
            *(guess("ada@example.com", f"10.{number}.0.{turn}") for turn in turns)
        ),
        "one address": await asyncio.gather(
            *(guess(f"ada{number}x{turn}@example.com", "10.9.9.9") for turn in turns)
        ),
    }
    await auth.close()
    print(json.dumps(statuses), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
