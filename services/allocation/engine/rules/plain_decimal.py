"""Reading decimals as the wire writes them: plain digits, no exponent, no leading plus."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


def read_plain_decimal(text: str) -> Decimal | None:
    """The exact value of a plain decimal text; None for anything else."""
    if len(text) > 80 or not _PLAIN.fullmatch(text):
        return None
    return Decimal(text)
