"""What a purge looks for, and what it puts there instead."""

import hashlib
import hmac
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from joserfc import jwe
from joserfc.jwk import OctKey

MARK = "purged:"
_ENCODINGS = ("utf-8", "gb18030", "big5", "cp1252", "utf-16-le", "utf-16-be")


def _keyed(secret: bytes, purpose: str, text: str) -> str:
    return hmac.new(secret, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def comparable(text: str) -> str:
    """Case, width and outer blanks do not tell values apart."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def pseudonym(secret: bytes, text: str) -> str:
    """Stable, and different for different texts: what was equal stays equal, and only that."""
    return text if text.startswith(MARK) else MARK + _keyed(secret, "pseudonym", text)[:16]


def hash_of(secret: bytes, value: str) -> str:
    """By which a purge of the same value can be recognised."""
    return _keyed(secret, "purged value", comparable(value))[:32]


def seal(secret: bytes, values: list[str]) -> bytes:
    """The values, encrypted, for the job that looks for them."""
    told = json.dumps(values, ensure_ascii=False).encode()
    return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, told, _sealing(secret)).encode()


def unseal(secret: bytes, sealed: bytes) -> list[str]:
    """The values again."""
    return list(json.loads(jwe.decrypt_compact(sealed, _sealing(secret)).plaintext or b"[]"))


def _sealing(secret: bytes) -> OctKey:
    return OctKey.import_key(hmac.new(secret, b"values of purges", hashlib.sha256).digest())


_NO_TEXT = re.compile(r"[-+0-9.,:TZ ]+|[0-9a-f-]{32,}")


@dataclass(frozen=True)
class Sought:
    """The values of a purge; `contains`: also as parts of a field's text."""

    values: tuple[str, ...]
    contains: bool
    secret: bytes

    @cached_property
    def comparable(self) -> list[str]:
        """The values as SQL compares them."""
        return sorted({comparable(value) for value in self.values})

    @cached_property
    def _inside(self) -> re.Pattern[str]:
        found = "|".join(map(re.escape, self._spellings()))
        return re.compile(found if self.contains else rf"(?<![^\W_])(?:{found})(?![^\W_])", re.I)

    def _spellings(self) -> list[str]:
        forms = {unicodedata.normalize(form, one.strip()) for one in self.values
                 for form in ("NFC", "NFD", "NFKC")}  # fmt: skip
        return sorted(forms, key=lambda one: (-len(one), one))

    def of_field(self, text: str) -> str:
        """A field's text without the values; called where SQL has found one of them."""
        if not self.contains:
            return pseudonym(self.secret, text)
        left = self.of_text(text)
        return pseudonym(self.secret, text) if left == text else left

    def of_text(self, text: str) -> str:
        """A text without the values; where they may be parts only, as whole words."""
        return self._inside.sub(lambda found: pseudonym(self.secret, found[0]), text)

    def of_json(self, value: Any) -> Any:
        """The same in every text of a JSON value; moments, numbers and ids are no such texts."""
        if isinstance(value, str):
            is_text = not _NO_TEXT.fullmatch(value) or comparable(value) in self.comparable
            return self.of_text(value) if is_text else value
        if isinstance(value, list):
            return [self.of_json(one) for one in value]
        if isinstance(value, dict):
            return {self.of_text(name): self.of_json(one) for name, one in value.items()}
        return value

    @cached_property
    def byte_patterns(self) -> list[tuple[re.Pattern[bytes], Callable[[bytes], bytes]]]:
        """How the values look in files of any usual encoding, and what stands there afterwards."""
        made: dict[bytes, tuple[re.Pattern[bytes], Callable[[bytes], bytes]]] = {}
        for spelling in self._spellings():
            for written in {spelling, spelling.lower(), spelling.upper(), spelling.title()}:
                for encoding, text in _written(written):
                    made.setdefault(text, self._pattern(text, encoding, spelling))
        return [made[text] for text in sorted(made, key=lambda one: (-len(one), one))]

    def _pattern(
        self, text: bytes, encoding: str, value: str
    ) -> tuple[re.Pattern[bytes], Callable[[bytes], bytes]]:
        letter = {
            "utf-16-le": rb"[0-9A-Za-z]\x00",
            "utf-16-be": rb"\x00[0-9A-Za-z]",
        }.get(encoding, rb"[0-9A-Za-z]")
        whole = b"" if self.contains else rb"(?<!" + letter + rb")"
        after = b"" if self.contains else rb"(?!" + letter + rb")"
        instead = pseudonym(self.secret, value).encode(encoding)
        pattern = re.compile(whole + re.escape(text) + after, re.I)
        return pattern, lambda data: pattern.sub(instead, data)

    def of_bytes(self, data: bytes) -> bytes:
        """A file's bytes without the values."""
        for _, replaced in self.byte_patterns:
            data = replaced(data)
        return data

    def is_in(self, pieces: Iterable[bytes]) -> bool:
        """Whether any of these bytes say one of the values."""
        return any(pattern.search(data) for data in pieces for pattern, _ in self.byte_patterns)


def _written(text: str) -> Iterator[tuple[str, bytes]]:
    """A text in the encodings that can say it; escaped as in JSON and XML, too."""
    for encoding in _ENCODINGS:
        try:
            yield encoding, text.encode(encoding)
        except UnicodeEncodeError:
            continue
    yield "utf-8", json.dumps(text)[1:-1].encode()
    yield "utf-8", html.escape(text).encode()
