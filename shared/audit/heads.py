"""Signed heads of the audit chain, kept outside the database: they show a chain rewritten whole.

A file a day, a line a head (a compact JWS, EdDSA). The public key lies beside them; whoever keeps
heads elsewhere keeps it there, too. Whoever can empty the folder can hide a rewrite from those who
look here alone, so copies belong to another machine.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlmodel import Session

from shared.access.signing_key import KEY_FILE, key_in
from shared.audit import trail
from shared.clock import utc_now
from shared.database import in_transaction
from shared.postgres import advisory_locks
from shared.settings import get_settings

PUBLIC_KEY_FILE = "public-key.json"
ALGORITHM = "Ed25519"


def signed_head(session: Session) -> str:
    """The last link of the chain, signed with the key of the deployment."""
    position, last_hash = trail.head(session)
    told = {"position": position, "hash": last_hash, "at": utc_now().isoformat()}
    return jws.serialize_compact(
        {"alg": ALGORITHM}, json.dumps(told), _private_key(), algorithms=[ALGORITHM]
    )


def write_if_due() -> bool:
    """Add the head to today's file where the last one is older than the setting says.

    Nothing without `audit_heads_dir`. One writer of a deployment at a time.
    """
    settings = get_settings()
    folder = settings.audit_heads_dir
    if folder is None:
        return False
    with in_transaction() as session:
        if not advisory_locks.try_hold(session, "audit heads"):
            return False
        if not _is_due(folder, timedelta(minutes=settings.audit_heads_minutes)):
            return False
        append(folder, signed_head(session))
    return True


def append(folder: Path, line: str) -> None:
    """One line more in the file of the day, on disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    public = folder / PUBLIC_KEY_FILE
    if not public.exists():
        public.write_text(json.dumps(_private_key().as_dict(private=False)))
    with (folder / f"{utc_now():%Y-%m-%d}.jws").open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def breaks(session: Session, folder: Path) -> Iterator[str]:
    """Where the chain is not the one that was signed; also lines that nobody here has signed."""
    lines = list(_lines(folder))
    if not lines:
        return
    key = _public_key(folder)
    before = -1
    for name, line in lines:
        told = _read(line, key)
        if told is None:
            yield f"a line of {name} does not carry the signature of this deployment"
            continue
        position = int(told["position"])
        if position < before:
            yield f"{name}: the chain was shorter ({position}) than before ({before})"
        before = max(before, position)
        found = session.execute(
            text("select hash from audit_seal where position = :position"), {"position": position}
        ).scalar_one_or_none()
        if position and found is None:
            yield f"link {position}, signed at {told['at']}, is missing"
        elif position and found != told["hash"]:
            yield f"link {position} is not the one that was signed at {told['at']}"


def _is_due(folder: Path, pause: timedelta) -> bool:
    key, last = _private_key(), None
    for name in sorted(folder.glob("*.jws"))[-1:]:
        for line in name.read_text().splitlines():
            last = _read(line, key) or last
    return last is None or utc_now() - datetime.fromisoformat(last["at"]) >= pause


def _lines(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.glob("*.jws")):
        for line in path.read_text(errors="replace").splitlines():
            yield path.name, line


def _read(line: str, key: OKPKey) -> dict[str, Any] | None:
    try:
        payload = jws.deserialize_compact(line, key, algorithms=[ALGORITHM]).payload
        return dict(json.loads(payload or b"{}"))
    except (JoseError, ValueError):
        return None


def _private_key() -> OKPKey:
    return key_in(get_settings().secrets_dir / KEY_FILE)


def _public_key(folder: Path) -> OKPKey:
    """Our own where it is at hand: the one beside the heads could be somebody else's."""
    own = get_settings().secrets_dir / KEY_FILE
    return key_in(own if own.exists() else folder / PUBLIC_KEY_FILE)
