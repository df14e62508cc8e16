"""What can be wrong with one cell; every code is stable and documented here."""

from dataclasses import dataclass

#: code -> what it says, for the documents of the API.
REJECT_CODES: dict[str, str] = {
    "missing_value": "A required value is missing.",
    "not_a_decimal": "The text is no decimal number.",
    "too_many_digits": "More than 20 digits before or 18 after the decimal point.",
    "ambiguous_number": "The separator groups thousands or starts decimals; the profile must say.",
    "not_positive": "The number must be more than zero.",
    "not_a_date": "The text is no date of the expected form.",
    "ambiguous_date": "Day and month cannot be told apart; give date_format in the profile.",
    "not_a_period": "The text is no period like 2026-01.",
    "unknown_currency": "The text is no currency code of ISO 4217.",
    "unknown_code": "The code is not one of those that are allowed or known here.",
    "too_long": "The text is longer than the field takes.",
    "not_json": "The cell should hold a JSON object and does not.",
    "not_an_instant": "The text is no point in time.",
    "not_a_truth_value": "The text says neither yes nor no.",
    "malformed_row": "The row cannot be laid over the columns of the file.",
    "duplicate_external_id": "Another row of this file has the same external_id and other content.",
    "repeated_key": "An earlier row of this file has the same key.",
    "closed_period": "The period is closed; send the row with restate and a reason.",
}


@dataclass(frozen=True)
class Fault:
    """Why a text is no value of its kind."""

    code: str
    message: str


def fault(code: str, text: str) -> Fault:
    """A fault with the standard sentence of its code and the text it is about."""
    shown = text if len(text) <= 80 else text[:77] + "..."
    return Fault(code, f"{REJECT_CODES[code]} Found: {shown!r}")
