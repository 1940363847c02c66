"""Asks the Pwned Passwords range service whether a password is in a known breach."""

from dataclasses import dataclass

from ostiary.outgoing import HttpClient

RANGE_ADDRESS = "https://api.pwnedpasswords.com/range/"
PATIENCE = 3.0


@dataclass(frozen=True)
class BreachedPasswords:
    """Counts sightings of a password hash; only its first five characters leave the server."""

    client: HttpClient
    address: str = RANGE_ADDRESS

    async def __call__(self, digest: str) -> int:
        """Return how often a SHA-1 hash (upper-case hexadecimal) was seen; raises OSError."""
        prefix, suffix = digest[:5], digest[5:]
        # padding hides from the network how many hashes share the prefix
        answer = await self.client.get(
            f"{self.address}{prefix}", headers={"add-padding": "true"}, timeout=PATIENCE
        )
        if answer.status != 200:
            raise OSError(f"the range service answered {answer.status}")
        for line in answer.body.decode("ascii", "replace").splitlines():
            candidate, _, count = line.partition(":")
            if candidate.strip() == suffix and count.strip().isdigit():
                return int(count)
        return 0
