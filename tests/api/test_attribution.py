"""Attribution over the API: textbook sets as observations, lags, events, controls, refusals."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, pearsonr, spearmanr

from shared.periods import next_period
from tests.running import ServiceUnderTest, a_key

START = "2024-01"
X = "10 8 13 9 11 14 6 4 12 7 5"
X4 = "8 8 8 8 8 8 8 19 8 8 8"
WEIGHTS = (
    "2.620 2.875 2.320 3.215 3.440 3.460 3.570 3.190 3.150 3.440 3.440 4.070 3.730 3.780 5.250"
    " 5.424 5.345 2.200 1.615 1.835 2.465 3.520 3.435 3.840 3.845 1.935 2.140 1.513 3.170 2.770"
    " 3.570 2.780"
)
MILEAGE = (
    "21.0 21.0 22.8 21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 15.2 10.4 10.4 14.7 32.4"
    " 30.4 33.9 21.5 15.5 15.2 13.3 19.2 27.3 26.0 30.4 15.8 19.7 15.0 21.4"
)
PRODUCT = (
    "234289 259426 258054 284599 328975 346999 365385 363112 397469 419180 442769 444546 482704"
    " 502601 518173 554894"
)
EMPLOYED = (
    "60323 61122 60171 61187 63221 63639 64989 63761 66019 67857 68169 66513 68655 69564 69331"
    " 70551"
)
#: name: x, y and what is printed of them: r, slope, intercept, r squared.
TEXTBOOK = {
    "anscombe-1": (X, "8.04 6.95 7.58 8.81 8.33 9.96 7.24 4.26 10.84 4.82 5.68",
                   0.816, 0.500, 3.00, 0.67),
    "anscombe-2": (X, "9.14 8.14 8.74 8.77 9.26 8.10 6.13 3.10 9.13 7.26 4.74",
                   0.816, 0.500, 3.00, 0.67),
    "anscombe-3": (X, "7.46 6.77 12.74 7.11 7.81 8.84 6.08 5.39 8.15 6.42 5.73",
                   0.816, 0.500, 3.00, 0.67),
    "anscombe-4": (X4, "6.58 5.76 7.71 8.84 8.47 7.04 5.25 12.5 5.56 7.91 6.89",
                   0.817, 0.500, 3.00, 0.67),
    "motor-trend": (WEIGHTS, MILEAGE, -0.868, -5.344, 37.285, 0.753),
    "longley": (PRODUCT, EMPLOYED, 0.984, 0.035, 51843.6, 0.967),
}  # fmt: skip


def make_kpi(valuation: ServiceUnderTest, code: str, **more: object) -> dict[str, Any]:
    body = {
        "code": code, "names": {"en": code}, "class": "efficiency", "unit": "h",
        "direction": "up", **more,
    }  # fmt: skip
    answer = valuation.post("/v1/value-kpis", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def a_series(valuation: ServiceUnderTest, code: str, values: str, **more: object) -> dict[str, Any]:
    """A KPI observed once a month."""
    made = make_kpi(valuation, code, **more)
    items = [
        {"kpi": code, "period": next_period(START, at), "value": value}
        for at, value in enumerate(values.split())
        if value != "-"
    ]
    answer = valuation.post("/v1/observations/bulk?atomic=true", json={"items": items})
    assert answer.status_code == 200, answer.text
    return made


def ask(valuation: ServiceUnderTest, about: dict[str, Any], **query: Any) -> Any:
    language = {"Accept-Language": query.pop("language", "en")}
    path = f"/v1/value-kpis/{about['id']}/attribution"
    return valuation.get(path, params=query, headers=language)


def attribute(valuation: ServiceUnderTest, about: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = ask(valuation, about, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_sets_come_out_as_printed_and_as_scipy_says(
    valuation: ServiceUnderTest, name: str
) -> None:
    x, y, *printed = TEXTBOOK[name]
    a_series(valuation, f"{name}-x", str(x))
    kpi = a_series(valuation, f"{name}-y", str(y))
    body = attribute(valuation, kpi, kpi=f"{name}-x")
    xs, ys = ([float(each) for each in str(part).split()] for part in (x, y))
    line, ranks = linregress(xs, ys), spearmanr(xs, ys)
    regression = body["regression"]
    expected = {
        body["pearson"]["value"]: line.rvalue,
        body["pearson"]["p_value"]: pearsonr(xs, ys).pvalue,
        body["spearman"]["value"]: ranks.statistic,
        body["spearman"]["p_value"]: ranks.pvalue,
        regression["slope"]["value"]: line.slope,
        regression["intercept"]["value"]: line.intercept,
        regression["r_squared"]: line.rvalue**2,
    }
    for found, judged in expected.items():
        assert float(found) == pytest.approx(judged, rel=1e-10, abs=1e-10)
    shown = [body["pearson"]["value"], regression["slope"]["value"],
             regression["intercept"]["value"], regression["r_squared"]]  # fmt: skip
    assert [float(each) for each in shown] == pytest.approx(printed, rel=2e-3, abs=5e-3)
    assert (body["n"], body["design"], len(body["points"])) == (len(xs), "association", len(xs))
    assert "association, not proof of cause" in body["says"]


def test_the_same_correlation_of_four_sets_is_told_apart_by_its_cautions(
    valuation: ServiceUnderTest,
) -> None:
    found = {}
    for number in (1, 3, 4):
        name = f"anscombe-{number}"
        kpi = valuation.get(f"/v1/value-kpis?code={name}-y").json()["items"][0]
        body = attribute(valuation, kpi, kpi=f"{name}-x")
        month = body["influential_point"]
        found[number] = None if month is None else month["period"]
    assert found == {1: None, 3: "2024-03", 4: "2024-08"}


def test_the_answer_names_its_months_in_the_asked_language(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "gap-x", "1 4 - 2 8 5 7 1 9 3 6")
    kpi = a_series(valuation, "gap-y", "2 5 3 - 9 4 8 2 8 3 7")
    body = attribute(valuation, kpi, kpi="gap-x", language="zh-CN", max_lag=1)
    assert body["n"] == 9
    assert body["periods"] == {
        "from": "2024-01", "to": "2024-11", "gaps": ["2024-03", "2024-04"],
    }  # fmt: skip
    assert body["explained_by"]["kind"] == "kpi"
    assert "相关关系" in body["says"]
    assert body["texts"]["zh-CN"] == body["says"]
    assert {"small_sample", "gaps"} <= {each["code"] for each in body["cautions"]}
    assert [lag["months"] for lag in body["lags"]] == [0, 1]
    assert body["points"][0] == {
        "period": "2024-01", "value": "2", "explained_by": "1", "control": None,
    }  # fmt: skip


def test_a_formula_is_held_against_its_own_input_with_a_caution(
    valuation: ServiceUnderTest,
) -> None:
    a_series(valuation, "made-of", "1 4 2 6 8 5 7 1 9 3 6 4", unit="count")
    made = make_kpi(valuation, "made", formula='"made-of" * 3 + 1', unit="count")
    body = attribute(valuation, made, kpi="made-of", max_lag=0)
    assert (body["pearson"]["value"], body["regression"]["slope"]["value"]) == ("1", "3")
    assert "shared_inputs" in [each["code"] for each in body["cautions"]]


def test_the_lead_of_a_cause_is_found(valuation: ServiceUnderTest) -> None:
    cause = "3 9 1 7 4 8 2 6 5 9 1 8 3 7 2 9 4 6 1 8"
    a_series(valuation, "lead-x", cause)
    kpi = a_series(valuation, "lead-y", "5 5 5 " + " ".join(cause.split()[:-3]))
    body = attribute(valuation, kpi, kpi="lead-x")
    assert body["best_lag"] == 3
    (lag,) = [each for each in body["lags"] if each["months"] == 3]
    assert (lag["n"], lag["pearson"]["value"]) == (17, "1")
    assert Decimal(lag["adjusted_p_value"]) < Decimal("0.01")


def test_an_event_alone_is_an_interrupted_time_series(valuation: ServiceUnderTest) -> None:
    before = [10, 11, 10, 12, 11, 10, 12, 11, 10, 11, 12, 10]
    after = [each + 5 for each in before]
    kpi = a_series(valuation, "step", " ".join(map(str, before + after)))
    body = attribute(valuation, kpi, event="2025-01")
    assert (body["design"], body["n"], body["pearson"]) == ("interrupted_time_series", 24, None)
    found = body["interrupted_time_series"]
    assert (found["n_before"], found["n_after"], found["event"]) == (12, 12, "2025-01")
    interval = found["level_change"]["interval"]
    assert Decimal(interval["low"]) <= 5 <= Decimal(interval["high"])
    assert interval["confidence"] == "0.95"
    assert Decimal(found["level_change"]["p_value"]) < Decimal("0.001")
    assert "supports an effect" in body["says"]


def test_an_event_beside_a_series_answers_both(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "both-x", "1 2 1 2 1 2 5 6 5 6 5 6")
    kpi = a_series(valuation, "both-y", "3 4 3 5 4 3 9 9 8 9 8 9")
    body = attribute(valuation, kpi, kpi="both-x", event="2024-07")
    assert body["design"] == "interrupted_time_series"
    assert Decimal(body["pearson"]["value"]) > Decimal("0.9")


def test_a_control_makes_a_difference_in_differences(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "control", "5 6 5 6 6 5 5 6 8 9 8 9 9 8 8 9")
    kpi = a_series(valuation, "treated", "9 10 10 10 10 9 9 11 22 23 21 23 23 22 22 23")
    body = attribute(valuation, kpi, event="2024-09", control="control")
    found = body["difference_in_differences"]
    means = {name: Decimal(value) for name, value in found["means"].items()}
    effect = (means["kpi_after"] - means["kpi_before"]) - (
        means["control_after"] - means["control_before"]
    )
    assert body["design"] == "difference_in_differences"
    assert Decimal(found["effect"]["value"]) == effect == Decimal("9.625")
    assert found["parallel_trend"]["holds"]
    assert "supports an effect" in body["says"]
    assert body["points"][0]["control"] == "5"


def test_a_control_in_another_unit_is_warned_of(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "days", "5 6 5 6 6 5 5 6", unit="d")
    kpi = a_series(valuation, "hours", "9 10 10 10 10 9 9 11", unit="h")
    body = attribute(valuation, kpi, event="2024-05", control="days")
    assert "units_differ" in [each["code"] for each in body["cautions"]]


def test_what_is_undefined_is_null_with_its_reason(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "still", "4 4 4 4 4 4 4 4 4")
    kpi = a_series(valuation, "below", "1 -2 3 0 5 2 1 4 3")
    body = attribute(valuation, kpi, kpi="still")
    for name in ("pearson", "spearman"):
        assert body[name] == {
            "value": None, "interval": None, "p_value": None, "reason": "no_variation",
        }  # fmt: skip
    assert body["elasticity"]["reason"] == "non_positive_values"
    assert (body["best_lag"], body["regression"]["r_squared"]) == (None, None)


def test_thin_data_is_refused_with_the_count(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "thin-x", "1 2 3 4 5 6 7 8 9 10")
    kpi = a_series(valuation, "thin-y", "1 2 3 4 5 6 7")
    refused = ask(valuation, kpi, kpi="thin-x")
    assert refusal(refused) == (409, "too_little_data")
    assert refused.json()["detail"].startswith("7 months")
    empty = make_kpi(valuation, "thin-none")
    assert refusal(ask(valuation, empty, event="2024-05")) == (409, "too_little_data")
    edge = ask(valuation, kpi, kpi="thin-x", event="2024-02")
    assert refusal(edge) == (409, "too_little_data")


def test_bad_questions_are_refused_where_they_are_bad(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "asked")
    bad: list[tuple[dict[str, str], str]] = [
        ({}, "one_explanation"),
        ({"kpi": "x", "driver": "y"}, "one_explanation"),
        ({"kpi": "nobody"}, "unknown_code"),
        ({"kpi": "asked"}, "same_kpi"),
        ({"event": "2024-05", "control": "asked"}, "same_kpi"),
        ({"event": "2024-05", "control": "nobody"}, "unknown_code"),
        ({"kpi": "thin-x", "control": "thin-y"}, "control_without_event"),
        ({"kpi": "thin-x", "target": "ERP"}, "target_without_driver"),
        ({"kpi": "thin-x", "from": "2024-05", "to": "2024-01"}, "bad_range"),
    ]
    for query, code in bad:
        assert refusal(ask(valuation, kpi, **query)) == (422, code), query
    for query in ({"kpi": "thin-x", "max_lag": "25"}, {"event": "2024-13"}):
        assert ask(valuation, kpi, **query).status_code == 422
    gone = valuation.get("/v1/value-kpis/00000000-0000-0000-0000-000000000000/attribution?kpi=x")
    assert gone.status_code == 404


def test_bound_callers_see_no_attribution(valuation: ServiceUnderTest) -> None:
    kpi = make_kpi(valuation, "hidden")
    path = f"/v1/value-kpis/{kpi['id']}/attribution?kpi=asked"
    for key, status in (
        (a_key(["valuation:read"], consumers=["SALES"]), 403),
        (a_key(["ingest:read"]), 403),
        (None, 401),
    ):
        assert valuation.get(path, headers=valuation.as_caller(key)).status_code == status


def test_kpis_of_any_script_can_be_named(valuation: ServiceUnderTest) -> None:
    a_series(valuation, "工具", "1 2 3 4 5 6 7 9")
    kpi = a_series(valuation, "签单率", "2 4 5 8 9 13 14 19")
    body = attribute(valuation, kpi, kpi="工具")
    assert body["explained_by"]["code"] == "工具"
    assert Decimal(body["elasticity"]["value"]) > 1


#: Anything a caller may write after `?`; words that mean something come often.
QUERIES = st.dictionaries(
    st.sampled_from(["kpi", "driver", "control", "event", "from", "to", "max_lag", "target"]),
    st.sampled_from(["fuzz-x", "fuzz-y", "2024-05", "2024-01", "2026-01", "0", "3", "-1"])
    | st.text(max_size=12),
    max_size=5,
)


@pytest.fixture(scope="module")
def fuzzed(valuation: ServiceUnderTest) -> dict[str, Any]:
    """A KPI with another one beside it."""
    a_series(valuation, "fuzz-x", "1 4 2 6 8 5 7 1 9 3 6 4")
    return a_series(valuation, "fuzz-y", "5 4 2 7 9 6 7 3 8 3 5 2")


@given(QUERIES)
@example({"kpi": "\0"})
@example({"kpi": "fuzz-x", "event": "2024-07", "control": "\0"})
@example({"kpi": "fuzz-x", "from": "1900-01", "to": "2999-12"})
@settings(max_examples=60, deadline=None)
def test_no_question_makes_it_crash(
    valuation: ServiceUnderTest, fuzzed: dict[str, Any], query: dict[str, str]
) -> None:
    answer = ask(valuation, fuzzed, **query)
    assert answer.status_code in {200, 400, 409, 422, 503}, (query, answer.text)
    if answer.status_code != 200:
        assert answer.json()["code"]
