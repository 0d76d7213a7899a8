from fractions import Fraction

import pytest
from campaign_texts import parse, problems_of

GLASS = """\
campaign: glass
space:
  mixture:
    basis: mole
    step: 0.1
    end_members: [{formula: Li2S, min: 0.5, max: 0.8}, {formula: P2S5, min: 0.1}, {formula: LiI, max: 0.3}]
objectives: [{property: ionic_conductivity, goal: maximize}]
"""
RATIO = GLASS.replace(
    "end_members: [{formula: Li2S, min: 0.5, max: 0.8}, {formula: P2S5, min: 0.1}, {formula: LiI, max: 0.3}]",
    "per: [TaCl5, HfCl4]\n    end_members: [TaCl5, HfCl4, {formula: Li2O, min: 1.0, max: 2.0}]",
)


def test_a_glass_is_read(tmp_path):
    space = parse(GLASS, tmp_path).space
    shares = {tuple(dict(space.candidate(rank).parts)["mole"]) for rank in range(space.size)}
    assert len(shares) == space.size
    for candidate in shares:
        held = dict(candidate)
        assert sum(held.values()) == 1
        assert Fraction(1, 2) <= held["Li2S"] <= Fraction(4, 5)
        assert held["P2S5"] >= Fraction(1, 10)
        assert held.get("LiI", 0) <= Fraction(3, 10)


def test_ratios_to_the_formers_are_read(tmp_path):
    assert parse(RATIO, tmp_path).space.size == 11 * 11


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("step: 0.1", "step: 0.03", "step 0.03 does not divide 1; the nearest that does is 1/33"),
        ("step: 0.1", "step: 0", "0 is too small"),
        ("basis: mole", "basis: moles", "did you mean 'mole'?"),
        ("min: 0.5", "min: 0.55", "min 0.55 is no multiple of the step 0.1; use 0.5 or 0.6"),
        ("min: 0.5", "min: 0.95", "min 0.95 lies above max 0.8"),
        ("{formula: P2S5, min: 0.1}", "{formula: P2S5, min: 0.6}", "the smallest amounts already sum to 1.1"),
        ("{formula: P2S5, min: 0.1}", "{formula: P2S5, max: 0.1}", None),
        ("{formula: P2S5, min: 0.1}, {formula: LiI, max: 0.3}", "", "the largest amounts only sum to 0.8"),
        ("formula: P2S5", "formula: P2S", "P2S is not neutral"),
        ("formula: P2S5", "formula: P2Sx", "unknown"),
        ("formula: LiI", "formula: Li4S2", "Li4S2 is the same end member as Li2S"),
        ("step: 0.1", "step: 0.1\n    per: [GeS2]", "GeS2 is no end member"),
        ("step: 0.1", "step: 0.1\n    per: [Li2S, P2S5]", None),
    ],
)
def test_each_mistake_in_a_mixture_is_named(tmp_path, old, new, message):
    text = GLASS.replace(old, new)
    assert text != GLASS
    if message is None:
        assert parse(text, tmp_path).space.size > 0
    else:
        lines = problems_of(text, tmp_path)
        assert any(message in line for line in lines), lines


def test_an_end_member_outside_per_needs_a_max(tmp_path):
    lines = problems_of(RATIO.replace(", max: 2.0", ""), tmp_path)
    assert "Li2O stands outside per and has no max" in lines[0]


def test_limits_name_end_members(tmp_path):
    limit = "  limits: {amounts: [{species: [LiI, P2S5], max: 0.3}]}\nobjectives"
    limited = parse(GLASS.replace("objectives", limit), tmp_path).space
    assert 0 < limited.size < parse(GLASS, tmp_path).space.size
    lines = problems_of(GLASS.replace("objectives", limit.replace("P2S5", "GeS2")), tmp_path)
    assert "GeS2 is not in this space" in lines[0]


def test_compensation_belongs_to_sites(tmp_path):
    text = GLASS.replace("objectives", "  charge_compensation: {species: Li+, min: 0, max: 1}\nobjectives")
    assert "charges are compensated between sites only" in problems_of(text, tmp_path)[0]
