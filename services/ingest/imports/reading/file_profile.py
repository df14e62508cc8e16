"""Chooses the profile by which a file is read: the caller's, the built-in one, or by names."""

from dataclasses import dataclass
from pathlib import Path

from services.ingest.files.detected import Detected
from services.ingest.files.problems import empty_file
from services.ingest.files.reader import open_table
from services.ingest.imports.reading.sign_evidence import with_proven_sign
from services.ingest.imports.reading.survey import Styles
from services.ingest.profiles.domain import Profile, absent_fields, missing_columns
from services.ingest.profiles.focus import focus_profile, missing_focus_columns
from services.ingest.profiles.hints import hints_of
from services.ingest.profiles.proposal import mapping_by_name
from shared.errors import FieldError, RuleBroken


@dataclass(frozen=True)
class FileRequest:
    """What a caller says about a file: its kind, its profile, and what stands for all its rows."""

    kind: str
    profile: Profile | None = None
    period: str | None = None
    currency: str | None = None
    focus_cost: str = "EffectiveCost"
    styles: Styles | None = None
    is_retry: bool = False


def profile_for(path: Path, request: FileRequest) -> tuple[Profile, Detected]:
    """The profile that the file is read by, checked against its columns."""
    hints = hints_of(request.profile or Profile(request.kind, {}))
    by_name = None
    with open_table(path, hints) as table:
        detected = table.detected
        if request.profile is None and request.kind != "focus":
            first = next(table.batches, None)
            if first is None:
                raise empty_file("The file has a header but no rows.")
            by_name = mapping_by_name(request.kind, detected, first)
    if by_name is not None:
        _require_fields(by_name, detected)
        return with_proven_sign(path, by_name), detected
    if request.kind == "focus":
        _require_focus(detected, request)
        return _with_focus(request, detected), detected
    profile = request.profile or Profile(request.kind, {})
    absent = missing_columns(profile, detected.columns)
    if absent:
        raise RuleBroken(
            f"The file has no column {', '.join(map(repr, absent))}.",
            code="unknown_column",
            errors=[FieldError("/profile", "unknown_column", name) for name in absent],
        )
    _require_fields(profile, detected)
    return profile, detected


def _with_focus(request: FileRequest, detected: Detected) -> Profile:
    """The built-in mapping of bills; a profile may add fields and say how values are written."""
    built_in = focus_profile(detected.columns, request.focus_cost)
    own = request.profile
    if own is None:
        return built_in
    return Profile(
        **{
            **vars(own),
            "columns": {**built_in.columns, **own.columns},
            "constants": {**built_in.constants, **own.constants},
            "decimal": own.decimal or built_in.decimal,
        }
    )


def _require_focus(detected: Detected, request: FileRequest) -> None:
    given = request.profile.constants if request.profile else {}
    absent = missing_focus_columns(
        detected.columns,
        request.focus_cost,
        has_currency=request.currency is not None or "currency" in given,
        has_period=request.period is not None or "period" in given,
    )
    if absent:
        raise RuleBroken(
            f"This is no FOCUS bill: it has no column {', '.join(absent)}.",
            code="not_focus",
            errors=[FieldError("/file", "unknown_column", name) for name in absent],
        )


def _require_fields(profile: Profile, detected: Detected) -> None:
    absent = absent_fields(profile.kind, {*profile.columns, *profile.constants})
    if absent:
        columns = ", ".join(detected.columns[:40])
        raise RuleBroken(
            f"No column is known to be {', '.join(absent)}; send a profile. Columns: {columns}",
            code="profile_needed",
            errors=[FieldError("/profile", "missing_field", name) for name in absent],
        )
