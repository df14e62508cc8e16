"""A chart specification becomes SVG or PNG; same specification, same bytes."""

import json
import re
from functools import cache
from typing import Any

import vl_convert
from pylopdf_fonts_zh_cn import sans_path

from services.valuation.reporting.charts.style import Spec

_PIXELS_PER_POINT = 2.0
_ID = re.compile(r'(\bid="|url\(#|href="#)(clip\d+)')


@cache
def _renderer() -> Any:
    """The renderer with the Chinese font registered, once per process."""
    vl_convert.register_font_directory(str(sans_path().parent))
    return vl_convert


def render_svg(spec: Spec, prefix: str = "") -> str:
    """SVG text; `prefix` keeps ids apart when several pictures share one page.

    Nothing is loaded from outside: the specification holds its data. The renderer counts its ids
    through the life of the process, so they are numbered anew: same specification, same bytes.
    """
    svg: str = _renderer().vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])
    numbers: dict[str, int] = {}

    def renamed(found: re.Match[str]) -> str:
        number = numbers.setdefault(found.group(2), len(numbers) + 1)
        return f"{found.group(1)}{prefix}clip{number}"

    return _ID.sub(renamed, svg)


def render_png(spec: Spec) -> bytes:
    """PNG at twice the picture's own size, sharp on paper and on dense screens."""
    png: bytes = _renderer().svg_to_png(render_svg(spec), scale=_PIXELS_PER_POINT)
    return png
