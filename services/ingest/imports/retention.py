"""What of imports is kept no longer than the settings say: the bytes of files, rejected rows."""

from uuid import UUID

from sqlmodel import Session

from services.ingest.imports import repository
from shared.files import get_file, remove_content
from shared.jobs import retention

SERVICE = "ingest"


def remove_file_contents(session: Session, days: int, most: int) -> int:
    """Take away the bytes of old uploads; imports, their hashes and their counts stay."""
    found: list[UUID] = repository.old_files(session, days, most)
    for file_id in found:
        remove_content(session, get_file(session, file_id), "retention")
    return len(found)


retention.register(SERVICE, "uploaded_file", "keep_files_days", remove_file_contents)
retention.register(SERVICE, "import_reject", "keep_rejects_days", repository.remove_old_rejects)
