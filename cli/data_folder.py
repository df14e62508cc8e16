"""The folder that holds everything of one installation: database, files, logs, keys, one lock."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path(__file__).resolve().parent.parent / ".btim"


class FolderInUseError(Exception):
    """Another `btim up` holds this folder."""


@dataclass(frozen=True)
class DataFolder:
    """Names inside one data folder; what is secret in it is readable by its owner only."""

    path: Path

    @property
    def logs(self) -> Path:
        """One log file per child process."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """The keys of the admin and of the services (BTIM_SECRETS_DIR), each file 0600."""
        return self.path / "secrets"

    @property
    def audit_heads(self) -> Path:
        """Signed heads of the audit chain (BTIM_AUDIT_HEADS_DIR)."""
        return self.path / "audit-heads"

    @property
    def gateway(self) -> Path:
        """What a gateway is told and shows; nothing in it is secret."""
        return self.path / "gateway"

    @property
    def pages(self) -> Path:
        """The contract that a gateway shows."""
        return self.gateway / "pages"

    @property
    def admin_key_file(self) -> Path:
        """The bootstrap admin key."""
        return self.secrets / "admin.key"

    @property
    def address_file(self) -> Path:
        """Where the services of a running `btim up` answer (JSON); absent when nothing runs."""
        return self.path / "addresses.json"

    def make(self) -> None:
        """Make the folder and what must lie in it."""
        if not self.path.exists():
            self.path.mkdir(parents=True)
            # Root's Postgres runs as another user, who must walk through the folder we made.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.secrets):
            folder.mkdir(mode=0o700, exist_ok=True)

    def mark(self) -> str:
        """A random word that every process of this folder carries in its environment."""
        path = self.path / "mark"
        if not path.exists():
            draft = path.with_suffix(".draft")
            draft.write_text(secrets.token_hex(16))
            draft.rename(path)
        return path.read_text()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder's lock; the kernel frees it when the holder dies, however it dies."""
        with (self.path / "up.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise FolderInUseError(
                    f"{self.path} is in use by process {holder}; stop it or give another --data-dir"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
