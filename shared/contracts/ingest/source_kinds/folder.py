"""The config of a source that is a watched folder."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from shared.contracts.ingest.source_kinds.base import SourceConfig


class FolderConfig(SourceConfig):
    """Files that are put into a folder; each becomes one import.

    Hidden names and those that end in .part, .tmp and the like are left alone, as is a file that
    still grows. After its import a file is moved to `processed/`, after a failed one to `failed/`.
    """

    path: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="A folder inside one of those that the operator has listed."
    )
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        default="*", description="Which names are meant, with `*` and `?`."
    )
    settled_seconds: int = Field(
        default=2, ge=0, le=3600, description="How long a file must not have changed."
    )

    @field_validator("path", "pattern")
    @classmethod
    def _plain(cls, value: str) -> str:
        if "\x00" in value:
            raise ValueError("no NUL characters")
        return value

    @field_validator("pattern")
    @classmethod
    def _one_folder(cls, value: str) -> str:
        if "/" in value or "\\" in value:
            raise ValueError("a pattern is for names in the folder itself")
        return value
