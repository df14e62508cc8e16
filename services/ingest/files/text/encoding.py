"""Which encoding a text file has: byte order marks, then proof, then judgement of its letters."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from services.ingest.files.limits import MIB
from services.ingest.files.text.letters import judged_by_letters
from shared.errors import RuleBroken

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEVERAL_BYTES = frozenset({"gb18030", "big5", "cp932", "euc_jp", "cp949"})
_SAMPLE_BYTES = 256 * 1024
_SAMPLE_LINES_BYTES = 64 * 1024
_LONGEST_LINE = 64 * 1024
# Control characters that separate cells, records and pages in texts.
_SIGNS = frozenset(b"\t\n\r\x0c\x01\x1e\x1f")
_LINE_ENDS = re.compile(rb"[\r\n]+")


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding by its Python name and how sure it is, from 0 to 1."""

    name: str
    confidence: float


def find_encoding(path: Path, named: str | None = None) -> FoundEncoding:
    """The encoding of a whole text file; `named` by the caller wins, but must exist."""
    if named:
        return FoundEncoding(known_name(named), 1.0)
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return FoundEncoding(name, 1.0)
    wide = _wide_encoding(head)
    if wide:
        return FoundEncoding(wide, 0.9)
    return _narrow_encoding(path)


def known_name(named: str) -> str:
    """Python's name for an encoding. Raises RuleBroken `unknown_encoding`."""
    try:
        name = codecs.lookup(named.strip()).name
    except (LookupError, ValueError) as error:
        raise RuleBroken(f"There is no encoding {named!r}.", code="unknown_encoding") from error
    if not getattr(codecs.lookup(name), "_is_text_encoding", True):
        raise RuleBroken(f"{named!r} is no text encoding.", code="unknown_encoding")
    # Files that name UTF-8 often begin with a mark all the same.
    return "utf-8-sig" if name == "utf-8" else name


def may_be_wide(head: bytes) -> bool:
    """Whether the first bytes may be UTF-16 or UTF-32, so that zeros in them are no fault."""
    wide_marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
    return head.startswith(wide_marks) or _wide_encoding(head) is not None


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: line ends and separators have a zero at one and the same side.

    Latin text has a zero in every other byte, Chinese text only there.
    """
    head = head[: len(head) // 2 * 2]
    for name, zeros, others in (
        ("utf-16-le", head[1::2], head[0::2]),
        ("utf-16-be", head[0::2], head[1::2]),
    ):
        signs = [sign for sign, zero in zip(others, zeros, strict=True) if zero == 0]
        if len(signs) < 0.02 * len(zeros) + 1 or zeros.count(0) < 2 * others.count(0):
            continue
        readable = sum(1 for sign in signs if sign in _SIGNS or sign >= 32)
        if readable == len(signs) and _is_text(head, name):
            return name
    return None


def _is_text(head: bytes, encoding: str) -> bool:
    """Whether the bytes are letters in this encoding; the last one may be cut in two."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return sum(1 for letter in text if letter.isprintable() or ord(letter) in _SIGNS) > 0.95 * len(
        text
    )


def _narrow_encoding(path: Path) -> FoundEncoding:
    faults, sample = _utf8_faults(path)
    if faults == 0:
        return FoundEncoding("utf-8", 1.0)
    good, broken = _letters_of_utf8(sample)
    if good >= 4 * broken:
        return FoundEncoding("utf-8", 0.6)  # single broken rows become rejects
    judged = judged_by_letters(sample)
    if good * 4 >= broken and judged.name not in _SEVERAL_BYTES:
        # Letters of UTF-8 do not come about by accident where a letter is one byte: two files
        # were joined, and the rows of the other one become rejects rather than wrong letters.
        return FoundEncoding("utf-8", 0.4)
    return FoundEncoding(judged.name, judged.confidence)


def _utf8_faults(path: Path) -> tuple[int, bytes]:
    """Count the blocks that are not UTF-8, and collect lines with letters beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    faults, sample, begun = 0, bytearray(), b""
    with path.open("rb") as stream:
        while block := stream.read(MIB):
            if len(sample) < _SAMPLE_LINES_BYTES and not (begun + block).isascii():
                *lines, begun = _LINE_ENDS.split(begun[-_LONGEST_LINE:] + block)
                sample += _beyond_ascii(lines or [begun], _SAMPLE_LINES_BYTES - len(sample))
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                faults += 1
                decoder.reset()
                if len(sample) >= _SAMPLE_LINES_BYTES:
                    break
    sample += _beyond_ascii([begun], _SAMPLE_LINES_BYTES - len(sample))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        faults += 1
    return faults, bytes(sample)


def _beyond_ascii(lines: list[bytes], room: int) -> bytes:
    """Whole lines with letters beyond ASCII; of a very long one its first part."""
    kept = bytearray()
    for line in lines:
        if len(kept) >= room:
            break
        if not line.isascii():
            kept += line[:_LONGEST_LINE] + b"\n"
    return bytes(kept)


def _letters_of_utf8(sample: bytes) -> tuple[int, int]:
    """How many letters beyond ASCII are whole in UTF-8, and how many bytes belong to none."""
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(1 for letter in text if ord(letter) > 127) - broken, broken
