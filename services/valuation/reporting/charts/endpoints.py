"""`/v1/charts/{name}`: pictures of a period as Vega-Lite specification, SVG or PNG."""

import hashlib
import json
from typing import Annotated, Any, cast

from fastapi import Header, Query, Response

from services.valuation.reporting.charts.figures import Language
from services.valuation.reporting.reports.answers import JSON, names_etag, preferred
from shared.auth import Needs
from shared.contracts.valuation.charts import ChartName, ChartQuery
from shared.contracts.values import HeaderText
from shared.database import SessionDep
from shared.http.language import LanguageDep
from shared.http.routing import new_router

VEGA_LITE, SVG, PNG = "application/vnd.vegalite.v6+json", "image/svg+xml", "image/png"
router = new_router("/v1/charts", "charts", [Needs("valuation:read")])
_SPEC = {"schema": {"type": "object", "description": "A Vega-Lite specification with its data"}}
_CHART_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The chart in the representation that `Accept` prefers",
        "content": {
            JSON: _SPEC,
            VEGA_LITE: _SPEC,
            SVG: {"schema": {"type": "string"}},
            PNG: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    304: {"description": "You have this picture already"},
}


@router.get(
    "/{name}",
    summary="Draw a chart",
    operation_id="get_chart",
    response_class=Response,
    responses=_CHART_RESPONSES,
)
def get_chart(
    name: ChartName,
    session: SessionDep,
    language: LanguageDep,
    query: Annotated[ChartQuery, Query()],
    accept: Annotated[HeaderText | None, Header(description="JSON, SVG or PNG")] = None,
    if_none_match: Annotated[HeaderText | None, Header(description="ETag that you have")] = None,
) -> Response:
    """Of `period`: `flow` from pools to consumers, `cost-distribution` by layer, `cost-value` by
    stage of the value chain, `kpi-attainment`, `unallocated` by reason and age.

    Of `period` or `from` and `to`: `spend-trend` (`layer`; of a period the twelve months that end
    with it), `solution-value`, `carbon` (`layer`), `scorecard` (`consumer`). Of a `kpi`:
    `kpi-series`; `attribution` with `driver`, `other` or `cost_of`. Of an `initiative`: `tornado`
    (`basis`, `discount_rate`, `convention`), `cash-flows`. Of a `review`: `review`. Of all:
    `value-realisation` (`by`, `portfolio`, `sponsor`, `currency`).

    422 `missing_parameter` without what the chart needs, 404 for what is not known,
    409 `no_published_run`, `measures_missing`, `too_little_data` where figures are missing.
    """
    # Altair and the renderer load with the first chart, so that the service starts fast.
    from services.valuation.reporting.charts.workflow import draw_chart

    media_type = preferred(accept, [JSON, VEGA_LITE, SVG, PNG])
    spec = draw_chart(session, name, query, cast(Language, language))
    content = _content(spec, media_type)
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        "Content-Language": language,
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    if if_none_match is not None and names_etag(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _content(spec: dict[str, Any], media_type: str) -> bytes:
    from services.valuation.reporting.charts.render import render_png, render_svg

    if media_type == SVG:
        return render_svg(spec).encode()
    if media_type == PNG:
        return render_png(spec)
    return json.dumps(spec, ensure_ascii=False).encode()
