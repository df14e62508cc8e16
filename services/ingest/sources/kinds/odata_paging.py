"""Where the next page of an OData answer is, whether the service pages by itself or not."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.ingest.sources.connector import Cursor, whole_number_in
from shared.clients.outside.answer import OutsideAnswer
from shared.clients.outside.problems import SourceAnsweredBadly

MOST_IDLE_PAGES = 200


@dataclass(frozen=True)
class Found:
    """One answer: its entities, the link to the next page, the count of all."""

    entities: Sequence[Mapping[str, Any]]
    link: str | None
    total: int | None


def read_answer(answer: OutsideAnswer) -> Found:
    """The entities of an answer of version 2 (`d`, `results`) or 4 (`value`)."""
    document = answer.json()
    if not isinstance(document, dict):
        raise SourceAnsweredBadly("the answer is no OData document")
    inner = document.get("d", document)
    if isinstance(inner, list):  # as the first version of the protocol wrote it
        inner = {"results": inner}
    listed = inner.get("results", inner.get("value")) if isinstance(inner, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise SourceAnsweredBadly("the answer has no list of entities")
    link = inner.get("__next") or inner.get("@odata.nextLink") or inner.get("@nextLink")
    count = inner.get("__count", inner.get("@odata.count", inner.get("@count")))
    return Found(listed, str(link) if link else None, whole_number_in(count))


def key_of(entity: Mapping[str, Any], key: Sequence[str]) -> str:
    """The key of an entity as one text, its parts in the order of the metadata."""
    return "/".join(str(entity.get(name, "")) for name in key)


def digest_of(found: Found, key: Sequence[str]) -> str:
    """What a page is known again by: the keys of its entities."""
    keys = "\n".join(key_of(entity, key) for entity in found.entities)
    return hashlib.sha256(keys.encode()).hexdigest()


def refuse_repeated(found: Found, cursor: Cursor) -> None:
    """A page behind a link that is the page before once more; asking again helps."""
    if cursor["url"] and found.entities and digest_of(found, cursor["key"]) == cursor["page"]:
        raise SourceAnsweredBadly("the same page comes once more")


def first_row(cursor: Cursor) -> int:
    """Where a page that we ask for by number begins: with the last entity of the one before."""
    return max(0, int(cursor["skip"]) - (0 if cursor["last"] is None else 1))


def new_entities(found: Found, cursor: Cursor) -> Sequence[Mapping[str, Any]]:
    """The entities after the last one seen; all of them where that is not on the page."""
    place = None if cursor["url"] else _place_of_last(found, cursor)
    return found.entities if place is None else found.entities[place + 1 :]


def following(cursor: Cursor, found: Found, page_size: int) -> Cursor | None:
    """The cursor of the next page, or None after the last.

    A link is followed wherever it is given. Without one a service that pages by itself has
    nothing more; one that does not is asked on until it has nothing new.
    """
    begin = cursor["skip"] if cursor["url"] else first_row(cursor)
    going_on = {
        **cursor,
        "url": found.link,
        "skip": begin + len(found.entities),
        "last": key_of(found.entities[-1], cursor["key"]) if found.entities else cursor["last"],
        "page": digest_of(found, cursor["key"]) if found.entities else cursor["page"],
        "idle": 0 if new_entities(found, cursor) else cursor["idle"] + 1,
    }
    if going_on["idle"] > MOST_IDLE_PAGES:
        raise SourceAnsweredBadly("one page without anything new follows the other")
    if found.link:
        return going_on
    if cursor["mode"] == "server":
        return None
    if cursor["url"]:
        return going_on
    if _has_lost_its_place(found, cursor) and begin > 0:
        return {**going_on, "skip": max(0, begin - page_size) + 1, "last": cursor["last"]}
    return None if _is_at_the_end(found, cursor, page_size) else going_on


def _is_at_the_end(found: Found, cursor: Cursor, page_size: int) -> bool:
    """Nothing but the last entity seen; or twice nothing new on pages that have room left.

    A single page without anything new may be the page before once more.
    """
    if new_entities(found, cursor):
        return False
    size = len(found.entities)
    return size <= 1 or (size < page_size and cursor["idle"] > 0)


def _has_lost_its_place(found: Found, cursor: Cursor) -> bool:
    """Whether the last entity seen is not on the page that was to begin with it.

    It moved up because others were deleted, we went too far because a page came twice, or it is
    gone itself. It is searched for page by page towards the beginning; where it is not found
    even there, all is read again.
    """
    return cursor["last"] is not None and _place_of_last(found, cursor) is None


def _place_of_last(found: Found, cursor: Cursor) -> int | None:
    keys = [key_of(entity, cursor["key"]) for entity in found.entities]
    return keys.index(cursor["last"]) if cursor["last"] in keys else None
