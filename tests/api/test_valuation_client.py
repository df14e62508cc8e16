"""The typed client of the valuation service against the real service over HTTP."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from shared.clients.valuation import ValuationClient
from shared.contracts.valuation.cash_flows import CashFlowRequest
from shared.contracts.valuation.evaluations import CashFlowOfCase, EvaluationRequest
from shared.contracts.valuation.initiatives import InitiativeRequest
from shared.contracts.valuation.kpis import ObservationRequest, ValueKpiRequest
from shared.contracts.valuation.promises import ValueExpectationRequest
from shared.contracts.values import Names
from shared.errors import Conflict
from tests.running import LiveServer

D = Decimal


@pytest.fixture(scope="module")
def client(database: str, admin_key: str) -> Iterator[ValuationClient]:
    server = LiveServer("valuation")
    server.start()
    server.wait_until_started()
    with ValuationClient(server.url, admin_key) as opened:
        assert isinstance(opened, ValuationClient)
        yield opened
    server.stop()


def test_a_promise_survives_the_wire_to_the_last_digit(client: ValuationClient) -> None:
    client.put_value_kpis(
        [
            ValueKpiRequest(
                code="turns", names=Names(en="Turns"), kpi_class="efficiency", unit="1/a",
                direction="up", baseline=D("4.2"), target=D("6.8"),
            )
        ]
    )  # fmt: skip
    value = D("5.123456789012345678")
    seen = [ObservationRequest(kpi="turns", period="2016-02", value=value, source="wms")]
    assert client.put_observations(seen)[0].results[0].status == "created"
    assert client.put_observations(seen)[0].results[0].status == "unchanged"
    kpi = client.find_value_kpi("turns")
    assert kpi is not None
    assert client.get_series(kpi.id).items[0].value == value


def test_an_initiative_is_led_to_its_approved_review(client: ValuationClient) -> None:
    wanted = InitiativeRequest(
        code="wms", names=Names(en="Warehouse"), go_live_on=date(2016, 1, 31), currency="CNY"
    )
    client.put_initiatives([wanted])
    made = client.find_initiative("wms")
    assert made is not None
    with pytest.raises(Conflict) as refused:
        client.take_initiative_step(made.id, "approve")
    assert refused.value.code == "no_value_expectation"
    promise = ValueExpectationRequest(
        kpi="turns", level="operation", monetary_value=D(100), currency="CNY"
    )
    client.put_expectations(made.id, [promise])
    flows = [
        CashFlowRequest(on=date(2016, 1, 1), amount=D(-20), category="investment"),
        CashFlowRequest(on=date(2018, 1, 1), amount=D(50), category="benefit"),
    ]
    client.put_cash_flows(made.id, flows)
    assert client.take_initiative_step(made.id, "approve").stage == "approved"
    figures = client.evaluate_initiative(made.id, discount_rate=D("0.08")).figures
    assert figures.roi_gross.value == D("2.5")
    (review,) = client.walk_reviews("wms")
    assert review.due_on == date(2016, 4, 30)
    for step in ("start", "submit", "approve"):
        client.take_review_step(review.id, step)  # type: ignore[arg-type]
    result = client.get_review(review.id).results[0]
    share = (D("5.123456789012345678") - D("4.2")) / D("2.6")
    assert result.attainment is not None
    assert abs(result.attainment - share) < D("1e-12")
    assert client.get_value_realisation().totals[0].realised == result.realised_value


def test_cash_flows_are_judged_without_being_stored(client: ValuationClient) -> None:
    flows = [CashFlowOfCase(amount=D(-120)), CashFlowOfCase(amount=D(480))]
    figures = client.evaluate(EvaluationRequest(cash_flows=flows)).figures
    assert (figures.roi_gross.value, figures.roi_net.value) == (D(4), D(3))
    assert client.load_kpi_pack("btim-quality").present == []
