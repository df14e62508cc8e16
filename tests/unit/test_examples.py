"""The worked example hangs together: totals, codes, classification and KPI values."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.allocation.engine.columns import Column, Table
from services.allocation.engine.model import MappingSpec
from services.allocation.engine.rules.selectors import parse_selector
from services.allocation.engine.rules.validation import validate_mapping
from services.allocation.taxonomies.domain import read_taxonomy

EXAMPLE = Path(__file__).parents[2] / "examples" / "oxford-council"
LAYER_OF = {"resources": "resource", "solutions": "solution", "consumers": "consumer"}

Row = dict[str, str]


def rows_of(name: str) -> list[Row]:
    with (EXAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def content_of(name: str) -> Any:
    return json.loads((EXAMPLE / name).read_text(encoding="utf-8"))


def ledger_lines() -> list[dict[str, str | None]]:
    """The ledger as the profile reads it."""
    profile = content_of("profile.json")["items"][0]
    lines = []
    for row in rows_of("ledger/oxford_council_2016q3.csv"):
        line: dict[str, str | None] = {
            field: row[column] or None for field, column in profile["columns"].items()
        }
        line["cost_type"] = profile["values"]["cost_type"][str(line["cost_type"])]
        lines.append(line)
    return lines


def mappings_of(*stages: str) -> list[dict[str, Any]]:
    found = [item for item in content_of("model.json")["items"] if item["stage"] in stages]
    return sorted(found, key=lambda item: (item["priority"], item["code"]))


def known_codes() -> dict[str, set[str]]:
    standard = read_taxonomy("tbm-5.0.1").objects
    known = {
        layer: {o.code for o in standard if o.layer == layer}
        for layer in ("pool", "resource", "solution", "consumer")
    }
    for collection, layer in LAYER_OF.items():
        known[layer] |= {item["code"] for item in content_of("objects.json")[collection]}
    known["consumer"] |= {row["code"] for row in rows_of("consumers.csv")}
    return known


def targets_of(mapping: dict[str, Any]) -> Iterator[str]:
    target = mapping["target"]
    yield from [target["object"]] if "object" in target else []
    yield from target.get("shares", {})
    yield from target.get("aliases", {}).values()
    yield from target.get("code", [])
    yield from [target["under"]] if "under" in target else []


def classify(lines: list[dict[str, str | None]]) -> dict[str, list[int]]:
    """Which lines each classification catches, first match by priority."""
    keys = {key for line in lines for key in line}
    columns = {key: Column.of(line.get(key) for line in lines) for key in keys}
    left = np.ones(len(lines), dtype=np.bool_)
    caught = {}
    for mapping in mappings_of("line_to_pool"):
        mask = parse_selector(mapping["source"]).mask(Table(len(lines), columns)) & left
        left &= ~mask
        caught[mapping["code"]] = np.nonzero(mask)[0].tolist()
    assert not left.any()
    return caught


def test_the_inputs_are_the_whole_files() -> None:
    ledger = rows_of("ledger/oxford_council_2016q3.csv")
    assert len(ledger) == 3581
    assert sum(Decimal(row["Amount"]) for row in ledger) == Decimal("12937883.62")
    bill = rows_of("focus/focus_1_0_sample_1000.csv")
    assert sum(Decimal(row["EffectiveCost"]) for row in bill) == Decimal("14.97651418586")


def test_in_scope_and_out_of_scope_add_up_to_the_ledger() -> None:
    lines = ledger_lines()
    amounts = [Decimal(str(line["amount"])) for line in lines]
    caught = classify(lines)
    outside = caught.pop("not-it")
    inside = [number for numbers in caught.values() for number in numbers]
    assert (len(inside), len(outside)) == (166, 3415)
    assert sum(amounts[n] for n in inside) == Decimal("1156457.24")
    assert sum(amounts[n] for n in outside) == Decimal("11781426.38")


def test_every_classification_but_the_cloud_bill_catches_ledger_lines() -> None:
    caught = classify(ledger_lines())
    assert [code for code, numbers in caught.items() if not numbers] == ["cloud-bill"]


def test_consumers_are_the_service_areas_of_the_ledger() -> None:
    areas = {row["Service Area"] for row in rows_of("ledger/oxford_council_2016q3.csv")}
    consumers = rows_of("consumers.csv")
    assert {row["code"] for row in consumers if row["parent"]} == areas
    assert [row["code"] for row in consumers if not row["parent"]] == ["Oxford City Council"]
    assert all(row["names.en"] and row["names.zh-CN"] for row in consumers)


def test_sub_accounts_of_the_bill_are_consumers() -> None:
    accounts = {row["SubAccountName"] for row in rows_of("focus/focus_1_0_sample_1000.csv")}
    assert accounts <= known_codes()["consumer"]


def test_every_code_in_the_model_is_an_object() -> None:
    known = known_codes()
    for mapping in mappings_of(*{item["stage"] for item in content_of("model.json")["items"]}):
        layer = mapping["stage"].split("_to_")[1]
        assert set(targets_of(mapping)) <= known[layer], mapping["code"]


def test_every_parent_of_an_own_object_is_an_object() -> None:
    known = known_codes()
    for collection, layer in LAYER_OF.items():
        for item in content_of("objects.json")[collection]:
            assert item["parent"] is None or item["parent"] in known[layer]


def test_shares_add_up_to_one_hundred() -> None:
    fixed = [item for item in content_of("model.json")["items"] if item["method"] == "fixed"]
    assert fixed
    for item in fixed:
        assert sum(Decimal(share) for share in item["target"]["shares"].values()) == 100


def test_every_mapping_is_sound() -> None:
    for item in content_of("model.json")["items"]:
        assert validate_mapping(MappingSpec(**item)) == [], item["code"]


def test_mapping_codes_are_unique_and_every_mapping_says_why() -> None:
    items = content_of("model.json")["items"]
    assert len({item["code"] for item in items}) == len(items)
    assert all(item["note"] for item in items)


def test_software_of_two_unknown_suppliers_is_left_without_a_mapping() -> None:
    lines = ledger_lines()
    codes = ("software-maintenance", "software-licences", "software-services")
    caught = classify(lines)
    software = [lines[number] for code in codes for number in caught[code]]
    shared = [x for x in software if x["cost_center"] in {"Business Improvement", "Transformation"}]
    (mapping,) = [m for m in mappings_of("pool_to_resource") if m["code"] == "software-by-supplier"]
    unknown = [line for line in shared if line["vendor"] not in mapping["target"]["aliases"]]
    assert {line["vendor"] for line in unknown} == {"DATASTOX LIMITED", "TMI SYSTEMS LIMITED"}
    assert sum(Decimal(str(line["amount"])) for line in unknown) == 4925


def hours_and_service_levels(month: str) -> tuple[list[Decimal], list[bool]]:
    """Hours to resolve and service level kept, last state of each incident opened in the month."""
    last: dict[str, Row] = {}
    for row in rows_of("itsm/servicenow_incident_log_a.csv"):
        known = last.get(row["number"])
        if known is None or int(row["sys_mod_count"]) >= int(known["sys_mod_count"]):
            last[row["number"]] = row
    hours, kept = [], []
    for row in last.values():
        opened = moment(row["opened_at"])
        if f"{opened:%Y-%m}" != month:
            continue
        kept.append(row["made_sla"] == "TRUE")
        if row["resolved_at"] != "?":
            seconds = (moment(row["resolved_at"]) - opened).total_seconds()
            hours.append(Decimal(int(seconds)) / 3600)
    return hours, kept


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d-%m-%Y %H:%M")


@pytest.mark.parametrize("month", ["2016-02", "2016-03"])
def test_kpi_values_are_those_of_the_incident_log(month: str) -> None:
    hours, kept = hours_and_service_levels(month)
    expected = {
        "mttr-hours": sum(hours, Decimal(0)) / len(hours),
        "sla-met-percent": Decimal(100 * sum(kept)) / len(kept),
    }
    observed = {
        item["kpi"]: Decimal(item["value"])
        for item in content_of("value.json")["observations"]
        if item["period"] == month
    }
    assert observed == {kpi: value.quantize(Decimal("0.01")) for kpi, value in expected.items()}
