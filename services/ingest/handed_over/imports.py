"""Imports of consumers and of KPI observations: sent to the services in which they live."""

from contextlib import AbstractContextManager

from sqlmodel import Session

from services.ingest.handed_over import repository
from services.ingest.handed_over.consumers import read_consumers
from services.ingest.handed_over.observations import read_observations
from services.ingest.handed_over.repository import Refused, RowToHandOver
from services.ingest.imports.kinds.handler import Stored, Writer
from services.ingest.imports.parsing import ParsedFile, RowReader
from services.ingest.values.fault import REJECT_CODES
from shared.clients.base import ServiceClient, service_key
from shared.contracts.bulk import BulkAnswer, BulkResult
from shared.jobs.running import JobContext
from shared.settings import get_settings
from shared.tables.ingest.imports import DataImport

HTTP_BATCH = 5_000
TIMEOUT_SECONDS = 120


class ConsumerImport:
    """Consumers live in the allocation service; parents are sent before their children."""

    def reader(self, row: DataImport) -> RowReader:
        """Rows become requests."""
        return read_consumers

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """The temporary table of requests."""
        return repository.writing_rows(context.session)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Upsert by code; what allocation refuses is a reject with its code."""
        stored = _stored(session, "code")
        repository.place_in_tree(session)
        _hand_over(session, "allocation", "/v1/consumers/bulk", stored)
        return stored


class ObservationImport:
    """Observations live in the valuation service."""

    def reader(self, row: DataImport) -> RowReader:
        """Rows become requests; a source given with the file stands for those without one."""
        source = row.source if row.source != row.kind else None
        return lambda plan, batch: read_observations(plan, batch, source)

    def drafts(self, context: JobContext, row: DataImport) -> AbstractContextManager[Writer]:
        """The temporary table of requests."""
        return repository.writing_rows(context.session)

    def store(self, session: Session, row: DataImport, parsed: ParsedFile) -> Stored:
        """Upsert by KPI, time, source and link; what valuation refuses is a reject."""
        stored = _stored(session, "kpi")
        _hand_over(session, "valuation", "/v1/observations/bulk", stored)
        return stored


def _stored(session: Session, column: str) -> Stored:
    repeated = repository.refuse_repeated(session, column, REJECT_CODES["repeated_key"])
    return Stored(refused=repeated, refused_table="answer_refused")


def _hand_over(session: Session, service: str, path: str, stored: Stored) -> None:
    url = get_settings().service_url(service)
    with ServiceClient(url, service_key("ingest"), timeout_seconds=TIMEOUT_SECONDS) as client:
        for rows in repository.rows_in_order(session, HTTP_BATCH):
            body = {"items": [row.request for row in rows]}
            answer = client.post(path, body, BulkAnswer, repeatable=True)
            refused: list[Refused] = []
            for row, result in zip(rows, answer.results, strict=True):
                _count(stored, refused, row, result)
            repository.keep_refused(session, refused)


def _count(stored: Stored, refused: list[Refused], row: RowToHandOver, result: BulkResult) -> None:
    if row.row_no is None:
        return  # made for the sake of the rows below it
    if result.status == "error":
        stored.refused += 1
        refused.append(_refusal(row.row_no, row.key, result))
    elif result.status == "unchanged":
        stored.duplicate += 1
    else:
        stored.accepted += 1


def _refusal(row_no: int, key: str, result: BulkResult) -> Refused:
    error = result.error
    if error is None:
        return row_no, None, "refused", "refused", key
    if not error.errors:
        return row_no, None, error.code, error.detail, key
    first = error.errors[0]
    return row_no, first.pointer.rpartition("/")[2], first.code, first.message, key
