import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.campaign_file.yaml_reader import MAX_CHARACTERS, read_yaml
from alloop.errors import CampaignFileError


def lines_of(text: str) -> list[str]:
    with pytest.raises(CampaignFileError) as caught:
        read_yaml(text, "file.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_scalars_stay_the_text_that_was_written():
    tree = read_yaml(
        "a: 0.30\nb: [No, 12:30, 1e-8, 010, yes, off, '1/3', 1/3]\nc: ~\nd:\ne: 'null'\nf: True\n", "f"
    ).tree
    assert tree == {
        "a": "0.30",
        "b": ["No", "12:30", "1e-8", "010", "yes", "off", "1/3", "1/3"],
        "c": None,
        "d": None,
        "e": "null",
        "f": "True",
    }


def test_every_part_knows_its_line():
    document = read_yaml("a: 1\nb:\n  - c: 2\n  - {d: 3,\n     e: 4}\n", "f.yaml")
    assert document.lines["b", 1, "e"] == 5
    assert document.where(("b", 1, "e")) == "f.yaml, line 5, b[1].e"
    assert document.where(("b", 1, "missing")) == "f.yaml, line 4, b[1].missing"
    assert document.where() == "f.yaml"


def test_a_key_twice_is_an_error_on_every_level():
    found = lines_of("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert found[0].startswith("file.yaml, line 2, b.c: the key 'c' stands here twice")
    assert "keep one of lines 1 and 3" in found[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- 1\n- 2\n", "a mapping of keys to values"),
        ("just words", "a mapping of keys to values"),
        ("a: [1, 2\n", "not valid YAML"),
        ("a:\n\t- 1\n", "indent with spaces, not tabs"),
        ("a: 1\n---\nb: 2\n", "keep one campaign per file"),
        ("a: *nowhere\n", "undefined alias"),
        ("a: &a [*a]\n", "endlessly large"),
        ("[" * 1500, "nested too deeply"),
        ("a: !!python/object:os.system x\n", "the tag"),
        ("a: !shell x\n", "the tag"),
        ("? [1, 2]\n: 3\n", "a key must be a word"),
        ("%PDF-1.7\n\x00\x01", "not a text file"),
        ("a" * (MAX_CHARACTERS + 1), "more than a campaign file has"),
    ],
)
def test_what_is_no_campaign_file_is_refused_in_words(text, message):
    assert message in lines_of(text)[0]


def test_aliases_are_read_but_do_not_multiply():
    assert read_yaml("a: &x {c: 1}\nb: *x\n", "f").tree == {"a": {"c": "1"}, "b": {"c": "1"}}
    layers = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "endlessly large" in lines_of(layers)[0]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(CampaignFileError):
        assert isinstance(read_yaml(text, "f").tree, dict)


def test_a_path_in_the_file_name_is_kept(tmp_path: Path):
    assert read_yaml("a: 1", "folder/file.yaml").where(("a",)) == "folder/file.yaml, line 1, a"
