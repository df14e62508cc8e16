"""Takes in one upload: the same file with the same parameters is one import, however often sent."""

import hashlib
import json
from decimal import Decimal
from typing import Any, BinaryIO

from pydantic import ValidationError
from sqlmodel import Session

from services.ingest.files.reader import quick_check
from services.ingest.imports import repository
from services.ingest.imports.workflow import JOB_KIND, SERVICE
from services.ingest.profiles.repository import find_by_codes
from shared.audit import trail
from shared.auth import Caller
from shared.clock import utc_now
from shared.contracts.ingest.imports import ControlTotals
from shared.contracts.values import decimal_to_text
from shared.errors import RuleBroken
from shared.files import store_file
from shared.http.links import href
from shared.jobs.queue import defer_job
from shared.settings import get_settings
from shared.tables.ingest.imports import DataImport, ImportProfile
from shared.tables.platform import Job, StoredFile

LINE_KINDS = frozenset({"ledger", "budget", "focus"})
CHUNK_BYTES = 1 << 20


class Upload:
    """The form of an upload, checked field by field."""

    def __init__(
        self,
        *,
        kind: str,
        profile: str | None = None,
        period: str | None = None,
        scenario: str | None = None,
        source: str | None = None,
        currency: str | None = None,
        control_totals: str | None = None,
        max_reject_share: Decimal | None = None,
        replace: str = "none",
        mode: str = "upsert",
        focus_cost: str = "EffectiveCost",
        restate: str | None = None,
    ) -> None:
        if replace != "none" and kind not in LINE_KINDS:
            raise RuleBroken.at(
                "/replace", "not_for_kind", f"{kind} has no billing periods to replace"
            )
        if mode != "upsert" and kind != "drivers":
            raise RuleBroken.at("/mode", "not_for_kind", "only drivers can replace a whole feed")
        if kind == "budget" and scenario == "actual":
            raise RuleBroken.at("/scenario", "not_for_kind", "a budget is not actual")
        if max_reject_share is not None and not 0 <= max_reject_share <= 1:
            raise RuleBroken.at("/max_reject_share", "out_of_range", "a share lies between 0 and 1")
        self.kind = kind
        self.profile = profile
        self.period = period
        self.scenario = scenario or ("budget" if kind == "budget" else "actual")
        self.source = source or profile or kind
        self.replace = replace
        self.restate = restate
        self.default_rules: dict[str, Any] | None = None
        self.default_identity: list[str] | None = None
        self.parameters: dict[str, Any] = {
            "currency": currency,
            "control_totals": _control_totals(control_totals),
            "max_reject_share": None
            if max_reject_share is None
            else decimal_to_text(max_reject_share),
            "mode": mode,
            "focus_cost": focus_cost,
        }

    def rules_with(self, of_profile: dict[str, Any] | None) -> dict[str, Any] | None:
        """The rules that the file is read by: the profile's, else those that come with a source.

        The key of a source's records is their identity, unless the rules know a better one.
        """
        rules = of_profile or self.default_rules
        if rules is None and self.default_identity and self.kind == "focus":
            rules = {}
        if rules is None:
            return None
        rules = {**rules, "kind": self.kind}
        named = rules.get("identity") or "external_id" in rules.get("columns", {})
        if self.default_identity and not named:
            rules["identity"] = list(self.default_identity)
        return rules

    def hash(self) -> str:
        """One text for all that makes two uploads of the same bytes the same import."""
        told = [
            self.profile, self.period, self.scenario, self.replace, self.restate, self.parameters,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def take_in(
    session: Session,
    caller: Caller,
    upload: Upload,
    name: str,
    media_type: str,
    content: BinaryIO,
) -> tuple[DataImport, Job | None]:
    """The import of an upload and its job; without a job when it is an import known already."""
    row, is_new = add_import(session, caller, upload, name, media_type, content)
    return row, start(session, caller, row) if is_new else None


def add_import(
    session: Session,
    caller: Caller,
    upload: Upload,
    name: str,
    media_type: str,
    content: BinaryIO,
) -> tuple[DataImport, bool]:
    """The import of an upload without a job of its own, and whether it is new."""
    quick_check(content)
    found = _profile_of(session, upload)
    upload.parameters["rules"] = upload.rules_with(None if found is None else found.rules)
    sha256, parameters_hash = _sha256(content), upload.hash()
    repository.hold_file(session, sha256, upload.kind, upload.source, parameters_hash)
    known = repository.find_same(session, sha256, upload.kind, upload.source, parameters_hash)
    if known is not None:
        return known, False
    limit = get_settings().max_upload_bytes
    stored = store_file(session, name, media_type, content, limit=limit)
    row = _row_of(upload, stored, caller, parameters_hash)
    row.profile_version = None if found is None else found.version
    session.add(row)
    session.flush()
    return row, True


def start(session: Session, caller: Caller, row: DataImport) -> Job:
    """Queue the job of an import and write the command down."""
    note(session, caller, row)
    return defer_job(
        session,
        service=SERVICE,
        kind=JOB_KIND,
        subject=caller.subject,
        resource_id=row.id,
        resource_href=href(f"/v1/imports/{row.id}"),
    )


def note(session: Session, caller: Caller, row: DataImport) -> None:
    """Write the command down that has made an import."""
    trail.record(
        session,
        caller,
        SERVICE,
        "create",
        "import",
        str(row.id),
        details={
            "sha256": row.sha256,
            "bytes": row.bytes,
            "kind": row.kind,
            "source": row.source,
            "parameters_hash": row.parameters_hash,
            "restate": row.restate,
        },
    )


def _row_of(upload: Upload, stored: StoredFile, caller: Caller, parameters_hash: str) -> DataImport:
    return DataImport(
        kind=upload.kind,
        file_id=stored.id,
        file_name=stored.name,
        sha256=stored.sha256,
        bytes=stored.bytes,
        source=upload.source,
        scenario=upload.scenario,
        period=upload.period,
        profile=upload.profile,
        replace_mode=upload.replace,
        restate=upload.restate,
        parameters=upload.parameters,
        parameters_hash=parameters_hash,
        subject=caller.subject,
        created_at=utc_now(),
    )


def _profile_of(session: Session, upload: Upload) -> ImportProfile | None:
    """The named profile as it is now; a later change of it does not touch this import."""
    if upload.profile is None:
        return None
    found = find_by_codes(session, [upload.profile]).get(upload.profile)
    if found is None:
        raise RuleBroken.at("/profile", "unknown_code", f"there is no profile {upload.profile}")
    lines = {found.kind, upload.kind} <= LINE_KINDS
    if found.kind != upload.kind and not lines:
        raise RuleBroken.at("/profile", "wrong_kind", f"{found.code} is a profile for {found.kind}")
    return found


def _control_totals(said: str | None) -> dict[str, Any] | None:
    if said is None:
        return None
    try:
        totals = ControlTotals.model_validate_json(said)
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(str(part) for part in first["loc"])
        raise RuleBroken.at(
            f"/control_totals/{place}".rstrip("/"), "invalid", first["msg"]
        ) from error
    return totals.model_dump(mode="json", exclude_none=True)


def _sha256(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(CHUNK_BYTES):
        digest.update(piece)
    content.seek(0)
    return digest.hexdigest()
