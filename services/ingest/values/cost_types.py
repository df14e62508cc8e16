"""The words that ledgers use for the two kinds of spending."""

# "Revenue" is what public bodies call running costs.
COST_TYPES = {
    "opex": "opex",
    "operating": "opex",
    "operational": "opex",
    "operating expense": "opex",
    "operating expenditure": "opex",
    "operations": "opex",
    "expense": "opex",
    "revenue": "opex",
    "revenue expenditure": "opex",
    "r": "opex",
    "rev": "opex",
    "费用": "opex",
    "费用化": "opex",
    "运营": "opex",
    "经常性": "opex",
    "运营支出": "opex",
    "收益性支出": "opex",
    "capex": "capex",
    "capital": "capex",
    "capital expenditure": "capex",
    "capital expense": "capex",
    "cap": "capex",
    "c": "capex",
    "investment": "capex",
    "资本": "capex",
    "资本化": "capex",
    "资本性": "capex",
    "资本性支出": "capex",
    "资本支出": "capex",
}


def cost_type_of(text: str) -> str | None:
    """`opex` or `capex`; None where the word says neither."""
    return COST_TYPES.get(" ".join(text.lower().split()))
