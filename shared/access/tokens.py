"""JWTs of an OIDC provider: signature against its JWKS, issuer, audience, time, kind of token."""

from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from shared.clients.jwks import fetch_keys
from shared.errors import Unauthenticated
from shared.settings import Settings

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
TYPES = {"jwt", "at+jwt", "application/at+jwt"}
OF_ID_TOKENS = {"nonce", "at_hash", "c_hash", "s_hash"}
"""Claims of tokens that tell a client who has logged in; they open nothing here."""
LONGEST_SUBJECT = 255
_registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)


def read_token(credential: str, settings: Settings) -> dict[str, Any]:
    """The claims of a valid token; anything doubtful is refused with one answer."""
    if settings.jwt_jwks_url is None or settings.jwt_issuer is None:
        raise Unauthenticated("this service takes API keys only", code="bad_token")
    try:
        keys = fetch_keys(settings.jwt_jwks_url)
        try:
            return _claims(credential, settings, keys)
        except (InvalidKeyIdError, BadSignatureError):
            # The provider may have rotated its keys since we last asked.
            return _claims(credential, settings, fetch_keys(settings.jwt_jwks_url, newer=True))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("this token is not valid", code="bad_token") from error


def _claims(credential: str, settings: Settings, keys: KeySet) -> dict[str, Any]:
    token = jwt.decode(credential, keys, registry=_registry)
    registry = jwt.JWTClaimsRegistry(
        leeway=settings.jwt_clock_skew_seconds,
        iss={"essential": True, "value": settings.jwt_issuer or ""},
        aud={"essential": True, "value": settings.jwt_audience},
        exp={"essential": True},
        sub={"essential": True},
    )
    registry.validate(token.claims)
    if not (isinstance(token.claims["iss"], str) and _is_name(token.claims["sub"])):
        raise ValueError("issuer and subject are one text each")
    if str(token.header.get("typ", "JWT")).lower() not in TYPES:
        raise ValueError("not an access token")
    if OF_ID_TOKENS & token.claims.keys() or token.claims.get("typ") == "ID":
        raise ValueError("an id token")
    return dict(token.claims)


def _is_name(subject: object) -> bool:
    return isinstance(subject, str) and len(subject) <= LONGEST_SUBJECT and subject.isprintable()
