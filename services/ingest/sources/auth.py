"""From what a source is told about auth, and its secret, to what its requests carry."""

from shared.clients.outside.auth import (
    Auth,
    ClientCredentials,
    Secret,
    basic_auth,
    bearer_auth,
    header_auth,
    no_auth,
)
from shared.clients.outside.problems import SecretMissing
from shared.contracts.ingest.source_kinds.base import SourceAuth


def auth_of(said: SourceAuth, secret: Secret) -> Auth:
    """How requests show who we are; SecretMissing when the secret is not of the needed shape."""
    match said.type:
        case "basic":
            return basic_auth(secret.part("user"), secret.part("password"))
        case "bearer":
            return bearer_auth(secret.whole())
        case "header":
            return header_auth(said.header or "X-API-Key", secret.whole())
        case "oauth2":
            if said.token_url is None:
                raise SecretMissing("oauth2 needs token_url")
            return ClientCredentials(
                said.token_url,
                secret.part("client_id"),
                secret.part("client_secret"),
                scope=said.scope,
                in_body=said.client_in_body,
                more={"audience": said.audience} if said.audience else {},
            )
        case _:
            return no_auth()
