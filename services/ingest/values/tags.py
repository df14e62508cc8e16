"""Reads the tags of a cloud bill: a JSON object in a cell, to flat text values."""

import json

from services.ingest.values.fault import Fault, fault

_MOST_TAGS = 500


def read_tags(text: str) -> dict[str, str] | Fault:
    """The tags in a cell; nested values stay JSON text, absent ones are left out.

    Some bills leave the braces out (`"a": "b", "c": "d"`); that is understood. Fault: `not_json`.
    """
    for candidate in (text, "{" + text + "}"):
        try:
            found = json.loads(candidate, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            continue
        tags = _flat(found)
        if tags is not None and len(tags) <= _MOST_TAGS:
            return tags
    return fault("not_json", text)


def tags_json(tags: dict[str, str]) -> str:
    """Tags as JSON text, keys in order."""
    return json.dumps(tags, ensure_ascii=False, sort_keys=True)


def _flat(found: object) -> dict[str, str] | None:
    if isinstance(found, list):
        # [{"key": ..., "value": ...}] and [[key, value], ...] are the other two common shapes.
        pairs: dict[str, object] = {}
        for item in found:
            if isinstance(item, dict):
                lower = {str(key).lower(): value for key, value in item.items()}
                if "key" not in lower:
                    return None
                pairs[str(lower["key"])] = lower.get("value", "")
            elif isinstance(item, list) and len(item) == 2:
                pairs[str(item[0])] = item[1]
            else:
                return None
        found = pairs
    if not isinstance(found, dict):
        return None
    return {
        key.replace("\x00", ""): _text(value).replace("\x00", "")
        for key, value in found.items()
        if value is not None
    }


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
