"""One reader under coverage-guided fire: `python -m tests.security.fuzzers.run csv_files 60`."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["services", "shared"]):
    from tests.security.fuzzers.targets import SEEDS, TARGETS


def main() -> None:
    """Ends with 0 when nothing but Problems came out for as many seconds."""
    name, seconds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        for place, seed in enumerate(SEEDS[name]):
            (Path(folder) / str(place)).write_bytes(seed)
        arguments = [
            sys.argv[0], f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20",
            "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={folder}/", folder,
        ]  # fmt: skip
        atheris.Setup(arguments, TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
