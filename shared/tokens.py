"""JWTs of an OIDC provider: signature against its JWKS, issuer, audience, time."""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.clients.jwks import fetch_keys
from shared.errors import Unauthenticated
from shared.settings import Settings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]


def read_token(credential: str, settings: Settings) -> dict[str, Any]:
    """The claims of a valid token; anything doubtful is refused with one answer."""
    if settings.jwt_jwks_url is None or settings.jwt_issuer is None:
        raise Unauthenticated("this service takes API keys only", code="bad_token")
    try:
        return _claims(credential, settings, fetch_keys(settings.jwt_jwks_url))
    except JoseError:
        # The provider may have rotated its keys since we last asked.
        keys = fetch_keys(settings.jwt_jwks_url, newer=True)
    except (ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("this token is not valid", code="bad_token") from error
    try:
        return _claims(credential, settings, keys)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("this token is not valid", code="bad_token") from error


def _claims(credential: str, settings: Settings, keys: dict[str, Any]) -> dict[str, Any]:
    token = jwt.decode(credential, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
    registry = jwt.JWTClaimsRegistry(
        leeway=settings.jwt_clock_skew_seconds,
        iss={"essential": True, "value": settings.jwt_issuer or ""},
        aud={"essential": True, "value": settings.jwt_audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    registry.validate(token.claims)
    if token.header.get("typ", "JWT").lower() not in {"jwt", "at+jwt", "application/at+jwt"}:
        raise ValueError("not an access token")
    return dict(token.claims)
