"""How we show a system outside who we are: basic, header, bearer, OAuth2 client credentials."""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.clients.outside.problems import SecretMissing, SourceAnsweredBadly

TOKEN_MARGIN_SECONDS = 30.0
UNSTATED_LIFE_SECONDS = 300.0

PostForm = Callable[[str, Mapping[str, str], Mapping[str, str]], Any]
"""POST a form to an address with headers; the JSON of the answer."""


@dataclass(frozen=True)
class Secret:
    """What a secret_ref points to: one text, or named parts. Never shown."""

    text: str = field(default="", repr=False)
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def part(self, name: str) -> str:
        """A named part, or SecretMissing which tells the name, never a value."""
        if not self.parts.get(name):
            raise SecretMissing(f'the secret must be JSON with "{name}"')
        return self.parts[name]

    def whole(self) -> str:
        """The secret as one text."""
        if not self.text:
            raise SecretMissing("the source needs a secret; name one in secret_ref")
        return self.text

    def __bool__(self) -> bool:
        """Whether there is any secret."""
        return bool(self.text or self.parts)


class Auth(Protocol):
    """Headers that show who we are."""

    def headers(self, post_form: PostForm) -> Mapping[str, str]:
        """The headers of the next request."""

    def renew(self) -> bool:
        """After a 401: forget what was cached; whether trying once more makes sense."""


@dataclass(frozen=True)
class FixedHeaders:
    """Headers that stay the same: basic, bearer, an API key."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def headers(self, post_form: PostForm) -> Mapping[str, str]:
        """The same every time."""
        return self.values

    def renew(self) -> bool:
        """There is nothing newer."""
        return False


def no_auth() -> Auth:
    """Nothing is shown."""
    return FixedHeaders()


def basic_auth(user: str, password: str) -> Auth:
    """RFC 7617, UTF-8."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return FixedHeaders({"Authorization": f"Basic {pair}"})


def bearer_auth(token: str) -> Auth:
    """RFC 6750."""
    return FixedHeaders({"Authorization": f"Bearer {token}"})


def header_auth(name: str, value: str) -> Auth:
    """A header of the source's own choice."""
    return FixedHeaders({name: value})


@dataclass
class ClientCredentials:
    """OAuth2 client credentials (RFC 6749, 4.4): a token is kept until shortly before its end."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    in_body: bool = False
    more: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _token: str | None = field(default=None, repr=False)
    _until: float = 0.0

    def headers(self, post_form: PostForm) -> Mapping[str, str]:
        """The present token; a new one is fetched when it has ended."""
        if self._token is None or self.clock() >= self._until:
            self._fetch(post_form)
        return {"Authorization": f"Bearer {self._token}"}

    def renew(self) -> bool:
        """Forget the token; the next request fetches another."""
        self._token = None
        return True

    def _fetch(self, post_form: PostForm) -> None:
        form = {"grant_type": "client_credentials", **self.more}
        if self.scope:
            form["scope"] = self.scope
        headers: Mapping[str, str] = {}
        if self.in_body:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        else:
            headers = FixedHeaders(
                dict(basic_auth(self.client_id, self.client_secret).headers(post_form))
            ).values
        answer = post_form(self.token_url, form, headers)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise SourceAnsweredBadly("the token address gave no access_token")
        self._token = token
        try:
            life = float(answer.get("expires_in") or UNSTATED_LIFE_SECONDS)
        except (TypeError, ValueError):
            life = UNSTATED_LIFE_SECONDS
        self._until = self.clock() + max(1.0, life - min(TOKEN_MARGIN_SECONDS, life / 2))
