"""docs/settings.md tells every setting that the code, the layouts and the other pages name."""

import re
from pathlib import Path

import pytest

from cli.commands.settings import settings
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "settings.md"
NO_SETTINGS = {"BTIM_ARGS", "BTIM_SUPERVISOR_MARK", "BTIM_SOURCE_ERP_TOKEN"}
"""A word of make, a mark of our own, an example of a secret's name."""
PLACES = [
    *(ROOT / folder for folder in ("cli", "deploy", "docs", "services", "shared")),
    *(ROOT / name for name in ("README.md", "docker-compose.yml", "Dockerfile", "Makefile")),
]


def test_the_page_is_what_the_settings_say(capsys: pytest.CaptureFixture[str]) -> None:
    settings()
    assert capsys.readouterr().out == PAGE.read_text(), "btim settings >docs/settings.md"


def test_every_setting_says_what_it_does() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_every_variable_named_anywhere_is_on_the_page() -> None:
    told = set(re.findall(r"`(BTIM_\w+)`", PAGE.read_text()))
    named = {
        name
        for place in PLACES
        for path in ([place] if place.is_file() else place.rglob("*"))
        if path.suffix in {"", ".py", ".md", ".yml", ".yaml", ".template"} and path.is_file()
        for name in re.findall(r"\bBTIM_[A-Z_]+[A-Z]\b", path.read_text())
    }
    assert named - told - NO_SETTINGS == set()
