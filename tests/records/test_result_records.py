"""Samples, values and what is thought of them, as records keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from records_builders import (
    ELEMENTS,
    PLATE,
    SETTINGS,
    SLUG,
    add_plate,
    upload,
    value,
)

from alloop.errors import StateError, UploadError
from alloop.records import (
    PreparationRow,
    Records,
    StatusRow,
    UploadRow,
)


def test_samples_are_what_was_planned_until_a_preparation_says_more(plated: Records) -> None:
    planned = plated.samples(SLUG)
    assert [sample.id for sample in planned] == [f"{PLATE}-A01", f"{PLATE}-A02"]
    assert planned[0].elements == ELEMENTS
    assert planned[0].settings == SETTINGS
    noon = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    settings = SETTINGS | {"anneal_temperature": Fraction("412.5")}
    with plated.writing(by="bob") as tx:
        tx.add_preparations(
            PLATE,
            [PreparationRow(sample=planned[0].id, masses_mg={"LiCl": 12.3}, settings=settings, made_at=noon)],
        )
        tx.add_preparations(PLATE, [PreparationRow(sample=planned[0].id, masses_mg={"LiCl": 12.4})])
    first, second = plated.samples(SLUG, PLATE)
    assert first.masses_mg == {"LiCl": 12.4}
    assert first.settings == settings
    assert first.made_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert second == planned[1]


def test_a_proposal_has_no_samples(campaign: Records) -> None:
    add_plate(campaign)
    with campaign.writing(by="ada") as tx, pytest.raises(StateError, match="approve it first"):
        tx.add_samples(PLATE)


def test_values_come_back_as_they_were_recorded(plated: Records) -> None:
    given = value(
        bound="below",
        uncertainty=1e-5,
        method="EIS",
        measured_at=datetime(2026, 3, 3, tzinfo=UTC),
        source="this laboratory",
        qualifier="lt",
        phase="spinel",
        conditions={"pressure_MPa": 370.0},
        doubt="suspect",
        doubt_why="outlier",
    )
    assert upload(plated, b"one", [given, value(None, origin="literature")])
    first, second = plated.measurements(SLUG)
    stamped = {name: getattr(first, name) for name in ("id", "upload_id", "recorded_at", "recorded_by")}
    assert first == replace(given, **stamped)
    assert (second.sample, second.origin) == (None, "literature")
    assert plated.measurements(SLUG, properties=["density"]) == []


def test_the_same_bytes_twice_are_one_upload(plated: Records) -> None:
    assert upload(plated, b"one", [value()])
    assert not upload(plated, b"one", [value()])
    assert len(plated.measurements(SLUG)) == 1
    (row,) = plated.uploads(SLUG)
    assert plated.upload_by_hash(SLUG, row.files[0].sha256) == row
    assert plated.upload_by_hash(SLUG, "0" * 64) is None
    assert plated.raw_file(row.files[0].sha256) == b"one"


def test_known_bytes_in_another_upload_are_refused(plated: Records) -> None:
    upload(plated, b"one", [value()])
    with (
        plated.writing(by="ada") as tx,
        pytest.raises(UploadError, match=r"again.csv: these bytes were recorded by upload 1 by ada"),
    ):
        tx.add_upload(UploadRow(campaign=SLUG), [("new.csv", b"two"), ("again.csv", b"one")])


def test_an_upload_is_refused_whole(plated: Records) -> None:
    row = UploadRow(campaign=SLUG)
    with plated.writing(by="ada") as tx:
        with pytest.raises(UploadError) as caught:
            tx.add_upload(row, [("a", b"1"), ("b", b"1")], [value(number=float("nan"), place="row 2")])
        assert [str(problem) for problem in caught.value.problems] == [
            "b: it is the same file as a; leave one out",
            "row 2: ionic_conductivity is not a finite number",
        ]
        with pytest.raises(StateError, match="sample HALIDE-SPINEL-001-H08: there is no such sample"):
            tx.add_upload(row, [("a", b"1")], [value("H08")])
    assert plated.measurements(SLUG) == []


def test_a_correction_replaces_a_value_and_keeps_it(plated: Records) -> None:
    upload(plated, b"one", [value(number=1.0), value(number=2.0), value("A02")])
    old = [row.id for row in plated.measurements(SLUG)]
    upload(plated, b"two", [value(number=3.0, supersedes=tuple(old[:2]))])
    now = plated.measurements(SLUG)
    assert [row.value for row in now] == [2.5e-4, 3.0]
    assert now[-1].supersedes == tuple(old[:2])
    past = plated.measurements(SLUG, include_superseded=True)
    assert [row.superseded_by for row in past] == [now[-1].id, now[-1].id, None, None]
    with (
        plated.writing(by="ada") as tx,
        pytest.raises(StateError, match="replaced by measurement 4"),
    ):
        tx.supersede([old[0]], now[-1].id)


def test_the_last_word_of_doubt_holds(plated: Records) -> None:
    upload(plated, b"one", [value()])
    (row,) = plated.measurements(SLUG)
    with plated.writing(by="ada") as tx:
        tx.mark(row.id, "suspect", "shifted row?")
        tx.mark(row.id, "retracted", "wrong pellet")
        with pytest.raises(StateError, match="needs a reason"):
            tx.mark(row.id, "ok", "")
        with pytest.raises(StateError, match="measurement 999: there is no such value"):
            tx.mark(999, "ok", "x")
    (now,) = plated.measurements(SLUG)
    assert (now.doubt, now.doubt_why) == ("retracted", "wrong pellet")
    with plated.reading() as reader:
        assert [row.doubt for row in reader.doubts(SLUG)] == ["suspect", "retracted"]


def test_progress_counts_samples_with_valid_values(plated: Records) -> None:
    add_plate(plated, ["A01"], number=2)
    with plated.writing(by="ada") as tx:
        status = StatusRow(campaign=SLUG, sample=f"{PLATE}-A02", status="cracked")
        tx.add_upload(UploadRow(campaign=SLUG), [("a", b"1")], [value(), value()], [status])
    first, second = plated.progress(SLUG)
    assert (first.wells, first.samples, first.measured, first.reported) == (2, 2, 1, 2)
    assert (second.plate, second.wells, second.samples, second.measured) == ("HALIDE-SPINEL-002", 1, 0, 0)
    with plated.writing(by="ada") as tx:
        for row in tx.measurements(SLUG):
            tx.mark(row.id, "retracted", "wrong pellet")
    assert plated.progress(SLUG)[0].measured == 0
    assert [row.status for row in plated.statuses(SLUG)] == ["cracked"]
