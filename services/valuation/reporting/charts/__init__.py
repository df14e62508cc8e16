"""Pictures of cost and value: Vega-Lite specifications, rendered to SVG and PNG."""
