"""The property table: consistent in itself and with the units."""

from __future__ import annotations

import pytest

from alloop.errors import PropertyError
from alloop.properties import PROPERTIES, Property, get_property, is_fraction, is_property
from alloop.units import convert, is_usual, normalise_unit


@pytest.mark.parametrize("entry", PROPERTIES.values(), ids=lambda entry: entry.name)
def test_entries_are_consistent(entry: Property) -> None:
    assert entry.low < entry.high
    assert entry.scale in ("linear", "log10", "logit")
    assert entry.scale != "log10" or entry.low > 0
    assert entry.scale != "logit" or is_fraction(entry.name)
    assert normalise_unit(entry.unit) == entry.unit
    assert is_usual(entry.unit, entry.usual_units)
    for unit in entry.usual_units:
        convert(1.0, unit, entry.unit)


def test_every_name_and_synonym_means_one_property() -> None:
    names = [name for entry in PROPERTIES.values() for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    for entry in PROPERTIES.values():
        for name in (entry.name, *entry.aliases):
            assert get_property(name) is entry
            assert get_property(f" {name.upper().replace('_', ' ')} ") is entry


def test_unknown_names_are_refused_with_the_nearest() -> None:
    assert not is_property("ionic_conductvity")
    with pytest.raises(PropertyError, match=r"ionic_conductvity.*did you mean ionic_conductivity"):
        get_property("ionic_conductvity")
