"""Whatever is sent, the readers answer with their rows or a typed refusal, never with a crash."""

import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared import pagination
from tests.running import outside_environment
from tests.security.fuzzers.targets import SEEDS, TARGETS

SECONDS = 60
LEAST = {
    # executions, and inputs among them that reached code which none before had reached
    "csv_files": (200, 30),
    "focus_bills": (200, 30),
    "workbooks": (500, 30),
    "odata_answers": (10_000, 50),
    "cursors": (10_000, 15),
    "selectors": (10_000, 50),
    "formulas": (10_000, 50),
    "rules": (10_000, 50),
}
BITS = [b"\x00", b"\xff", b'"', b"\n", b",", b"{", b"}", b"[", b"1e99999", b"\xc2\xb2", b"(" * 99]


@pytest.fixture(autouse=True)
def _own_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "_secret", pagination._secret)  # put back what a target sets


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_their_mutants_end_in_rows_or_refusals(name: str) -> None:
    pieces = st.sampled_from([*SEEDS[name], *BITS]) | st.binary(max_size=8)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, max_size=5).map(b"".join))
    @example(b"")
    def fire(data: bytes) -> None:
        TARGETS[name](data)

    fire()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris comes with `make prove`")
@pytest.mark.parametrize("name", TARGETS)
def test_a_minute_of_guided_fire_finds_nothing(name: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "tests.security.fuzzers.run", name, str(SECONDS)],
        capture_output=True, text=True, check=False, timeout=SECONDS * 5,
        env=outside_environment(PYTHONWARNINGS="ignore"),
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-4000:]
    done, new = (
        int(re.findall(rf"stat::{name}:\s*(\d+)", found.stderr)[0])
        for name in ("number_of_executed_units", "new_units_added")
    )
    assert done >= LEAST[name][0], f"{done} executions"
    assert new >= LEAST[name][1], f"{new} inputs led anywhere new"
