"""LibreOffice calculates every total of every workbook anew and finds what we say it is.

Slow, and only where LibreOffice is installed: `make office`.
"""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.valuation.reporting.reports.content.reports import AVAILABLE_TYPES
from services.valuation.reporting.reports.files.xlsx_file import render_xlsx
from tests.unit.report_type_builders import document_of

SOFFICE = shutil.which("soffice")
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode"
 oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
WRONG = "123456789"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed"),
]


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbooks of all types with wrong cached totals, opened and saved by LibreOffice."""
    folder = tmp_path_factory.mktemp("office")
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(ALWAYS)
    files = []
    for kind in AVAILABLE_TYPES:
        file = folder / f"{kind}.xlsx"
        file.write_bytes(with_wrong_totals(render_xlsx(document_of(kind))))
        files.append(str(file))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    target = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out")]
    command = [str(SOFFICE), profile, "--headless", *target, *files]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return folder / "out"


def with_wrong_totals(content: bytes) -> bytes:
    """The workbook with another cached value behind each formula, so that only counting helps."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/"):
                data = re.sub(rb"</f><v>[^<]*</v>", f"</f><v>{WRONG}</v>".encode(), data)
            new.writestr(name, data)
    return changed.getvalue()


def totals(book: Any, formulas: Any) -> dict[tuple[str, str], float]:
    """The values of all cells that are formulas in the workbook as we wrote it."""
    return {
        (sheet.title, cell.coordinate): book[sheet.title][cell.coordinate].value
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


@pytest.mark.parametrize("kind", AVAILABLE_TYPES)
def test_libreoffice_comes_to_the_same_totals(kind: str, recalculated: Path) -> None:
    ours = render_xlsx(document_of(kind))
    formulas = openpyxl.load_workbook(io.BytesIO(ours))
    said = totals(openpyxl.load_workbook(io.BytesIO(ours), data_only=True), formulas)
    found = totals(openpyxl.load_workbook(recalculated / f"{kind}.xlsx", data_only=True), formulas)
    assert said.keys() == found.keys()
    for place, value in said.items():
        assert found[place] == pytest.approx(float(value), rel=1e-14, abs=1e-9), place
    if kind not in {"post-implementation-review"}:
        assert said
