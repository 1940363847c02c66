"""A small page whose button does what a mailed link is about: programs that open links press no buttons."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Final

from ostiary.http.context import Context
from ostiary.http.messages import Response
from ostiary.http.origins import Address
from ostiary.outgoing.mail.templates import Templates

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:20vh auto;padding:0 1rem}"
    "button{font:inherit;font-weight:600;padding:.75rem 1.25rem;border:0;border-radius:6px;"
    "background:#18181b;color:#fff}:root{color-scheme:light dark}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = """<!doctype html>
<html lang="{locale}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{app_name}</title>
<style>{style}</style></head>
<body><p>{app_name}</p><h1>{title}</h1>
{body}
</body>
</html>
"""
_FORM: Final = """<form method="post" action="{action}">
<input type="hidden" name="token" value="{token}">{callback}
<button>{button}</button>
</form>"""
_OWN: Final = Templates()
_CALLBACK: Final = '<input type="hidden" name="callbackURL" value="{url}">'


@dataclass(frozen=True, slots=True)
class Question:
    """What the page of a link asks, and where the answer goes."""

    path: str
    name: str
    """The phrases `NAME.question` and `NAME.button`."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The language of a page: the one that a mail to whoever asks for it would have."""

    locale: str
    phrases: Mapping[str, str]

    @classmethod
    def of(cls, context: Context) -> "Speech":
        """Choose by the request's `Accept-Language`."""
        courier = context.services.courier
        templates = _OWN if courier is None else courier.templates
        locale = templates.chosen(context.asker.languages)
        return cls(locale, templates.phrases(locale))


def ask(asked: Question, context: Context) -> Response:
    """Return the page of a link; its token and `callbackURL` go with the form."""
    token, callback = (_single(context.request.query.get(name)) for name in ("token", "callbackURL"))
    speech = Speech.of(context)
    form = _FORM.format(
        action=f"{context.options.mount_path}{asked.path}",
        token=escape(token),
        callback=_CALLBACK.format(url=escape(callback)) if callback else "",
        button=escape(speech.phrases[f"{asked.name}.button"]),
    )
    # browsers hold the redirect that follows to the policy, too
    return _page(context, speech, f"{asked.name}.question", form, ["'self'", *_source_of(callback)])


def tell(title: str, text: str, context: Context) -> Response:
    """Return a page that says what was done; both are names of phrases."""
    speech = Speech.of(context)
    return _page(context, speech, title, f"<p>{escape(speech.phrases[text])}</p>", ["'none'"])


def _page(context: Context, speech: Speech, title: str, body: str, targets: list[str]) -> Response:
    page = _PAGE.format(
        locale=speech.locale,
        app_name=escape(context.options.app_name),
        style=_STYLE,
        title=escape(speech.phrases[title]),
        body=body,
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action {' '.join(targets)}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return Response(
        200,
        [
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", policy),
            ("content-language", speech.locale),
            ("vary", "accept-language"),
            # no other site learns the link; `no-referrer` would hide the form's origin from ourselves, too
            ("referrer-policy", "same-origin"),
        ],
        page.encode(errors="replace"),
    )


def _single(value: str | list[str] | None) -> str:
    return value if isinstance(value, str) else ""


def _source_of(url: str) -> list[str]:
    """Return the origin of a trusted address as a CSP source; none for a path of our own."""
    address = Address(url)
    if address.origin is not None:  # without what may stand before the `@`, which could say anything
        return [address.origin]
    return [f"{address.scheme}:"] if address.scheme else []
