"""Makes one import of the pages of a sync: rows, import, watermark become visible together."""

import gzip
import json
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from services.ingest.imports.repository import get_import
from services.ingest.imports.upload import Upload, add_import, note
from services.ingest.imports.workflow import fail_import, run_import
from services.ingest.profiles.repository import find_by_codes as find_profiles
from services.ingest.sources import repository
from services.ingest.sources.choosing import Hashes, hashes_of, last_of_each, not_known, packed
from services.ingest.sources.kinds import BUILT_IN_RULES
from shared.auth import Caller
from shared.contracts.ingest.source_kinds import CONFIGS
from shared.database import in_transaction
from shared.errors import Unavailable
from shared.jobs.running import JobContext
from shared.tables.ingest.imports import DataImport
from shared.tables.ingest.sources import Source, SourceSync

MEDIA_TYPE = "application/x-ndjson"
MEMORY_BYTES = 8 << 20
UNFINISHED = ("queued", "running")


def upload_of(source: Source, key: list[str] | None = None) -> Upload:
    """The parameters of the imports of a source."""
    config = CONFIGS[source.kind].model_validate(source.config)
    options = config.import_options
    upload = Upload(
        kind=source.maps_to,
        profile=source.profile,
        source=source.code,
        scenario=options.scenario,
        currency=options.currency,
        max_reject_share=None
        if options.max_reject_share is None
        else Decimal(options.max_reject_share),
        mode=options.mode,
        replace=options.replace,
        restate=options.restate,
    )
    built_in = BUILT_IN_RULES.get(source.kind)
    rules: Mapping[str, Any] | None = built_in(config, source.maps_to) if built_in else None
    upload.default_rules = dict(rules) if rules is not None else None
    upload.default_identity = key or None
    return upload


def load(context: JobContext, source: Source, sync_id: UUID) -> None:
    """Import the pages of a complete sync in the transaction of the job.

    The import itself is written down before that, so that its rejects have a place to stay when
    it is refused, and a worker that takes over goes on with it.
    """
    with in_transaction() as session:
        sync = repository.get_sync(session, None, sync_id, for_update=True)
        if not sync.imports:
            _assemble(session, source, sync)
    import_id = _import_to_run(context.session, sync)
    if import_id is not None:
        run_import(inner(context, import_id))
    _remember(context.session, source, sync)
    repository.forget_lines(context.session, sync_id)


def inner(context: JobContext, import_id: UUID) -> JobContext:
    """The context of an import that runs within the job of a sync."""
    return JobContext(context.session, context.job_id, import_id, {}, context.subject)


def _import_to_run(session: Session, sync: SourceSync) -> UUID | None:
    for made in sync.imports:
        row = get_import(session, UUID(made["id"]))
        if row.status not in UNFINISHED:
            continue
        if made["known"]:
            raise Unavailable("the same rows are being imported at this moment")
        return row.id
    return None


def _assemble(session: Session, source: Source, sync: SourceSync) -> None:
    """Write the rows that are to be sent on as one file, and the import that will read it."""
    pages = repository.page_hashes(session, sync.id)
    hashes = hashes_of([page_hashes for _, page_hashes, _, _ in pages])
    wanted = _wanted(session, source, sync, hashes, [keys for _, _, keys, _ in pages])
    sync.rows_known = int(len(wanted) - wanted.sum())
    session.add(sync)
    if not wanted.any():
        return
    key = next((columns for _, _, _, columns in pages if columns), None)
    with tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES) as file:
        _write_lines(session, sync, wanted, file)
        caller = Caller(sync.subject, frozenset())
        name = f"{source.code[:200].replace('/', '-')}-{sync.id}.ndjson"
        row, is_new = add_import(
            session,
            caller,
            upload_of(source, key),
            name,
            MEDIA_TYPE,
            file,  # type: ignore[arg-type]
        )
    if is_new:
        note(session, caller, row)
    sync.imports = [{"id": str(row.id), "known": not is_new}]


def _wanted(
    session: Session, source: Source, sync: SourceSync, hashes: Hashes, keys: list[bytes]
) -> NDArray[np.bool_]:
    wanted = np.ones(len(hashes), dtype=bool)
    all_keys = hashes_of(keys)
    if len(all_keys) == len(hashes) > 0:
        wanted = last_of_each(all_keys)
    if sync.is_backfill:
        return wanted
    known = repository.find_memory(session, source.id, _basis(session, source))
    if known is None:
        return wanted
    unknown = wanted & not_known(hashes, hashes_of([known]))
    if not _sends_all(source):
        return unknown
    same = not unknown.any() and packed(hashes[wanted]) == known
    return np.zeros(len(hashes), dtype=bool) if same else wanted


def _sends_all(source: Source) -> bool:
    """Whether an import replaces what it does not mention, so that it must be sent whole."""
    options = CONFIGS[source.kind].model_validate(source.config).import_options
    return options.mode == "replace" or options.replace != "none"


def _basis(session: Session, source: Source) -> str:
    """What the memory depends on: another config, profile or a revert let everything be sent."""
    named = [] if source.profile is None else [source.profile]
    profiles = [(str(row.id), row.version) for row in find_profiles(session, named).values()]
    reverted = repository.count_reverted(session, source.code)
    return json.dumps([source.version, profiles, reverted])


def _write_lines(
    session: Session, sync: SourceSync, wanted: NDArray[np.bool_], file: IO[bytes]
) -> None:
    chosen: Iterator[np.bool_] = iter(wanted)
    for page in repository.page_lines(session, sync.id, sync.pages):
        for line in gzip.decompress(page).splitlines(keepends=True):
            if next(chosen):
                file.write(line)
    file.seek(0)


def _remember(session: Session, source: Source, sync: SourceSync) -> None:
    if sync.is_backfill:
        return
    pages = repository.page_hashes(session, sync.id)
    hashes = hashes_of([page_hashes for _, page_hashes, _, _ in pages])
    keys = hashes_of([page_keys for _, _, page_keys, _ in pages])
    if len(keys) == len(hashes) > 0:
        hashes = hashes[last_of_each(keys)]
    import_id = UUID(sync.imports[0]["id"]) if sync.imports else None
    repository.remember(session, source.id, _basis(session, source), import_id, packed(hashes))


def fail_own_imports(
    session: Session, sync: SourceSync, problem: dict[str, Any], status: str
) -> None:
    """Mark imports that only this sync would have run, as failed with it."""
    for made in sync.imports:
        if made.get("id") is None or made.get("known"):
            continue
        row: DataImport = get_import(session, UUID(made["id"]))
        if row.status in UNFINISHED:
            fail_import(session, row.id, problem, status)
