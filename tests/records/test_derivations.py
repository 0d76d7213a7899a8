"""What was derived from files: recorded with its values, or not at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from records_builders import PLATE, SLUG, value

from alloop.errors import RecordsError, StateError, UploadError
from alloop.records import DerivationRow, MeasurementRow, Records, UploadRow, sha256_of
from alloop.records.writing_derived import Derived

SAMPLE = f"{PLATE}-A01"
SPECTRUM = b"frequency impedance"
ROW = DerivationRow(
    campaign=SLUG,
    sample=SAMPLE,
    files=(sha256_of(SPECTRUM),),
    kind="impedance",
    format="BioLogic .mpt",
    model="R0-p(R1,CPE1)-CPE0",
    code_version="0.1.0",
    given={"thickness_mm": 1.2},
    flags=({"name": "noisy", "words": "noise of 4 %", "severity": "note"},),
    details={"resistance_ohm": 1460.0},
    figure="<svg/>",
)


def _record(records: Records, derived: Sequence[Derived]) -> None:
    with records.writing(by="ada") as tx:
        added, _ = tx.add_upload(UploadRow(campaign=SLUG), [("a.mpt", SPECTRUM)])
        tx.add_derived(SLUG, added.id, derived)


@pytest.fixture
def derived(plated: Records) -> Records:
    _record(plated, [(ROW, [value(value=1e-3), value(value=2e-3, temperature_C=60.0)])])
    return plated


def test_a_derivation_comes_back_with_its_files_and_values(derived: Records) -> None:
    with derived.reading() as reader:
        (found,) = reader.derivations(SLUG, figures=True)
        measurements = reader.measurements(SLUG)
    assert replace(
        found, id=0, upload_id=0, values=(), recorded_at=ROW.recorded_at, recorded_by=""
    ) == ROW  # fmt: skip
    assert found.values == tuple(row.id for row in measurements)
    assert {row.upload_id for row in measurements} == {found.upload_id}


def test_figures_come_only_when_asked_for(derived: Records) -> None:
    with derived.reading() as reader:
        assert [row.figure for row in reader.derivations(SLUG, SAMPLE)] == [None]
        assert reader.derivations(SLUG, f"{PLATE}-A02") == []


def test_a_file_derived_again_supersedes_its_values(derived: Records) -> None:
    with derived.writing(by="ada") as tx:
        first, second = tx.measurements(SLUG)
        again = [
            value(value=1.1e-3, supersedes=(first.id,)),
            value(value=2e-3, temperature_C=60.0, supersedes=(second.id,)),
        ]
        tx.add_derived(SLUG, first.upload_id or 0, [(replace(ROW, code_version="0.2.0"), again)])
    with derived.reading() as reader:
        assert [row.value for row in reader.measurements(SLUG)] == [1.1e-3, 2e-3]
        assert [row.code_version for row in reader.derivations(SLUG)] == ["0.1.0", "0.2.0"]


@pytest.mark.parametrize(
    ("row", "wrong", "error"),
    [
        (ROW, value(value=math.nan), UploadError),
        (ROW, value("H08"), StateError),
        (replace(ROW, files=(sha256_of(b"unknown"),)), value(), RecordsError),
    ],
)
def test_nothing_is_recorded_half(
    plated: Records, row: DerivationRow, wrong: MeasurementRow, error: type[Exception]
) -> None:
    with pytest.raises(error):
        _record(plated, [(ROW, [value()]), (row, [wrong])])
    with plated.reading() as reader:
        assert reader.derivations(SLUG) == []
        assert reader.measurements(SLUG) == []
        assert reader.uploads(SLUG) == []
