"""A POST may come as a CloudEvent 1.0: what its `source` and `id` name is processed once.

Binary mode: `ce-specversion`, `ce-id`, `ce-source`, `ce-type` beside the ordinary body. Structured
mode: `Content-Type: application/cloudevents+json`, the ordinary body under `data`. However it
travels, an event that was answered gets the same answer again (shared/idempotency.py).
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request

from shared.errors import FieldError, Unreadable, UnsupportedMedia

VERSION = "1.0"
STRUCTURED = "application/cloudevents+json"
ANY_STRUCTURED = "application/cloudevents"
PREFIX = "ce-"
REQUIRED = ("specversion", "id", "source", "type")
TEXTS = ("subject", "dataschema", "datacontenttype", "time")
CONTENT = frozenset({"data", "data_base64"})
MAX_LENGTH = 2_000
_name = re.compile(r"[a-z0-9]+", re.ASCII)
_json_type = re.compile(r"application/([\w.!#$&^-]+\+)?json", re.ASCII)


@dataclass(frozen=True)
class CloudEvent:
    """What tells an event apart from all others is its id within its source."""

    id: str
    source: str
    type: str


async def take_in(request: Request, *, reads_json: bool, reads_form: bool) -> None:
    """Note the event that a request is, and leave the ordinary body in its place.

    Raises Unreadable `bad_cloud_event`, with one entry per attribute, and UnsupportedMedia for
    batches, formats other than JSON and data of another kind.
    """
    content_type = _media_type(request.headers.get("content-type", ""))
    if content_type.startswith(ANY_STRUCTURED):
        if content_type != STRUCTURED or reads_form:
            raise UnsupportedMedia(f"of structured events only `{STRUCTURED}` is read here")
        attributes = _envelope(await request.body())
        event = _event_of(attributes, "/")
        # The framework reads the body that is kept with the request.
        request._body = _data_of(attributes, needed=reads_json)
    else:
        attributes = _from_headers(request)
        if not any(name in attributes for name in REQUIRED):
            return
        event = _event_of(attributes, f"header:/{PREFIX}")
    request.state.cloud_event = event


def canonical(body: bytes) -> bytes:
    """A JSON body in one way of writing, so that it is the same in both modes; others as is."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return body


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON", code="not_json") from None
    if not isinstance(envelope, dict):
        raise _bad([FieldError("", "object_needed", "an event is a JSON object")])
    return envelope


def _from_headers(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in request.headers.items():
        if name.startswith(PREFIX):
            found.setdefault(name.removeprefix(PREFIX), _unescaped(value))
    return found


def _unescaped(value: str) -> str:
    """A header's text: quotes around it are taken off, percent-encoded UTF-8 is decoded."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return "\x00"  # refused as no text


def _event_of(attributes: Mapping[str, Any], place: str) -> CloudEvent:
    errors = [
        FieldError(f"{place}{name}", "missing", "an event needs this attribute")
        for name in REQUIRED
        if attributes.get(name) is None
    ]
    for name, value in attributes.items():
        message = None if value is None else _wrong_with(name, value)
        if message is not None:
            errors.append(FieldError(f"{place}{_printable(name)}", "not_valid", message))
    if errors:
        raise _bad(errors)
    return CloudEvent(attributes["id"], attributes["source"], attributes["type"])


def _wrong_with(name: str, value: Any) -> str | None:
    """What is wrong with an attribute, or None."""
    if name in CONTENT:
        return None
    if not _name.fullmatch(name):
        return "names of attributes are lower-case letters and digits"
    if name not in REQUIRED and name not in TEXTS:
        return None if isinstance(value, str | bool | int) else "an extension is a plain value"
    return _wrong_with_text(name, value)


def _wrong_with_text(name: str, value: Any) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LENGTH or not value.isprintable():
        return f"a text of 1 to {MAX_LENGTH} characters without control characters is needed"
    if name == "specversion" and value != VERSION:
        return f"only version {VERSION} is read here"
    if name == "source" and " " in value:
        return "a source is a URI reference"
    return "an instant after RFC 3339 is needed" if name == "time" and not _is_time(value) else None


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _data_of(envelope: Mapping[str, Any], *, needed: bool) -> bytes:
    """The ordinary body of an event in structured mode."""
    written = envelope.get("datacontenttype") or "application/json"
    if not _json_type.fullmatch(_media_type(written)):
        raise UnsupportedMedia("the data of an event is JSON here")
    if len(CONTENT & set(envelope)) > 1:
        raise _bad([FieldError("/data_base64", "not_valid", "give `data` or `data_base64`")])
    if "data_base64" in envelope:
        try:
            return base64.b64decode(envelope["data_base64"], validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise _bad([FieldError("/data_base64", "not_valid", "not Base64")]) from None
    if "data" in envelope:
        return json.dumps(envelope["data"]).encode()
    if needed:
        raise _bad([FieldError("/data", "missing", "the event carries no data")])
    return b""


def _bad(errors: list[FieldError]) -> Unreadable:
    return Unreadable("this is no CloudEvent", code="bad_cloud_event", errors=errors[:100])


def _printable(name: str) -> str:
    text = name[:100].encode("utf-8", "replace").decode()
    return text.replace("~", "~0").replace("/", "~1")
