"""The Prometheus of a system without containers: our alert rules over these very processes."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from cli.project import PROJECT, StartError
from cli.system.listeners import HOST, Listener

RULES = PROJECT / "deploy" / "prometheus" / "alerts.yml"


def prometheus_command(
    folder: Path, port: int, listeners: Sequence[Listener], workers: Iterable[tuple[str, str]]
) -> list[str]:
    """Write the configuration into a folder; how to start it.

    `workers` are services and ports. StartError without the program.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise StartError("prometheus is not installed (Debian: apt-get install prometheus)")
    folder.mkdir(exist_ok=True)
    jobs = {
        "btim-services": [(one.service, str(one.port)) for one in listeners],
        "btim-workers": list(workers),
    }
    configuration = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [
                    {"targets": [f"{HOST}:{number}"], "labels": {"service": service}}
                    for service, number in targets
                ],
            }
            for job, targets in jobs.items()
        ],
    }
    path = folder / "prometheus.yml"
    path.write_text(json.dumps(configuration, indent=1))  # JSON is YAML
    return [
        program,
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'figures'}",
        f"--web.listen-address={HOST}:{port}",
    ]
