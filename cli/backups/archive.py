"""The archive: a zip that appears under its name only when it is whole, readable by its owner."""

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from pydantic import ValidationError

from cli.backups.manifest import FORMAT, Manifest, Part
from shared.errors import Conflict, Unavailable, Unreadable

DATABASE = "database.dump"
FILES = "files/"
SECRETS = "secrets/"
KEYS = ("admin", "ingest", "allocation", "valuation", "audit-heads")
KEY_FILES = frozenset(f"{name}.key" for name in KEYS)
_MANIFEST = "manifest.json"
_PIECE = 1 << 20


class ArchiveWriter:
    """Takes the parts one after the other and remembers size and hash of each."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.parts: dict[str, Part] = {}

    def add(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write one part, of whatever size."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as part:
            for piece in pieces:
                part.write(piece)
                digest.update(piece)
                size += len(piece)
        self.parts[name] = Part(bytes=size, sha256=digest.hexdigest())

    def close_with(self, manifest: Manifest) -> None:
        """The manifest comes last; an archive without it is none."""
        self._archive.writestr(_MANIFEST, manifest.model_dump_json(indent=1))


@contextmanager
def written(target: Path) -> Iterator[ArchiveWriter]:
    """A new archive (mode 0600), on disk under its name when the block ends well, else gone."""
    if target.exists():
        raise Conflict(f"{target} exists already", code="backup_exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / ".btim-backup.part"
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        _own(file, draft)
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                yield ArchiveWriter(archive)
            file.flush()
            os.fsync(file.fileno())
            draft.rename(target)
        except BaseException as error:
            draft.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise Unavailable(
                    f"the backup cannot be written: {error}", code="backup_not_written"
                ) from error
            raise
    sync_folder(target.parent)


def _own(file: IO[bytes], draft: Path) -> None:
    """One backup at a time in a folder; what a killed one left is written over."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(
            os.fstat(file.fileno()), draft.stat()
        ):  # finished and renamed between open and lock
            raise BlockingIOError
    except OSError:
        raise Conflict(f"another backup writes {draft}", code="backup_running") from None
    file.truncate(0)


def sync_folder(folder: Path) -> None:
    """Make a folder's new entries durable."""
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


class ArchiveReader:
    """An archive whose manifest could be read; `check` proves the rest."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        try:
            self.manifest = Manifest.model_validate_json(archive.read(_MANIFEST))
        except (KeyError, ValidationError, zipfile.BadZipFile) as error:
            raise Unreadable("this is no whole backup: its manifest is missing or broken",
                             code="backup_damaged") from error  # fmt: skip
        if self.manifest.format > FORMAT:
            raise Unreadable(f"format {self.manifest.format} of backups is newer than this code",
                             code="backup_newer")  # fmt: skip

    def names(self, folder: str) -> list[str]:
        """The parts whose names begin so."""
        return [name for name in self.manifest.parts if name.startswith(folder)]

    def pieces(self, name: str) -> Iterator[bytes]:
        """One part, piece by piece."""
        with self._archive.open(name) as part:
            while piece := part.read(_PIECE):
                yield piece

    def check(self) -> None:
        """Refuse an archive of which a byte or a part is not as it was written."""
        for name, part in self.manifest.parts.items():
            _check_name(name)
            digest = hashlib.sha256()
            try:
                for piece in self.pieces(name):
                    digest.update(piece)
            except (KeyError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
                raise _damaged(name) from error
            if digest.hexdigest() != part.sha256:
                raise _damaged(name)


@contextmanager
def read(path: Path) -> Iterator[ArchiveReader]:
    """An archive to read."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise Unreadable(f"{path} is no backup: {error}", code="backup_damaged") from error
    with archive:
        yield ArchiveReader(archive)


def _check_name(name: str) -> None:
    """Parts are written where we say, never where an archive says."""
    if name == DATABASE or (name.startswith(SECRETS) and name.removeprefix(SECRETS) in KEY_FILES):
        return
    try:
        if name == f"{FILES}{UUID(name.removeprefix(FILES))}":
            return
    except ValueError:
        pass
    raise Unreadable(f"a backup has no part named {name!r}", code="backup_damaged")


def _damaged(name: str) -> Unreadable:
    return Unreadable(f"the part {name} is damaged", code="backup_damaged")
