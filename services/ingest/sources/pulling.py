"""Fetches a source page by page; each page is kept at once, so that a break costs none of them."""

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from services.ingest.imports.upload import LINE_KINDS
from services.ingest.sources import repository
from services.ingest.sources.connector import (
    Connector,
    Cursor,
    Page,
    SourceSettings,
    Window,
)
from services.ingest.sources.kinds import BUILT_IN_RULES, CONNECTORS
from services.ingest.sources.rows import pack_rows
from services.ingest.sources.secrets import read_secret
from services.ingest.sources.watermarks import latest
from shared import metrics
from shared.clients.circuits import circuit_of_source
from shared.clients.outside.problems import (
    ComeBackLater,
    SourceAnsweredBadly,
    SourceBusy,
    SourceUnreachable,
)
from shared.clock import utc_now
from shared.contracts.ingest.source_kinds import CONFIGS
from shared.database import in_transaction
from shared.errors import Conflict, RuleBroken
from shared.settings import get_settings
from shared.tables.ingest.sources import Source, SourcePage, SourceSync

PACKING = 3
MOST_EMPTY_PAGES = 1_000
Report = Callable[[float], None]


def settings_of(source: Source, pause: Callable[[float], object]) -> SourceSettings:
    """What the connector of a source is made of, its secret included."""
    return SourceSettings(
        code=source.code,
        kind=source.kind,
        maps_to=source.maps_to,
        config=CONFIGS[source.kind].model_validate(source.config),
        profile=source.profile,
        secret=read_secret(source.secret_ref),
        pause=pause,
    )


def connect(settings: SourceSettings) -> Connector:
    """The connector of a source; 422 `kind_not_supported_yet` for kinds that have none."""
    make = CONNECTORS.get(settings.kind)
    if make is None:
        raise RuleBroken(f"there are no {settings.kind} sources yet", code="kind_not_supported_yet")
    return make(settings)


def pull(source: Source, sync_id: UUID, report: Report, pause: Callable[[float], object]) -> None:
    """Fetch what is missing, from the last kept page on, until the source has no more.

    A source that has not answered several times in a row is left alone for a while: 503.
    """
    with in_transaction() as session:
        sync = repository.get_sync(session, None, sync_id)
    if sync.is_complete:
        return
    circuit = circuit_of_source(source.code)
    circuit.check()
    connector = connect(settings_of(source, pause))
    try:
        _pull_pages(connector, source, sync, report)
        circuit.note(failed=False)
    except (SourceUnreachable, SourceAnsweredBadly):
        circuit.note(failed=True)
        raise
    except SourceBusy as busy:
        _be_patient(source.id, busy)
        if (busy.wait_seconds or 0) > get_settings().source_longest_wait_seconds:
            raise ComeBackLater(busy.detail, headers=busy.headers) from busy
        raise
    finally:
        connector.close()


def _pull_pages(connector: Connector, source: Source, sync: SourceSync, report: Report) -> None:
    window = Window(sync.since, sync.until, sync.is_backfill)
    cursor = sync.cursor if sync.cursor is not None else connector.start(window)
    number, rows = sync.pages, sync.rows_fetched
    seen = {_text_of(cursor)}
    empty = 0
    while True:
        page = connector.fetch(cursor)
        number += 1
        rows += len(page.rows)
        _check_next(page, seen)
        empty = 0 if page.rows else empty + 1
        if empty > MOST_EMPTY_PAGES:
            raise SourceAnsweredBadly(
                "the source gives one empty page after the other", code="source_loops"
            )
        keep_page(source, sync.id, number, page)
        metrics.source_rows.labels(metrics.source_label(source.code)).inc(len(page.rows))
        metrics.source_pages.labels(metrics.source_label(source.code)).inc()
        report(_share(rows, page.total))
        if page.next is None:
            return
        cursor = page.next


def _check_next(page: Page, seen: set[str]) -> None:
    if page.next is None:
        return
    text = _text_of(page.next)
    if text in seen:
        raise SourceAnsweredBadly(
            "the source leads back to a page that was fetched already", code="source_loops"
        )
    seen.add(text)


def _text_of(cursor: Cursor) -> str:
    return json.dumps(cursor, sort_keys=True)


def _share(rows: int, total: int | None) -> float:
    """How far a pull is; without a total it approaches two thirds."""
    if total:
        return 0.66 * min(1.0, rows / total)
    return 0.66 * rows / (rows + 10_000)


def names_its_rows(source: Source) -> bool:
    """Whether rows need a column that names them: lines whose columns are found by their names."""
    built_in = BUILT_IN_RULES.get(source.kind)
    config = CONFIGS[source.kind].model_validate(source.config)
    rules = built_in(config, source.maps_to) if built_in else None
    return source.maps_to in LINE_KINDS - {"focus"} and source.profile is None and rules is None


def keep_page(source: Source, sync_id: UUID, number: int, page: Page) -> None:
    """Store a page and where the next one begins, in one short transaction of its own."""
    packed = pack_rows(page.rows, page.key, name_them=names_its_rows(source))
    row = SourcePage(
        sync_id=sync_id,
        number=number,
        rows=packed.count,
        raw=gzip.compress(page.raw, PACKING),
        raw_bytes=len(page.raw),
        raw_sha256=hashlib.sha256(page.raw).hexdigest(),
        lines=gzip.compress(packed.lines, PACKING),
        hashes=packed.hashes,
        keys=packed.keys or None,
        key_columns=list(page.key),
        watermark=page.watermark,
        fetched_at=utc_now(),
    )
    with in_transaction() as session:
        sync = repository.get_sync(session, None, sync_id, for_update=True)
        if sync.pages != number - 1 or sync.status != "running":
            raise Conflict("another worker goes on with this sync", code="sync_taken_over")
        sync.pages = number
        sync.rows_fetched += packed.count
        sync.cursor = page.next
        sync.is_complete = page.next is None
        sync.rows_total = page.total if page.total is not None else sync.rows_total
        sync.watermark_after = latest([sync.watermark_after, page.watermark], utc_now())
        session.add(row)
        session.add(sync)


def _be_patient(source_id: UUID, busy: SourceBusy) -> None:
    """Let the schedule wait for as long as the source has asked."""
    with in_transaction() as session:
        row = repository.get_source(session, source_id, for_update=True)
        row.not_before = utc_now() + timedelta(seconds=busy.wait_seconds or 60.0)
        session.add(row)
