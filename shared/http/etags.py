"""ETags of single resources: the row's id and the count of its changes."""

from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from shared.contracts.values import HeaderText
from shared.errors import PreconditionFailed, PreconditionRequired


class Versioned(Protocol):
    """A row that counts its changes."""

    id: UUID
    version: int


def etag_of(identifier: UUID, version: int) -> str:
    """The ETag of a row, with its quotes, as header and as `etag` of list items."""
    return f'"{identifier.hex[-8:]}-{version}"'


def set_etag(response: Response, row: Versioned) -> str:
    """Put a row's ETag on the answer and return it."""
    response.headers["ETag"] = etag_of(row.id, row.version)
    return response.headers["ETag"]


def is_known(request: Request, response: Response) -> bool:
    """Whether a caller who sent If-None-Match holds this very version already."""
    etag = response.headers.get("ETag")
    if request.method != "GET" or response.status_code != 200 or etag is None:
        return False
    held = _tags(request.headers.get("If-None-Match", ""))
    return "*" in held or etag.strip('"') in held


def _tags(header: str) -> set[str]:
    return {part.strip().removeprefix("W/").strip('"') for part in header.split(",")}


async def _if_match(
    if_match: Annotated[
        HeaderText | None,
        Header(description="The ETag that you change, or `*`", examples=["*"]),
    ] = None,
) -> str | None:
    return if_match


IfMatchDep = Annotated[str | None, Depends(_if_match)]


def check_if_match(if_match: str | None, row: Versioned) -> None:
    """428 without If-Match, 412 when it names another version; `*` names any."""
    if if_match is None:
        raise PreconditionRequired("send If-Match with the ETag that you change, or `*`")
    offered = _tags(if_match)
    if "*" not in offered and etag_of(row.id, row.version).strip('"') not in offered:
        raise PreconditionFailed("it was changed since you read it; read it again")
