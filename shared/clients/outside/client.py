"""GET from systems outside: listed hosts only, patient with trouble, bounded, exact."""

import random
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import httpx

from shared.clients.outside.answer import OutsideAnswer
from shared.clients.outside.auth import Auth, no_auth
from shared.clients.outside.hosts import allowed_addresses, read_url, send_pinned
from shared.clients.outside.problems import (
    HostNotAllowed,
    SecretMissing,
    SourceAnsweredBadly,
    SourceBusy,
    SourceRefused,
    SourceUnreachable,
    answered_too_much,
)
from shared.clients.outside.request import Query, as_safe, good, host_of, joined, with_params
from shared.errors import Unavailable
from shared.settings import get_settings

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 3
LONGEST_PAUSE_SECONDS = 30.0
SLOWNESS = 10
"""A whole answer may take this many times as long as one wait for the next piece of it."""


class OutsideClient:
    """Reads from one system outside.

    Connection errors, 5xx, 429 and answers that are no JSON are tried again with growing,
    jittered pauses, or after the time that Retry-After names when that is not longer than
    `source_longest_wait_seconds`. Every address (base, next link, token, redirect) is checked
    against the list of hosts, and the connection goes to the very address that was checked.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        settings = get_settings()
        self._base_url = base_url
        self._auth = auth or no_auth()
        self._headers = {"Accept": "application/json", "User-Agent": "btim", **(headers or {})}
        self._pause = pause
        self._allowed = settings.source_hosts
        self._attempts = settings.source_attempts
        self._first_pause = settings.source_first_pause_seconds
        self._longest_wait = settings.source_longest_wait_seconds
        self._most_bytes = settings.source_page_bytes
        self._timeout = timeout_seconds or settings.source_timeout_seconds
        self._http = httpx.Client(
            timeout=self._timeout,
            follow_redirects=False,
            trust_env=False,
            verify=_verification(settings.source_ca_file),
        )

    def __enter__(self) -> Self:
        """Use as a context manager to close the connections."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def absolute(self, path_or_url: str) -> str:
        """An address below the base address, or the address itself when it is whole."""
        if urlsplit(path_or_url).scheme:
            return self._kept_safe(path_or_url)
        base = self._base_url if self._base_url.endswith("/") else self._base_url + "/"
        if path_or_url.startswith("/"):
            return urljoin(base, path_or_url)
        return base + path_or_url if path_or_url else self._base_url

    def _kept_safe(self, url: str) -> str:
        """Servers behind a gateway that ends TLS write links with http where they mean https."""
        parts, base = urlsplit(url), urlsplit(self._base_url)
        weaker = parts.scheme == "http" and base.scheme == "https"
        if weaker and parts.hostname == base.hostname and parts.port in {None, 80, base.port}:
            return urlunsplit(parts._replace(scheme="https", netloc=base.netloc))
        return url

    def get(
        self,
        path_or_url: str = "",
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        check: Callable[[OutsideAnswer], Any] | None = None,
    ) -> OutsideAnswer:
        """A 2xx answer. `check` looks at it and may raise SourceAnsweredBadly to have it again.

        A path that begins with `/` is one of the host's root, any other goes below the base
        address. `params` are added to what the address has already.
        """
        try:
            url = with_params(self.absolute(path_or_url), params)
        except ValueError:
            raise SourceAnsweredBadly("the address to go on with cannot be read") from None
        return self._patiently(url, headers or {}, check)

    def get_json(
        self,
        path_or_url: str = "",
        params: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[OutsideAnswer, Any]:
        """The answer and its JSON with exact numbers; half a document is asked for again."""
        found: list[Any] = []

        def read(answer: OutsideAnswer) -> None:
            found[:] = [answer.json()]

        answer = self.get(path_or_url, params, headers, check=read)
        return answer, found[0]

    def _patiently(
        self,
        url: str,
        headers: Mapping[str, str],
        check: Callable[[OutsideAnswer], Any] | None,
    ) -> OutsideAnswer:
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._once(url, headers)
                if check is not None:
                    check(answer)
            except (SourceBusy, SourceUnreachable, SourceAnsweredBadly) as trouble:
                if attempt == self._attempts:
                    raise
                if self._pause(self._pause_after(trouble, attempt)) is False:
                    raise
            else:
                return answer
        raise SourceUnreachable("no attempt was made")

    def _pause_after(self, trouble: Unavailable, attempt: int) -> float:
        stated = trouble.wait_seconds if isinstance(trouble, SourceBusy) else None
        if stated is not None:
            if stated > self._longest_wait:
                raise trouble
            return stated
        growing = self._first_pause * 2.0 ** (attempt - 1) * (0.5 + random.random())
        return min(growing, LONGEST_PAUSE_SECONDS)

    def _once(self, url: str, headers: Mapping[str, str]) -> OutsideAnswer:
        answer = self._follow(url, headers)
        if answer.status == 401 and self._auth.renew():
            answer = self._follow(url, headers)
        return good(answer)

    def _follow(self, url: str, headers: Mapping[str, str]) -> OutsideAnswer:
        """The answer after redirects, which have to stay with the host that they come from."""
        for _ in range(MOST_REDIRECTS):
            shown = self._auth.headers(self._post_form) if self._is_home(url) else {}
            answer = self._send("GET", url, {**self._headers, **headers, **shown})
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or target is None:
                return answer
            following = joined(url, target)
            if host_of(following) != host_of(url) or not as_safe(following, url):
                raise HostNotAllowed("the source redirects to another host")
            url = following
        raise SourceAnsweredBadly("the source redirects in circles")

    def _is_home(self, url: str) -> bool:
        """Whether an address may see our secret: the host of the source, never less safe."""
        return host_of(url) == host_of(self._base_url) and as_safe(url, self._base_url)

    def _post_form(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        content = urlencode(form).encode()
        sent = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            **headers,
        }
        answer = self._send("POST", url, sent, content)
        if answer.status in {400, 401, 403}:
            raise SourceRefused("the token address does not know the client or its secret")
        return good(answer).json()

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> OutsideAnswer:
        """One request, over the first of the checked addresses that takes a connection."""
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise SecretMissing("a secret that is shown in a header is printable ASCII")
        parsed, addresses = read_url(url), allowed_addresses(url, self._allowed)
        try:
            response = send_pinned(self._http, method, parsed, addresses, headers, content)
            try:
                body = self._read(response)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise SourceUnreachable(f"{parsed.host} takes no connection") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            reason = "too slowly" if isinstance(error, httpx.TimeoutException) else "in part"
            raise SourceUnreachable(f"{parsed.host} answered {reason}") from error
        kept = {name.lower(): value for name, value in response.headers.items()}
        return OutsideAnswer(response.status_code, kept, body, url)

    def _read(self, response: httpx.Response) -> bytes:
        """The whole body, bounded in size and in time."""
        until = time.monotonic() + self._timeout * SLOWNESS
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > self._most_bytes:
                raise answered_too_much(self._most_bytes)
            if time.monotonic() > until:
                raise SourceUnreachable("the answer trickles in too slowly")
        return b"".join(pieces)


@cache
def _verification(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
