"""Looks at a file and says which profile would read it, and how sure that is."""

from pathlib import Path
from typing import Literal

from services.ingest.files.problems import empty_file
from services.ingest.files.reader import open_table
from services.ingest.profiles.domain import FlagSign, Profile, absent_fields
from services.ingest.profiles.focus import focus_profile, missing_focus_columns
from services.ingest.profiles.hints import hints_of
from services.ingest.profiles.proposal import Proposal, propose_profile
from shared.contracts.ingest.imports import DetectedFile
from shared.contracts.ingest.profiles import (
    DetectAnswer,
    FlagSignRequest,
    ProfileKind,
    ProposedProfile,
)

EXAMPLES_SHOWN = 5


def detect(path: Path, kind: ProfileKind) -> DetectAnswer:
    """A profile for the file, proposed by the head of it. Raises what `open_table` raises."""
    with open_table(path, hints_of(Profile(kind, {}))) as table:
        first = next(table.batches, None)
        if first is None:
            raise empty_file("The file has a header but no rows.")
        proposal = propose_profile(kind, table.detected, first)
    detected = table.detected
    if kind == "focus":
        built_in = focus_profile(detected.columns)
        complete = not missing_focus_columns(detected.columns, "EffectiveCost")
        sure = 1.0 if complete else 0.2
        fields = dict.fromkeys(built_in.columns, sure)
        proposal = Proposal(built_in, sure, fields, proposal.examples)
    profile = proposal.profile
    return DetectAnswer(
        profile=ProposedProfile(
            kind=kind,
            columns=dict(profile.columns),
            constants=dict(profile.constants),
            date_format=profile.date_format,
            decimal="," if profile.decimal == "," else "." if profile.decimal else None,
            encoding=profile.encoding,
            delimiter=profile.delimiter,
            header_row=profile.header_row,
            sign=_sign(profile),
        ),
        confidence=proposal.confidence,
        fields=dict(proposal.fields),
        examples={name: list(texts)[:EXAMPLES_SHOWN] for name, texts in proposal.examples.items()},
        missing=absent_fields(kind, profile.columns),
        detected=DetectedFile(
            format=detected.format,
            compression=detected.compression,
            encoding=detected.encoding,
            delimiter=detected.delimiter,
            header_row=detected.header_row,
            header_lines=detected.header_lines,
            columns=list(detected.columns),
            mapping=dict(profile.columns),
            date_format=profile.date_format,
            decimal=profile.decimal,
            float_columns=list(detected.float_columns),
            confidence=detected.confidence,
            sheet=detected.sheet,
            other_sheets=list(detected.other_sheets),
        ),
    )


def _sign(profile: Profile) -> Literal["as_is", "reversed"] | FlagSignRequest:
    if isinstance(profile.sign, FlagSign):
        return FlagSignRequest(**vars(profile.sign))
    return "reversed" if profile.sign == "reversed" else "as_is"
