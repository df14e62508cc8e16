"""Recognises how a ledger writes debit and credit, and fiscal periods, when no profile says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.ingest.profiles.domain import PART_FIELDS, FlagSign, Sign
from services.ingest.profiles.ledger_names import bare_name, columns_by_name
from services.ingest.values.decimals import read_decimal
from services.ingest.values.fault import Fault
from services.ingest.values.fiscal import is_fiscal_number, is_fiscal_year

# Names are compared without accents and punctuation. Money that leaves a bank account is a cost.
_SIDES: Sequence[tuple[frozenset[str], frozenset[str]]] = tuple(
    (frozenset(debit.split("|")), frozenset(credit.split("|")))
    for debit, credit in (
        (
            "debit|debits|debit amount|amount debit|debit amt|dr|dr amount|debit value|debet|debito"
            "|debits amount|soll|sollbetrag|soll betrag|betrag soll|umsatz soll|debe|dare|addebiti"
            "|借方|借方金额|借方发生额|借方本币|借方本币金额|本期借方|本期借方发生额|借方金额本币"
            "|debit local currency",
            "credit|credits|credit amount|amount credit|credit amt|cr|cr amount|credit value"
            "|kredit|credito|credits amount|haben|habenbetrag|haben betrag|betrag haben"
            "|umsatz haben|haber|avere|accrediti|贷方|贷方金额|贷方发生额|贷方本币|贷方本币金额"
            "|本期贷方|本期贷方发生额|贷方金额本币|credit local currency",
        ),
        (
            "paid out|money out|withdrawal|withdrawals|withdrawal amount|支出金额|支出",
            "paid in|money in|deposit|deposits|deposit amount|收入金额|收入",
        ),
    )
)
# Columns whose amounts beside them carry no sign. SAP's DRCRK stands beside signed amounts.
_FLAGS = frozenset(
    {
        "shkzg", "debit credit", "credit debit", "debit credit indicator", "debit credit ind",
        "debit credit code", "debit credit flag", "debit credit key", "debitcreditcode", "d c",
        "dc", "dr cr", "cr dr", "drcr", "crdr", "s h", "s h kennzeichen", "s h kz", "soll haben",
        "soll haben kennzeichen", "sollhabenkennzeichen", "soll haben kz", "debit or credit",
        "dr or cr", "借贷", "借 贷", "借贷方向", "借贷标志", "借贷标识", "借贷标记", "借贷类型",
        "方向",
    }
)  # fmt: skip
# Words for the two sides; one of a pair stands for the other where a file has only one of them.
_PAIRS = (
    ("s", "h"), ("d", "c"), ("dr", "cr"), ("debit", "credit"), ("soll", "haben"), ("借", "贷"),
    ("借方", "贷方"), ("借 dr", "贷 cr"), ("debito", "credito"), ("dare", "avere"),
    ("debet", "kredit"), ("db", "cr"), ("借", "貸"), ("d", "k"),
)  # fmt: skip
_DEBIT = frozenset(debit for debit, _ in _PAIRS)
_CREDIT = frozenset(credit for _, credit in _PAIRS)
_DEBIT_TO_CREDIT = dict(reversed(_PAIRS))
_CREDIT_TO_DEBIT = {credit: debit for debit, credit in reversed(_PAIRS)}
# Years and months of the calendar, and fiscal ones that are those of the calendar: by law in
# China, by default in SAP. Others (`Fiscal Year` from July) only a profile can know.
_YEARS_AND_NUMBERS = (
    (
        ("year", "calendar year", "jahr", "annee", "anno", "ano", "年", "年份"),
        ("month", "calendar month", "month number", "monat", "mois", "mese", "mes", "月", "月份"),
    ),
    (
        ("会计年度", "会计年", "年度", "年份", "年"),
        ("会计期间", "期间", "期数", "会计月份", "会计月", "月份", "月"),
    ),
    (("gjahr", "ryear"), ("poper", "monat", "perio")),
)


@dataclass(frozen=True)
class LedgerParts:
    """What was recognised: fields to columns, and the sign rule."""

    columns: Mapping[str, str] = field(default_factory=dict)
    sign: Sign = "as_is"


def recognise_parts(
    chosen: Mapping[str, str], examples: Mapping[str, Sequence[str]]
) -> LedgerParts:
    """The columns of a ledger with what is written in parts; `chosen` is what has a name already.

    An amount column comes before debit and credit; a date before a fiscal period.
    """
    columns = {name: column for name, column in chosen.items() if name not in PART_FIELDS}
    names = columns_by_name(list(examples))
    sides = _sides(names, examples)
    if sides is not None and columns.get("amount") in {None, *sides}:
        columns.pop("amount", None)
        columns = {name: column for name, column in columns.items() if column not in sides}
        columns |= {"debit": sides[0], "credit": sides[1]}
        return LedgerParts(_with_fiscal(columns, names, examples))
    sign = _flag(names, examples) if "amount" in columns else None
    return LedgerParts(_with_fiscal(columns, names, examples), sign or "as_is")


def _sides(
    names: Mapping[str, str], examples: Mapping[str, Sequence[str]]
) -> tuple[str, str] | None:
    for debits, credits_ in _SIDES:
        debit = next((names[name] for name in names if name in debits), None)
        credit = next((names[name] for name in names if name in credits_), None)
        if debit and credit and _numbers(examples[debit]) and _numbers(examples[credit]):
            return debit, credit
    return None


def _numbers(texts: Sequence[str]) -> bool:
    good = sum(1 for text in texts if _is_number(text))
    return good >= 0.6 * len(texts)


def _is_number(text: str) -> bool:
    found = read_decimal(text)
    return not isinstance(found, Fault) or found.code != "not_a_decimal"


def _flag(names: Mapping[str, str], examples: Mapping[str, Sequence[str]]) -> FlagSign | None:
    for plain, name in names.items():
        values = examples[name]
        if plain not in _FLAGS or not values or len(values) > 2:
            continue
        debits = [value for value in values if bare_name(value) in _DEBIT]
        credits_ = [value for value in values if bare_name(value) in _CREDIT]
        if len(debits) + len(credits_) == len(values) and len(debits) < 2 and len(credits_) < 2:
            debit = debits[0] if debits else _counterpart(credits_[0], _CREDIT_TO_DEBIT)
            credit = credits_[0] if credits_ else _counterpart(debits[0], _DEBIT_TO_CREDIT)
            return FlagSign(name, debit, credit)
    return None


def _counterpart(value: str, pairs: Mapping[str, str]) -> str:
    """The word for the other side, which the rows looked at do not have."""
    return pairs.get(bare_name(value), "\u2013")


def _with_fiscal(
    columns: dict[str, str], names: Mapping[str, str], examples: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Year and number in two columns are the period where there is no date and no whole period."""
    if "posted_on" in columns:
        number = columns.get("period")
        if number is not None and _all(examples.get(number, ()), is_fiscal_number):
            # A bare `1` to `16` is no period by itself; the date says which month it is.
            return {name: column for name, column in columns.items() if name != "period"}
        return columns
    for years, numbers in _YEARS_AND_NUMBERS:
        year = next((names[name] for name in years if name in names), None)
        number = next((names[name] for name in numbers if name in names), None)
        if year is None or number is None:
            continue
        if _all(examples[year], is_fiscal_year) and _all(examples[number], is_fiscal_number):
            kept = {
                name: column for name, column in columns.items() if column not in (year, number)
            }
            return {**kept, "fiscal_year": year, "fiscal_period": number}
    return columns


def _all(texts: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return bool(texts) and all(holds(text) for text in texts)
