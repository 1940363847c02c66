"""A redirect as an outcome: raised from any step, it keeps the cookies set so far."""

from urllib.parse import quote_plus


def _form_encoded(text: str) -> str:
    """Encode as browsers encode a form (the URL Standard's application/x-www-form-urlencoded)."""
    return quote_plus(text, safe="*").replace("~", "%7E")


class Redirect(Exception):
    """Ends the request with 302 to a target that was checked before."""

    def __init__(self, location: str) -> None:
        """Remember where to."""
        super().__init__(location)
        self.location = location

    def with_query(self, **parameters: str) -> "Redirect":
        """Return the redirect with parameters appended to the query, the fragment preserved."""
        address, hash_mark, fragment = self.location.partition("#")
        joint = "&" if "?" in address else "?"
        added = "&".join(f"{name}={_form_encoded(value)}" for name, value in parameters.items())
        return Redirect(f"{address}{joint}{added}{hash_mark}{fragment}")

    def because(self, error: str) -> "Redirect":
        """Return the redirect with `error=` appended to the query."""
        return self.with_query(error=error)
