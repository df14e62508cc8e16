"""Whether a text is one SELECT and nothing else, whatever the database makes of its quotes."""

import re
from collections.abc import Iterator

from shared.errors import FieldError, RuleBroken

_piece = (
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\r\n]*|/\*.*?(?:\*/|\Z)",
    r"|\[(?:[^\]]|\]\])*+(?:\]|\Z)",
)
_standard = re.compile(_piece[0], re.DOTALL)
_brackets = re.compile("".join(_piece), re.DOTALL)
BRACKET_DRIVERS = frozenset({"mssql", "sqlite"})
IDENTIFIER_MARKS = ('"', "`", "[")

# Where databases differ about the end of a quoted text, words could hide in it.
_control = re.compile(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_dollar_quote = re.compile(r"\$\w*\$")
_prefix = re.compile(r"(?:\b(?:e|q|nq)|&)$", re.IGNORECASE)
_escaped_quote = re.compile(r"\\['\"]")
_executed_comment = re.compile(r"/\*M?!", re.IGNORECASE)

_word = re.compile(r"[A-Za-z_]+")
FORBIDDEN = frozenset(
    {
        "alter", "analyze", "attach", "backup", "begin", "call", "commit", "copy", "create",
        "dbcc", "declare", "delete", "deny", "detach", "do", "drop", "exec", "execute", "grant",
        "handler", "import", "insert", "into", "kill", "load", "lock", "merge", "pragma",
        "reconfigure", "reindex", "rename", "replace", "reset", "restore", "revoke", "rollback",
        "savepoint", "set", "shutdown", "truncate", "update", "upsert", "use", "vacuum", "waitfor",
    }
)  # fmt: skip
FUNCTIONS = frozenset({"replace"})
_call = re.compile(r"(?<![A-Za-z0-9_$])([A-Za-z0-9_$]++)\s*+\(")
_package = re.compile(r"\b(?:utl|dbms)_\w+\s*\.", re.IGNORECASE)
_reaching = re.compile(
    r"pg_(?!typeof$)\w+|lo_\w+|loread|lowrite|dblink\w*|set_config|nextval|setval|\w+_to_xml\w*"
    r"|load_file|load_extension|readfile|writefile|sleep|benchmark|get_lock|sys_e\w+|[xs]p_\w+"
    r"|openrowset|openquery|opendatasource|httpuritype",
    re.IGNORECASE,
)
"""Functions that reach beyond the rows: files, other servers, settings, locks, sequences."""


def check_select(query: str, driver: str) -> None:
    """422 `not_a_select` for anything but one SELECT; the transaction is read-only besides."""
    bare, called = _without_quotes(query, driver)
    words = [word.lower() for word in _word.findall(bare)]
    calls = {name for name in FUNCTIONS if re.search(rf"\b{name}\s*\(", bare, re.IGNORECASE)}
    bad = {*(set(words) & FORBIDDEN - calls), *_reaching_calls(called)}
    one = ";" not in bare.strip().removesuffix(";")
    if words[:1] not in (["select"], ["with"]) or not one or bad or not _is_whole(bare):
        raise _not_a_select(sorted(bad))
    if _control.search(query) or (driver == "postgresql" and _dollar_quote.search(bare)):
        raise _not_a_select([])


def _without_quotes(query: str, driver: str) -> tuple[str, str]:
    """The query without texts and comments: without quoted names, and with them unquoted."""
    bare, called, place = [], [], 0
    pattern = _brackets if driver in BRACKET_DRIVERS else _standard
    for found in pattern.finditer(query):
        between, piece = query[place : found.start()], found.group()
        if _prefix.search(between) or _may_hide(piece, driver):
            raise _not_a_select([])
        bare += [between, " "]
        called += [between, piece[1:-1] if piece.startswith(IDENTIFIER_MARKS) else " "]
        place = found.end()
    rest = query[place:]
    if driver == "mysql" and "#" in "".join(bare) + rest:
        raise _not_a_select([])
    return "".join([*bare, rest]), "".join([*called, rest])


def _may_hide(piece: str, driver: str) -> bool:
    """Whether some database takes a quoted text or a comment to end elsewhere, or runs it."""
    if piece.startswith("/*"):
        is_whole = len(piece) > 3 and piece.endswith("*/")
        return not is_whole or "/*" in piece[2:] or _executed_comment.match(piece) is not None
    if driver != "mysql":
        return False
    is_comment = piece.startswith("--")
    return piece[2:3].strip() != "" if is_comment else _escaped_quote.search(piece) is not None


def _is_whole(bare: str) -> bool:
    """Whether all quotes and comments end, and no parenthesis closes what stands around it."""
    depth = 0
    for mark in bare:
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return False
    return depth == 0 and not any(mark in bare for mark in ("'", '"', "`", "/*", "*/"))


def _reaching_calls(called: str) -> Iterator[str]:
    for found in _call.finditer(called):
        if _reaching.fullmatch(found.group(1)):
            yield found.group(1).lower()
    for found in _package.finditer(called):
        yield found.group().rstrip(". ").lower()


def _not_a_select(bad: list[str]) -> RuleBroken:
    named = f" ({', '.join(bad)})" if bad else ""
    message = f"one SELECT and nothing else is needed{named}; quote columns of such names"
    error = FieldError("/config/query", "not_a_select", message)
    return RuleBroken(message, code="not_a_select", errors=[error])
