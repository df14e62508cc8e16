"""`btim settings`: the page docs/settings.md, written from the settings themselves."""

import inspect
from collections.abc import Iterable
from typing import Any

from cli.commands.options import AsJson, show

INTRODUCTION = """\
# Settings

Environment variables, read once at the start of a process. A list is JSON or text with commas.
`btim settings` writes this page; names, defaults and texts are those of `shared/settings.py`.
"""
ELSEWHERE = """\
## Beside these

| variable | default | what it does |
| --- | --- | --- |
| `BTIM_KEY_FILE` | the admin's of the data folder | The key that `btim run` and the like show. |
| `BTIM_ENGINE_THREADS` | the cores at hand | Threads of a run's arithmetic. |
| `BTIM_PORT` | `8000` | Where `docker-compose.yml` publishes the gateway. |
| `OTEL_EXPORTER_OTLP_ENDPOINT` | | Where traces go; OpenTelemetry's other variables hold too. |
| `GATEWAY_...` | | What fills the gateway's configuration: `docker-compose.yml`. |"""


def settings(as_json: AsJson = False) -> None:
    """Print every setting with its default and what it does, as the page docs/settings.md."""
    themes = _themes()
    tables = (_table(heading, rows) for heading, rows in themes.items())
    show(themes, as_json=as_json, lines=[INTRODUCTION, *tables, ELSEWHERE])


def _themes() -> dict[str, list[dict[str, str]]]:
    """The settings under the headings that their classes carry, in the order of the code."""
    from pydantic_settings import BaseSettings

    from shared.settings import Settings

    return {
        inspect.getdoc(theme) or "": [
            {
                "variable": f"BTIM_{name.upper()}",
                "default": _written(field.get_default(call_default_factory=True)),
                "meaning": " ".join((field.description or "").split()),
            }
            for name, field in theme.model_fields.items()
        ]
        for theme in Settings.__bases__
        if issubclass(theme, BaseSettings)
    }


def _written(default: Any) -> str:
    """A default as the environment would say it; empty for none."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, list):
        return ",".join(map(str, default))
    return "" if default is None else str(default)


def _table(heading: str, rows: Iterable[dict[str, str]]) -> str:
    lines = [f"## {heading}", "", "| variable | default | what it does |", "| --- | --- | --- |"]
    for row in rows:
        default = f"`{row['default']}`" if row["default"] else ""
        lines.append(f"| `{row['variable']}` | {default} | {row['meaning']} |")
    return "\n".join([*lines, ""])
