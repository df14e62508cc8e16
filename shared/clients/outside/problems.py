"""What can go wrong with a system outside: stable codes, and nothing of its secrets."""

from shared.errors import Problem, RuleBroken, Unavailable


class SourceUnreachable(Unavailable):
    """No connection, no answer in time, or 5xx again and again. Trying later can help."""

    code, title = "source_unreachable", "The source does not answer"


class SourceBusy(Unavailable):
    """The source asks for patience (429, 503) for longer than this call waits."""

    code, title = "source_busy", "The source asks us to come back later"

    def __init__(self, detail: str, *, wait_seconds: float | None = None) -> None:
        retry_after = 60.0 if wait_seconds is None else max(1.0, wait_seconds)
        super().__init__(detail, headers={"Retry-After": str(round(retry_after))})
        self.wait_seconds = wait_seconds


class ComeBackLater(Problem):
    """The source wants a longer pause than a job waits: not to be tried again before that."""

    status, code, title = 503, SourceBusy.code, SourceBusy.title


class SourceAnsweredBadly(Unavailable):
    """200 with an HTML page, half a document, another type: not what was asked for."""

    code, title = "source_answered_badly", "The source answered with something else"


class SourceRefused(RuleBroken):
    """401 or 403: the secret is wrong, or its owner may not read this."""

    code, title = "source_refused", "The source does not let us in"


class SourceSaysNo(RuleBroken):
    """Another 4xx: the request is wrong in the source's eyes; `status` and `body` say how."""

    code, title = "source_says_no", "The source rejects the request"

    def __init__(self, detail: str, *, status: int, body: bytes = b"") -> None:
        super().__init__(detail)
        self.status_of_source = status
        self.body = body


class HostNotAllowed(RuleBroken):
    """The operator has not listed this host; nothing was sent to it."""

    code, title = "host_not_allowed", "This host is not on the list"


class SecretMissing(RuleBroken):
    """The secret that the source refers to is not there, or is not of the needed shape."""

    code, title = "secret_missing", "The secret is not there"


def answered_too_much(limit: int) -> SourceAnsweredBadly:
    """One page larger than a page may be."""
    return SourceAnsweredBadly(
        f"one answer is larger than {limit} bytes; ask for smaller pages",
        code="source_page_too_large",
    )
