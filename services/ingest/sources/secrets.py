"""Where a secret_ref points to: the environment or a folder of files, and nothing of our own."""

import json
import os
from pathlib import Path

from shared.clients.outside.auth import Secret
from shared.clients.outside.problems import SecretMissing
from shared.errors import FieldError, RuleBroken
from shared.settings import get_settings

OWN_PREFIX, PREFIX_OF_SOURCES = "BTIM_", "BTIM_SOURCE_"
MOST_BYTES = 64 * 1024


def check_secret_ref(reference: str | None) -> None:
    """422 `secret_not_allowed` for names that hold this system's own settings."""
    if reference is None or not reference.startswith("env:"):
        return
    name = reference.removeprefix("env:")
    is_ours = name.upper().startswith(OWN_PREFIX)  # settings are read whatever their case
    if is_ours and not name.startswith(PREFIX_OF_SOURCES):
        message = f"names that begin with {OWN_PREFIX} must begin with {PREFIX_OF_SOURCES}"
        error = FieldError("/secret_ref", "secret_not_allowed", message)
        raise RuleBroken(message, code="secret_not_allowed", errors=[error])


def read_secret(reference: str | None) -> Secret:
    """The secret as it is now; SecretMissing when there is none. It never enters a message."""
    if reference is None:
        return Secret()
    check_secret_ref(reference)
    place, _, name = reference.partition(":")
    text = os.environ.get(name) if place == "env" else _text_of_file(name)
    if text is None or not text.strip():
        raise SecretMissing(f"there is no secret at {reference}")
    return as_secret(text.strip())


def as_secret(text: str) -> Secret:
    """One text, or named parts when it is a JSON object of texts."""
    if not text.startswith("{"):
        return Secret(text=text)
    try:
        parts = json.loads(text)
    except ValueError:
        raise SecretMissing("the secret begins like JSON and is none") from None
    if not all(isinstance(value, str) for value in parts.values()):
        raise SecretMissing("the parts of a secret are texts")
    return Secret(parts=parts)


def _text_of_file(name: str) -> str | None:
    folder = get_settings().source_secrets_dir
    if folder is None:
        raise SecretMissing("BTIM_SOURCE_SECRETS_DIR names no folder")
    path = Path(os.path.realpath(folder / name))
    if path.parent != Path(os.path.realpath(folder)) and not _is_mounted(folder, path):
        raise SecretMissing("a secret file lies directly in the folder of secrets")
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError):
        return None


def _is_mounted(folder: Path, path: Path) -> bool:
    """Kubernetes mounts `name` as a link into a hidden folder beside it."""
    inside = Path(os.path.realpath(folder))
    return inside in path.parents and path.relative_to(inside).parts[0].startswith("..")
