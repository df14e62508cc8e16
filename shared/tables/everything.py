"""Imports every table, so that the metadata is whole (migrations, tests)."""

import importlib
import pkgutil

import shared.tables

LOADED = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(shared.tables.__path__, "shared.tables.")
    if not found.name.endswith(".everything")
]
