"""No rule of a plate is ever broken, whatever the rules are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from planning_builders import TEMPERATURE, TIME, control, dopants_of, of_role, problem, some, spinel

from alloop.chemistry import Shelf
from alloop.errors import PlanError
from alloop.planning import PlanningProblem, Station, WellBlock, plan_plate, plan_plate_at_random
from alloop.planning.blocks import BlockTask, divide
from alloop.planning.components import Scored
from alloop.planning.explorers import Cover
from alloop.planning.filling import FilledBlock, Pool, fill_plate
from alloop.planning.price import rule_prices
from alloop.planning.random_wells import open_rows
from alloop.planning.rules import traits_of
from alloop.space import Candidate, Setting

SEARCH = (Phase.explicit, Phase.reuse, Phase.generate)  # a plate takes too long to make for shrinking
BLOCK = replace(TEMPERATURE, shared_by="block")
GAS = Setting("gas", "", ("argon", "vacuum"), "plate")
BENCH, BOX = Station("bench", "air", 40), Station("box", "inert", 3)
LABELS = tuple(f"{row}{column:02}" for row in "ABCD" for column in range(1, 5))


def sensitive(shelf: Shelf) -> Shelf:
    """The shelf whose indium and zirconium chlorides must not see air."""
    powders = tuple(replace(p, needs_inert=p.formula in ("InCl3", "ZrCl4")) for p in shelf.precursors)
    return replace(shelf, precursors=powders)


def blocks_of(sizes: Sequence[int]) -> tuple[WellBlock, ...]:
    edges = np.cumsum([0, *sizes])
    return tuple(WellBlock(f"b{i}", LABELS[low:high]) for i, (low, high) in enumerate(pairwise(edges)))


def precursors_of(shelf: Shelf, candidates: Sequence[Candidate]) -> set[str]:
    return {formula for candidate in candidates for formula in shelf.solve(candidate.amounts)}


def distance(one: Candidate, other: Candidate) -> float:
    def share(candidate: Candidate, element: str) -> Fraction:
        return candidate.amounts.get(element, Fraction(0)) / sum(candidate.amounts.values())

    return float(max(abs(share(one, e) - share(other, e)) for e in {*one.amounts, *other.amounts}))


SPACE = spinel(settings=(GAS, BLOCK, TIME), shelf=True)
POWDERS = sensitive(SPACE.shelf)

some_rules = st.fixed_dictionaries(
    {
        "max_precursors": st.one_of(st.none(), st.integers(2, 6)),
        "max_wells_per_dopant": st.one_of(st.none(), st.integers(1, 5)),
        "max_wells_per_composition": st.one_of(st.none(), st.integers(1, 2)),
        "min_distance": st.sampled_from([0.0, 0.001, 0.02]),
        "blocks": st.sampled_from([(), blocks_of([16]), blocks_of([8, 8]), blocks_of([4, 3, 9])]),
        "stations": st.sampled_from([(), (BENCH, BOX), (replace(BOX, wells=16),)]),
        "replicates": st.integers(0, 3),
        "random": st.integers(0, 3),
        "n_controls": st.integers(0, 3),
        "wells": st.sampled_from([LABELS, LABELS[:5], LABELS[2:13]]),
    }
)


def asked_with(drawn: dict[str, Any], **changes: Any) -> PlanningProblem:
    rules = dict(drawn)
    n_controls, wells = rules.pop("n_controls"), rules.pop("wells")
    if n_controls:
        rules["control"] = control(SPACE, n_controls)
    asked = problem(SPACE, some(SPACE, 20), shelf=POWDERS, rules=rules, **changes)
    return replace(asked, rules=replace(asked.rules, wells=wells))


def check_plate(asked: PlanningProblem, wells: Sequence[tuple[str | None, str, Candidate]]) -> None:
    """(Block, role, candidate) of every well against all rules."""
    rules = asked.rules
    everyone = [candidate for _, _, candidate in wells]
    if rules.max_precursors is not None:
        assert len(precursors_of(POWDERS, everyone)) <= rules.max_precursors
    if rules.max_wells_per_dopant is not None:
        assert max(Counter(d for c in everyone for d in dopants_of(c)).values(), default=0) <= (
            rules.max_wells_per_dopant
        )
    if rules.stations and BENCH in rules.stations:
        needs = [bool({"In", "Zr"} & set(candidate.amounts)) for candidate in everyone]
        assert sum(needs) <= BOX.wells
    new = [c.recipe_key for _, role, c in wells if role in ("candidate", "random")]
    reserved = {c.recipe_key for _, role, c in wells if role in ("control", "replicate")}
    assert len(new) == len(set(new))
    assert not set(new) & (reserved | asked.closed_recipes)
    by_plate = {candidate.process["gas"] for candidate in everyone}
    assert len(by_plate) == 1
    by_block: dict[str | None, set[Any]] = {}
    for block, _, candidate in wells:
        by_block.setdefault(block, set()).add(candidate.process["anneal_temperature"])
    assert all(len(levels) == 1 for levels in by_block.values())
    others = [candidate for _, role, candidate in wells if role != "control"]
    for i, one in enumerate(others):
        for other in others[:i]:
            if one.settings == other.settings:
                assert distance(one, other) >= max(rules.min_distance, 1e-9) - 1e-9


def pool_of(asked: PlanningProblem, tasks_settings: Any) -> Pool:
    ranks = np.arange(SPACE.size)
    block = SPACE.decode(ranks)
    features = asked.features.of_block(block)
    choices = tasks_settings.choice_of(block.settings)
    uniform = np.zeros(len(ranks), dtype=bool)
    uniform[::3] = True
    return Pool(block, features, traits_of(asked, block), choices, open_rows(asked, block), uniform)


def filled_plate(asked: PlanningProblem, seed: int) -> tuple[Any, Pool, Any, tuple[FilledBlock, ...]]:
    """A plate from made-up scores, without any model."""
    rng = np.random.default_rng(seed)
    process_settings, tasks = divide(SPACE.process, asked.rules, rng)
    pool = pool_of(asked, process_settings)
    m = len(pool.features)
    components = [
        (Scored("hits", rng.random(m)), 0.5),
        (Scored("hope", rng.random(m)), 0.3),
        (Cover(rng.random((20, m)), np.full(20, 0.8)), 0.2),
    ]
    ranked = [(sample, "again") for sample in asked.made]
    filled = fill_plate(asked, process_settings, tasks, pool, components, ranked, rng)
    return process_settings, pool, components, filled


def wells_of(filled: Sequence[FilledBlock]) -> list[tuple[str | None, str, Candidate]]:
    wells = []
    for block in filled:
        name = block.task.name
        wells += [(name, "control", candidate) for candidate in block.reserved.controls]
        wells += [(name, "replicate", entry.candidate) for entry in block.reserved.replicates]
        blind = set(block.blind)
        ranks = [(row, SPACE.candidate(row)) for row in block.rows]
        wells += [(name, "random" if row in blind else "candidate", c) for row, c in ranks]
    return wells


@settings(max_examples=25, deadline=None, phases=SEARCH)
@given(drawn=some_rules, seed=st.integers(0, 50), plates_before=st.integers(0, 4))
def test_no_rule_is_ever_broken(drawn: dict[str, Any], seed: int, plates_before: int) -> None:
    asked = asked_with(drawn, plates_before=plates_before)
    process_settings, pool, components, filled = filled_plate(asked, seed)
    if not filled:
        return
    wells = wells_of(filled)
    check_plate(asked, wells)
    for block in filled:
        own = [entry for entry in wells if entry[0] == block.task.name]
        assert len(own) <= len(block.task.wells)
    replicated = [entry.sample.sample for block in filled for entry in block.reserved.replicates]
    assert len(replicated) == len(set(replicated))
    for price in rule_prices(asked, process_settings, pool, components, filled):
        assert 0.0 <= price.utility_lost_percent <= 100.0
        assert price.words


@settings(max_examples=12, deadline=None, phases=SEARCH)
@given(drawn=some_rules, seed=st.integers(0, 50), is_random=st.booleans())
def test_first_and_random_plates_keep_every_rule(drawn: dict[str, Any], seed: int, is_random: bool) -> None:
    asked = replace(asked_with(drawn), observations={}, made=())
    plan = (plan_plate_at_random if is_random else plan_plate)(asked, seed)
    check_plate(asked, [(well.block, well.role, well.candidate) for well in plan.wells])
    labels = {block.name: set(block.wells) for block in asked.rules.blocks}
    for well in plan.wells:
        assert well.block is None if not labels else well.well in labels[well.block]
        assert (well.station is not None) == bool(asked.rules.stations)
        if well.station == "bench":
            assert not {"In", "Zr"} & set(well.candidate.amounts)


def test_a_later_plate_has_blocks_with_settings_of_their_own() -> None:
    rules = {
        "blocks": blocks_of([8, 8]), "stations": (BENCH, replace(BOX, wells=6)), "control": control(SPACE, 2),
        "random": 2, "replicates": 2, "max_wells_per_dopant": 9, "wells": LABELS,
    }  # fmt: skip
    asked = problem(SPACE, some(SPACE, 30), shelf=POWDERS, rules=rules)
    plan = plan_plate(asked, 0)
    assert [well.well for well in plan.wells] == list(LABELS)
    check_plate(replace(asked, rules=replace(asked.rules, stations=())), [
        (well.block, well.role, well.candidate) for well in plan.wells
    ])  # fmt: skip
    assert set(plan.shared_settings) == {"gas"}
    for block in plan.blocks:
        own = [well for well in plan.wells if well.block == block.name]
        assert [well.well for well in own] == list(block.wells)
        assert Counter(well.role for well in own) == {
            "control": 1,
            "replicate": 1,
            "random": 1,
            "candidate": 5,
        }
        for well in own:
            assert {k: v for k, v in well.candidate.settings if k in block.settings} == block.settings
    prices = {price.rule: price for price in plan.rule_prices}
    assert set(prices) == {
        "max_wells_per_dopant",
        "stations",
        "shared_by block",
        "shared_by plate",
        "reserved",
    }
    assert "2 controls, 2 replicates and 2 random wells: " in prices["reserved"].words


def test_settings_fixed_in_a_block_stay_there() -> None:
    fixed = {"b1": {"anneal_temperature": Fraction(400)}}
    asked = problem(SPACE, shelf=POWDERS, rules={"blocks": blocks_of([8, 8]), "fixed_in_block": fixed})
    asked = replace(asked, rules=replace(asked.rules, wells=LABELS))
    plan = plan_plate(asked, 0)
    second = [w.candidate.process["anneal_temperature"] for w in plan.wells if w.block == "b1"]
    assert set(second) == {400}
    wrong = replace(asked.rules, fixed_in_block={"b1": {"anneal_temperature": Fraction(1)}})
    with pytest.raises(PlanError, match="1 is none of its levels"):
        plan_plate(replace(asked, rules=wrong), 0)


def test_a_tighter_rule_costs_more() -> None:
    lost = []
    for limit in (2, 4, 16):
        asked = asked_with(
            {"max_wells_per_dopant": limit, "n_controls": 0, "wells": LABELS, "replicates": 0, "random": 0}
        )
        process_settings, pool, components, filled = filled_plate(asked, 3)
        (price,) = [
            p for p in rule_prices(asked, process_settings, pool, components, filled) if "dopant" in p.rule
        ]
        lost.append(price.utility_lost_percent)
    assert lost[0] > lost[1] > lost[2] == 0.0


def test_a_composition_comes_again_only_when_nothing_else_is_left() -> None:
    space = spinel(dopants="Zn2+", levels="0.1 0.2 0.3", settings=(TIME,))
    rules = {"max_wells_per_composition": 1}
    few = plan_plate(problem(space, wells=4, rules=rules), 0)
    assert len({tuple(sorted(w.candidate.amounts.items())) for w in few.wells}) == 4
    assert len(plan_plate(problem(space, wells=8, rules=rules), 0).wells) == 8


def test_what_controls_and_locked_wells_exceed_is_said() -> None:
    asked = problem(SPACE, shelf=POWDERS, rules={"control": control(SPACE), "max_precursors": 1})
    assert "the controls alone need 2 precursors, more than max_precursors 1" in plan_plate(asked, 0).warnings
    locked = SPACE.candidate(next(r for r in range(SPACE.size) if "In" in SPACE.candidate(r).amounts))
    rules = replace(asked.rules, filled=(locked,), stations=(Station("bench", "air", 99),))
    said = " ".join(plan_plate(replace(asked, rules=rules), 0).warnings)
    assert "controls and locked wells need 1 wells under inert gas, the stations make 0" in said


def test_replicates_that_would_break_a_rule_are_left_out() -> None:
    asked = asked_with({"max_precursors": 2, "n_controls": 1, "wells": LABELS, "replicates": 3, "random": 1})
    plan = plan_plate(asked, 0)
    assert precursors_of(POWDERS, [w.candidate for w in plan.wells]) <= {"LiCl", "MgCl2"}
    assert all(not dopants_of(candidate) for candidate in of_role(plan, "replicate"))


def test_blocks_that_cannot_stand_on_one_plate_are_refused() -> None:
    asked = problem(SPACE, rules={"blocks": blocks_of([8, 8])})
    rules = replace(
        asked.rules, wells=LABELS, fixed_in_block={"b0": {"gas": "argon"}, "b1": {"gas": "vacuum"}}
    )
    with pytest.raises(PlanError, match="cannot stand on one plate"):
        divide(SPACE.process, rules, np.random.default_rng(0))
    _, tasks = divide(SPACE.process, replace(asked.rules, wells=LABELS[:5]), np.random.default_rng(0))
    assert [task.name for task in tasks] == ["b0"]
    assert isinstance(tasks[0], BlockTask)
