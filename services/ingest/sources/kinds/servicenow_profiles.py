"""How the usual tables of ServiceNow become tickets, assets and consumers without a profile."""

from collections.abc import Mapping
from typing import Any

_SHOWN = ".display_value"

_TASK = {
    "number": "number",
    "kind": "sys_class_name",
    "service": f"business_service{_SHOWN}",
    "opened_at": "opened_at",
    "resolved_at": "closed_at",
    "closed_at": "closed_at",
    "state": f"state{_SHOWN}",
    "priority": f"priority{_SHOWN}",
    "assignment_group": f"assignment_group{_SHOWN}",
    "sla_met": "made_sla",
    "updated_at": "sys_updated_on",
}
#: Table -> our field -> its column. A request and a change are resolved when they are closed.
_TICKETS: Mapping[str, Mapping[str, str]] = {
    "incident": {
        **_TASK,
        "resolved_at": "resolved_at",
        "consumer": "caller_id.department",
        "category": f"category{_SHOWN}",
        "reopen_count": "reopen_count",
    },
    "problem": {
        **_TASK,
        "consumer": "opened_by.department",
        "resolved_at": "resolved_at",
        "category": f"category{_SHOWN}",
        "reopen_count": "reopen_count",
    },
    "sc_req_item": {
        **_TASK,
        "consumer": "request.requested_for.department",
        "category": f"cat_item{_SHOWN}",
    },
    "change_request": {
        **_TASK,
        "consumer": "requested_by.department",
        "category": f"type{_SHOWN}",
    },
}
_ANY_TASK = {**_TASK, "consumer": "opened_by.department"}
_CONFIGURATION_ITEM = {
    "code": "sys_id",
    "name": "name",
    "class": f"sys_class_name{_SHOWN}",
    "status": f"install_status{_SHOWN}",
    "serial_number": "serial_number",
    "vendor": f"vendor{_SHOWN}",
    "cost": "cost",
    "currency": "cost_cc",
    "purchased_on": "purchase_date",
    "consumer": "department",
}
# What an item of the stock has cost is in the currency of the instance, which no field tells.
_HARDWARE_ASSET = {
    **{field: name for field, name in _CONFIGURATION_ITEM.items() if field != "currency"},
    "name": "display_name",
    "class": f"model_category{_SHOWN}",
}
_CONSUMERS: Mapping[str, Mapping[str, str]] = {
    "cmn_department": {
        "code": "sys_id",
        "name": "name",
        "parent": "parent",
        "owner": f"dept_head{_SHOWN}",
    },
    "core_company": {"code": "sys_id", "name": "name", "parent": "parent"},
    "business_unit": {"code": "sys_id", "name": "name", "parent": "parent"},
}


def built_in_columns(table: str, maps_to: str) -> Mapping[str, str] | None:
    """Our field -> column, for a table and a kind of import; None where there is no such thing.

    Departments and items are known by their `sys_id`: it never changes and is never blank, and
    it is what tickets refer to.
    """
    if maps_to == "tickets":
        return _TICKETS.get(table, _ANY_TASK)
    if maps_to == "consumers":
        return _CONSUMERS.get(table)
    if maps_to == "assets":
        return _HARDWARE_ASSET if table.startswith("alm_") else _CONFIGURATION_ITEM
    return None


def built_in_rules(table: str, maps_to: str) -> Mapping[str, Any] | None:
    """The rules of the profile for a table and a kind of import."""
    columns = built_in_columns(table, maps_to)
    if columns is None:
        return None
    return {"kind": maps_to, "columns": dict(columns), "decimal": "."}


def needed_fields(columns: Mapping[str, str]) -> list[str]:
    """The fields of the table that the columns come from."""
    names = (name.removesuffix(_SHOWN) for name in columns.values())
    return list(dict.fromkeys(names))
