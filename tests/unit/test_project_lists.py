"""Published lists of projects are read as they are written, blanks and marks included."""

import csv
from pathlib import Path

from tests.project_lists import (
    FEDERAL_HEADER,
    federal_initiatives,
    federal_rows,
    kitchenham_initiative,
    kitchenham_rows,
)

ROWS = [
    ["103", "Dept A", "One", "2011-10-01T00:00:00Z", "", "",
     "5", "4.5", "0.5", "10", "0", "0", "9"],
    ["103", "Dept A", "Two", "2011-10-01T00:00:00Z", "2012-03-31T00:00:00Z",
     "2012-04-02T00:00:00Z", "1", "6.96E-04", "0.999304", "99.93", "-2", "-1.1", ""],
    ["7", "Dept B", "No cost", "", "", "", "    ", "", "", "", "", "", "3"],
]  # fmt: skip


def a_list(folder: Path) -> Path:
    path = folder / "projects.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([FEDERAL_HEADER, *ROWS])
    return path


def test_a_project_id_that_comes_again_is_a_project_of_its_own(tmp_path: Path) -> None:
    read = [initiative for initiative, _ in federal_initiatives(federal_rows(a_list(tmp_path)))]
    assert [initiative["code"] for initiative in read] == ["103", "103/2", "7"]
    assert read[1]["go_live_on"] == "2012-04-02"
    assert "go_live_on" not in read[0]


def test_blanks_make_no_payment_and_no_stated_figure(tmp_path: Path) -> None:
    first, second, third = federal_initiatives(federal_rows(a_list(tmp_path)))
    assert [flow["amount"] for flow in first[1]] == ["-5", "-4.5"]
    assert [flow["amount"] for flow in second[1]] == ["-1", "-0.000696"]
    assert second[0]["stated"]["actual_cost"] == "6.96E-04"
    assert (third[1], third[0]["stated"]) == ([], {"lifecycle_cost": "3"})


def test_a_question_mark_is_a_missing_value(tmp_path: Path) -> None:
    path = tmp_path / "projects.arff"
    names = ("Project", "Client.code", "Project.type", "Actual.start.date",
             "Estimated.completion.date", "First.estimate", "Actual.effort")  # fmt: skip
    lines = [f"@attribute {name} string" for name in names]
    rows = ["1,2,?,1995-06-26,?,952,1003", "", "2,1,D,1996-12-10,1997-04-15,495,485"]
    path.write_text("\n".join(["@relation x", *lines, "", "@data", *rows]), encoding="utf-8-sig")
    first, second = kitchenham_rows(path)
    assert (first["Project.type"], first["Estimated.completion.date"]) == (None, None)
    assert kitchenham_initiative(first)["planned_go_live_on"] is None
    assert kitchenham_initiative(second)["kind"] == "D"
