"""Ten minutes of a month's end: no error, memory flat, connections constant."""

import subprocess
import sys

import pytest

from tests.operation.systems import ROOT
from tests.running import outside_environment


@pytest.mark.slow
def test_a_month_end_of_ten_minutes_has_no_error_and_leaves_memory_flat() -> None:
    command = [sys.executable, "-m", "tests.operation.month_end.load", "--seconds", "600"]
    told = subprocess.run(
        command, cwd=ROOT, env=outside_environment(), capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
