"""Events leave with the change that they report and arrive at least once, signed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from shared.clients.circuits import _receivers
from shared.clients.events import public_addresses, read_webhook_url
from shared.database import at_once, in_transaction
from shared.errors import RuleBroken
from shared.events import outbox
from shared.settings import get_settings
from tests.receiving import Receiver
from tests.running import ServiceUnderTest

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()


def an_event(number: int) -> None:
    with in_transaction() as session:
        outbox.publish(session, "ingest", "import.finished", f"import-{number}", {"n": number})


def send() -> None:
    outbox.route_events("ingest")
    outbox.deliver_due("ingest")


def test_a_webhook_gets_a_signed_event_and_a_replay(
    ingest: ServiceUnderTest, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "events": ["import.finished"], "secret": SECRET}
    made = ingest.post("/v1/webhooks", json=body).json()
    an_event(1)
    send()
    ((headers, content),) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(content)["data"] == {"id": "import-1", "n": 1}
    path = f"/v1/webhooks/{made['id']}/deliveries"
    (delivery,) = ingest.get(path).json()["items"]
    assert delivery["attempts"] == 1
    ingest.post(f"{path}/{delivery['id']}/replay")
    send()
    assert receiver.got[1][0]["webhook-id"] == headers["webhook-id"]
    ingest.delete(f"/v1/webhooks/{made['id']}")


def test_a_failed_delivery_is_tried_again(ingest: ServiceUnderTest, receiver: Receiver) -> None:
    body = {"url": receiver.url, "events": ["import.finished"]}
    made = ingest.post("/v1/webhooks", json=body).json()
    receiver.status = 500
    an_event(2)
    send()
    send()
    assert len(receiver.got) == 1, "the second attempt has to wait"
    receiver.status = 200
    with at_once() as connection:
        connection.execute(text("update outbox_delivery set next_attempt_at = now()"))
    send()
    assert len(receiver.got) == 2
    (delivery,) = ingest.get(f"/v1/webhooks/{made['id']}/deliveries").json()["items"]
    assert (delivery["attempts"], delivery["delivered_at"] is None) == (2, False)


def test_a_webhook_that_never_answers_holds_up_no_other(ingest: ServiceUnderTest) -> None:
    silent, answering = Receiver(), Receiver()
    silent.status = 500
    for receiver in (silent, answering):
        body = {"url": receiver.url, "events": ["import.finished"]}
        assert ingest.post("/v1/webhooks", json=body).status_code == 201
    for number in range(100, 130):
        an_event(number)
    for _ in range(5):
        send()
    assert (len(silent.got), len(answering.got)) == (5, 30)
    sequences = [json.loads(body)["sequence"] for _, body in answering.got]
    assert sequences == sorted(sequences)
    silent.status = 204
    with at_once() as connection:
        connection.execute(text("update outbox_delivery set next_attempt_at = now()"))
    _receivers.clear()  # its time is over
    for _ in range(5):
        send()
    assert {headers["webhook-id"] for headers, _ in silent.got} == {
        headers["webhook-id"] for headers, _ in answering.got
    }
    for receiver in (silent, answering):
        receiver.close()


def test_an_event_that_is_rolled_back_never_leaves(ingest: ServiceUnderTest) -> None:
    def crash() -> None:
        with in_transaction() as session:
            outbox.publish(session, "ingest", "import.finished", "gone", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    with at_once() as connection:
        query = text("select count(*) from outbox_event where resource_id = 'gone'")
        assert connection.execute(query).scalar_one() == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://[::1]/x",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/x",
        "http://0.0.0.0/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://user@127.0.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/x",
    ],
)
def test_private_addresses_are_refused(database: str, url: str) -> None:
    settings = get_settings()
    settings.webhook_allow_private = False
    try:
        with pytest.raises(RuleBroken):
            public_addresses(read_webhook_url(url))
    finally:
        settings.webhook_allow_private = True
