"""From files to records: whole or not at all, the same bytes once, corrections that supersede."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_builders import CONTEXT, ELEMENTS, PLATE, SETTINGS, SLUG

from alloop.errors import UploadError
from alloop.ingest import UploadReport, record_files, results_context
from alloop.records import PlateRow, Records, VersionRow, WellRow

LITERATURE = b"formula,property,value,unit,qualifier\nLi3InCl6,ionic_conductivity,2e-3,S/cm,point\n"


@pytest.fixture
def records(tmp_path: Path, url: str | None) -> Iterator[Records]:
    opened = Records.open(tmp_path / "lab", create=True, url=url)
    with opened.writing("ada") as tx:
        tx.add_campaign(SLUG)
        tx.add_campaign_version(VersionRow(campaign=SLUG, text="x", sha256="0" * 64))
        for number in (1, 2, 3):
            plate = f"HALIDE-SPINEL-{number:03d}"
            wells = [
                WellRow(
                    plate=plate,
                    well=f"A{column:02d}",
                    role="candidate",
                    formula="Li1.8Mg0.8In0.2Cl4",
                    elements=ELEMENTS,
                    settings=SETTINGS,
                )
                for column in range(1, 9)
            ]
            tx.add_plate(PlateRow(id=plate, campaign=SLUG, number=number, version=1), "{}", wells)
        tx.set_plate_state(PLATE, "approved")
        tx.add_samples(PLATE)
    yield opened
    opened.close()


def upload(
    records: Records, *texts: str | bytes, literature: bool = False, dry_run: bool = False
) -> UploadReport:
    files = [
        (f"{index}.csv", text if isinstance(text, bytes) else text.encode())
        for index, text in enumerate(texts, start=1)
    ]
    with records.reading() as reader:
        context = results_context(reader, CONTEXT)
    return record_files(records, context, files, "ada", literature, dry_run=dry_run)


def values(records: Records) -> list[tuple[str | None, float]]:
    with records.reading() as reader:
        return [(row.sample, row.value) for row in reader.measurements(SLUG)]


def table(*rows: str, more: str = "") -> str:
    lines = "".join(f"{PLATE}-{row}\n" for row in rows)
    return f"sample,ionic_conductivity [mS/cm],temperature_C,kind,status{more}\n{lines}"


def test_an_upload_is_recorded_with_its_files_and_moves_its_plate(records: Records) -> None:
    text = table("A1,1.5,25,total,ok", "A2,<1e-6,25,total,", "A3,,,,cracked")
    report = upload(records, text)
    assert (report.is_new, report.measurements, report.statuses) == (True, 2, 2)
    assert report.samples == tuple(f"{PLATE}-A0{i}" for i in (1, 2, 3))
    assert report.started == (PLATE,)
    with records.reading() as reader:
        assert reader.plate(PLATE).state == "measuring"
        (row,) = reader.uploads(SLUG)
        assert records.raw_file(row.files[0].sha256) == text.encode()
        first = reader.measurements(SLUG)[0]
        assert (first.sample, first.value, first.upload_id) == (f"{PLATE}-A01", 0.0015, row.id)
        assert first.place == "1.csv, row 2, column 'ionic_conductivity [mS/cm]'"
        assert [status.status for status in reader.statuses(SLUG)] == ["ok", "cracked"]


def test_the_same_bytes_twice_are_one_upload(records: Records) -> None:
    first = upload(records, table("A1,1.5,25,total,"))
    again = upload(records, table("A1,1.5,25,total,"))
    assert (again.is_new, again.upload_id, again.skipped) == (False, first.upload_id, ("1.csv",))
    mixed = upload(records, table("A1,1.5,25,total,"), table("A2,2.5,25,total,"), table("A2,2.5,25,total,"))
    assert mixed.is_new
    assert mixed.skipped == ("1.csv", "3.csv")
    assert values(records) == [(f"{PLATE}-A01", 0.0015), (f"{PLATE}-A02", 0.0025)]


def test_one_wrong_row_in_one_file_keeps_everything_out(records: Records) -> None:
    with pytest.raises(UploadError) as caught:
        upload(
            records,
            table("A1,1.5,25,total,"),
            table("A9,1.5,25,total,", "A2,x,25,total,"),
            b"%PDF-1.7",
        )
    assert [problem.where for problem in caught.value.problems] == [
        "2.csv, row 2, column 'sample'",
        "2.csv, row 3, column 'ionic_conductivity [mS/cm]'",
        "3.csv",
    ]
    assert values(records) == []
    with records.reading() as reader:
        assert reader.uploads(SLUG) == []
        assert reader.plate(PLATE).state == "approved"


def test_a_dry_run_keeps_nothing(records: Records) -> None:
    report = upload(records, table("A1,1.5,25,total,"), dry_run=True)
    assert report.measurements == 1
    assert values(records) == []
    assert upload(records, table("A1,1.5,25,total,")).is_new


def test_corrections_supersede_only_when_their_row_says_so(records: Records) -> None:
    upload(records, table("A1,1.5,25,total,", "A1,1.6,25,total,", "A1,9,60,total,", "A2,2,25,total,"))
    upload(records, table("A2,2.1,25,total,"))
    report = upload(records, table("A1,1.2,25,total,,yes", "A1,1.3,25,total,,yes", more=",supersedes"))
    assert report.superseded == 2
    assert values(records) == [
        (f"{PLATE}-A01", 0.009),
        (f"{PLATE}-A02", 0.002),
        (f"{PLATE}-A02", 0.0021),
        (f"{PLATE}-A01", 0.0012),
        (f"{PLATE}-A01", 0.0013),
    ]
    with records.reading() as reader:
        old = [row for row in reader.measurements(SLUG, include_superseded=True) if row.superseded_by]
        second = next(row.id for row in reader.measurements(SLUG) if row.value == 0.0021)
    assert [row.value for row in old] == [0.0015, 0.0016]
    assert upload(records, table(f"A2,2.2,25,total,,{second}", more=",supersedes")).superseded == 1


def test_superseding_what_is_not_there_is_refused(records: Records) -> None:
    upload(records, table("A1,1.5,25,total,"))
    upload(records, table("A1,1.6,25,total,,1", more=",supersedes"))
    with pytest.raises(UploadError) as caught:
        upload(
            records,
            table(
                "A2,1,25,total,,yes",
                "A1,1,60,total,,yes",
                "A3,1,25,total,,1",
                "A3,1,25,total,,999",
                "A1,1,25,total,,1",
                more=",supersedes",
            ),
        )
    assert [problem.what for problem in caught.value.problems] == [
        "there is no earlier value of ionic_conductivity under these conditions to supersede",
        "there is no earlier value of ionic_conductivity under these conditions to supersede",
        f"measurement 1 is no ionic_conductivity of {PLATE}-A03",
        f"measurement 999 is no ionic_conductivity of {PLATE}-A03",
        "measurement 1 was superseded by 2 before",
    ]


def test_literature_and_histories_are_uploads_too(records: Records) -> None:
    upload(records, LITERATURE, literature=True)
    upload(records, "formula,anneal_temperature,route,Ea [eV]\nLi2MgCl4,400,milled,0.3\n")
    with records.reading() as reader:
        assert [row.origin for row in reader.uploads(SLUG)] == ["literature", "history"]
        rows = reader.measurements(SLUG)
    assert [(row.origin, row.formula, row.sample) for row in rows] == [
        ("literature", "Li3InCl6", None),
        ("history", "Li2MgCl4", None),
    ]
    assert rows[1].settings["route"] == "milled"
    again = upload(
        records,
        "formula,anneal_temperature,route,Ea [eV],supersedes\nLi4Mg2Cl8,400,milled,0.31,yes\n",
    )
    assert again.superseded == 1


def test_a_plate_that_is_only_proposed_has_no_results(records: Records) -> None:
    with pytest.raises(UploadError, match="plate HALIDE-SPINEL-002 is proposed and has no samples"):
        upload(records, "sample,Ea [eV]\nHALIDE-SPINEL-002-A1,0.3\n")
    with pytest.raises(UploadError, match="there is nothing to upload"):
        upload(records)
