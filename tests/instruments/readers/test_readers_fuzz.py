"""Damaged files and random bytes: read or refused in one line, nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import dialects
import fuzz

from alloop.instruments.readers import read_recording

FILES = fuzz.corpus()
_SMALL = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
_WORDS = st.sampled_from(
    ["freq/Hz", "Z'/ohm", "-Z''", "time/s", "E/V", "I/mA", "#NAME?", "T (K)", "1", "-2.5e3", "1,5", "nan", "inf",
     "1e999", "\t", ";", ",", " ", "\n", "\r", '"', "/", "°C", "EC-Lab ASCII FILE", "Nb header lines : 3", "EXPLAIN",
     "ZCURVE\tTABLE"]
)  # fmt: skip
_SEPARATORS = ((",", "."), (";", "."), (";", ","), ("\t", ","), ("\t", "."), ("  ", ","), ("  ", "."))


@pytest.mark.parametrize("part", range(12))
def test_damaged_files_are_read_or_refused(part: int) -> None:
    crashes = []
    for number in range(part * 50, part * 50 + 50):
        what, data = fuzz.damaged(FILES, 20, number)
        if len(data) > 3_000_000:
            continue  # the benchmark reads the large ones, too
        outcome, message = fuzz.outcome_of(data, "file")
        if outcome == "crash":
            crashes.append(f"{what}: {message}")
    assert not crashes


@_SMALL
@given(data=st.binary(max_size=2000))
def test_random_bytes(data: bytes) -> None:
    assert fuzz.outcome_of(data, "file")[0] != "crash"


@_SMALL
@given(
    start=st.sampled_from([data for data in FILES.values() if len(data) < 50_000]),
    tail=st.binary(max_size=300),
)
def test_random_bytes_behind_a_beginning_of_a_real_file(start: bytes, tail: bytes) -> None:
    assert fuzz.outcome_of(start[: len(start) // 2] + tail, "file")[0] != "crash"


@_SMALL
@given(words=st.lists(_WORDS, max_size=60))
def test_random_words_of_instrument_files(words: list[str]) -> None:
    assert fuzz.outcome_of("".join(words).encode(), "file")[0] != "crash"


@_SMALL
@given(
    frequency=st.lists(st.floats(1e-3, 1e7), min_size=3, max_size=40, unique=True),
    impedance=st.lists(
        st.tuples(st.floats(1e-3, 1e9), st.floats(-1e9, 1e9)), min_size=40, max_size=40
    ),
    separators=st.sampled_from(_SEPARATORS),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)  # fmt: skip
def test_what_is_written_is_read_back(
    frequency: list[float],
    impedance: list[tuple[float, float]],
    separators: tuple[str, str],
    end: str,
    encoding: str,
) -> None:
    delimiter, mark = separators
    ordered = sorted(frequency, reverse=True)
    rows = [
        delimiter.join(repr(number).replace(".", mark) for number in (f, *z))
        for f, z in zip(ordered, impedance, strict=False)
    ]
    text = end.join([delimiter.join(["freq/Hz", "Z'/Ohm", "Z''/Ohm"]), *rows])
    (spectrum,) = read_recording(text.encode(encoding), "file").spectra
    assert spectrum.frequency_Hz.tolist() == ordered
    assert spectrum.impedance_ohm.real.tolist() == [z[0] for z in impedance[: len(ordered)]]
    assert abs(spectrum.impedance_ohm.imag).tolist() == [abs(z[1]) for z in impedance[: len(ordered)]]


def test_a_million_rows_are_read_and_ten_million_lines_refused() -> None:
    row = b"1.0\t3.7\t1e-3\n"
    trace = read_recording(b"time/s\tE/V\tI/mA\n" + row * 1_000_000, "file").trace
    assert trace is not None
    assert trace.time_s.size == 1_000_000
    outcome, message = fuzz.outcome_of(b"1\t2\n" * 10_000_000, "file")
    assert outcome == "refused"
    assert "10000000 lines" in message


def test_the_corpus_holds_every_dialect() -> None:
    written = dialects.written_spectra(*dialects.example_spectrum())
    assert {f"written {name}" for name in written} <= set(FILES)
