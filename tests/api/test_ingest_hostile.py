"""Uploads that mean harm: broken forms, lying lengths, hostile files; a problem, nothing kept."""

import gc
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from services.ingest.files.problems import FILE_CODES
from shared.settings import get_settings
from shared.tables.platform import StoredFile
from tests.running import ServiceUnderTest
from tests.security import hostile_files as hostile

CSV = b"Date,Amount,Currency\n2026-01-05,12.5,EUR\n"
BOUNDARY = "----part"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, content: bytes, disposition: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{disposition}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def a_file(name: str = "a.csv", content: bytes = CSV) -> bytes:
    return part("file", content, f'; filename="{name}"')


KIND = part("kind", b"ledger")
END = f"--{BOUNDARY}--\r\n".encode()


def send(ingest: ServiceUnderTest, *parts: bytes, **headers: str) -> Any:
    sent = {"Content-Type": CONTENT_TYPE, **headers}
    return ingest.post("/v1/imports", content=b"".join(parts), headers=sent)


@pytest.mark.parametrize(
    ("parts", "status", "pointer"),
    [
        ((KIND, a_file(), a_file("b.csv"), END), 422, "/file"),
        ((KIND, KIND, a_file(), END), 422, "/kind"),
        ((KIND, a_file(), part("colour", b"red"), END), 422, "/colour"),
        ((KIND, part("file", CSV), END), 422, "/file"),
        ((KIND, END), 422, "/file"),
        ((a_file(), END), 422, "/kind"),
        ((part("kind", b"ledgers"), a_file(), END), 422, "/kind"),
        ((KIND, a_file(), a_file(), a_file(), END), 400, None),
        ((KIND, a_file(), *[part(f"x{n}", b"") for n in range(60)], END), 400, None),
        ((KIND, a_file(), part("source", b"x" * (1 << 19)), END), 400, None),
        ((b"no form at all",), 400, None),
        ((KIND, a_file("x" * 10_000), END), 400, None),
    ],
    ids=[
        "two files", "kind twice", "unknown field", "file without a name",
        "no file", "no kind", "unknown kind", "three files", "sixty fields",
        "a field of half a megabyte", "no form", "a name of 10 kB",
    ],
)  # fmt: skip
def test_a_broken_form_is_refused(
    ingest: ServiceUnderTest, parts: tuple[bytes, ...], status: int, pointer: str | None
) -> None:
    answer = send(ingest, *parts)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if pointer is not None:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_form_that_breaks_off_is_refused(ingest: ServiceUnderTest) -> None:
    for cut in (2, 10, 30):
        answer = send(ingest, KIND, a_file()[:-cut])
        assert answer.status_code == 422, answer.text
    gc.collect()  # the framework lets the file of the broken part go without closing it


def test_an_odd_charset_or_boundary_is_no_crash(ingest: ServiceUnderTest) -> None:
    for said in ("charset=zlib", "charset=undefined", "charset=punycode", "charset=utf-16"):
        answer = send(ingest, KIND, a_file(), END, **{"Content-Type": f"{CONTENT_TYPE}; {said}"})
        assert answer.status_code in {202, 200, 400, 422}, (said, answer.text)
    for odd in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed"):
        answer = send(ingest, KIND, a_file(), END, **{"Content-Type": odd})
        assert answer.status_code in {400, 415, 422}, (odd, answer.text)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\bill.csv", "bill.csv"),
        ("a\x01b\x7f.csv", "ab.csv"),
        ("x" * 1_000 + ".csv", None),
        ("账单 2026.csv", "账单 2026.csv"),
    ],
)
def test_the_name_of_a_file_is_only_a_name(
    ingest: ServiceUnderTest, sent: str, kept: str | None
) -> None:
    answer = send(ingest, KIND, part("source", repr(sent[:50]).encode()), a_file(sent), END)
    assert answer.status_code in {200, 202}, answer.text
    name = ingest.get(f"/v1/imports/{answer.json()['id']}").json()["file"]["name"]
    assert len(name) <= 255
    assert name == kept or (kept is None and name in sent)


