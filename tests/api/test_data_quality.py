"""How good the data of a period are: counted from the lines, judged against their history."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from shared.database import at_once
from shared.settings import get_settings
from tests.running import ServiceUnderTest, a_key

Json = dict[str, Any]
PATH = "/v1/data-quality"
LEDGER = """Reference,Date,Amount,Currency,Account,Vendor,Document
1,2025-01-05,100.00,EUR,4400,Acme,D1
2,2025-01-06,-20.50,EUR,4400,Acme,D2
3,2025-01-07,much,EUR,4400,Acme,D3
4,2025-01-08,7.00,USD,,,D4
"""


def push(client: Any, *lines: Json) -> None:
    items = [
        {"external_id": f"{place}", "currency": "EUR", "amount": "1"} | line
        for place, line in enumerate(lines)
    ]
    answer = client.post("/v1/cost-lines/bulk?atomic=true", json={"items": items})
    assert answer.status_code == 200, answer.text


def upload(client: ServiceUnderTest, content: str, **fields: str) -> Json:
    answer = client.post(
        "/v1/imports",
        files={"file": ("a.csv", content.encode(), "text/csv")},
        data={"kind": "ledger", **fields},
    )
    client.run_jobs()
    made: Json = client.get(f"/v1/imports/{answer.json()['id']}").json()
    assert made["status"] == "succeeded", made
    return made


def quality(client: Any, period: str, source: str, **query: Any) -> Json:
    answer = client.get(PATH, params={"period": period, **query})
    assert answer.status_code == 200, answer.text
    (found,) = [one for one in answer.json()["items"] if one["source"] == source]
    return dict(found)


def test_an_import_is_judged_in_rows_and_money(ingest: ServiceUnderTest) -> None:
    upload(ingest, LEDGER, source="books")
    upload(ingest, LEDGER.replace("much", "3.00"), source="books")
    found = quality(ingest, "2025-01", "books")
    assert found["rows"] == 4
    rejected, doubled = found["reject_share"], found["duplicates"]
    assert (rejected["rows"], rejected["of_rows"], rejected["value"]) == (1, 8, "0.125")
    assert (rejected["status"], rejected["imports"]) == ("bad", 2)
    assert (doubled["rows"], doubled["value"], doubled["status"]) == (3, "0.375", "warning")
    by_currency = {one["currency"]: one for one in doubled["money"]}
    assert by_currency["EUR"]["amount"] == "79.5"
    assert by_currency["EUR"]["of"] == "162"
    assert by_currency["USD"]["share"] == "0.5"
    assert [one["value"] for one in rejected["trend"]] == [None] * 6


def test_a_field_counts_as_filled_where_it_holds_more_than_nothing(
    ingest: ServiceUnderTest,
) -> None:
    push(
        ingest,
        {"source": "gaps", "period": "2025-02", "account": "1", "vendor": "V", "tags": {"a": "b"}},
        {"source": "gaps", "period": "2025-02", "account": "2", "vendor": ""},
        {"source": "gaps", "period": "2025-02", "account": "2", "posted_on": "2025-02-03"},
        {"source": "gaps", "period": "2025-02"},
    )
    found = quality(ingest, "2025-02", "gaps")["completeness"]
    shares = {one["field"]: one["share"] for one in found["fields"]}
    filled = {name: share for name, share in shares.items() if share != "0"}
    expected = {"account": "0.75", "vendor": "0.25", "posted_on": "0.25", "tags": "0.25"}
    assert filled == expected | {"external_id": "1"}
    assert found["value"] == "0.208333"
    assert found["delivered"] is True


def test_a_field_that_is_filled_less_than_usual_is_shown(ingest: ServiceUnderTest) -> None:
    for month in ("01", "02"):
        lines = [{"source": "falls", "period": f"2024-{month}", "account": "1"}] * 2
        push(ingest, *[one | {"external_id": f"{month}{i}"} for i, one in enumerate(lines)])
    push(ingest, {"source": "falls", "period": "2024-03", "external_id": "last"})
    found = quality(ingest, "2024-03", "falls")["completeness"]
    account = next(one for one in found["fields"] if one["field"] == "account")
    assert (account["share"], account["usual_share"], account["status"]) == ("0", "1", "warning")
    assert found["usual_rows"] == "2"
    trend = {one["period"]: one["value"] for one in found["trend"]}
    assert list(trend) == sorted(trend)
    assert (trend["2024-01"], trend["2023-12"]) == ("0.166667", None)


def test_a_source_that_sends_nothing_any_more_is_shown(ingest: ServiceUnderTest) -> None:
    push(ingest, {"source": "silent", "period": "2023-05"})
    found = quality(ingest, "2023-06", "silent")
    assert (found["rows"], found["status"]) == (0, "bad")
    complete = found["completeness"]
    assert (complete["delivered"], complete["status"]) == (False, "bad")
    assert complete["reason_code"] == "nothing_came"
    assert found["sudden_changes"]["items"] == []
    later = quality(ingest, "2023-11", "silent")
    assert later["completeness"]["delivered"] is False
    everyone = ingest.get(PATH, params={"period": "2023-12"}).json()["items"]
    assert "silent" not in {one["source"] for one in everyone}, "half a year later it is gone"


def test_freshness_counts_from_the_end_of_the_period(ingest: ServiceUnderTest) -> None:
    push(ingest, {"source": "late", "period": "2022-01"})
    moved = "to_timestamp('2022-02-04T00:00:00Z', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    with at_once() as connection:
        connection.execute(
            text(f"update cost_line set id = uuidv7({moved} - now()) where source = 'late'")
        )
    found = quality(ingest, "2022-01", "late")["freshness"]
    assert (found["value"], found["status"]) == ("3", "good")
    assert found["first_data_at"].startswith("2022-02-04T00:00:00")
    assert Decimal(found["age_hours"]) > 24 * 365
    push(ingest, {"source": "late", "period": "2021-12", "external_id": "before"})
    older = quality(ingest, "2021-12", "late")["freshness"]
    assert older["status"] is None
    assert older["reason_code"] == "backfilled"


def test_sudden_changes_say_what_from_to_and_why(ingest: ServiceUnderTest) -> None:
    for month in range(1, 8):
        amount = {"4400": "100", "4500": "900" if month < 7 else "2700"}
        push(
            ingest,
            *[
                {"source": "jumps", "period": f"2020-{month:02d}", "account": account,
                 "amount": value, "external_id": f"{month}-{account}"}
                for account, value in amount.items()
            ],
        )  # fmt: skip
    found = quality(ingest, "2020-07", "jumps")["sudden_changes"]
    assert (found["value"], found["thin_history"], found["status"]) == ("2", False, "bad")
    whole, account = found["items"]
    assert (whole["dimension"], whole["before"], whole["after"]) == ("source", "1000", "2800")
    assert (account["key"], account["factor"], account["spread"]) == ("4500", "3", "0")
    assert account["reason_code"] == "outside_spread"
    assert [one["value"] for one in account["history"]] == ["900"] * 6
    assert [one["value"] for one in found["trend"]] == [None, "0", "0", "0", "0", "0"]
    early = quality(ingest, "2020-02", "jumps")["sudden_changes"]
    assert (early["value"], early["thin_history"]) == ("0", True)
    assert early["reason_code"] == "thin_history"


def paid(number: str, day: str, amount: str = "100", **more: Any) -> Json:
    return {
        "source": "payments", "period": day[:7], "external_id": number, "vendor": "Acme",
        "document": number, "posted_on": day, "amount": amount,
    } | more  # fmt: skip


def test_the_same_amount_to_the_same_vendor_on_two_documents_is_shown(
    ingest: ServiceUnderTest,
) -> None:
    push(
        ingest,
        paid("A1", "2019-04-25", "500"),
        paid("A2", "2019-05-02", "500"),
        paid("A3", "2019-05-20", "500"),
        paid("A3-2", "2019-05-20", "500", document="A3"),
        paid("B1", "2019-05-02", "70", vendor="Other"),
        paid("B2", "2019-05-02", "70", vendor="Another"),
        paid("C1", "2019-05-02", "30"),
        paid("C2", "2019-05-03", "-30"),
        paid("C3", "2019-05-04", "30"),
        paid("D1", "2019-05-02", "40"),
        paid("D2", "2019-05-02", "40", currency="USD"),
        paid("E1", "2019-05-02", "1", document=None),
        paid("E2", "2019-05-02", "1", document=None),
    )
    found = quality(ingest, "2019-05", "payments")["double_purchases"]
    (pair,) = found["items"]
    assert (found["value"], pair["amount"], pair["days"]) == ("1", "500", 7)
    documents = (pair["first"]["document"], pair["second"]["document"])
    assert documents == ("A1", "A2")
    assert (pair["first"]["period"], pair["second"]["posted_on"]) == ("2019-04", "2019-05-02")
    wider = quality(ingest, "2019-05", "payments", within_days=18)["double_purchases"]
    assert [one["second"]["lines"] for one in wider["items"]] == [1, 2]
    assert wider["money"][0]["amount"] == "1000"
    narrow = quality(ingest, "2019-05", "payments", within_days=3)["double_purchases"]
    assert (narrow["value"], narrow["status"]) == ("0", "good")


def test_figures_follow_the_lines(ingest: ServiceUnderTest) -> None:
    push(ingest, {"source": "moves", "period": "2018-01", "external_id": "1"})
    assert quality(ingest, "2018-01", "moves")["rows"] == 1
    push(ingest, {"source": "moves", "period": "2018-01", "external_id": "2"})
    assert quality(ingest, "2018-01", "moves")["rows"] == 2
    push(ingest, {"source": "moves", "period": "2018-01", "external_id": "2", "deleted": True})
    assert quality(ingest, "2018-01", "moves")["rows"] == 1


def test_the_whole_is_the_sum_of_its_sources(ingest: ServiceUnderTest) -> None:
    for source in ("east", "west"):
        push(ingest, {"source": source, "period": "2017-01", "account": "1"})
    push(ingest, {"source": "west", "period": "2017-01", "external_id": "2"})
    answer = ingest.get(PATH, params={"period": "2017-01"}).json()
    total = answer["total"]
    assert [one["source"] for one in answer["items"]] == ["east", "west"]
    assert (total["source"], total["rows"]) == (None, 3)
    account = next(one for one in total["completeness"]["fields"] if one["field"] == "account")
    assert (account["rows"], account["share"]) == (2, "0.666667")
    assert answer["next_cursor"] is None


def test_names_come_in_both_languages_and_tables_too(ingest: ServiceUnderTest) -> None:
    push(ingest, {"source": "=cmd", "period": "2016-01"})
    headers = {"Accept-Language": "zh-CN"}
    found = ingest.get(PATH, params={"period": "2016-01"}, headers=headers).json()
    assert found["items"][0]["completeness"]["name"] == "完整性"
    assert found["items"][0]["sudden_changes"]["reason"].startswith("没有")
    headers["Accept"] = "text/csv"
    table = ingest.get(PATH, params={"period": "2016-01"}, headers=headers)
    rows = list(csv.DictReader(io.StringIO(table.text)))
    completeness = next(row for row in rows if row["measure"] == "completeness")
    assert (completeness["source"], completeness["name"]) == ("'=cmd", "完整性")
    headers["Accept"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert ingest.get(PATH, params={"period": "2016-01"}, headers=headers).content[:2] == b"PK"


def test_possible_double_assets_are_shown_whatever_the_period(ingest: ServiceUnderTest) -> None:
    asset = {
        "names": {"en": "Laptop 14"}, "class": "laptop", "cost": "900", "currency": "EUR",
        "purchased_on": "2025-03-01",
    }  # fmt: skip
    items = [asset | {"code": "L1"}, asset | {"code": "L2"}]
    assert ingest.post("/v1/assets/bulk", json={"items": items}).status_code == 200
    found = ingest.get(PATH, params={"period": "2010-02"}).json()
    assert (found["items"], found["total"]) == ([], None)
    (pair,) = found["assets"]["items"]
    assert (found["assets"]["value"], pair["codes"]) == (1, ["L1", "L2"])


@pytest.mark.parametrize(
    "query", [{}, {"period": "2016-13"}, {"period": "2016-01", "scenario": "wish"},
              {"period": "2016-01", "within_days": 32}]
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(ingest: ServiceUnderTest, query: Json) -> None:
    answer = ingest.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_bound_callers_see_none_of_it(ingest: ServiceUnderTest) -> None:
    bound = ingest.as_caller(a_key(["ingest:read"], ["RETAIL"]))
    answer = ingest.get(PATH, params={"period": "2016-01"}, headers=bound)
    assert (answer.status_code, answer.json()["code"]) == (403, "caller_is_bound")


def test_money_without_a_pool_is_what_allocation_says(services: Any) -> None:
    push(
        services.ingest,
        {"source": "cloud", "period": "2015-01", "account": "4400", "amount": "30"},
        {"source": "cloud", "period": "2015-01", "account": "4500", "amount": "-50"},
        {"source": "cloud", "period": "2015-01", "account": "9999", "amount": "1000"},
        {"source": "cloud", "period": "2015-01", "account": "4401", "amount": "20"},
    )
    unknown = quality(services.ingest, "2015-01", "cloud")["unmapped_share"]
    assert (unknown["value"], unknown["reason_code"]) == (None, "no_published_model")
    publish_a_model(services.allocation)
    found = quality(services.ingest, "2015-01", "cloud")["unmapped_share"]
    assert (found["value"], found["rows"], found["status"]) == ("0.7", 2, "bad")
    (money,) = found["money"]
    assert (money["amount"], money["of"]) == ("70", "100")
    settings = get_settings()
    answering, settings.allocation_url = settings.allocation_url, "http://127.0.0.1:9"
    try:
        silent = quality(services.ingest, "2015-01", "cloud")["unmapped_share"]
        later = quality(services.ingest, "2015-02", "cloud")["unmapped_share"]
    finally:
        settings.allocation_url = answering
    assert (silent["value"], silent["reason_code"]) == (None, "allocation_unavailable")
    assert later["trend"][-1] == {"period": "2015-01", "value": "0.7"}, "as allocation said last"


def publish_a_model(allocation: Any) -> None:
    pool = {"items": [{"code": "RUN", "names": {"en": "Run"}}]}
    assert allocation.post("/v1/cost-pools/bulk", json=pool).status_code == 200
    rule = {"stage": "line_to_pool", "method": "direct"}
    mappings = [
        rule | {"code": "run", "source": {"account": "4400"}, "target": {"object": "RUN"}},
        rule | {"code": "out", "source": {"account": "9999"}, "target": {"out_of_scope": True}},
    ]
    made = allocation.post("/v1/mappings/bulk?atomic=true", json={"items": mappings})
    assert made.status_code == 200, made.text
    (draft,) = allocation.get("/v1/model-versions", params={"status": "draft"}).json()["items"]
    published = allocation.post(f"/v1/model-versions/{draft['id']}/publish", json={})
    assert published.status_code == 200, published.text


def test_allocation_tells_coverage_by_any_field_of_a_line(services: Any) -> None:
    push(services.ingest, {"source": "cover", "period": "2014-01", "account": "x"})
    path = "/v1/mappings/coverage"
    answer = services.allocation.get(path, params={"period": "2014-01", "by": "account"}).json()
    (item,) = answer["items"]
    assert (item["key"], item["lines"], item["currency"]) == ("x", 1, "EUR")
    bad = services.allocation.get(path, params={"period": "2014-01", "by": "colour"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_field")
