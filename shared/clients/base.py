"""Calls from one service (or command) to another: timeouts, retries, circuit breaking, problems."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel

from shared import errors, metrics, traces
from shared.clients.circuits import circuit_of_service
from shared.errors import FieldError, Problem, Unavailable
from shared.logs import correlation_id
from shared.settings import get_settings

AnswerT = TypeVar("AnswerT", bound=BaseModel)
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2
PASSING_STATUSES = {429, 502, 503, 504}


class ServiceClient:
    """Typed calls to one service; the subclasses name its operations.

    Errors of the service come back as the same classes of shared/errors.py that it raised.
    Idempotent calls (GET, PUT, DELETE, and POST with an Idempotency-Key or `repeatable=True`)
    are repeated with growing, jittered pauses while the service is not available.
    """

    def __init__(
        self,
        base_url: str,
        key: str | Callable[[], str],
        *,
        timeout_seconds: float = 30.0,
        language: str | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._target = base_url
        self._attempts = attempts
        self._key = key
        headers = {"Accept-Language": language} if language else {}
        self._http = httpx.Client(
            base_url=base_url,
            timeout=timeout_seconds,
            headers=headers,
            follow_redirects=False,
            trust_env=False,  # a proxy of the environment is never shown our key
        )

    def __enter__(self) -> Self:
        """Use as a context manager to close the connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
        repeatable: bool = False,
        timeout_seconds: float | None = None,
    ) -> httpx.Response:
        """One call; answers of 4xx and 5xx are raised as problems."""
        sent = {"Authorization": f"Bearer {self._key_text()}", **(headers or {})}
        if correlation_id.get():
            sent["X-Correlation-ID"] = correlation_id.get()
        may_repeat = (
            method in {"GET", "PUT", "DELETE"} or repeatable or "Idempotency-Key" in sent
        ) and files is None
        options: dict[str, Any] = {"headers": sent}
        if query:
            options["params"] = {name: value for name, value in query.items() if value is not None}
        if body is not None:
            options["content"] = to_json(body)
            sent["Content-Type"] = "application/json"
        if form is not None or files is not None:
            options |= {"data": form, "files": files}
        if timeout_seconds is not None:
            options["timeout"] = timeout_seconds
        about = {"server.address": self._target, "url.path": path}
        with traces.span(method, "client", about=about):
            traces.carry(sent)
            return self._with_repeats(method, path, options, self._attempts if may_repeat else 1)

    def _with_repeats(
        self, method: str, path: str, options: dict[str, Any], attempts: int
    ) -> httpx.Response:
        circuit = circuit_of_service(self._target)
        for attempt in range(1, attempts + 1):
            circuit.check()
            pause = FIRST_PAUSE_SECONDS * 2 ** (attempt - 1) * (0.5 + random.random())
            try:
                response = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                circuit.note(failed=True)
                metrics.client_requests.labels(self._target, method, "no_answer").inc()
                if attempt == attempts:
                    raise Unavailable(f"{self._target} does not answer") from error
            else:
                circuit.note(failed=response.status_code >= 502)
                metrics.client_requests.labels(
                    self._target, method, str(response.status_code)
                ).inc()
                if response.status_code == 401 and callable(self._key):
                    raise Unavailable(f"{self._target} refuses this service's own key")
                if response.status_code not in PASSING_STATUSES or attempt == attempts:
                    return raise_problem(response)
                pause = max(pause, _retry_after(response))
            time.sleep(min(pause, 10.0))
        raise Unavailable(f"{self._target} does not answer")

    def _key_text(self) -> str:
        return self._key if isinstance(self._key, str) else self._key()

    def get(self, path: str, answer: type[AnswerT], **query: Any) -> AnswerT:
        """GET one thing as its contract."""
        return answer.model_validate_json(self.request("GET", path, query=query).content)

    def post(
        self, path: str, body: Any, answer: type[AnswerT], *, repeatable: bool = False, **query: Any
    ) -> AnswerT:
        """POST a body and read the answer as its contract."""
        response = self.request("POST", path, body=body, query=query, repeatable=repeatable)
        return answer.model_validate_json(response.content)

    def walk(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page, as plain JSON."""
        cursor: str | None = None
        while True:
            page = self.request("GET", path, query={"limit": 1000, **query, "cursor": cursor})
            content = page.json()
            yield from content["items"]
            cursor = content["next_cursor"]
            if cursor is None:
                return


def service_key(service: str) -> str:
    """The calling service's own key, read from its 0600 file."""
    path: Path = get_settings().secrets_dir / f"{service}.key"
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Unavailable(f"the key file of {service} cannot be read") from error


def to_json(body: Any) -> bytes:
    """A body as JSON bytes; decimals become strings, contracts are written by alias."""
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_unset=True).encode()
    return json.dumps(body, ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


_BY_STATUS: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
}


def raise_problem(response: httpx.Response) -> httpx.Response:
    """The response itself, or the problem that it tells of."""
    if response.status_code < 400:
        return response
    try:
        document = response.json()
    except ValueError:
        document = {}
    kind = _BY_STATUS.get(response.status_code, Problem)
    raise kind(
        str(document.get("detail", f"answered {response.status_code}")),
        code=document.get("code"),
        errors=[
            FieldError(each.get("pointer", ""), each.get("code", ""), each.get("message", ""))
            for each in document.get("errors", [])
        ],
        headers={"Retry-After": str(int(_retry_after(response)))}
        if response.status_code in PASSING_STATUSES
        else None,
    )


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else 0.0
