"""How wide a label gets and how to shorten it, without asking a font."""

import unicodedata

from shared.http.spreadsheets import legible

# Widths in em of Noto Sans, rounded up; a label is placed by them, never clipped by them.
_NARROW = set("iljtfrI.,:;'|!()[]- ")
_WIDE = set("mwMW@%")


def em_width(text: str) -> float:
    """Width in em: a Chinese character is one em, a Latin one about half."""
    return sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.34
    if character in _WIDE:
        return 0.88
    return 0.66 if character.isupper() else 0.57


def shorten(text: str, most_em: float) -> str:
    """The text, or as much of its head as fits with an ellipsis."""
    text = legible(text)
    if em_width(text) <= most_em:
        return text
    kept = ""
    for character in text:
        if em_width(kept + character) + 1.0 > most_em:
            break
        kept += character
    return kept.rstrip() + "…"


def distinct_labels(names: list[str], most_em: float) -> list[str]:
    """Shortened names in order; equal ones are numbered, because an axis merges equal names."""
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        label = shorten(name, most_em)
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} [{seen[label]}]")
    return labels
