"""The ways in which sources write that there is no value."""

MISSING_WORDS = frozenset({"", "null", "?", "#n/a", "\\n"})

# Spaces of every kind that surround values in exports, with the marks that hide in them.
BLANKS = (
    " \t\r\n\x0b\x0c\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u200b\u202f\u205f\u2060\u3000\ufeff"
)


def trimmed(text: str) -> str:
    """The text without blanks around it."""
    return text.strip(BLANKS)


def is_missing(text: str | None) -> bool:
    """Whether the text is one of the words for no value: blank, NULL, null, ?, #N/A."""
    return text is None or trimmed(text).lower() in MISSING_WORDS
