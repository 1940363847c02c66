"""Request bodies: which kinds are accepted, and what they come to."""

from urllib.parse import parse_qsl

from ostiary.domain.errors import Errors, JsonValue
from ostiary.http import json
from ostiary.http.messages import Request
from ostiary.http.validation import UNDEFINED, refusal

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UNREADABLE = "Invalid input: text must not contain NUL or lone surrogates"


async def read_body(request: Request, *, accepts_form: bool) -> JsonValue | object:
    """Return the parsed body, UNDEFINED where there is none.

    Raises UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST for broken JSON, VALIDATION_ERROR for unreadable text, and
    whatever reading the body raises (PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT).
    """
    sent_type = request.headers.get("content-type")
    if sent_type is None:
        # wire: a body nobody named is discarded, not refused
        return UNDEFINED
    media_type = sent_type.partition(";")[0].strip().lower()
    allowed = (FORM, JSON) if accepts_form else (JSON,)
    body = await request.read_body()
    if not body or not media_type:
        return UNDEFINED
    kind = next((kind for kind in allowed if kind in media_type), None)
    if kind is None:
        raise Errors.UNSUPPORTED_MEDIA_TYPE(
            f'Content-Type "{sent_type[:200]}" is not allowed. Allowed types: {", ".join(allowed)}'
        )
    return _parse_json(body) if kind == JSON else _parse_form(body)


def _parse_json(body: bytes) -> JsonValue:
    try:
        return json.parse(body.removeprefix(BYTE_ORDER_MARK))
    except json.UnreadableText:
        raise refusal([f"[body] {_UNREADABLE}"]) from None
    except ValueError:
        raise Errors.BAD_REQUEST() from None


def _parse_form(body: bytes) -> JsonValue:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        raise refusal([f"[body] {_UNREADABLE}"]) from None
    if not all(json.is_readable(text) for pair in pairs for text in pair):
        raise refusal([f"[body] {_UNREADABLE}"])
    return dict(pairs)
