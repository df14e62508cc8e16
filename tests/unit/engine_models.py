"""Random small models for the engine's laws: every stage and method, several measures."""

from decimal import Decimal

from hypothesis import strategies as st

from services.allocation.engine.model import (
    DriverTable,
    MappingSpec,
    OwnAmount,
    RunInput,
    StageSetting,
)
from tests.unit.engine_builders import a_run, driver, lines, mapping, objects

MEMBERS = [
    *objects("P1", "P2", "R1", "R2", "R3", "R4", "S1", "S2", "S3", R3="R2"),
    *objects("C1", "C2", "C3", "C4"),
]
STAGES = {
    "P": ("pool_to_resource", "pool_to_solution", "pool_to_consumer"),
    "R": ("resource_to_solution", "resource_to_consumer"),
    "S": ("solution_to_consumer",),
    "RR": ("resource_to_resource",),
    "SS": ("solution_to_solution",),
}
CODES = {
    "resource": ["R1", "R2", "R3", "R4", "nowhere"],
    "solution": ["S1", "S2", "S3", "nowhere"],
    "consumer": ["C1", "C2", "C3", "C4", "nowhere"],
}

amounts = st.decimals("-1000000", "1000000", places=3).map(str)
quantities = st.decimals("0", "1000", places=2).map(str)
portions = st.sampled_from(["100", "100", "33.3", "50", "0.001"])
on_zeros = st.sampled_from(["unallocated", "next", "even"])


@st.composite
def targets(draw: st.DrawFn, layer: str, *, inside: bool = False) -> dict[str, object]:
    codes = CODES[layer]
    kinds = ["object", "field", "retain", "shares", "even", "driver", "driver", "capacity"]
    kinds += [] if inside else ["rate", "bounds", "bounds"]
    kind = draw(st.sampled_from(kinds[inside:]))
    if kind == "object":
        return {"target": {"object": draw(st.sampled_from(codes))}}
    if kind == "field":
        key = "tags.app"
        return {"target": {"field": key, "aliases": {"a": codes[0], "b": codes[1]}}}
    if kind == "retain":
        return {"target": {"retain": True}}
    if kind == "shares":
        first = draw(st.integers(1, 99))
        return {"target": {"shares": {codes[0]: str(first), codes[2]: str(100 - first)}}}
    chosen = draw(st.sampled_from([{}, {"code": codes[:2]}, {"under": "R2"}]))
    found: dict[str, object] = {"target": chosen}
    if kind in {"driver", "rate", "capacity"} or (kind == "bounds" and draw(st.booleans())):
        found["driver"] = draw(st.sampled_from("xyz"))
    if kind == "rate":
        found["rates"] = draw(prices(codes))
    elif kind == "capacity":
        found |= {"method": "capacity", "capacity_driver": draw(st.sampled_from([None, "room"]))}
    elif kind == "bounds":
        which = draw(st.sampled_from([("floor",), ("cap",), ("floor", "cap")]))
        found |= {name: draw(prices(codes)) for name in which}
    return found


def prices(codes: list[str]) -> st.SearchStrategy[dict[str, dict[str, str]]]:
    amount = st.decimals("0", "100000", places=3).map(str) | st.just("0.0001")
    price = st.fixed_dictionaries({"amount": amount, "currency": st.sampled_from(["EUR", "USD"])})
    return st.dictionaries(st.sampled_from([*codes, "*"]), price, min_size=1, max_size=3)


@st.composite
def mappings(draw: st.DrawFn) -> list[MappingSpec]:
    found = [
        mapping("in", "line_to_pool", target={"object": "P1"}, priority=1, source={"account": "1"}),
        mapping("out", "line_to_pool", target={"out_of_scope": True}, source={"account": "9"}),
        mapping("rest", "line_to_pool", target={"field": "account", "aliases": {"2": "P2"}}),
    ]
    for letters, stages in STAGES.items():
        inside = len(letters) > 1
        for place in range(draw(st.integers(0, 3))):
            stage = draw(st.sampled_from(stages))
            layer = stage.rsplit("_", 1)[1]
            source = {"tags.app": "a"} if letters == "P" and draw(st.booleans()) else {}
            if inside:
                source = {"code": draw(st.sampled_from(CODES[layer][:-1]))}
            found.append(
                mapping(
                    f"{letters}{place}",
                    stage,
                    priority=draw(st.integers(1, 3)),
                    portion=draw(portions),
                    source=source,
                    on_zero=draw(on_zeros),
                    **draw(targets(layer, inside=inside)),
                )
            )
    return found


@st.composite
def drivers(draw: st.DrawFn) -> list[DriverTable]:
    every = [code for codes in CODES.values() for code in codes]
    plain = draw(st.dictionaries(st.sampled_from(every), quantities, max_size=8))
    pairs = st.tuples(st.sampled_from(["P1", "R1", "S1"]), st.sampled_from(every))
    metered = draw(st.dictionaries(pairs, quantities, max_size=8))
    room = draw(st.dictionaries(st.sampled_from(["P1", "R1", "R2", "S1"]), quantities, max_size=4))
    return [
        driver("x", plain),
        driver("y", {**plain, **metered}, "estimated"),
        driver("z", {}),
        driver("room", room),
    ]


settings_of_stages = st.one_of(
    st.builds(StageSetting, self_use=st.sampled_from(["excluded", "counted"])),
    st.builds(
        StageSetting,
        solve=st.just("step_down"),
        order=st.lists(st.sampled_from(["R3", "R1", "S2", "nowhere"]), unique=True),
    ),
)


@st.composite
def runs(draw: st.DrawFn) -> RunInput:
    fields = st.fixed_dictionaries(
        {"account": st.sampled_from("1239"), "tags.app": st.sampled_from(["a", "b", "c"])}
    )
    rows = draw(st.lists(st.tuples(fields, amounts), min_size=1, max_size=8))
    own = draw(
        st.lists(
            st.builds(
                OwnAmount,
                measure=st.sampled_from(["cost", "kwh"]),
                layer=st.just("resource"),
                code=st.sampled_from(["R1", "R2", "R9"]),
                amount=st.decimals("-500", "500", places=2),
            ),
            max_size=3,
        )
    )
    stages = ("resource_to_resource", "solution_to_solution")
    return a_run(
        MEMBERS,
        draw(mappings()),
        lines(*rows),
        *draw(drivers()),
        own_amounts=own,
        measures=("cost", "kwh"),
        stages={stage: draw(settings_of_stages) for stage in stages},
        rates={"USD": Decimal("0.9137")},
    )
