"""Stored files: the same bytes come back, from chunks or from a shared folder."""

import hashlib
import io
from pathlib import Path

import pytest
from sqlmodel import Session

from shared.errors import TooLarge
from shared.files import CHUNK_BYTES, copy_file, get_file, read_file, store_file
from shared.settings import get_settings

CONTENT = bytes(range(256)) * 9000  # a bit more than two chunks


@pytest.mark.parametrize("place", ["database", "folder"])
@pytest.mark.parametrize("content", [CONTENT, b"", b"x" * CHUNK_BYTES])
def test_a_file_comes_back_byte_by_byte(
    session: Session, tmp_path: Path, place: str, content: bytes
) -> None:
    settings = get_settings()
    settings.files_dir = tmp_path / "files" if place == "folder" else None
    try:
        stored = store_file(session, "a.csv", "text/csv", io.BytesIO(content))
        assert stored.place == place
        assert stored.sha256 == hashlib.sha256(content).hexdigest()
        assert stored.bytes == len(content)
        assert b"".join(read_file(session, get_file(session, stored.id))) == content
        copy_file(session, stored, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
    finally:
        settings.files_dir = None


def test_a_file_above_the_limit_is_refused(session: Session) -> None:
    with pytest.raises(TooLarge):
        store_file(session, "a.csv", "text/csv", io.BytesIO(CONTENT), limit=1000)
