"""How a formula is refused: with a stable code, a sentence and a place."""

from shared.errors import RuleBroken


def refused(message: str, characters_before: int | None = None) -> RuleBroken:
    """422 `formula_invalid`, at the character where reading stopped."""
    place = f" (at character {characters_before + 1})" if characters_before is not None else ""
    return RuleBroken.at("/formula", "formula_invalid", message + place)
