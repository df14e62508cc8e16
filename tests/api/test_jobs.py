"""Jobs: committed with their request, waited for, tried again, taken up again, cancelled."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from shared.database import at_once, in_transaction
from shared.errors import RuleBroken, Unavailable
from shared.ids import new_id
from shared.jobs import running
from shared.jobs.queue import defer_job
from shared.jobs.running import JobContext, register
from tests.running import LiveServices, ServiceUnderTest, Worker, run_due_jobs

SUCCEEDED = "update job set status = 'succeeded', finished_at = now() where id = :id"
seen: list[UUID] = []
failures: list[tuple[UUID, str, str]] = []


def _body(context: JobContext) -> None:
    behaviour = context.arguments.get("behaviour")
    seen.append(context.job_id)
    if behaviour == "refuse":
        raise RuleBroken("two and two are not five", code="arithmetic")
    if behaviour == "crash":
        raise ZeroDivisionError("secret detail")
    if behaviour == "flaky" and seen.count(context.job_id) < 2:
        raise Unavailable("not now")
    if behaviour in {"overtaken by success", "overtaken and refused"}:
        with at_once() as connection:  # as another worker does that had it since
            connection.execute(text(SUCCEEDED), {"id": context.job_id})
        raise Unavailable("too late") if "success" in behaviour else RuleBroken("too late")
    if behaviour == "long":
        for step in range(100):
            time.sleep(0.05)
            context.progress(step / 100)


def _on_failure(_: Session, resource: UUID, problem: dict[str, Any], status: str) -> None:
    failures.append((resource, problem.get("code", ""), status))


@pytest.fixture(autouse=True)
def _kind() -> Iterator[None]:
    register("test", _body, _on_failure)
    yield
    running._kinds.pop("test")


def a_job(service: str = "allocation", **arguments: Any) -> UUID:
    with in_transaction() as session:
        job = defer_job(
            session,
            service=service,
            kind="test",
            subject="tester",
            resource_id=new_id(),
            resource_href="/v1/me",
            arguments=arguments,
        )
    return job.id


def test_a_job_that_is_rolled_back_never_runs(allocation: ServiceUnderTest) -> None:
    def crash() -> None:
        with in_transaction() as session:
            defer_job(
                session,
                service="allocation",
                kind="test",
                subject="tester",
                resource_id=new_id(),
                resource_href="/v1/me",
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    with at_once() as connection:
        assert connection.execute(text("select count(*) from procrastinate_jobs")).scalar_one() == 0
    assert allocation.get("/v1/jobs").json()["items"] == []


def test_a_job_runs_and_tells_what_it_made(allocation: ServiceUnderTest) -> None:
    job_id = a_job()
    before = allocation.get(f"/v1/jobs/{job_id}")
    assert before.json()["status"] == "queued"
    assert before.json()["result"] is None
    assert before.headers["retry-after"] == "1"
    allocation.run_jobs()
    after = allocation.get(f"/v1/jobs/{job_id}").json()
    assert (after["status"], after["progress"]) == ("succeeded", 1)
    assert after["result"]["href"] == "/v1/me"


def test_a_refused_job_says_why(allocation: ServiceUnderTest) -> None:
    job_id = a_job(behaviour="refuse")
    allocation.run_jobs()
    job = allocation.get(f"/v1/jobs/{job_id}").json()
    assert (job["status"], job["problem"]["code"]) == ("failed", "arithmetic")
    assert failures[-1][1:] == ("arithmetic", "failed")


@pytest.mark.parametrize("behaviour", ["overtaken by success", "overtaken and refused"])
def test_a_worker_that_lost_its_job_does_not_undo_what_another_one_finished(
    allocation: ServiceUnderTest, behaviour: str
) -> None:
    job_id = a_job(behaviour=behaviour)
    allocation.run_jobs()
    job = allocation.get(f"/v1/jobs/{job_id}").json()
    assert (job["status"], job["problem"]) == ("succeeded", None)


def test_a_crashed_job_tells_nothing_of_its_inside(allocation: ServiceUnderTest) -> None:
    job_id = a_job(behaviour="crash")
    allocation.run_jobs()
    answer = allocation.get(f"/v1/jobs/{job_id}")
    assert answer.json()["problem"]["code"] == "internal_error"
    assert "secret detail" not in answer.text


def test_what_passes_is_tried_again(allocation: ServiceUnderTest) -> None:
    job_id = a_job(behaviour="flaky")
    allocation.run_jobs()
    with at_once() as connection:
        connection.execute(text("update procrastinate_jobs set scheduled_at = now()"))
    allocation.run_jobs()
    assert allocation.get(f"/v1/jobs/{job_id}").json()["status"] == "succeeded"
    assert seen.count(job_id) == 2


def test_a_dead_workers_job_is_taken_up_again(allocation: ServiceUnderTest) -> None:
    job_id = a_job()
    with at_once() as connection:
        # As a worker leaves it that was killed while it ran the job.
        dead = connection.execute(
            text(
                "insert into procrastinate_workers (last_heartbeat)"
                " values (now() - interval '1 hour') returning id"
            )
        ).scalar_one()
        connection.execute(
            text("update procrastinate_jobs set status = 'doing', worker_id = :dead"),
            {"dead": dead},
        )
        connection.execute(text("update job set status = 'running' where id = :id"), {"id": job_id})
    worker = Worker("allocation")
    worker.start()
    try:
        answer = allocation.get(f"/v1/jobs/{job_id}?wait=20").json()
    finally:
        worker.stop()
    assert answer["status"] == "succeeded"


def test_a_finished_job_is_not_run_twice(allocation: ServiceUnderTest) -> None:
    job_id = a_job()
    allocation.run_jobs()
    running.run(job_id)
    assert seen.count(job_id) == 1


def test_two_workers_do_not_run_one_job_together(allocation: ServiceUnderTest) -> None:
    job_id = a_job(behaviour="long")
    first = threading.Thread(target=running.run, args=(job_id,))
    first.start()
    while job_id not in seen:
        time.sleep(0.01)
    with pytest.raises(Unavailable):
        running.run(job_id)
    allocation.post(f"/v1/jobs/{job_id}/cancel")
    first.join()


def test_a_running_job_can_be_cancelled(allocation: ServiceUnderTest) -> None:
    job_id = a_job(behaviour="long")
    runner = threading.Thread(target=run_due_jobs, args=("allocation",))
    runner.start()
    while allocation.get(f"/v1/jobs/{job_id}").json()["progress"] == 0:
        time.sleep(0.02)
    assert allocation.post(f"/v1/jobs/{job_id}/cancel").status_code == 200
    runner.join()
    assert allocation.get(f"/v1/jobs/{job_id}").json()["status"] == "cancelled"
    again = allocation.post(f"/v1/jobs/{job_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "job_finished")


def test_waiting_answers_as_soon_as_the_job_is_done(services: LiveServices) -> None:
    job_id = a_job()
    began = time.monotonic()
    job = services.allocation.get(f"/v1/jobs/{job_id}?wait=30").json()
    assert job["status"] == "succeeded"
    assert time.monotonic() - began < 15


def test_a_wait_of_more_than_a_minute_is_refused(allocation: ServiceUnderTest) -> None:
    assert allocation.get(f"/v1/jobs/{new_id()}?wait=61").status_code == 422
    assert allocation.get(f"/v1/jobs/{new_id()}?wait=5").status_code == 404