def stored_files(session: Session) -> int:
    return session.exec(select(func.count(col(StoredFile.id)))).one()


def test_what_is_too_large_is_refused_early(
    ingest: ServiceUnderTest, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored_files(session)
    claimed = send(ingest, KIND, a_file(), END, **{"Content-Length": str(1 << 40)})
    assert (claimed.status_code, claimed.json()["code"]) == (413, "too_large")
    assert send(ingest, KIND, **{"Content-Length": "many"}).status_code == 400
    monkeypatch.setattr(get_settings(), "max_upload_bytes", 1 << 16)
    told = send(ingest, KIND, a_file(content=CSV * 3_000), END)
    assert told.status_code == 413
    sent: list[int] = []

    def pieces() -> Any:
        yield KIND + a_file()[:-2]
        for number in range(1_000):
            sent.append(number)
            yield CSV * 100

    chunked = ingest.post("/v1/imports", content=pieces(), headers={"Content-Type": CONTENT_TYPE})
    assert chunked.status_code == 413
    assert stored_files(session) == before


def test_hostile_files_fail_their_import_with_a_code(
    ingest: ServiceUnderTest, tmp_path: Path
) -> None:
    names = ("cells far apart", "entity outside", "zips in zips", "text repeated in Parquet")
    quick = {name: hostile.REFUSED[name] for name in names}
    ids = {}
    for name, (write, _) in quick.items():
        content = write(tmp_path / "upload").read_bytes()
        answer = send(ingest, KIND, a_file(content=content), END)
        assert answer.status_code == 202, (name, answer.text)
        ids[name] = answer.json()["id"]
    ingest.run_jobs()
    for name, import_id in ids.items():
        found = ingest.get(f"/v1/imports/{import_id}").json()
        assert (found["status"], found["problem"]["code"]) == ("failed", quick[name][1]), name
        assert found["problem"]["code"] in FILE_CODES
        assert found["rows"]["accepted"] == 0


def test_formulas_in_text_come_out_as_text(ingest: ServiceUnderTest, tmp_path: Path) -> None:
    line = hostile.LINE.replace(
        "</row>",
        hostile.cell("D2", "=cmd|' /C calc'!A0") + hostile.cell("E2", "@SUM(1)") + "</row>",
    )
    header = hostile.HEADER.replace(
        "</row>", hostile.cell("D1", "Vendor") + hostile.cell("E1", "Description") + "</row>"
    )
    content = hostile.a_workbook(tmp_path / "upload", header + line).read_bytes()
    answer = send(ingest, KIND, part("source", b"formulas"), a_file(content=content), END)
    ingest.run_jobs()
    found = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    assert (found["rows"]["accepted"], found["detected"]["sheet"]) == (1, "Lines")
    (item,) = ingest.get("/v1/cost-lines?source=formulas").json()["items"]
    assert (item["vendor"], item["description"]) == ("=cmd|' /C calc'!A0", "@SUM(1)")
    text = ingest.get("/v1/cost-lines?source=formulas", headers={"Accept": "text/csv"}).text
    assert ",=cmd" not in text
    assert ",@SUM" not in text


def test_json_of_any_kind_in_a_cell_is_stored_or_rejected(ingest: ServiceUnderTest) -> None:
    tags = ('{"a": "\\u0000"}', '{"\\u0000": "a"}', '{"a": "\\ud800"}', "[" * 900 + "]" * 900)
    lines = "".join(f'{{"Date": "2026-01-05", "Amount": 1, "Tags": {tag}}}\n' for tag in tags)
    good = '{"Date": "2026-01-05", "Amount": 1, "Tags": {"a": "b"}}\n'
    sent = a_file(content=(good + lines).encode())
    form = part("source", b"tags"), part("currency", b"EUR")
    answer = send(ingest, KIND, *form, sent, END)
    ingest.run_jobs()
    found = ingest.get(f"/v1/imports/{answer.json()['id']}").json()
    assert found["status"] == "succeeded", found["problem"]
    assert found["rows"]["received"] == 5
    assert found["rows"]["accepted"] + found["rows"]["rejected"] == 5
    assert found["rows"]["rejected"] >= 2
