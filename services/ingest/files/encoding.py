"""Which encoding a text file has: byte order marks, then proof, then judgement of its letters."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from services.ingest.files.limits import MIB
from shared.errors import RuleBroken

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# One family of letters each; charset-normalizer only decides between these.
_CANDIDATES = [
    "gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254",
]  # fmt: skip
_SAMPLE_BYTES = 256 * 1024
_SAMPLE_LINES_BYTES = 64 * 1024


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding by its Python name and how sure it is, from 0 to 1."""

    name: str
    confidence: float


def find_encoding(path: Path, named: str | None = None) -> FoundEncoding:
    """The encoding of a whole text file; `named` by the caller wins, but must exist."""
    if named:
        return FoundEncoding(_known_name(named), 1.0)
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return FoundEncoding(name, 1.0)
    wide = _wide_encoding(head)
    if wide:
        return FoundEncoding(wide, 0.9)
    return _narrow_encoding(path)


def _known_name(named: str) -> str:
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
    """UTF-16 without a mark: Latin text then has a zero in every other byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _narrow_encoding(path: Path) -> FoundEncoding:
    faults, sample = _utf8_faults(path)
    if faults == 0:
        return FoundEncoding("utf-8", 1.0)
    if _mostly_utf8(sample):
        return FoundEncoding("utf-8", 0.6)  # single broken rows become rejects
    if _reads_as_chinese(sample):
        return FoundEncoding("gb18030", 0.9)
    best = from_bytes(sample, cp_isolation=_CANDIDATES, explain=False).best()
    if best is not None and best.encoding != "ascii":
        return FoundEncoding(best.encoding, 0.7)
    return FoundEncoding("cp1252", 0.4)


def _utf8_faults(path: Path) -> tuple[int, bytes]:
    """Count the blocks that are not UTF-8, and collect lines with letters beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    faults, sample = 0, bytearray()
    with path.open("rb") as stream:
        while block := stream.read(MIB):
            if not block.isascii() and len(sample) < _SAMPLE_LINES_BYTES:
                sample += _lines_beyond_ascii(block, _SAMPLE_LINES_BYTES - len(sample))
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                faults += 1
                decoder.reset()
                if len(sample) >= _SAMPLE_LINES_BYTES:
                    break
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        faults += 1
    return faults, bytes(sample)


def _lines_beyond_ascii(block: bytes, room: int) -> bytes:
    kept = bytearray()
    for line in block.split(b"\n"):
        if not line.isascii():
            kept += line[:4096] + b"\n"
        if len(kept) > room:
            break
    return bytes(kept)


def _mostly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    good = sum(1 for letter in text if ord(letter) > 127) - broken
    return good >= 4 * broken


def _reads_as_chinese(sample: bytes) -> bool:
    """Whether the bytes are GB18030 and give common Chinese text rather than accidental pairs."""
    try:
        text = sample.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = [letter for letter in text if ord(letter) > 127]
    common = sum(1 for letter in beyond if _is_common_chinese(letter))
    return bool(beyond) and common >= 0.8 * len(beyond)


def _is_common_chinese(letter: str) -> bool:
    if "\u3000" <= letter <= "\u303f" or "\uff00" <= letter <= "\uffef" or letter in "“”‘’—…·×":
        return True
    if not "\u4e00" <= letter <= "\u9fff":
        return False
    # Rows B0 to D7 of GB 2312 hold the 3,755 characters that texts are mostly made of.
    first, *rest = letter.encode("gb18030")
    return 0xB0 <= first <= 0xD7 and rest[0] >= 0xA1
