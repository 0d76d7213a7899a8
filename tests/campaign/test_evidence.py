"""Which records count, for what, and how they become what models learn from."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from campaign_shell import TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.campaign.evidence import Evidence, aims_of, fits
from alloop.campaign.observations import learn_from
from alloop.campaign.question import Wish, ask, plate_labels
from alloop.campaign_file import CampaignFile, parse_campaign
from alloop.chemistry import parse_formula
from alloop.planning import Objective
from alloop.records import (
    MeasurementRow,
    PlateRow,
    SampleRow,
    StatusRow,
    VersionRow,
    WellRow,
    sample_id,
)
from alloop.space import FeatureMap
from alloop.surrogate import ABOVE, BELOW, EXACT

PLATE = "SMALL-SPINEL-001"
SIGMA = Objective("ionic_conductivity", "maximize", "log10", "S/cm", 1e-6, 1e-3, 25.0, "total")


@pytest.fixture(scope="module")
def file() -> CampaignFile:
    return parse_campaign(TEXT, Path(), complete=False)


@pytest.fixture(scope="module")
def features(file: CampaignFile) -> FeatureMap:
    return FeatureMap(file.space)


def value(sample: str | None, number: float, **rest: object) -> MeasurementRow:
    row = MeasurementRow(
        campaign="small-spinel", property="ionic_conductivity", value=number, temperature_C=25.0, kind="total",
        sample=sample, origin="laboratory" if sample else "literature", formula="Li2MgCl4",
        elements=parse_formula("Li2MgCl4"), upload_id=1,
    )  # fmt: skip
    return replace(row, **rest)  # type: ignore[arg-type]


def evidence(file: CampaignFile, state: str = "measuring", **rest: object) -> Evidence:
    """A plate with four wells of different magnesium contents."""
    space = file.space
    wells, samples = [], []
    for n, label in enumerate(("A01", "A02", "A03", "A04")):
        candidate = space.candidate(17 * n)
        wells.append(
            WellRow(
                plate=PLATE,
                well=label,
                role="candidate",
                formula=candidate.formula,
                key=candidate.key,
                elements=candidate.amounts,
                recipe_key=candidate.recipe_key,
                settings=candidate.process,
            )
        )
        samples.append(
            SampleRow(
                id=sample_id(PLATE, label),
                campaign="small-spinel",
                plate=PLATE,
                well=label,
                formula=candidate.formula,
                elements=candidate.amounts,
                settings=candidate.process,
            )
        )
    found = Evidence(
        version=VersionRow(campaign="small-spinel", text=TEXT, sha256=file.sha256, number=1),
        plates=(PlateRow(id=PLATE, campaign="small-spinel", number=1, version=1, state=state),),
        wells=tuple(wells),
        samples=tuple(samples),
        measurements=(),
        statuses=(),
        exclusions=(),
        old_literature=frozenset(),
    )
    return replace(found, **rest)  # type: ignore[arg-type]


def name(well: str) -> str:
    return sample_id(PLATE, well)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"temperature_C": 30.0}, True),
        ({"temperature_C": 31.0}, False),
        ({"temperature_C": None}, False),
        ({"kind": None}, True),
        ({"kind": "bulk"}, False),
    ],
)
def test_conditions_of_a_value(changes: dict[str, object], counts: bool) -> None:
    assert fits(value(None, 1e-4, **changes), SIGMA) is counts
    if "kind" not in changes:
        assert fits(value(None, 1e-4, kind="bulk"), replace(SIGMA, kind=None)) is True
        assert fits(value(None, 1e-4, kind=None), replace(SIGMA, kind="bulk")) is False


def test_only_believed_values_of_the_current_literature_count(file: CampaignFile) -> None:
    rows = (
        value(None, 1e-4, qualifier="point"),
        value(None, 2e-4, qualifier="range_low"),
        value(None, 3e-4, doubt="suspect"),
        value(None, 4e-4, doubt="retracted"),
        value(None, 5e-4, upload_id=7),
        value(name("A01"), 6e-4, qualifier="whatever the lab notes"),
    )
    found = evidence(file, measurements=rows, old_literature=frozenset([7]))
    assert sorted(row.value for row in found.counted) == [1e-4, 6e-4]


def test_what_became_of_samples(file: CampaignFile, features: FeatureMap) -> None:
    def status(well: str, text: str) -> StatusRow:
        return StatusRow(campaign="small-spinel", status=text, sample=name(well))

    found = evidence(
        file,
        measurements=(value(name("A01"), 1e-4), value(name("A03"), 1e-4)),
        statuses=(status("A02", "not_formed"), status("A03", "cracked"), status("A04", "lost")),
    )
    assert [found.outcome[name(well)] for well in ("A01", "A02", "A03", "A04")] == [
        "formed",
        "failed",
        "failed",
        "gone",
    ]
    learned = learn_from(found, aims_of(file), features)
    assert learned.formed is not None
    assert sorted(learned.formed.bounds) == [BELOW, BELOW, ABOVE]
    recovered = replace(found, statuses=(*found.statuses, status("A02", "ok"), status("A03", "ok")))
    assert learn_from(recovered, aims_of(file), features).formed is None


def test_plates_publications_and_repeats(file: CampaignFile, features: FeatureMap) -> None:
    rows = (
        value(name("A01"), 1e-4),
        value(name("A01"), 2e-4),
        value(name("A02"), 1e-9, bound="below"),
        value(None, 1e-6, source="Review, ref. 1"),
        value(None, 1e-6, source="Review, ref. 2"),
        value(None, 1e-6, source=None),
    )
    data = learn_from(evidence(file, measurements=rows), aims_of(file), features).values["ionic_conductivity"]
    own = data.sources == 0
    assert own.sum() == 3
    assert len(set(data.groups[own])) == 1
    assert sorted(data.groups[~own])[0] == -1
    assert len(set(data.groups)) == 4
    assert len(set(data.recipes)) == 3
    assert sorted(data.bounds) == [BELOW, EXACT, EXACT, EXACT, EXACT, EXACT]
    assert np.allclose(data.values.min(), -9)


def test_what_was_really_made_is_learned_from(file: CampaignFile, features: FeatureMap) -> None:
    plain = evidence(file, measurements=(value(name("A01"), 1e-4), value(name("A02"), 1e-4)))
    slight = replace(plain.samples[0], elements={**plain.samples[0].elements, "Li": Fraction("2.001")})
    far = replace(plain.samples[0], elements={**plain.samples[0].elements, "Li": Fraction("1.5")})
    hot = replace(
        plain.samples[0], settings={**plain.samples[0].settings, "anneal_temperature": Fraction(380)}
    )
    for sample, same in ((plain.samples[0], True), (slight, True), (far, False), (hot, False)):
        found = replace(plain, samples=(sample, *plain.samples[1:]))
        assert found.is_as_planned(sample) is same
        data = learn_from(found, aims_of(file), features).values["ionic_conductivity"]
        made = features.of_compositions([sample.elements], [sample.settings])[0]
        assert any(np.allclose(row, made) for row in data.features)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_recording_does_not_matter(
    file: CampaignFile, features: FeatureMap, order: list[int]
) -> None:
    rows = [value(name(f"A0{1 + n % 4}"), 1e-4 * (1 + n)) for n in range(6)]
    first = evidence(file, measurements=tuple(rows))
    second = evidence(file, measurements=tuple(replace(rows[n], id=n) for n in order))
    assert first.data_hash == second.data_hash
    one, two = (learn_from(e, aims_of(file), features).values["ionic_conductivity"] for e in (first, second))
    assert np.array_equal(one.values, two.values)
    assert np.array_equal(one.features, two.features)
    assert evidence(file, measurements=tuple(rows[1:])).data_hash != first.data_hash


def test_what_is_pending_closed_and_free(file: CampaignFile) -> None:
    lost = StatusRow(campaign="small-spinel", status="lost", sample=name("A03"))
    for state, pending in (("measuring", 2), ("complete", 0), ("cancelled", 0)):
        found = evidence(file, state, measurements=(value(name("A01"), 1e-4),), statuses=(lost,))
        problem, _ = ask(file, found, Wish(plate_labels(file)))
        recipes = [well.recipe_key for well in found.wells]
        assert recipes[0] in problem.closed_recipes
        assert recipes[2] not in problem.closed_recipes
        assert len(problem.pending) == pending
        assert [candidate.recipe_key in problem.closed_recipes for candidate in problem.pending] == [
            True
        ] * pending
        assert [made.sample for made in problem.made] == [name("A01")]
        ignored, _ = ask(file, found, Wish(plate_labels(file), without=frozenset([PLATE])))
        assert not ignored.pending
