"""Random models and facts as JSON for the API: every stage, every method, codes of one world."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.modelling import Json

LAYERS = ("pool", "resource", "solution", "consumer")
WITHIN = ("resource_to_resource", "solution_to_solution")
ONWARD = (
    "pool_to_resource",
    "pool_to_solution",
    "pool_to_consumer",
    "resource_to_solution",
    "resource_to_consumer",
    "solution_to_consumer",
)
CHAIN = ("pool_to_resource", "resource_to_solution", "solution_to_consumer")
LINEAR_METHODS = ("direct", "even", "fixed", "driver", "capacity")
ONWARD_METHODS = (*LINEAR_METHODS, "driver", "rate")
BOUNDS = {"floor": (0, 50), "cap": (50, 5000)}
DRIVERS = ("plain", "metered", "rare", "capacity", "energy")

amounts = st.sampled_from(["100", "0.01", "-0.01", "1000000000", "0.0000001"]) | st.decimals(
    "-100000", "100000", places=2
).map(str)
quantities = st.sampled_from(["1", "2", "0"]) | st.decimals("0", "1000", places=2).map(str)


@dataclass(frozen=True)
class World:
    """The codes of one random company; each is its own, so that many share one database."""

    name: str

    def code(self, text: str) -> str:
        """A code of this world."""
        return f"{self.name}/{text}"

    def objects(self, layer: str) -> list[Json]:
        """The members of a layer; the third of each stands below the second."""
        letter = layer[0].upper()
        found: list[Json] = [
            {"code": self.code(f"{letter}{place}"), "tags": {"app": "ab"[place % 2]}}
            for place in range(1, 3 if layer == "pool" else 5)
        ]
        if layer != "pool":
            found[2]["parent"] = found[1]["code"]
        return found

    def codes(self, layer: str) -> list[str]:
        """The codes of a layer."""
        return [one["code"] for one in self.objects(layer)]

    def driver(self, name: str) -> str:
        """The code of a driver."""
        return self.code(f"driver {name}")


def sources(world: World, stage: str) -> st.SearchStrategy[Json]:
    """What a mapping of a stage may look at."""
    layer = stage.partition("_to_")[0]
    codes = world.codes(layer)
    choices = [
        st.just({}),
        st.sampled_from(codes).map(lambda code: {"code": code}),
        st.sampled_from(codes).map(lambda code: {"under": code}),
        st.just({"tags.app": "a"}),
        st.just({"not": {"tags.app": ["b", "none"]}}),
    ]
    return st.one_of(choices)


def prices(world: World, layer: str, least: int, most: int) -> st.SearchStrategy[Json]:
    """Amounts of money by target code."""
    keys = st.sampled_from(["*", *world.codes(layer)])
    price = st.decimals(least, most, places=2).map(
        lambda one: {"amount": str(one), "currency": "EUR"}
    )
    return st.dictionaries(keys, price, min_size=1, max_size=2)


@st.composite
def ways(draw: st.DrawFn, world: World, stage: str, methods: tuple[str, ...]) -> Json:
    """A method with its target and what belongs to it."""
    layer = stage.rsplit("_", 1)[1]
    codes = world.codes(layer)
    method = draw(st.sampled_from(methods))
    if method == "direct":
        aliases = {"a": codes[0], "b": codes[1]}
        choices: list[Json] = [
            {"object": draw(st.sampled_from(codes))},
            {"field": "tags.app", "aliases": aliases},
            {"retain": True},
        ]
        return {"method": "direct", "target": draw(st.sampled_from(choices))}
    if method == "fixed":
        first = draw(st.integers(1, 99))
        shares = {codes[0]: str(first), codes[-1]: str(100 - first)}
        return {"method": "fixed", "target": {"shares": shares}}
    target = draw(st.sampled_from([{}, {"code": codes[:2]}, {"under": codes[1]}]))
    way: Json = {"method": method, "target": target}
    if method != "even":
        way["driver"] = world.driver(draw(st.sampled_from(DRIVERS[:3])))
    if method == "capacity":
        way["capacity_driver"] = world.driver("capacity")
    if method == "rate":
        way["rates"] = draw(prices(world, layer, 0, 500))
    if method in {"even", "driver"} and stage not in WITHIN:
        for bound, (least, most) in BOUNDS.items():
            if draw(st.integers(0, 5)) == 0:
                way[bound] = draw(prices(world, layer, least, most))
    return way


@st.composite
def mappings(draw: st.DrawFn, world: World) -> list[Json]:
    """A whole model: a rule for all that is left on each layer, and others before them.

    Every line finds a pool, leaves the scope, or is left over.
    """
    pools = world.codes("pool")
    found: list[Json] = [
        {"code": "out", "stage": "line_to_pool", "priority": 1, "source": {"account": "9"},
         "method": "direct", "target": {"out_of_scope": True}},
        {"code": "named", "stage": "line_to_pool", "priority": 2,
         "method": "direct", "source": {"account": {"exists": True}},
         "target": {"field": "account", "aliases": {"1": pools[0], "2": pools[1]}}},
        {"code": "rest", "stage": "line_to_pool", "priority": 3, "source": {"tags.app": "a"},
         "method": "direct", "target": {"object": pools[0]}},
    ]  # fmt: skip
    stages = [*CHAIN, *draw(st.lists(st.sampled_from(ONWARD), max_size=4))]
    stages += draw(st.lists(st.sampled_from(WITHIN), max_size=3)) if WITHIN else []
    for place, stage in enumerate(stages):
        last = place < len(CHAIN)
        methods = LINEAR_METHODS if stage in WITHIN else ONWARD_METHODS
        found.append(
            {
                "code": f"rule {place}",
                "stage": stage,
                "priority": 9 if last else draw(st.integers(1, 3)),
                "portion": draw(st.sampled_from(["100", "100", "60", "33.3", "0.001"])),
                "source": {} if last else draw(sources(world, stage)),
                "on_zero": draw(st.sampled_from(["unallocated", "next", "even"])),
                **draw(ways(world, stage, methods)),
            }
        )
    return found


@st.composite
def stage_settings(draw: st.DrawFn, world: World) -> Json:
    """How the same-layer stages are solved."""
    found: Json = {}
    for stage in WITHIN:
        codes = world.codes(stage.partition("_to_")[0])
        order = draw(st.permutations(codes))[:2]
        choices: list[Json | None] = [
            None,
            {"solve": "reciprocal"},
            {"solve": "reciprocal", "self_use": "counted"},
            {"solve": "step_down"},
            {"solve": "step_down", "order": list(order)},
        ]
        setting = draw(st.sampled_from(choices))
        if setting:
            found[stage] = setting
    return found


def lines() -> st.SearchStrategy[list[Json]]:
    """Lines known by few ids, so that later ones replace earlier ones; some are deletions."""
    line = st.fixed_dictionaries(
        {
            "external_id": st.sampled_from("abcdef"),
            "amount": amounts,
            "currency": st.sampled_from(["EUR"] * 9 + ["USD"]),
            "account": st.sampled_from(["1", "1", "1", "2", "2", "2", "3", "9"]),
            "tags": st.sampled_from([{"app": "a"}, {"app": "b"}, {"app": "c"}, {}]),
            "deleted": st.sampled_from([False] * 9 + [True]),
        },
        optional={"cost_type": st.sampled_from(["opex", "capex"])},
    )
    return st.lists(line, min_size=3, max_size=6, unique_by=lambda one: one["external_id"])


@st.composite
def measured(draw: st.DrawFn, world: World) -> list[Json]:
    """Quantities of the drivers: of targets, of pairs, of capacities, some of nobody we know."""
    every = [code for layer in LAYERS[1:] for code in world.codes(layer)]
    holders = [code for layer in LAYERS[:3] for code in world.codes(layer)]
    targets = st.sampled_from([*every, *every, world.code("nobody")])
    rows: dict[tuple[str, str | None, str], str] = {}
    for driver, senders, reached in (
        ("plain", st.none(), targets),
        ("metered", st.none() | st.sampled_from(holders), targets),
        ("capacity", st.none(), st.sampled_from(holders)),
        ("energy", st.none(), st.sampled_from(world.codes("resource"))),
    ):
        pairs: Any = st.dictionaries(
            st.tuples(senders, reached), quantities, min_size=3, max_size=9
        )
        for (source, target), quantity in draw(pairs).items():
            rows[world.driver(driver), source, target] = quantity
    return [
        {"driver": driver, "source": source, "target": target, "quantity": quantity}
        for (driver, source, target), quantity in rows.items()
    ]
