"""The short rows that a status is told from say what the whole records say."""

from __future__ import annotations

import pytest
from campaign_shell import WELLS, Shell, Write, all_wells, wide

from alloop import Campaign
from alloop.campaign.evidence import gather, modelled_in
from alloop.campaign.ledger import compare, comparison_of, score, score_by_plate
from alloop.campaign.observations import believed_values
from alloop.campaign.overview import survey
from alloop.campaign.progress import course_of, progress_of, standing_of

FIRST, SECOND = "SMALL-SPINEL-001", "SMALL-SPINEL-002"
SIGMA = "ionic_conductivity"


@pytest.fixture
def lived(approved: Shell, results: Write) -> Campaign:
    """Two plates with repeats, bounds, failures, doubts, corrections, a swapped well and one that is not made."""
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(FIRST)))
    approved.ok("plan", "small-spinel")
    approved.ok("swap", SECOND, "A1", "Li1.8Mg0.9Zr0.1Cl4", "--set", "milling_time=5", "--why", "a wish")
    approved.ok("approve", SECOND)
    values = {well: (f"{0.02 * 3**n}", 70 + 4 * n, "ok") for n, well in enumerate(WELLS[:4])}
    values["B01"] = ("<1e-7", 91, "ok")
    values["B02"] = ("", "", "not_formed")
    approved.ok("upload", "small-spinel", results("two.csv", wide(SECOND, values)))
    approved.ok("upload", "small-spinel", results("again.csv", wide(SECOND, {"A01": (0.9, 80, "ok")})))
    approved.ok("upload", "small-spinel", results("bound.csv", wide(SECOND, {"B01": ("<1e-6", 92, "ok")})))
    other = wide(SECOND, {"A02": (7.0, "", "ok")}).replace(",25,", ",60,")
    approved.ok("upload", "small-spinel", results("warm.csv", other))
    text = wide(FIRST, {"A02": (0.4, "", "ok")}).replace("status\n", "status,supersedes\n")
    corrected = text.replace(",ok\n", ",ok,yes\n")
    approved.ok("upload", "small-spinel", results("corrected.csv", corrected))
    approved.ok("retract", f"{FIRST}-A03", SIGMA, "--why", "shorted")
    approved.ok("suspect", f"{FIRST}-A04", SIGMA, "--why", "odd")
    approved.ok("trust", f"{FIRST}-A04", SIGMA, "--why", "measured again")
    approved.ok("suspect", f"{FIRST}-B01", SIGMA, "--why", "odd")
    return Campaign(approved.records(), "small-spinel")


def test_short_rows_say_what_the_whole_records_say(lived: Campaign) -> None:
    file = lived.file
    with lived.records.reading() as reader:
        evidence = gather(reader, lived.name)
        predictions = reader.campaign_predictions(lived.name)
        progress = tuple(reader.progress(lived.name))
        found = survey(reader, lived.name, file)
    aims = modelled_in(file)
    assert found.plates == progress
    used, unused = believed_values(evidence, aims)
    assert sum(found.used.values()) == len(used)
    assert dict(found.unused) == unused
    assert found.unused[SIGMA] >= 1
    assert found.standing() == standing_of(file, evidence)
    formula_of = {sample.id: sample.formula for sample in evidence.samples}
    assert course_of(file, found.standing(), formula_of.__getitem__) == progress_of(file, evidence)
    entries = comparison_of(compare(evidence, predictions, aims))
    assert score(found.comparison()) == score(entries)
    assert score_by_plate(found.comparison()) == score_by_plate(entries)
    assert score(entries)[SIGMA].n >= 4


def test_a_value_that_is_left_out_is_as_if_it_had_not_been_recorded(lived: Campaign) -> None:
    with lived.records.reading() as reader:
        found = survey(reader, lived.name, lived.file)
    best = lived.status().progress.best[SIGMA]
    row = next(row for row in found.fitting[SIGMA] if row.sample == best.sample)
    without = found.standing([(row.sample, row.property, row.value)])
    assert found.standing().values[SIGMA].keys() - without.values[SIGMA].keys() == {best.sample}
