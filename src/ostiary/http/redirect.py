"""A redirect as an outcome: raised from any step, it keeps the cookies set so far."""

from string import punctuation
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from ostiary.crypto.javascript import form_encoded


def resolved(address: str, base: str) -> str:
    """Return an address as a browser on `base` understands it: absolute, with a path, percent-encoded."""
    # a browser takes a backslash for a slash; other readers of the header would see another host
    parts = urlsplit(quote(urljoin(base, address).replace("\\", "/"), safe=punctuation))
    return parts._replace(path=parts.path or "/").geturl() if parts.netloc else parts.geturl()


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
        return Redirect(f"{address}{joint}{form_encoded(parameters)}{hash_mark}{fragment}")

    def with_parameter(self, name: str, value: str) -> "Redirect":
        """Return the redirect with one parameter set, in the place of every other one of its name.

        The query is written anew, as `searchParams.set` of the URL Standard does.
        """
        address, hash_mark, fragment = self.location.partition("#")
        path, _, query = address.partition("?")
        parameters = dict[str, list[str]]()
        for known, given in parse_qsl(query, keep_blank_values=True):
            parameters.setdefault(known, []).append(given)
        parameters[name] = [value]
        pairs = ((known, given) for known, values in parameters.items() for given in values)
        return Redirect(f"{path}?{form_encoded([*pairs])}{hash_mark}{fragment}")

    def because(self, error: str) -> "Redirect":
        """Return the redirect with `error=` appended to the query."""
        return self.with_query(error=error)
