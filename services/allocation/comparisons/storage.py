"""A comparison as a summary and Parquet chunks, and back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from services.allocation.comparisons.domain import RunComparison
from services.allocation.engine.comparing.comparison import TOTALS, Compared, SplitDifferences
from services.allocation.engine.comparing.factors import FACTORS
from services.allocation.engine.storing.parquet import Content, read_chunks, write_chunks

FORMAT = 1


def summary_of(comparison: RunComparison) -> dict[str, Any]:
    """What is not in the chunks: the factors that differ, decimals and totals, as plain JSON."""
    return {
        "format": FORMAT,
        "changed": list(comparison.changed),
        "measures": {
            measure: {"decimals": found.places.decimals, "totals": _plain(found.totals)}
            for measure, found in comparison.measures.items()
        },
    }


def chunks_of(comparison: RunComparison) -> Iterator[bytes]:
    """Every place with its figures; whole numbers as text, because they may be of any size."""
    columns: dict[str, Content] = {
        "layer": [layer for layer, _ in comparison.places],
        "code": [code or "" for _, code in comparison.places],
        "names": [json.dumps(dict(names), ensure_ascii=False) for names in comparison.names],
    }
    for measure, found in comparison.measures.items():
        columns |= {
            f"{measure}.{name}": np.asarray(values, dtype=object)
            for name, values in _columns(found.places).items()
        }
    yield from write_chunks(columns)


def load_comparison(summary: Mapping[str, Any], chunks: Sequence[bytes]) -> RunComparison:
    """A stored comparison."""
    columns = read_chunks(chunks)
    layers, codes = columns["layer"].to_pylist(), columns["code"].to_pylist()
    return RunComparison(
        places=[(layer, code or None) for layer, code in zip(layers, codes, strict=True)],
        names=[json.loads(names) for names in columns["names"].to_pylist()],
        changed=summary["changed"],
        measures={
            measure: Compared(
                _split(stored["decimals"], _of_measure(columns, measure)),
                _split(stored["totals"]["decimals"], stored["totals"]),
            )
            for measure, stored in summary["measures"].items()
        },
    )


def _columns(split: SplitDifferences) -> dict[str, Any]:
    return {"before": split.before, "after": split.after, **split.parts}


def _plain(split: SplitDifferences) -> dict[str, Any]:
    """Totals in the order of TOTALS."""
    plain = {name: [str(one) for one in values] for name, values in _columns(split).items()}
    return {"decimals": split.decimals, "names": list(TOTALS), **plain}


def _of_measure(columns: Mapping[str, Any], measure: str) -> dict[str, list[str]]:
    names = ("before", "after", *FACTORS)
    return {name: columns[f"{measure}.{name}"].to_pylist() for name in names}


def _split(decimals: int, texts: Mapping[str, Sequence[str]]) -> SplitDifferences:
    def wholes(name: str) -> Any:
        return np.array([int(text) for text in texts[name]], dtype=object)

    parts = {factor: wholes(factor) for factor in FACTORS}
    return SplitDifferences(decimals, wholes("before"), wholes("after"), parts)
