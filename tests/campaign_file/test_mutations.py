import contextlib
import re
from pathlib import Path

from campaign_texts import HALIDE_SPINEL, parse_campaign
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import UserError

TOKEN = re.compile(r"[^\s\[\]{},:#]+")
TOKENS = [match.span() for match in TOKEN.finditer(HALIDE_SPINEL)]
JUNK = (
    "",
    "[]",
    "{}",
    "-1",
    "1e400",
    "abc",
    "[1, 2]",
    "{a: 1}",
    "none",
    "0",
    "1/3",
    "Li+",
    "~",
    "Va",
    "O2-",
    "NaN",
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TOKENS), st.sampled_from(JUNK))
def test_a_file_with_a_wrong_word_is_read_or_refused_in_words(place, junk):
    start, stop = place
    text = HALIDE_SPINEL[:start] + junk + HALIDE_SPINEL[stop:]
    with contextlib.suppress(UserError):
        parse_campaign(text, Path(), "file.yaml")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, HALIDE_SPINEL.count("\n") - 1))
def test_a_file_without_one_of_its_lines_is_read_or_refused_in_words(number):
    lines = HALIDE_SPINEL.split("\n")
    text = "\n".join(lines[:number] + lines[number + 1 :])
    with contextlib.suppress(UserError):
        parse_campaign(text, Path(), "file.yaml")
