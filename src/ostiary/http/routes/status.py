"""Is the server up, and what went wrong in the browser."""

import re
from html import escape

from pydantic import Field

from ostiary.domain.values import has_reordering
from ostiary.http.context import Context
from ostiary.http.endpoint import FromQuery, Routes
from ostiary.http.json import is_readable
from ostiary.http.messages import Response
from ostiary.http.redirect import Redirect
from ostiary.http.wire import Ok, WireModel

routes = Routes()

_CODE = re.compile(r"['A-Za-z0-9_-]+")
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Error</title>
<style>body{{font-family:system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color:#222}}
code{{background:#eee;padding:.1rem .3rem}}a{{color:inherit}}</style></head>
<body><h1>Something went wrong</h1><p>{description}</p><p>Code: <code>{code}</code></p>
<p><a href="/">Back</a></p></body>
</html>
"""


class ErrorQuery(WireModel):
    """What the failed flow says."""

    error: str | list[str] = ""
    error_description: str | list[str] = Field(default="", alias="error_description")


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[0]


def _shown(text: str) -> str:
    """Return a text that a page may show; what is unreadable or reads as another text is left out."""
    return text if is_readable(text) and not has_reordering(text) else ""


@routes.get("/ok")
async def ok() -> Ok:
    """Check that the server is up."""
    return Ok(ok=True)


@routes.get("/error")
async def error(query: FromQuery[ErrorQuery], context: Context) -> Response:
    """Show the page of a failed flow, or redirect to `on_api_error.error_url`."""
    given = _first(query.error)
    code = given if _CODE.fullmatch(given) else "UNKNOWN"
    description = _shown(_first(query.error_description))
    if target := context.options.on_api_error.error_url:
        failed = Redirect(target).because(code)
        failed = failed.with_query(error_description=description) if description else failed
        return Response(302, [("location", failed.location)])
    page = _PAGE.format(code=escape(code), description=escape(description or "Please try again."))
    headers = [
        ("content-type", "text/html"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ]
    return Response(200, headers, page.encode())
