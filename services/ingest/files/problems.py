"""The problems a file as a whole can have; each code is documented and stable."""

from collections.abc import Sequence

from shared.errors import Problem, RuleBroken, TooLarge, UnsupportedMedia

#: The exit code of the decoding process when it refuses a file with a problem of its own words.
EXIT_REFUSED = 3

#: code -> what it says, for the documents of the API.
FILE_CODES: dict[str, str] = {
    "empty_file": "The file holds no bytes or no rows.",
    "truncated_file": "The file ends early or its contents are damaged.",
    "unsupported_format": "The content is none of CSV, TSV, XLSX, XLS, Parquet and NDJSON.",
    "encrypted_file": "The file is protected by a password.",
    "unsafe_workbook": "A part of the workbook declares a document type, which may name files.",
    "nested_archive": "The archive holds another archive.",
    "several_files": "The archive does not hold exactly one file.",
    "unpacks_too_large": "Unpacked, the file would be larger than allowed, or it packs too well.",
    "line_too_long": "One line is longer than allowed.",
    "too_many_columns": "The table has more columns than allowed.",
    "too_many_rows": "The table has more rows than allowed.",
    "unknown_encoding": "The encoding named for the file does not exist or does not fit it.",
    "unknown_sheet": "The workbook has no sheet of the name that the profile gives.",
    "no_header": "No header row was found; the profile may say where it is.",
}


def empty_file(detail: str = "The file is empty.") -> Problem:
    """The file holds nothing to read."""
    return RuleBroken(detail, code="empty_file")


def truncated_file(detail: str) -> Problem:
    """The file claims a format and breaks off or is damaged."""
    return RuleBroken(detail, code="truncated_file")


def unsupported_format(detail: str) -> Problem:
    """The content is of no format that is read here."""
    return UnsupportedMedia(detail, code="unsupported_format")


def encrypted_file() -> Problem:
    """The file is protected by a password."""
    return RuleBroken("The file is protected by a password.", code="encrypted_file")


def unsafe_workbook() -> Problem:
    """A part of the workbook declares entities, which honest workbooks never do."""
    return RuleBroken(
        "A part of the workbook holds a document type declaration, which is not read.",
        code="unsafe_workbook",
    )


def too_large(code: str, detail: str) -> Problem:
    """The file breaks one of the limits of reading."""
    return TooLarge(detail, code=code)


def unknown_sheet(wanted: str, names: Sequence[str]) -> Problem:
    """The workbook has no sheet of this name."""
    shown = ", ".join(names[:20])
    return RuleBroken(f"There is no sheet {wanted!r}; there are {shown}.", code="unknown_sheet")


_TOO_LARGE = frozenset({"unpacks_too_large", "line_too_long", "too_many_columns", "too_many_rows"})


def problem_of_code(code: str, detail: str) -> Problem:
    """The problem that another process has put into these words."""
    if code in _TOO_LARGE:
        return too_large(code, detail)
    if code == "unsupported_format":
        return unsupported_format(detail)
    return RuleBroken(detail, code=code)
