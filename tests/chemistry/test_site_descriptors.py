from math import log

import numpy as np
import pytest

from alloop.chemistry import SITE_DESCRIPTORS, parse_species, site_descriptor_names, site_descriptors


def describe(amounts: list[float], species: list[str], amount: float) -> dict[str, float]:
    values = site_descriptors(np.array([amounts]), [parse_species(one) for one in species], amount)
    return dict(zip(SITE_DESCRIPTORS, values[0], strict=True))


def test_the_host_alone_is_the_origin() -> None:
    assert set(describe([2.0, 0.0], ["Zr4+", "Ta5+"], 2.0).values()) == {0.0}


def test_half_a_substituent() -> None:
    found = describe([1.0, 1.0], ["Zr4+", "Ta5+"], 2.0)
    mean = (0.72 + 0.64) / 2
    assert found["substituted_fraction"] == 0.5
    assert found["radius_shift"] == pytest.approx(mean / 0.72 - 1)
    assert found["size_mismatch"] == pytest.approx(0.04 / mean)
    assert found["charge_shift"] == pytest.approx(0.5)
    assert found["spread_charge"] == pytest.approx(0.5)
    assert found["electronegativity_shift"] == pytest.approx((1.50 - 1.33) / 2)
    assert found["entropy"] == pytest.approx(log(2))
    assert found["vacancy_fraction"] == 0.0


def test_what_is_missing_is_vacant() -> None:
    declared = describe([1.5, 0.25, 0.25], ["Mg2+", "In3+", "Va"], 2.0)
    assert declared == pytest.approx(describe([1.5, 0.25], ["Mg2+", "In3+"], 2.0))
    assert declared["vacancy_fraction"] == 0.125
    assert declared["charge_shift"] == pytest.approx((1.5 * 2 + 0.25 * 3) / 2 - 2)


def test_a_site_that_is_empty_in_the_host() -> None:
    found = describe([0.75, 0.25], ["Va", "Li+"], 1.0)
    assert found["substituted_fraction"] == 0.25
    assert found["vacancy_fraction"] == 0.75
    assert found["radius_shift"] == 0.0
    assert found["charge_shift"] == 0.25
    empty = describe([1.0, 0.0], ["Va", "Li+"], 1.0)
    assert empty["entropy"] == 0.0
    assert empty["size_mismatch"] == 0.0


def test_molecular_ions_have_a_size() -> None:
    assert describe([4.0, 1.0], ["S2-", "BH4-"], 5.0)["radius_shift"] == pytest.approx(
        0.2 * (2.05 / 1.84 - 1)
    )


def test_names_carry_the_site() -> None:
    assert site_descriptor_names("M")[1] == "M_radius_shift"
    assert len(site_descriptor_names("M")) == len(SITE_DESCRIPTORS)
