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
    "currency_differs": "The amount is marked with another currency than its row has.",
    "repeated_header": "The row is the header again, as on a new page of a report.",
    "unknown_currency": "The text is no currency code of ISO 4217.",
    "unknown_code": "The code is not one of those that are allowed or known here.",
    "too_long": "The text is longer than the field takes.",
    "not_json": "The cell should hold a JSON object and does not.",
    "not_an_instant": "The text is no point in time.",
    "not_a_truth_value": "The text says neither yes nor no.",
    "not_negative": "The number must not be less than zero.",
    "not_a_life": "A useful life is 1 to 1200 whole months.",
    "not_a_duration": "The text is no length of time.",
    "level_left_out": "A level is empty above another that is not.",
    "several_links": "An observation is about one thing at most.",
    "above_cost": "The residual value is more than the cost.",
    "malformed_row": "The row cannot be laid over the columns of the file.",
    "virtual_currency": "The amount is in units of the provider (tokens, credits), not in money.",
    "split_origin": "The rows that this cost is split into are in the bill; it would count twice.",
    "subtotal_row": "The row is a total, equal to what the rows above it add up to, and no line.",
    "total_differs": "The row is headed as a total but is not what the rows above it add up to.",
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
