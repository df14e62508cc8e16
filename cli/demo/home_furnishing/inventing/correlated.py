"""Two series that go together as closely as was published: r = 0.73 over 24 months."""

from collections.abc import Iterator
from random import Random
from statistics import correlation

from cli.demo.home_furnishing.calendar import MEASURED

MONTHS = 24
WANTED = 0.73


def tool_use_and_signing() -> Iterator[tuple[str, str, str]]:
    """Month, sessions of the design tools per store, stores' signing rate in per cent."""
    random = Random(73)
    use = [180 + random.gauss(0, 40) for _ in range(MONTHS)]
    other = [random.gauss(0, 4) for _ in range(MONTHS)]
    low, high = 0.0, 20.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if correlation(use, _signing(use, other, middle)) > WANTED:
            low = middle
        else:
            high = middle
    rates = _signing(use, other, low)
    for period, sessions, rate in zip(MEASURED[-MONTHS:], use, rates, strict=True):
        yield period, f"{sessions:.1f}", f"{rate:.2f}"


def _signing(use: list[float], other: list[float], strength: float) -> list[float]:
    """Signing rates that hang on the use and, so strongly, on everything else."""
    return [31 + 0.06 * (one - 180) + strength * two for one, two in zip(use, other, strict=True)]
