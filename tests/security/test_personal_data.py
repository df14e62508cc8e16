"""A person taken out of everything stored: the name is gone, every figure and proof stays."""

import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from services.ingest.personal_data.domain import Sought
from shared.audit import trail, verification
from shared.database import in_transaction
from shared.files import get_file, read_file
from shared.tables.platform import Job
from tests.modelling import Figures, Modelling, direct, ok
from tests.running import ServiceUnderTest

PERIOD = "2031-03"
NAME, NAME_ZH, EMAIL = "Wanda Fangová", "王芳芳", "wanda.f@example.test"
VALUES = [NAME, NAME_ZH, EMAIL]
CSV = f"""Period,Account,Vendor,Text,Caller,Amount
{PERIOD},SW,{NAME},Licence,{EMAIL},10.10
{PERIOD},SW,{NAME_ZH},报销,{EMAIL},20.20
{PERIOD},SW,Acme,Licence,,30.30
{PERIOD},SW,Acme,Broken row of {NAME},,no amount
"""
COLUMNS = {"period": "Period", "account": "Account", "vendor": "Vendor", "description": "Text",
           "amount": "Amount", "fields.Caller": "Caller"}  # fmt: skip


_FILE_OF = text("select file_id from data_import where id = :id")


class Company:
    """One month with three lines, two of a person, and one that was refused; run and published."""

    def __init__(self, allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> None:
        self.allocation, self.ingest = allocation, ingest
        self.upload = self._upload(CSV.encode(), "march.csv")
        self.packed = self._upload(gzip.compress(CSV.replace("10.10", "1.10").encode()), "m.csv.gz")
        ok(ingest.post(f"/v1/imports/{self.packed}/revert", json={"reason": "twice"}))
        item = {"code": "LAPTOP", "names": {"en": "Laptop"}, "vendor": NAME,
                "tags": {"owner": NAME_ZH}}  # fmt: skip
        ok(ingest.post("/v1/assets/bulk", json={"items": [item]}))
        modelling = Modelling(allocation, ingest)
        for layer, code in (("pool", "P1"), ("pool", "P2"), ("solution", "S"), ("consumer", "C")):
            modelling.objects(layer, code)
        modelling.publish_model(
            [
                direct("acme", "line_to_pool", "P1", source={"vendor": "Acme"}, priority=1),
                direct("person", "line_to_pool", "P2", source={"vendor": NAME}, priority=2),
                direct("rest", "line_to_pool", "P2", source={"account": "SW"}, priority=9),
                direct("s", "pool_to_solution", "S"),
                direct("c", "solution_to_consumer", "C"),
            ],
            {},
        )
        self.figures: Figures = modelling.run(PERIOD, publish=True)

    def _upload(self, content: bytes, name: str) -> str:
        form = {"kind": "ledger", "source": name, "currency": "EUR", "period": PERIOD}
        files = {"file": (name, content, "text/csv")}
        made = ok(self.ingest.post("/v1/imports", files=files, data=form))
        self.ingest.run_jobs()
        done = ok(self.ingest.get(f"/v1/imports/{made['id']}"))
        assert (done["status"], done["rows"]["rejected"]) == ("succeeded", 1), done
        return str(made["id"])

    def proofs(self) -> dict[str, Any]:
        """What must be the same before and after."""
        figures = self.figures
        run = ok(self.allocation.get(figures.path))
        trace = figures.ask("trace", layer="consumer", code="C", to="line")
        return {
            "hashes": (run["fingerprint"], run["output_hash"], run["totals"]),
            "reconciliation": figures.ask("reconciliation"),
            "balances": figures.items("balances"),
            "flows": figures.items("flows"),
            "trace": _figures_of(trace),
            "import": ok(self.ingest.get(f"/v1/imports/{self.upload}"))["amounts"],
        }

    def purge(self, **asked: Any) -> dict[str, Any]:
        """A purge that has run."""
        query = {"dry_run": "true"} if asked.pop("dry_run", False) else {}
        body = {"values": VALUES, "reason": "request 17", **asked}
        made = ok(self.ingest.post("/v1/personal-data/purges", json=body, params=query))
        self.ingest.run_jobs()
        done: dict[str, Any] = ok(self.ingest.get(f"/v1/personal-data/purges/{made['id']}"))
        assert done["status"] == "succeeded", done
        return done


def _figures_of(value: Any) -> Any:
    """Ids and amounts of an answer without the texts that a purge may change."""
    if isinstance(value, dict):
        kept = {"id", "line_id", "amount", "code", "items", "line", "share", "units", "total"}
        return {name: _figures_of(one) for name, one in value.items() if name in kept}
    return [_figures_of(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def company(allocation: ServiceUnderTest, ingest: ServiceUnderTest) -> Company:
    fields = [
        {"collection": "cost_lines", "field": "vendor", "category": "name",
         "names": {"en": "Vendor", "zh-CN": "供应商"}},
        {"collection": "cost_lines", "field": "description", "category": "other"},
        {"collection": "cost_lines", "field": "fields.Caller", "category": "email"},
        {"collection": "assets", "field": "vendor", "category": "name"},
        {"collection": "assets", "field": "tags.owner", "category": "name"},
    ]  # fmt: skip
    done = ok(ingest.post("/v1/personal-data-fields/bulk", json={"items": fields}))
    assert {one["status"] for one in done["results"]} == {"created"}
    return Company(allocation, ingest)


def places_that_say(values: list[str]) -> Iterator[str]:
    """Every column of every table whose bytes or texts say one of these, packed or not."""
    with psycopg.connect(os.environ["BTIM_TEST_SUPERUSER_URL"]) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'public' and data_type in"
            " ('bytea', 'jsonb', 'text', 'character varying', 'ARRAY')"
            " and table_name !~ '^run_chunk_'"
        ).fetchall()
        for table, column, kind in columns:
            for (said,) in connection.execute(_all_of(table, column)).fetchall():
                if _says(said if kind == "bytea" else str(said).encode(), values):
                    yield f"{table}.{column}"


def _all_of(table: str, column: str) -> sql.Composed:
    return sql.SQL("select {} from {}").format(sql.Identifier(column), sql.Identifier(table))


def _says(data: bytes | None, values: list[str]) -> bool:
    if not data:
        return False
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:4] == b"PAR1":
        import polars

        data = polars.read_parquet(io.BytesIO(data)).write_json().encode()
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            data = b"".join(book.read(name) for name in book.namelist())
    return any(value.encode() in data for value in values)


def test_a_dry_run_counts_and_changes_nothing(company: Company) -> None:
    before = set(places_that_say(VALUES))
    done = company.purge(dry_run=True)
    assert done["replaced"]["cost_lines"] >= 4
    assert {"assets", "rejects", "runs", "uploads"} <= done["replaced"].keys()
    assert done["left_alone"] == {"mappings": 1}
    assert set(places_that_say(VALUES)) == before


def test_the_person_is_gone_and_every_figure_and_proof_stays(company: Company) -> None:
    before = company.proofs()
    assert "cost_line.vendor" in set(places_that_say(VALUES))
    done = company.purge()
    assert set(places_that_say(VALUES)) == {"mapping.source"}  # an approved version never changes
    assert company.proofs() == before
    assert len(done["value_hashes"]) == 3
    with in_transaction() as session:
        trail.seal(session)
        assert list(verification.verify(session)) == []


def test_what_was_equal_stays_equal(company: Company) -> None:
    items = ok(company.ingest.get("/v1/cost-lines", params={"period": PERIOD}))["items"]
    callers = {one["fields"]["Caller"] for one in items if one["fields"].get("Caller")}
    assert len(callers) == 1
    assert all(caller.startswith("purged:") for caller in callers)
    vendors = [one["vendor"] for one in items]
    assert len(set(vendors)) == 3
    assert "Acme" in vendors


def test_files_keep_the_hash_of_what_came(company: Company) -> None:
    upload = ok(company.ingest.get(f"/v1/imports/{company.upload}"))
    assert upload["file"]["sha256"] == hashlib.sha256(CSV.encode()).hexdigest()
    path = f"/v1/imports/{company.upload}/rejects"
    assert NAME not in company.ingest.get(path, headers={"Accept": "text/csv"}).text
    with in_transaction() as session:
        plain, packed = (
            get_file(session, session.execute(_FILE_OF, {"id": one}).scalar_one())
            for one in (company.upload, company.packed)
        )
        content = b"".join(read_file(session, plain))
    assert plain.rewritten_at is not None
    assert b"30.30" in content
    assert packed.removed_for == "personal data"


def test_the_same_run_again_gives_the_same_figures(company: Company) -> None:
    again = Modelling(company.allocation, company.ingest).run(PERIOD)
    assert again.run["totals"] == company.figures.run["totals"]


def test_the_trail_says_that_an_asset_changed_and_nobodys_name(company: Company) -> None:
    items = [{"code": "PHONE", "names": {"en": "Phone"}, "vendor": "Jana Nováková"}]
    made = ok(company.ingest.post("/v1/assets/bulk", json={"items": items}))["results"][0]
    path = f"/v1/assets/{made['id']}"
    ok(company.ingest.patch(path, json={"vendor": "Petra Malá"}, headers={"If-Match": "*"}))
    said = set(places_that_say(["Jana Nováková", "Petra Malá"]))
    assert said <= {"asset.vendor"}


def test_neither_the_job_nor_the_reason_tells(company: Company) -> None:
    body = {"values": VALUES, "reason": f"because {NAME} asked"}
    answer = company.ingest.post("/v1/personal-data/purges", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_tells")
    assert NAME not in answer.text
    made = ok(company.ingest.post("/v1/personal-data/purges", json={**body, "reason": "17"}))
    said = set(places_that_say(VALUES))
    assert said <= {"mapping.source", "run_chunk.content"}  # the selector of a later run
    with in_transaction() as session:
        assert session.get_one(Job, UUID(made["job"]["id"])).arguments == {}
    company.ingest.run_jobs()


def test_a_field_that_joins_rows_to_the_model_cannot_be_named(company: Company) -> None:
    body = {"collection": "tickets", "field": "consumer", "category": "name"}
    assert company.ingest.post("/v1/personal-data-fields", json=body).status_code == 422


def test_moments_numbers_and_ids_are_left_alone_unless_they_are_sought() -> None:
    sought = Sought(("2026", "4711"), True, b"secret")
    kept = {"at": "2026-01-05T10:00:00+00:00", "amount": "-2026.50", "id": "2026ab" * 8}
    assert sought.of_json(kept) == kept
    found = sought.of_json({"staff": "4711", "said": "asked 4711 in 2026"})
    assert "4711" not in str(found)


def test_a_part_of_a_text_is_replaced_where_parts_are_asked_for() -> None:
    sought = Sought(("Li",), True, b"secret")
    assert sought.of_text("Mrs LI and liability").count("purged:") == 3
    whole = Sought(("Li",), False, b"secret")
    left = whole.of_text("Mrs Li, liability")
    assert (left.count("purged:"), "liability" in left) == (1, True)
    assert whole.of_bytes("Li;Liability".encode("utf-16-le")).count(b"L\x00i\x00a\x00b") == 1
    assert not whole.is_in([b"a Lid"])
    assert whole.is_in([b'{"who": "Li"}'])
