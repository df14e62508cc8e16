"""The gateway of a system without containers: nginx with the same configuration as in one."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from cli.project import PROJECT, StartError
from cli.system.listeners import HOST
from shared.settings import get_settings

TEMPLATE = PROJECT / "deploy" / "gateway" / "nginx.conf.template"
ONE_PROCESS = "daemon off; master_process off;"
"""A killed gateway leaves no workers behind that hold its port."""


def find_nginx() -> str:
    """The program's path; StartError without one."""
    for folders in (None, "/usr/sbin:/usr/local/sbin"):
        if found := shutil.which("nginx", path=folders):
            return found
    raise StartError("nginx is not installed (Debian: apt-get install nginx-light)")


def gateway_command(
    folder: Path, pages: Path, port: int, ports: Mapping[str, Sequence[int]]
) -> list[str]:
    """Write the configuration into a folder; how to start the gateway with it.

    `ports` are those of the replicas of each service.
    """
    folder.mkdir(exist_ok=True)
    (folder / "more").mkdir(exist_ok=True)
    settings = get_settings()
    words = {
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        "GATEWAY_TMP": folder,
        "GATEWAY_PAGES": pages,
        "GATEWAY_MORE": folder / "more",
        "GATEWAY_RESOLVER": HOST,  # never asked: these servers have numbers
        "GATEWAY_MAX_BODY_BYTES": settings.max_body_bytes,
        "GATEWAY_MAX_UPLOAD_BYTES": settings.max_upload_bytes,
    }
    for service, replicas in ports.items():
        words[f"GATEWAY_{service.upper()}"] = " ".join(
            f"server {HOST}:{replica} max_fails=3 fail_timeout=2s;" for replica in replicas
        )
    path = folder / "nginx.conf"
    path.write_text(Template(TEMPLATE.read_text()).safe_substitute(words))
    return [find_nginx(), "-e", "stderr", "-c", str(path), "-p", str(folder), "-g", ONE_PROCESS]
