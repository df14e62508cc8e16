"""Reads alert rules, their tests and dashboards; knows the names of all metrics that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.metrics import MetricWrapperBase

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
RULE_TESTS = [
    ROOT / "tests" / "operation" / f"{name}.test.yml" for name in ("alerts", "slow_alerts")
]
RUNBOOK = ROOT / "docs" / "operations.md"
#: What the Python client and Prometheus itself bring along.
FOREIGN = {
    "up",
    "process_open_fds",
    "process_max_fds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
}


def rules() -> list[dict[str, Any]]:
    """Every rule, alerts and recorded ones."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """The rules that alert."""
    return [rule for rule in rules() if "alert" in rule]


def rule_tests() -> list[dict[str, Any]]:
    """Every test of a rule, in the form of promtool."""
    return [test for file in RULE_TESTS for test in yaml.safe_load(file.read_text())["tests"]]


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel with the name of its dashboard."""
    for file in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            if panel["type"] != "row":
                yield file.stem, panel


def existing_metrics() -> set[str]:
    """The names of all series that our processes can have."""
    from shared import metrics

    names = set(FOREIGN) | {rule["record"] for rule in rules() if "record" in rule}
    ours = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    for metric in ours:
        for family in metric.describe():
            names.add(family.name)
            if family.type == "counter":
                names.add(f"{family.name}_total")
            if family.type == "histogram":
                names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


def metrics_in(expression: str) -> set[str]:
    """The names of metrics that an expression speaks of."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"", "", expression)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    words = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w)(?!\s*\()", bare)
    return {word for word in words if "_" in word or ":" in word or word == "up"} - FUNCTIONS


FUNCTIONS = {"histogram_quantile", "min_over_time"}
