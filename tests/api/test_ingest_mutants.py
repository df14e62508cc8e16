"""Damaged files over HTTP: no answer is a fault of ours, no total is told that is not true."""

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tests.running import ServiceUnderTest
from tests.unit.mutants import Truth, mutated, samples

SAMPLES = samples()
OFTEN = ("csv", "ndjson", "gzip", "xlsx")


def import_of(ingest: ServiceUnderTest, name: str, content: bytes, source: str) -> dict[str, Any]:
    """What came of an upload: the finished import, or the problem that refused it at once."""
    form = {"kind": SAMPLES[name].kind, "currency": "GBP", "source": source}
    answer = ingest.post("/v1/imports", files={"file": ("upload", content)}, data=form)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        return dict(answer.json())
    ingest.run_jobs()
    return dict(ingest.get(f"/v1/imports/{answer.json()['id']}").json())


def check_account(found: dict[str, Any], truth: Truth | None) -> str:
    """The law of one answer; says what it was."""
    if isinstance(found["status"], int):
        return str(found["code"])
    if found["status"] == "failed":
        assert found["problem"]["status"] < 500, found["problem"]
        return str(found["problem"]["code"])
    rows = found["rows"]
    assert rows["received"] == rows["accepted"] + rows["rejected"] + rows["duplicate"]
    for entry in found["amounts"]:
        parts = [Decimal(entry[name]) for name in ("accepted", "rejected", "duplicate")]
        assert Decimal(entry["received"]) == sum(parts), entry
    if rows["rejected"] or truth is None or None in truth.values():
        return "rejects" if rows["rejected"] else "not judged"
    told = sum(Decimal(entry["received"]) for entry in found["amounts"])
    assert told == sum(amount for amount in truth.values() if amount is not None)
    assert rows["received"] == len(truth) - len(found["detected"]["trailer_rows"])
    return "fine"


def damage(ingest: ServiceUnderTest, name: str, count: int, seed: str) -> Counter[str]:
    """Upload so many damaged copies of a file and hold each answer against the law."""
    outcomes: Counter[str] = Counter()
    for number in range(count):
        source = f"{seed} {name} {number}"
        content = mutated(SAMPLES[name].content, random.Random(source))
        found = import_of(ingest, name, content, source)
        try:
            outcomes[check_account(found, SAMPLES[name].judge(content))] += 1
        except BaseException as failure:
            failure.add_note(source)
            raise
    return outcomes


@pytest.mark.parametrize("name", OFTEN)
def test_damaged_uploads_are_refused_or_told_truly(ingest: ServiceUnderTest, name: str) -> None:
    damage(ingest, name, 4, "often")


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_three_hundred_damaged_uploads_are_refused_or_told_truly(
    ingest: ServiceUnderTest, name: str
) -> None:
    print(name, dict(damage(ingest, name, 30, "always")))  # noqa: T201 - the record of the proof
