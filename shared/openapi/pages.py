"""Pages that show a document, with scripts and styles of our own: a closed network has no CDN."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from shared.errors import NotFound

ASSETS = Path(fastapi_offline.__file__).parent / "static"
PLACE = "/docs/assets"
A_DAY = "public, max-age=86400"


def swagger_page(title: str, prefix: str = "") -> HTMLResponse:
    """Swagger UI over `/openapi.json`, all of it below the prefix of a gateway."""
    return get_swagger_ui_html(
        openapi_url=f"{prefix}/openapi.json",
        title=title,
        swagger_js_url=f"{prefix}{PLACE}/swagger-ui-bundle.js",
        swagger_css_url=f"{prefix}{PLACE}/swagger-ui.css",
        swagger_favicon_url=f"{prefix}{PLACE}/favicon.png",
    )


def pages_router(title: str) -> APIRouter:
    """`/docs` and `/redoc`, open to all as the document is."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        """Swagger UI: read it, try it."""
        return swagger_page(title, request.scope["root_path"])

    @router.get("/redoc")
    async def redoc(request: Request) -> HTMLResponse:
        """ReDoc: read it on one page."""
        prefix = request.scope["root_path"]
        return get_redoc_html(
            openapi_url=f"{prefix}/openapi.json",
            title=title,
            redoc_js_url=f"{prefix}{PLACE}/redoc.standalone.js",
            redoc_favicon_url=f"{prefix}{PLACE}/favicon.png",
            with_google_fonts=False,
        )

    @router.get(PLACE + "/{name}")
    async def asset(name: str) -> FileResponse:
        """A script, a style or the icon."""
        if name not in {path.name for path in ASSETS.iterdir()}:
            raise NotFound(f"{PLACE}/{name}")
        return FileResponse(ASSETS / name, headers={"Cache-Control": A_DAY})

    return router
