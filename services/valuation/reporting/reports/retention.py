"""The files of old reports: what was ordered, by whom and with which hash stays."""

from sqlmodel import Session

from services.valuation.reporting.reports import repository
from shared.files import get_file, remove_content
from shared.jobs import retention


def remove_file_contents(session: Session, days: int, most: int) -> int:
    """Take away the bytes; fetching such a file answers 409 `file_removed`."""
    found = repository.old_files(session, days, most)
    for file_id in found:
        remove_content(session, get_file(session, file_id), "retention")
    return len(found)


retention.register("valuation", "report", "keep_reports_days", remove_file_contents)
