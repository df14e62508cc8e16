"""What `http_lists.py` asks for: how its tables are filled, and how the rival reads them."""

from dataclasses import dataclass

STAMPS = "version, created_at, updated_at"
NOW = "1, now(), now()"


@dataclass(frozen=True)
class Noun:
    """A list: its path, its table, the rival's columns and order, and what fills it.

    `fill` inserts as many rows as its one parameter says, from those of the nouns before it.
    """

    path: str
    table: str
    columns: str
    order: str
    fill: str
    source: str = ""

    @property
    def list_query(self) -> str:
        """The first hundred."""
        source = self.source or self.table
        return f"select {self.columns} from {source} order by {self.order} limit 100"

    @property
    def single_query(self) -> str:
        """One by its id."""
        return f"select {self.columns} from {self.source or self.table} where {self.table}.id = %s"


RESOURCES = Noun(
    "/v1/resources",
    "cost_object",
    "id, code, names, parent, tags, attributes, standard, valid_from, valid_to, owner, unit_driver,"
    f" capacity_driver, value_chain_stage, {STAMPS}",
    "code",
    "insert into cost_object (id, layer, code, names, descriptions, parent, tags, attributes,"
    " standard, valid_from, valid_to, owner, unit_driver, capacity_driver, value_chain_stage,"
    f" {STAMPS}) select uuidv7(), 'resource', 'SERVER-' || lpad(n::text, 7, '0'),"
    " jsonb_build_object('en', 'Server ' || n, 'zh-CN', '服务器 ' || n), '{}', null,"
    " jsonb_build_object('team', 'T' || n %% 20), '{\"region\": \"eu-west-1\"}', null,"
    f" '2024-01', null, 'platform', null, null, null, {NOW} from generate_series(1, %s) n",
)
VALUE_KPIS = Noun(
    "/v1/value-kpis",
    "value_kpi",
    "id, code, names, definition, kpi_class, dimension, perspective, unit, direction, formula,"
    " value_role, aggregation, baseline, target, targets, links, owner, weight, pack, source,"
    f" {STAMPS}",
    "code",
    "insert into value_kpi (id, code, names, kpi_class, dimension, unit, direction, aggregation,"
    f" baseline, target, targets, links, owner, weight, {STAMPS})"
    " select uuidv7(), 'KPI-' || lpad(n::text, 7, '0'),"
    " jsonb_build_object('en', 'Lead time ' || n, 'zh-CN', '交付周期 ' || n), 'efficiency',"
    " 'business', 'day', 'down', 'mean', 14, 7,"
    ' \'[{"period": "2025-12", "value": "9"}]\','
    " jsonb_build_array(jsonb_build_object('layer', 'solution', 'code', 'SOL-' || n %% 50)),"
    f" 'operations', 1, {NOW} from generate_series(1, %s) n",
)
INITIATIVES = Noun(
    "/v1/initiatives",
    "initiative",
    "id, code, names, solution, sponsor, value_chain_stage, stage, go_live_on, strategic_fit,"
    " business_impact, currency, tags, review_offsets, historic, value_score, description, kind,"
    " planned_started_on, started_on, planned_go_live_on, closed_on, percent_complete,"
    " estimate_to_complete, stated, planned_cost, actual_cost, planned_benefit, actual_benefit,"
    f" conflicts, findings, created_by, {STAMPS}",
    "code",
    "insert into initiative (id, code, names, solution, sponsor, stage, go_live_on, strategic_fit,"
    " business_impact, currency, tags, review_offsets, value_score, planned_cost, actual_cost,"
    f" planned_benefit, created_by, {STAMPS}) select uuidv7(), 'INIT-' || lpad(n::text, 7, '0'),"
    " jsonb_build_object('en', 'Initiative ' || n, 'zh-CN', '项目 ' || n), 'SOL-' || n %% 50,"
    " 'sales', 'live', date '2024-01-01' + n %% 700, 70, 60, 'CNY',"
    " jsonb_build_object('portfolio', 'P' || n %% 8), '[3]', 61.5, 120000, 131250.5, 400000,"
    f" 'bench', {NOW} from generate_series(1, %s) n",
)
OBSERVATIONS = Noun(
    "/v1/observations",
    "observation",
    "observation.id, value_kpi.code kpi, period, at, value, observation.source, link, note,"
    " observation.version, observation.created_at, observation.updated_at",
    "period, observation.id",
    "insert into observation (id, kpi_id, period, value, source, link_key, link, note,"
    f" {STAMPS}) select uuidv7(), k.id,"
    " to_char(date '2020-01-01' + make_interval(months => (n / 1000)::int), 'YYYY-MM'),"
    f" 10 + n %% 70 / 10.0, 'monitoring', '', null, null, {NOW}"
    " from generate_series(0, %s - 1) n join (select id, row_number() over (order by code) at"
    " from value_kpi limit 1000) k on k.at = 1 + n %% 1000",
    "observation join value_kpi on value_kpi.id = kpi_id",
)
CASH_FLOWS = Noun(
    "/v1/cash-flows",
    "initiative_cash_flow",
    "initiative_cash_flow.id, initiative.code initiative, external_id, paid_on, amount, category,"
    " basis, note, initiative_cash_flow.version, initiative_cash_flow.created_at,"
    " initiative_cash_flow.updated_at",
    "paid_on, initiative_cash_flow.id",
    "insert into initiative_cash_flow (id, initiative_id, natural_key, external_id, paid_on,"
    f" amount, category, basis, {STAMPS}) select uuidv7(), i.id, 'P-' || n, 'P-' || n,"
    f" date '2023-01-01' + n %% 1000, -1000.25 - n, 'investment', 'plan', {NOW}"
    " from generate_series(0, %s - 1) n join (select id, row_number() over (order by code) at"
    " from initiative limit 1000) i on i.at = 1 + n %% 1000",
    "initiative_cash_flow join initiative on initiative.id = initiative_id",
)
REVIEWS = Noun(
    "/v1/post-implementation-reviews",
    "post_implementation_review",
    "post_implementation_review.id, initiative.code initiative, initiative.names, due_on,"
    " offset_months, state, owner, sponsor, initiative.tags->'portfolio' portfolio, approved_at,"
    " post_implementation_review.version, post_implementation_review.created_at,"
    " post_implementation_review.updated_at",
    "due_on, post_implementation_review.id",
    "insert into post_implementation_review (id, initiative_id, due_on, due_set_at, offset_months,"
    " state, owner, results, lessons, extra_benefits, manual_results,"
    f" {STAMPS}) select uuidv7(), id, go_live_on + 90, now(), 3,"
    f" 'scheduled', 'sales', '[]', '[]', '[]', '[]', {NOW} from initiative limit %s",
    "post_implementation_review join initiative on initiative.id = initiative_id",
)
FEEDBACK = Noun(
    "/v1/feedback",
    "feedback",
    'id, external_id, source, solution, consumer, period, "on", kind, scale, score, answers,'
    f" comment, {STAMPS}",
    "period, id",
    "insert into feedback (id, natural_key, external_id, source, solution, consumer, period, kind,"
    f" scale, score, answers, comment, {STAMPS}) select uuidv7(), 'F-' || n, 'F-' || n, 'survey',"
    " 'SOL-' || n %% 50, 'C-' || n %% 30,"
    " to_char(date '2022-01-01' + make_interval(months => n %% 40), 'YYYY-MM'), 'nps', '0-10',"
    f" n %% 11, 1, 'good', {NOW} from generate_series(1, %s) n",
)
NOUNS = {
    "allocation": (RESOURCES,),
    "valuation": (
        VALUE_KPIS,
        INITIATIVES,
        OBSERVATIONS,
        CASH_FLOWS,
        REVIEWS,
        FEEDBACK,
    ),
}
SINGLES = frozenset({RESOURCES.path, INITIATIVES.path})
"""Of these also single objects are asked for."""
EVERY_NOUN = {noun.path: noun for nouns in NOUNS.values() for noun in nouns}
