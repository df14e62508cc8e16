"""The words by which ledgers head their totals, in the languages that they are written in."""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

#: `sure`: no name of anything else; `whole`: the cell is the word; `part`: it is among others.
LabelStrength = Literal["sure", "whole", "part"]

_SURE = frozenset(
    """
    subtotal|sub total|sub totals|subtotals|grand total|grand totals|sum total|overall total
    report total|page total|monthly total|total for period|total for the period|total for month
    zwischensumme|gesamtsumme|endsumme|gesamtbetrag|sous total|total general|gran total|totaux
    totale generale|subtotale|subtotaal|eindtotaal|total geral|totalt
    合计|小计|总计|共计|累计|总合计|本月合计|本月小计|本日合计|当日合计|本期合计|当前合计|本季合计
    本年合计|本年累计|本月累计|本期累计|本页合计|本页小计|过次页|承前页|期间合计|年度合计
    合計|小計|総計|總計|本月合計|本年累計|总额合计
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
_WHOLE = frozenset(
    """
    total|totals|sum|sums|total amount|total cost|total costs|total spend|total expenditure
    total payments|net total|total net|total value|summe|summen|gesamt|insgesamt|somme|suma|totale
    totaal|razem|toplam|итого|всего|计|計|总和|total ht|total ttc
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
_PART = re.compile(
    r"(?:(?:sub|grand|net|sous|gran)? ?totals?|(?:zwischen|gesamt|end)?summe|sum|totale|totaal|suma"
    r"|итого) .+"
    r"|.+ (?:sub ?totals?|grand total|totals?|summe|gesamt|totale|totaal)"
    r"|.{1,40}(?:合计|小计|总计|累计|合計|小計|總計)"
    r"|(?:合计|小计|总计|合計|小計|總計).{1,40}"
)
#: Finds, at little cost and in any engine of regular expressions, texts worth asking about.
HINT = (
    r"(?i)\b(?:sub|sous)?[ -]?t[o\u00f3]ta(?:ls?|ux|les?|alt?)\b|\bsu(?:ms?|ma)\b"
    r"|summen?\b|\bsomme\b|gesamt|eindtotaal|subtotaal|\brazem\b|\btoplam\b|\u0438\u0442\u043e\u0433\u043e|\u0432\u0441\u0435"
    r"\u0433\u043e|[\u5408\u5c0f\u603b\u5171\u7d2f\u7e3d\u7dcf]\s*[\u8ba1\u8a08]|\u603b\u548c|\u8fc7\u6b21\u9875|\u627f\u524d\u9875"
    r"|^\W*[\u8ba1\u8a08]\W*$"
)
_HINT = re.compile(HINT)
LONGEST_LABEL = 120


@lru_cache(maxsize=4_096)
def label_strength(text: str) -> LabelStrength | None:
    """How surely a cell is the head of a total; None: it is not."""
    if len(text) > LONGEST_LABEL or _HINT.search(text) is None:
        return None
    plain = _plain(text)
    if plain in _SURE:
        return "sure"
    if plain in _WHOLE:
        return "whole"
    return "part" if _PART.fullmatch(plain) else None


def _plain(text: str) -> str:
    """Lower case without accents, marks around it, currencies in brackets, blanks in Chinese."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join(
        letter
        for letter in unicodedata.normalize("NFD", folded)
        if unicodedata.category(letter) != "Mn"
    )
    folded = unicodedata.normalize("NFC", folded)
    folded = re.sub(r"\((?:[a-z]{3}|[^\w\s])\)|[:.*=#_\-\u2013\u2014]+", " ", folded)
    folded = " ".join(folded.strip(" ,;/\\|[]()<>\"'").split())
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", folded)
