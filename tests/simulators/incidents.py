"""Incidents, departments and servers as a ServiceNow instance holds them."""

import hashlib
from datetime import datetime, timedelta

from tests.simulators.servicenow import FORMAT, SimulatedTable
from tests.simulators.servicenow_query import Row

BEGIN = datetime(2026, 1, 1, 6, 0, 0)
_INSTANTS = frozenset({"opened_at", "resolved_at", "closed_at", "sys_updated_on", "sys_created_on"})
_STATES = {"1": "New", "2": "In Progress", "6": "Resolved", "7": "Closed"}
_GROUPS = ("Network", "Database", "Service Desk")
_SERVICES = ("E-mail", "Payroll", "Client Services")


def sys_id(kind: str, number: int) -> str:
    """A record's id: 32 hexadecimal digits in no order of time."""
    return hashlib.md5(f"{kind}-{number}".encode(), usedforsecurity=False).hexdigest()


def incident(number: int, *, updated_on: datetime | None = None, **more: str) -> Row:
    """One incident; two of three are closed, every fifth missed its service level."""
    opened = BEGIN + timedelta(minutes=7 * number)
    closed = number % 3 != 0
    row = {
        "sys_id": sys_id("incident", number),
        "sys_class_name": "incident",
        "number": f"INC{number:07d}",
        "opened_at": opened.strftime(FORMAT),
        "resolved_at": (opened + timedelta(hours=4)).strftime(FORMAT) if closed else "",
        "closed_at": (opened + timedelta(days=5)).strftime(FORMAT) if closed else "",
        "state": "7" if closed else "2",
        "priority": str(number % 4 + 1),
        "category": "hardware" if number % 2 else "software",
        "assignment_group": sys_id("group", number % 3),
        "business_service": sys_id("service", number % 3),
        "made_sla": "false" if number % 5 == 0 else "true",
        "reopen_count": "1" if number % 11 == 0 else "0",
        "sys_updated_on": (updated_on or opened + timedelta(minutes=1)).strftime(FORMAT),
        "sys_created_on": opened.strftime(FORMAT),
        "short_description": f"Printer {number} is “on fire”",
    }
    return {**row, **more}


def incident_table(count: int, first: int = 1) -> SimulatedTable:
    """Incidents with consecutive numbers, opened seven minutes after each other."""
    table = SimulatedTable(
        fields=tuple(incident(0)),
        displays={
            "state": _STATES,
            "priority": {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low"},
            "assignment_group": {sys_id("group", n): name for n, name in enumerate(_GROUPS)},
            "business_service": {sys_id("service", n): name for n, name in enumerate(_SERVICES)},
            "sys_class_name": {"incident": "Incident"},
        },
        instants=_INSTANTS,
        references={"assignment_group": "sys_user_group", "business_service": "cmdb_ci_service"},
    )
    table.put_all(incident(number) for number in range(first, first + count))
    return table


def department_table() -> SimulatedTable:
    """A head office with two departments."""
    fields = ("sys_id", "name", "id", "parent", "sys_updated_on")
    names = {1: "Head office", 2: "Finance", 3: "Sales"}
    table = SimulatedTable(
        fields=fields,
        displays={"parent": {sys_id("department", 1): "Head office"}},
        instants=_INSTANTS,
        references={"parent": "cmn_department"},
    )
    for number, name in names.items():
        table.put(
            {
                "sys_id": sys_id("department", number),
                "name": name,
                "id": f"D{number}",
                "parent": "" if number == 1 else sys_id("department", 1),
                "sys_updated_on": BEGIN.strftime(FORMAT),
            }
        )
    return table
