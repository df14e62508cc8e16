"""What a system outside has answered, read exactly: decimals stay decimals."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from shared.clients.outside.problems import SourceAnsweredBadly

MOST_DIGITS = 400
_charset = re.compile(r"charset=\"?([A-Za-z0-9_-]+)", re.IGNORECASE)
_link = re.compile(r'<([^>]*)>((?:\s*;\s*[^;,"=]+(?:=(?:"[^"]*"|[^";,]*))?)*)')
_relation = re.compile(r';\s*rel\s*=\s*"?([^";]*)"?', re.IGNORECASE)


@dataclass(frozen=True)
class OutsideAnswer:
    """A 2xx answer: lower-case header names, the whole decoded body, the address it came from."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str

    def json(self) -> Any:
        """The body as JSON; numbers with a point are Decimal. SourceAnsweredBadly otherwise."""
        return read_json(self.body, self.headers.get("content-type", ""))

    def link(self, relation: str = "next") -> str | None:
        """The absolute address of a Link header (RFC 8288)."""
        for target, parameters in _link.findall(self.headers.get("link", "")):
            named = _relation.search(parameters)
            if named and relation in named.group(1).lower().split():
                return str(urljoin(self.url, target))
        return None


def read_json(body: bytes, content_type: str) -> Any:
    """JSON with exact numbers. What cannot be JSON is named, its text is not repeated."""
    if body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise SourceAnsweredBadly("the source answered with a web page instead of data")
    try:
        return json.loads(
            _text_of(body, content_type),
            parse_float=_exact,
            parse_int=_whole,
            parse_constant=_no_constant,
        )
    except (ValueError, LookupError, RecursionError) as error:
        raise SourceAnsweredBadly("the answer is not whole, valid JSON") from error


def _text_of(body: bytes, content_type: str) -> str:
    """UTF-8, or what the content type says where it is none."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        said = _charset.search(content_type)
        return body.decode(said.group(1) if said else "utf-8")


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > MOST_DIGITS:  # writing it out would take any amount of memory
        raise ValueError("a number out of range")
    return number


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError("a number out of range")
    return int(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After as seconds from now: a count, or an HTTP date. None when it is not said."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", said):
        return float(said)
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=now.tzinfo)
    return max(0.0, (at - now).total_seconds())
