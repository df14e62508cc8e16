"""`btim openapi`: the contract as one document, and the page that shows it."""

import importlib
import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli.system.listeners import SERVICES


def openapi(
    service: Annotated[
        str | None, typer.Argument(help="One service; without one, all under one address.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder that gets openapi.json, docs.html and assets; else to stdout."),
    ] = None,
) -> None:
    """Write the OpenAPI 3.1 document of a service, or of all three as a gateway shows them."""
    from cli.merged_openapi import merge
    from shared.openapi.pages import ASSETS, swagger_page

    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"the services are {', '.join(SERVICES)}")
    names = SERVICES if service is None else (service,)
    documents = {
        name: importlib.import_module(f"services.{name}.main").app.openapi() for name in names
    }
    document = merge(documents) if service is None else documents[service]
    if out is None:
        print(json.dumps(document, ensure_ascii=False))
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / "openapi.json").write_text(json.dumps(document, ensure_ascii=False))
    (out / "docs.html").write_bytes(bytes(swagger_page(document["info"]["title"]).body))
    shutil.copytree(ASSETS, out / "assets", dirs_exist_ok=True)
