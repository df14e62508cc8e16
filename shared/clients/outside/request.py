"""Addresses of requests to systems outside, and what the status of an answer means."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

from shared.clients.outside.answer import OutsideAnswer, seconds_to_wait
from shared.clients.outside.problems import (
    SourceAnsweredBadly,
    SourceBusy,
    SourceRefused,
    SourceSaysNo,
    SourceUnreachable,
)
from shared.clock import utc_now

BUSY_STATUSES = {429, 503}
Query = Mapping[str, str | int] | Sequence[tuple[str, str | int]]


def with_params(url: str, params: Query | None) -> str:
    """An address with more query parameters; those of the same name are replaced."""
    if not params:
        return url
    pairs = list(params.items() if isinstance(params, Mapping) else params)
    parts = urlsplit(url)
    named = {name for name, _ in pairs}
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and unquote_plus(pair.partition("=")[0]) not in named
    ]
    added = urlencode([(name, str(value)) for name, value in pairs], safe="$,:", quote_via=quote)
    return urlunsplit(parts._replace(query="&".join([*kept, added])))


def good(answer: OutsideAnswer) -> OutsideAnswer:
    """The answer itself when it is a success; the problem that it tells of otherwise."""
    status = answer.status
    if 200 <= status < 300:
        return answer
    if status in {401, 403}:
        raise SourceRefused(f"the source answered {status}; look at the secret and its rights")
    if status in BUSY_STATUSES:
        wait = seconds_to_wait(answer.headers, utc_now())
        raise SourceBusy(f"the source answered {status}", wait_seconds=wait)
    if status >= 500 or status in {408, 425}:
        raise SourceUnreachable(f"the source answered {status}")
    if status >= 400:
        raise SourceSaysNo(f"the source answered {status}", status=status, body=answer.body)
    raise SourceAnsweredBadly(f"the source answered {status}")


def joined(url: str, target: str) -> str:
    try:
        return str(urljoin(url, target))
    except ValueError:
        raise SourceAnsweredBadly("the source redirects to what is no address") from None


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def as_safe(url: str, than: str) -> bool:
    return urlsplit(url).scheme == "https" or urlsplit(than).scheme != "https"
