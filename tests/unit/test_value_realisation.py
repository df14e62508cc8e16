"""Realised value over groups and months, bias of promises, and what is offered for the next one."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from statistics import median, quantiles

from hypothesis import given
from hypothesis import strategies as st

from services.valuation.benefits.value_realisation.bias import (
    Experience,
    Promised,
    choose_reference,
    correct_amount,
    correct_target,
    group_bias,
    measure_bias,
)
from services.valuation.benefits.value_realisation.domain import (
    Extra,
    History,
    Realisation,
    Stake,
    draw_over_time,
    sum_realisation,
)
from services.valuation.benefits.value_realisation.wording import correction_sentence

D = Decimal
FIELDS = ("expected", "measured", "unmeasured", "realised", "realised_extra")
amounts = st.decimals(-(10**9), 10**9, places=4)
currencies = st.sampled_from(["CNY", "EUR"])
stakes = st.builds(
    Stake, st.sampled_from(["a", "b", None]), currencies, amounts, st.none() | amounts
)
extras = st.builds(Extra, st.sampled_from(["a", None]), currencies, amounts)


def totals(groups: list[Realisation]) -> dict[str, list[Decimal]]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [D(0)] * len(FIELDS))
    for group in groups:
        added = zip(sums[group.currency], FIELDS, strict=True)
        sums[group.currency] = [value + getattr(group, name) for value, name in added]
    return dict(sums)


@given(st.lists(stakes), st.lists(extras))
def test_groups_add_up_to_the_whole(found: list[Stake], beyond: list[Extra]) -> None:
    whole = [Stake(None, each.currency, each.expected, each.realised) for each in found]
    extra = [Extra(None, each.currency, each.amount) for each in beyond]
    assert totals(sum_realisation(found, beyond)) == totals(sum_realisation(whole, extra))


months = st.integers(1, 12).map(lambda month: f"2026-{month:02d}")
histories = st.lists(st.tuples(months, stakes), min_size=1, max_size=4).map(
    lambda states: History(sorted(states, key=lambda state: state[0]))
)


@given(st.lists(histories), st.lists(st.tuples(months, extras)))
def test_the_last_month_says_what_the_totals_say(
    found: list[History], beyond: list[tuple[str, Extra]]
) -> None:
    last = {month.currency: month for month in draw_over_time(found, beyond)}
    stakes_now = [history.states[-1][1] for history in found]
    whole = totals(sum_realisation(stakes_now, [extra for _, extra in beyond]))
    for currency, sums in whole.items():
        month = last[currency]
        assert (month.expected, month.measured) == (sums[0], sums[1])
        assert (month.realised, month.realised_extra) == (sums[3], sums[4])
    assert all(
        not (month.expected or month.realised)
        for currency, month in last.items()
        if currency not in whole
    )


def test_a_later_review_takes_the_place_of_an_earlier_one() -> None:
    promise = History(
        [
            ("2026-04", Stake(None, "CNY", D(100), None)),
            ("2026-04", Stake(None, "CNY", D(100), D(40))),
            ("2027-01", Stake(None, "CNY", D(100), D(90))),
        ]
    )
    told = [(month.period, month.realised, month.rate) for month in draw_over_time([promise])]
    assert told == [("2026-04", D(40), D("0.4")), ("2027-01", D(90), D("0.9"))]


def lived(share: str, initiative: str = "other", **more: str) -> Experience:
    return Experience(Promised(initiative, **more), D(share))


def test_under_eight_shares_nothing_is_said() -> None:
    bias = measure_bias([D("0.5")] * 7)
    assert (bias.n, bias.reason, bias.median) == (7, "too_little_data", None)


def test_the_middle_of_what_was_reached_says_how_optimistic_promises_were() -> None:
    bias = measure_bias([D(n) / 10 for n in range(1, 10)])
    assert (bias.median, bias.mean, bias.optimism_bias) == (D("0.5"), D("0.5"), D("0.5"))
    assert (bias.p10, bias.p90, bias.spread) == (D("0.18"), D("0.82"), D("0.64"))


@given(st.lists(st.decimals(-5, 5, places=3), min_size=8, max_size=40))
def test_percentiles_agree_with_the_standard_library(shares: list[Decimal]) -> None:
    bias = measure_bias(shares)
    exact = [Fraction(share) for share in shares]
    tenths = quantiles(exact, n=10, method="inclusive")
    found = (bias.p10, bias.median, bias.p90)
    for mine, theirs in zip(found, (tenths[0], median(exact), tenths[8]), strict=True):
        assert mine is not None
        assert abs(Fraction(mine) - Fraction(theirs)) < Fraction(1, 10**11)


def test_each_group_speaks_for_itself() -> None:
    found = [lived("0.5", portfolio="growth") for _ in range(8)] + [lived("1")]
    growth, nameless = group_bias(found, lambda promised: promised.portfolio)
    assert (growth.group, growth.n, growth.median) == ("growth", 8, D("0.5"))
    assert (nameless.group, nameless.n, nameless.reason) == (None, 1, "too_little_data")


def test_the_narrowest_class_with_enough_results_is_chosen() -> None:
    same_kpi = [lived("0.6", kpi="turns", kind="cashable") for _ in range(8)]
    same_kind = [lived("0.9", kind="cashable") for _ in range(8)]
    promise = Promised("mine", kpi="turns", kind="cashable", portfolio="growth")
    assert choose_reference(promise, same_kpi + same_kind).chosen == "same_kpi"
    fewer = choose_reference(promise, same_kpi[:7] + same_kind)
    assert (fewer.chosen, dict(fewer.sizes)["same_kpi"]) == ("same_kind", 7)
    assert choose_reference(promise, same_kpi[:7]).chosen is None


def test_a_promise_is_not_judged_by_its_own_initiative() -> None:
    own = [lived("0.1", "mine", kpi="turns") for _ in range(20)]
    reference = choose_reference(Promised("mine", kpi="turns"), own)
    assert (reference.chosen, reference.bias) == (None, None)


def test_a_promise_without_a_kind_has_no_class_of_its_kind() -> None:
    nameless = [lived("0.5") for _ in range(9)]
    assert choose_reference(Promised("mine"), nameless).chosen == "all"


def test_a_corrected_target_goes_part_of_the_promised_way() -> None:
    assert correct_target(D("4.2"), D("6.8"), D("0.5")) == D("5.5")
    assert correct_target(D(45), D(30), D("0.8")) == D(33)
    assert correct_amount(D("10000000.01"), D("0.75")) == D("7500000.0075")


def test_the_offer_is_told_in_both_languages() -> None:
    reference = choose_reference(
        Promised("mine", kpi="turns"), [lived("0.8", kpi="turns") for _ in range(8)]
    )
    english = correction_sentence(reference, "en")
    assert english.startswith("8 earlier promises of the same KPI reached 80.0 %")
    assert "80.0%" in correction_sentence(reference, "zh-CN")
    too_few = choose_reference(Promised("mine"), [])
    assert "0 in all, 8 needed" in correction_sentence(too_few, "en")
