"""A redirect as an outcome: raised from any step, it keeps the cookies set so far."""

from urllib.parse import quote


class Redirect(Exception):
    """Ends the request with 302 to a target that was checked before."""

    def __init__(self, location: str) -> None:
        """Remember where to."""
        super().__init__(location)
        self.location = location

    def because(self, error: str) -> "Redirect":
        """Return the redirect with `error=` appended to the query, the fragment preserved."""
        address, hash_mark, fragment = self.location.partition("#")
        joint = "&" if "?" in address else "?"
        return Redirect(f"{address}{joint}error={quote(error, safe='')}{hash_mark}{fragment}")
