"""API keys: made, rotated, found again by what a caller sends; the key files of a deployment."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from shared.access.signing_key import make_key
from shared.clock import utc_now
from shared.database import at_once
from shared.errors import Conflict, Unauthenticated
from shared.scopes import ADMIN_SCOPES, SERVICE_SCOPES
from shared.tables.platform import ApiKey

KEY_START = "btim"
NOTE_USE_SECONDS = 60
FIND = text(
    "select id, subject, secret_hash, scopes, consumers, expires_at, last_used_at, rate_limit,"
    " now() as now,"
    " case when previous_until > now() then previous_hash end as previous_hash"
    " from api_key where prefix = :prefix and revoked_at is null"
    " and (expires_at is null or expires_at > now())"
)
NOTE_USE = text("update api_key set last_used_at = now() where id = :id")


def find_key(credential: str) -> Any:
    """The row of a live key: neither revoked nor expired, of which the caller has a secret."""
    refused = Unauthenticated("this API key is unknown, expired or revoked", code="bad_api_key")
    prefix, secret = _parts(credential)
    if not prefix.isalnum() or not secret.isprintable() or not credential.isascii():
        raise refused
    with at_once() as connection:
        row = connection.execute(FIND, {"prefix": prefix}).one_or_none()
        if row is None or not _is_secret_of(row, secret):
            raise refused
        if row.last_used_at is None or (
            (row.now - row.last_used_at).total_seconds() > NOTE_USE_SECONDS
        ):
            connection.execute(NOTE_USE, {"id": row.id})
    return row


def create_key(
    session: Session,
    *,
    name: str,
    subject: str,
    scopes: Sequence[str],
    consumers: list[str] | None = None,
    expires_at: datetime | None = None,
    rate_limit: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key: its row, and its text, which is shown this once."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = ApiKey(
        name=name,
        subject=subject,
        prefix=prefix,
        secret_hash=_hash_secret(secret),
        scopes=sorted(set(scopes)),
        consumers=consumers,
        expires_at=expires_at,
        rate_limit=rate_limit,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row, _text_of(prefix, secret)


def rotate_key(session: Session, row: ApiKey, overlap: timedelta) -> str:
    """A new secret for a locked key; the one it had works on until the overlap ends.

    Never more than two secrets work: a second rotation ends the first one's overlap. Conflict
    `key_not_live` for a key that is revoked or has expired.
    """
    now = utc_now()
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Conflict("a revoked or expired key stays so; make a new one", code="key_not_live")
    secret = secrets.token_urlsafe(32)
    row.previous_hash, row.previous_until = row.secret_hash, now + overlap
    row.secret_hash, row.rotated_at = _hash_secret(secret), now
    session.add(row)
    session.flush()
    return _text_of(row.prefix, secret)


def write_all_key_files(session: Session, secrets_dir: Path) -> Path:
    """The admin's key and each service's own key; answers the path of the admin's."""
    admin = secrets_dir / "admin.key"
    write_key_file(session, admin, subject="admin", scopes=ADMIN_SCOPES)
    for service, scopes in SERVICE_SCOPES.items():
        path = secrets_dir / f"{service}.key"
        write_key_file(session, path, subject=f"service:{service}", scopes=scopes, rate_limit=0)
    make_key(secrets_dir)
    return admin


def write_key_file(
    session: Session,
    path: Path,
    *,
    subject: str,
    scopes: Sequence[str],
    rate_limit: int | None = None,
) -> None:
    """Make sure that a key file (mode 0600) holds a working key with just these scopes."""
    row = _live_row(session, path.read_text().strip()) if path.exists() else None
    if row is not None:
        row.scopes = sorted(set(scopes))
        session.add(row)
        session.flush()
        return
    _, key = create_key(
        session, name=path.stem, subject=subject, scopes=scopes, rate_limit=rate_limit
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(key + "\n")


def _live_row(session: Session, key: str) -> ApiKey | None:
    """The row behind a key's text; None where it is revoked, or its secret is not the present."""
    prefix, secret = _parts(key)
    query = select(ApiKey).where(ApiKey.prefix == prefix, col(ApiKey.revoked_at).is_(None))
    row = session.exec(query).one_or_none()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash_secret(secret)):
        return None
    return row


def _parts(credential: str) -> tuple[str, str]:
    prefix, _, secret = credential.removeprefix(f"{KEY_START}_").partition("_")
    return prefix, secret


def _text_of(prefix: str, secret: str) -> str:
    return f"{KEY_START}_{prefix}_{secret}"


def _hash_secret(secret: str) -> bytes:
    """Keys carry 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def _is_secret_of(row: Any, secret: str) -> bool:
    given = _hash_secret(secret)
    known = (bytes(one) for one in (row.secret_hash, row.previous_hash) if one is not None)
    return any(hmac.compare_digest(one, given) for one in known)
