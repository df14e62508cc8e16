"""The problems a file as a whole can have; each code is documented and stable."""

from shared.errors import Problem, RuleBroken, TooLarge, UnsupportedMedia

#: code -> what it says, for the documents of the API.
FILE_CODES: dict[str, str] = {
    "empty_file": "The file holds no bytes or no rows.",
    "truncated_file": "The file ends early or its contents are damaged.",
    "unsupported_format": "The content is none of CSV, TSV, XLSX, XLS, Parquet and NDJSON.",
    "encrypted_file": "The file is protected by a password.",
    "nested_archive": "The archive holds another archive.",
    "several_files": "The archive does not hold exactly one file.",
    "unpacks_too_large": "Unpacked, the file would be larger than allowed, or it packs too well.",
    "line_too_long": "One line is longer than allowed.",
    "too_many_columns": "The table has more columns than allowed.",
    "too_many_rows": "The table has more rows than allowed.",
    "unknown_encoding": "The encoding named for the file does not exist or does not fit it.",
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


def too_large(code: str, detail: str) -> Problem:
    """The file breaks one of the limits of reading."""
    return TooLarge(detail, code=code)
