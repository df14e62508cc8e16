"""Names of months as exports of several languages write them, without accents."""

import unicodedata

_NAMES = (
    "jan january januar janner janv janvier ene enero gen gennaio janeiro januari",
    "feb february februar fev fevr fevrier febrero febbraio fevereiro februari",
    "mar march marz mrz mars marzo marco maart mrt",
    "apr april avr avril abr abril aprile",
    "may mai mayo mag maggio maio mei",
    "jun june juni juin junio giu giugno junho",
    "jul july juli juil juillet julio lug luglio julho",
    "aug august aout ago agosto augustus",
    "sep sept september septembre septiembre set settembre setembro",
    "oct october okt oktober octobre octubre ott ottobre out outubro",
    "nov november novembre noviembre novembro",
    "dec december dez dezember decembre dic diciembre dicembre dezembro",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, start=1) for name in names.split()}


def month_of_name(name: str) -> int | None:
    """The number of a month; case and accents do not count."""
    if not name.isascii():
        taken_apart = unicodedata.normalize("NFKD", name)
        name = "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
    return _MONTHS.get(name.casefold())
