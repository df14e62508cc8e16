"""Every expected failure; one handler in shared/app.py turns each into application/problem+json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with a request: where (a JSON pointer), a stable code, a sentence."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """A failure the caller is told about (RFC 9457); `code` is stable, `detail` is for people."""

    status = 500
    code = "internal_error"
    title = "Internal error"
    usual_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.errors = list(errors)
        self.headers = dict(headers or self.usual_headers)


class Unreadable(Problem):
    """The request cannot be read at all: broken JSON, a foreign cursor, a broken form."""

    status, code, title = 400, "unreadable", "The request cannot be read"


class Unauthenticated(Problem):
    """No caller, or one whose key or token is not (any more) valid."""

    status, code, title = 401, "unauthenticated", "Who are you?"
    usual_headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status, code, title = 403, "forbidden", "You may not do this"


class NotFound(Problem):
    """There is no such thing, or the caller may not know of it."""

    status, code, title = 404, "not_found", "There is no such thing"


class Conflict(Problem):
    """The state of the thing forbids it now."""

    status, code, title = 409, "conflict", "The present state forbids this"


class PreconditionFailed(Problem):
    """If-Match names an older version."""

    status, code, title = 412, "stale_etag", "Somebody changed it before you"


class TooLarge(Problem):
    """The body, file or table is larger than the service takes."""

    status, code, title = 413, "too_large", "The request is too large"


class TooLongAddress(Problem):
    """The path and query are longer than the service reads."""

    status, code, title = 414, "too_long_address", "The address is too long"


class UnsupportedMedia(Problem):
    """The content is of a kind that this endpoint does not read."""

    status, code, title = 415, "unsupported_media_type", "This kind of content is not read here"


class RuleBroken(Problem):
    """The request is readable and breaks a rule."""

    status, code, title = 422, "rule_broken", "The request breaks a rule"

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> Self:
        """One rule, broken in one place: the same code and sentence for the whole and the field."""
        return cls(message, code=code, errors=[FieldError(pointer, code, message)])


class PreconditionRequired(Problem):
    """A change of a single resource must say which version it changes."""

    status, code, title = 428, "if_match_required", "Say which version you change"


class TooLargeHeaders(Problem):
    """The headers are more, or longer, than the service reads."""

    status, code, title = 431, "too_large_headers", "The headers are too large"


class TooManyRequests(Problem):
    """The caller asks more often than its rate allows."""

    status, code, title = 429, "too_many_requests", "Too many requests"


class Unavailable(Problem):
    """Something this service needs does not answer now; try again later."""

    status, code, title = 503, "unavailable", "Not available right now"
    usual_headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}
