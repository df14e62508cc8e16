"""Which of our two languages a caller reads."""

from typing import Annotated

from fastapi import Depends, Header

from shared.contracts.values import HeaderText


def chosen_language(accept_language: str | None) -> str:
    """`zh-CN` when the caller prefers any Chinese to English, else `en`."""
    best, best_weight = "en", 0.0
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        primary = tag.strip().lower().partition("-")[0]
        language = {"zh": "zh-CN", "en": "en"}.get(primary)
        if language and weight > best_weight:
            best, best_weight = language, weight
    return best


async def _language(
    accept_language: Annotated[
        HeaderText | None, Header(description="`zh-CN` or `en`", examples=["zh-CN"])
    ] = None,
) -> str:
    return chosen_language(accept_language)


LanguageDep = Annotated[str, Depends(_language)]
