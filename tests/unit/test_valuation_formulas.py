"""Formulas of KPIs: nothing but arithmetic is read, values are exact, units are respected."""

import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.valuation.measures.value_kpis.formulas import Name, compute_formula, parse_formula
from services.valuation.measures.value_kpis.formulas.compute import LARGEST
from services.valuation.measures.value_kpis.formulas.cycles import TooWide, find_cycle
from services.valuation.measures.value_kpis.formulas.tree import (
    DriverTotal,
    PublishedCost,
    TicketFigure,
)
from services.valuation.measures.value_kpis.formulas.unit_check import (
    find_mismatch,
    unit_of_formula,
)
from services.valuation.measures.value_kpis.formulas.units import UnitMismatch, parse_unit
from shared.errors import RuleBroken

D = Decimal
WATCHED = ("exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "function.__new__")
happened: list[str] = []
watching = [False]


def _watch(event: str, _: Any) -> None:
    if watching[0] and event.startswith(WATCHED):
        happened.append(event)


sys.addaudithook(_watch)


def is_formula(text: str) -> bool:
    """Whether a text is read; any failure but a typed refusal, and any deed, fails the test."""
    watching[0] = True
    try:
        parse_formula(text)
    except RuleBroken as refused:
        watching[0] = False
        assert refused.code == "formula_invalid"  # noqa: PT017 - either outcome is right
        return False
    finally:
        watching[0] = False
        assert happened == []
    return True


HOSTILE = (
    "__import__('os').system('id')", "().__class__.__mro__", "a.__class__", "lambda: a",
    "[a for a in b]", "{a: b}", "f'{a}'", 'f\'{__import__("os")}\'', "(a := 1)",
    "a ** 9 ** 9 ** 9", "9" * 400, "1e999999999", "0x1f", "1_0", "1j", "a if b else c", "a @ b",
    "a // b", "a % b", "a << 99999999", "~a", "not a", "a and b", "a == b", "a[0]", "a()",
    "eval('a')", "exec('a')", "open('x')", "print(a)", "min(*a)", "min(**a)", "max(a, key=b)",
    "abs(a)(b)", "driver(a.b)", "driver('a', target=b + c)", "driver('a', **b)",
    "tickets(count())", "cost('a' 'b')", "cost(f'{a}', 'b')", "'a' 'b'", "b'a'", "u'a'", "r'a'",
    "'''a'''", "''", "a\x00b", "a\nb", "a;b", "a#b", "\\u0061", "\uff4din(a)", "a\u2028b",
    "\u202ea", "\ud800", "await a", "yield a", "*a", "**a", "...", "None", "True", "import os",
    "del a", "(" * 300 + "a" + ")" * 300, "-" * 1990 + "a", "abs(" * 400 + "a" + ")" * 400,
    "a.b.__class__", "a._b", "a.b()", "(a).b", "a .b", "a()._b", "a.b[0]", "a." + "b" * 200,
    "a" * 201, "'" + "a" * 201 + "'", "'a\tb'",
)  # fmt: skip
pieces = st.sampled_from(
    (
        *HOSTILE, "a", "b", "成本", "1", "0.5", "+", "-", "*", "/", "(", ")", ",", "min(", "abs(",
        "driver(", "tickets(", "cost(", "'x'", '"y z"', "=", "service=", " ", ":=", "__", ".", "é",
    )
)  # fmt: skip
hostile_texts = st.one_of(
    st.lists(pieces, max_size=8).map("".join),
    st.text(max_size=60),
    st.text(alphabet="ab01.+-*/()'\" ,[]{}:_=<>%&|^~!@\\成", max_size=40),
)
QUICK = [HealthCheck.too_slow]


@given(hostile_texts)
@settings(max_examples=1000, deadline=None, suppress_health_check=QUICK)
def test_no_text_does_anything_but_become_a_formula_or_be_refused(text: str) -> None:
    is_formula(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_refused(text: str) -> None:
    assert not is_formula(text)


UNITS = {"a": "CNY", "b": "CNY", "c": "h", "d": "h", "e": "order", "成本": "CNY"}
Powers = frozenset[tuple[str, int]]
PLAIN: Powers = frozenset()


@dataclass(frozen=True)
class Tree:
    """A formula with what it must give: its value (None: by zero), its unit, its largest part."""

    text: str
    value: Fraction | None
    powers: Powers
    largest: Fraction


def one(word: str) -> Powers:
    return frozenset({(word, 1)})


def join(left: Powers, right: Powers, sign: int) -> Powers:
    total: Counter[str] = Counter(dict(left))
    for word, power in right:
        total[word] += sign * power
    return frozenset((word, power) for word, power in total.items() if power)


def leaf(name: str, written: str, values: dict[str, Decimal]) -> Tree:
    value = Fraction(values[name])
    return Tree(written, value, one(UNITS[name]), abs(value))


def work_out(operation: str, left: Fraction, right: Fraction) -> Fraction | None:
    if operation == "/":
        return left / right if right else None
    results = {
        "+": left + right, "-": left - right, "*": left * right,
        "min": min(left, right), "max": max(left, right),
    }  # fmt: skip
    return results[operation]


def combine(operation: str, left: Tree, right: Tree) -> Tree:
    """Two trees as one, worked out here in fractions only."""
    powers = left.powers
    if operation in "*/":
        powers = join(left.powers, right.powers, 1 if operation == "*" else -1)
    value = None
    if left.value is not None and right.value is not None:
        value = work_out(operation, left.value, right.value)
    text = f"({left.text} {operation} {right.text})"
    if operation in ("min", "max"):
        text = f"{operation}({left.text}, {right.text})"
    largest = max(left.largest, right.largest, abs(value or Fraction(0)))
    return Tree(text, value, powers, largest)


@st.composite
def trees(draw: st.DrawFn, values: dict[str, Decimal], unit: str, depth: int = 3) -> Tree:
    """A right tree of a unit, over the names of `UNITS`."""
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind == 0:
        name = draw(st.sampled_from([name for name in UNITS if UNITS[name] == unit]))
        return leaf(name, draw(st.sampled_from([name, f'"{name}"'])), values)
    inner = draw(trees(values, unit, depth - 1))
    if kind == 1:
        number = draw(st.decimals(0, 1000, places=2))
        literal = Tree(f"{number:f}", Fraction(number), PLAIN, Fraction(number))
        return combine(draw(st.sampled_from("*/")), inner, literal)
    if kind == 2:
        value = None if inner.value is None else abs(inner.value)
        return Tree(f"abs({inner.text})", value, inner.powers, inner.largest)
    if kind == 3:
        value = None if inner.value is None else -inner.value
        return Tree(f"-{inner.text}", value, inner.powers, inner.largest)
    if kind == 4:
        other = draw(st.sampled_from(["CNY", "h", "order"]))
        above, below = (draw(trees(values, other, depth - 1)) for _ in range(2))
        return combine("/", combine("*", inner, above), below)
    operation = draw(st.sampled_from(["+", "-", "min", "max"]))
    return combine(operation, inner, draw(trees(values, unit, depth - 1)))


amounts = st.one_of(st.just(D(0)), st.decimals(-(10**6), 10**6, places=3))
values_of_names = st.fixed_dictionaries(dict.fromkeys(UNITS, amounts))
units_of_names = {Name(name): unit for name, unit in UNITS.items()}


@given(st.data(), values_of_names, st.sampled_from(["CNY", "h", "order"]))
@settings(max_examples=600, deadline=None, suppress_health_check=QUICK)
def test_a_right_formula_has_its_unit_and_its_exact_value_or_a_reason(
    data: st.DataObject, values: dict[str, Decimal], unit: str
) -> None:
    tree = data.draw(trees(values, unit))
    if data.draw(st.booleans()):
        other = data.draw(st.sampled_from(["CNY", "h", "order"]))
        tree = combine(data.draw(st.sampled_from("*/")), tree, data.draw(trees(values, other, 1)))
    formula = parse_formula(tree.text)
    assert frozenset(unit_of_formula(formula, units_of_names).powers) == tree.powers
    outcome = compute_formula(formula, {Name(name): value for name, value in values.items()})
    if tree.value is None:
        assert outcome.value is None
        assert outcome.reason in ("division_by_zero", "out_of_range")
    elif outcome.value is None:
        assert outcome.reason == "out_of_range"
        assert tree.largest > LARGEST
    else:
        assert Fraction(outcome.value) == Fraction(round(tree.value * 10**18), 10**18)


@given(st.data(), values_of_names)
@settings(max_examples=400, deadline=None, suppress_health_check=QUICK)
def test_what_is_not_the_same_is_never_added(
    data: st.DataObject, values: dict[str, Decimal]
) -> None:
    units = data.draw(st.permutations(["CNY", "h", "order"]))
    left, right = (data.draw(trees(values, unit, 2)) for unit in units[:2])
    wrong = combine(data.draw(st.sampled_from(["+", "-", "min", "max"])), left, right)
    around = data.draw(st.sampled_from(["{}", "abs({})", "2 * {}", "-{}", "{} / a", "max(1, {})"]))
    formula = parse_formula(around.format(wrong.text))
    with pytest.raises(UnitMismatch):
        unit_of_formula(formula, units_of_names)
    assert find_mismatch(formula, "anything", units_of_names) is not None


@pytest.mark.parametrize(
    ("formula", "declared", "fits"),
    [
        ("a / e", "CNY", True),
        ("a / e", "CNY/order", True),
        ("a / e", "h", False),
        ("a / b", "%", True),
        ("a / b", "ratio", True),
        ("a / b", "CNY", False),
        ("a / b * 100", "CNY", True),
        ("c * 120", "CNY", True),
        ("a + c * 120", "CNY", False),
        ("a + 5", "money", True),
        ("a + 5", "USD", False),
        ("a", "CNY/month", True),
        ("a", "元", True),
        ("a", "万元", False),
        ("a / 10000", "万元", True),
        ("c", "小时", True),
        ("c", "min", False),
        ("e * 12", "次/年", True),
        ("a / b", "次/年", True),
        ("a / b", "h", False),
        ("nobody + a", "CNY", True),
        ("cost() / e", "CNY/order", True),
        ("cost() + c", "CNY", False),
        ('cost("solution", "CRM") / a', "%", True),
        ('tickets("hours") + c', "h", True),
        ('tickets("hours") + tickets("count")', "h", False),
        ('tickets("sla_met_share") * 100', "%", True),
        ('a / tickets("count")', "CNY", True),
        ('driver("vcpu_hours") + a', "CNY", True),
        ("percent + a / b", "%", True),
        ("percent + fraction", "%", False),
        ("1 - fraction", "ratio", True),
        ("usd + a", "CNY", False),
        ("any + a", "CNY", True),
        ("count + e", "order", True),
        ("count + c", "h", False),
    ],
)
def test_units_are_held_against_each_other(formula: str, declared: str, *, fits: bool) -> None:
    more = {"percent": "%", "fraction": "ratio", "usd": "USD", "any": "money", "count": "count"}
    units = units_of_names | {Name(name): unit for name, unit in more.items()}
    assert (find_mismatch(parse_formula(formula), declared, {**units}) is None) == fits


def test_a_unit_is_read_in_many_spellings() -> None:
    assert parse_unit("元/单") == parse_unit("CNY / 单")
    assert parse_unit("Hours") == parse_unit("小时") == parse_unit("h")
    assert parse_unit("CNY/order/month") == parse_unit("CNY/orders")
    assert str(parse_unit("kWh*h/order")) == "h*kwh/order"


def test_figures_of_other_services_are_read_with_their_limits() -> None:
    text = (
        'driver("vcpu_hours", target="ERP") + driver(用量) + cost() + cost("solution", "CRM")'
        ' + tickets() + tickets("mttr_hours", service="邮件", kind="incident")'
    )
    assert parse_formula(text).leaves == (
        DriverTotal("vcpu_hours", "ERP"),
        DriverTotal("用量"),
        PublishedCost(),
        PublishedCost("solution", "CRM"),
        TicketFigure("count"),
        TicketFigure("mttr_hours", (("kind", "incident"), ("service", "邮件"))),
    )


@pytest.mark.parametrize(
    "text",
    [
        "driver()", 'driver("a", "b")', 'driver("a", colour="b")', 'cost("planet", "a")',
        'cost("solution")', 'cost("solution", "a", "b")', 'tickets("beauty")',
        'tickets("count", service="a", service="b")', 'tickets("count", import_id="x")',
    ],
)  # fmt: skip
def test_figures_that_are_not_there_are_refused(text: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_formula(text)
    assert refused.value.code == "formula_invalid"


def test_a_long_sum_is_no_deep_nesting() -> None:
    values = {Name("a"): D(2)}
    assert compute_formula(parse_formula("+".join(["a"] * 900)), {**values}).value == D(1800)
    assert compute_formula(parse_formula("a*" * 100 + "a/a"), {**values}).value == D(2**100)


def test_a_circle_is_told_with_its_way() -> None:
    named_by = {"hen": ["egg"], "egg": ["nest", "hen"], "nest": []}
    assert find_cycle("hen", ["egg"], named_by) == ("hen", "egg", "hen")
    assert find_cycle("fox", ["hen"], named_by) == ()
    assert find_cycle("fox", ["fox"], named_by) == ("fox", "fox")


def test_formulas_over_too_many_kpis_are_refused() -> None:
    chain = {f"k{at}": [f"k{at + 1}"] for at in range(600)}
    with pytest.raises(TooWide):
        find_cycle("top", ["k0"], chain)
