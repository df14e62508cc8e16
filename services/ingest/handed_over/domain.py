"""Where an object stands in a tree, told as one path or as a column for each level."""

from collections.abc import Sequence

#: Stands between the levels of a place; no text that people write holds it.
BETWEEN_LEVELS = "\x1f"
#: What sources put between the levels of a path; the first that a path holds is meant.
SEPARATORS = ("→", ">", "\\", "|", "/")


def levels_of(path: str) -> list[str]:
    """The levels of a path like `Group / Retail / North`, blanks around them left out."""
    for separator in SEPARATORS:
        if separator in path:
            return [level.strip() for level in path.split(separator) if level.strip()]
    return [path.strip()] if path.strip() else []


def levels_in(cells: Sequence[str | None]) -> list[str]:
    """The levels told by columns, top first."""
    return [cell.strip() for cell in cells if cell and cell.strip()]


def leaves_out_a_level(cells: Sequence[str | None]) -> bool:
    """Whether a column is empty above another that is not."""
    told = [bool(cell and cell.strip()) for cell in cells]
    return told != sorted(told, reverse=True)


def code_of_place(levels: Sequence[str]) -> str:
    """The code of an object that is known by its place alone."""
    return "/".join(levels)


def names_of(
    plain: str | None, english: str | None, chinese: str | None, otherwise: str
) -> dict[str, str]:
    """Names in the languages that are told; a plain name is Chinese when it is written so."""
    names = {"en": english, "zh-CN": chinese}
    if plain is not None:
        language = "zh-CN" if any("\u4e00" <= letter <= "\u9fff" for letter in plain) else "en"
        names[language] = names[language] or plain
    told = {language: name for language, name in names.items() if name}
    return told or {"en": otherwise}
