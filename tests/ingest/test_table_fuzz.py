"""Whatever a table holds, reading it gives values or problems, never anything else."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_builders import CONTEXT, PLATE

from alloop.errors import UploadError
from alloop.ingest import ParsedUpload, parse_literature, parse_results, read_table
from alloop.properties import PROPERTIES

HEADINGS = (
    "sample", "plate", "well", "formula", "property", "value", "unit", "bound", "qualifier",
    "ionic_conductivity [mS/cm]",
    "Ea [eV]", "Ea uncertainty", "target_phase_fraction", "phases", "status", "note", "temperature_C", "T [K]",
    "kind", "uncertainty", "measured_at", "supersedes", "thickness [mm]", "anneal_temperature", "route", "25 °C",
    "[mS/cm]", "", "operator", "ionic_conductvity", "σ (S cm⁻¹)", "oxidation_limit [V vs Li/Li+]",
)  # fmt: skip
CELLS = (
    "", f"{PLATE}-A1", f"{PLATE}-Z9", PLATE, "3", "A1", "H08", "Li2MgCl4", "Li2La3Zr2O12", "Li2Mg(Cl", "1.5", "0,5",
    "1,234", "<1e-9", ">700", "85%", "1 ± 0.1", "1e400", "ionic_conductivity", "Ea", "mS/cm", "cm2/s", "total",
    "bulk", "gb", "ok", "cracked", "shorted", "not_measured", "range_low", "gt", "below", "yes", "7", "none", "milled",
    "400", "2026-01-02", "01/02/2026", "spinel 90; LiCl 10", "spinel", "#DIV/0!", "25 °C", "²", "\u0663", "nan",
)  # fmt: skip


def written(rows: list[list[str]], delimiter: str) -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode()


@settings(max_examples=150, deadline=None)
@given(data=st.data(), delimiter=st.sampled_from(",;\t"), is_literature=st.booleans())
def test_no_table_breaks_the_reader(data: st.DataObject, delimiter: str, is_literature: bool) -> None:
    width = data.draw(st.integers(1, 6))
    line = st.lists(st.sampled_from(CELLS), min_size=width, max_size=width)
    headings = data.draw(st.lists(st.sampled_from(HEADINGS), min_size=width, max_size=width))
    rows = [headings, *data.draw(st.lists(line, max_size=5))]
    parsed = ParsedUpload()
    try:
        tables = read_table(written(rows, delimiter), "r.csv")
        parsed = (parse_literature if is_literature else parse_results)(tables, CONTEXT)
    except UploadError as error:
        parsed = ParsedUpload(problems=error.problems)
    for problem in (*parsed.problems, *parsed.warnings):
        assert problem.where.startswith("r.csv")
        assert problem.what
    for one in parsed.measurements:
        entry = PROPERTIES[one.row.property]
        assert one.row.doubt == "suspect" or entry.low <= one.row.value <= entry.high
        assert (one.row.sample is None) == (one.row.origin != "laboratory")
        assert one.row.elements
