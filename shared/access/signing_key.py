"""The key by which a deployment signs the heads of its audit chain."""

import json
import os
from pathlib import Path

from joserfc.jwk import OKPKey

KEY_FILE = "audit-heads.key"


def make_key(secrets_dir: Path) -> None:
    """The private key of a deployment, made once; whole and private, or not there at all."""
    path = secrets_dir / KEY_FILE
    if path.exists():
        return
    secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{KEY_FILE}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)))
    try:
        os.link(draft, path)  # the first of several wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def key_in(path: Path) -> OKPKey:
    """The key that a file holds, private or public."""
    return OKPKey.import_key(json.loads(path.read_text()))
