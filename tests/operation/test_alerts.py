"""Every alert can fire, can keep quiet, speaks of metrics that exist, and has a page to turn to."""

import re
import shutil
import subprocess

import pytest

from tests.operation.rules_and_dashboards import (
    RULE_TESTS,
    RULES,
    RUNBOOK,
    alerts,
    existing_metrics,
    metrics_in,
    rule_tests,
    rules,
)

NAMES = [rule["alert"] for rule in alerts()]


def test_there_are_enough_alerts_and_each_has_a_name_of_its_own() -> None:
    assert len(NAMES) >= 15
    assert len(set(NAMES)) == len(NAMES)


def test_every_rule_names_only_metrics_that_exist() -> None:
    known = existing_metrics()
    for rule in rules():
        assert metrics_in(rule["expr"]), rule
        assert metrics_in(rule["expr"]) <= known, rule


def test_a_metric_that_does_not_exist_would_be_found() -> None:
    assert metrics_in('max by (a_b) (rate(btim_no_such{x="y_z"}[5m])) > 1') == {"btim_no_such"}
    assert "btim_no_such" not in existing_metrics()


@pytest.mark.parametrize("alert", alerts(), ids=NAMES)
def test_every_alert_says_what_is_wrong_and_where_to_read_on(alert: dict[str, object]) -> None:
    notes = alert["annotations"]
    assert isinstance(notes, dict)
    assert alert["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert re.search("[a-z]", notes["summary"])
    assert re.search("[\u4e00-\u9fff]", notes["summary_zh_cn"])
    page, _, anchor = notes["runbook_url"].partition("#")
    assert RUNBOOK.as_posix().endswith(page)
    text = RUNBOOK.read_text()
    assert anchor == str(alert["alert"]).lower()
    section = text.partition(f"\n### {alert['alert']}\n")[2].partition("\n### ")[0]
    assert "**Means**" in section
    assert "**Do**" in section


def test_every_alert_is_played_through_firing_and_quiet() -> None:
    tested = {test["name"]: test["promql_expr_test"][0]["exp_samples"] for test in rule_tests()}
    for name in NAMES:
        assert f'alertname="{name}"' in str(tested[name])
        assert tested[f"{name} stays quiet"] == []


@pytest.mark.slow
@pytest.mark.parametrize("tests", RULE_TESTS, ids=lambda path: path.stem)
def test_the_rules_behave_as_their_tests_say(tests: object) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool (Debian package prometheus) is not installed")
    for command in (["promtool", "check", "rules", RULES], ["promtool", "test", "rules", tests]):
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
