"""The table of properties that alloop knows: names, units, scales and plausible ranges."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alloop.errors import PropertyError
from alloop.scales import Scale


@dataclass(frozen=True)
class Property:
    """One measurable or computed quantity.

    `unit` is the canonical unit in which values are stored. `low` and `high` bound what is physically
    plausible in that unit: a value outside is refused at upload. `usual_units` are read without comment,
    any other convertible unit with a warning. A `computed` property follows from the composition and is
    never modelled. `conditions` names what must be known for two values to be comparable.
    """

    name: str
    symbol: str
    unit: str
    scale: Scale
    low: float
    high: float
    usual_units: tuple[str, ...]
    description: str
    aliases: tuple[str, ...] = ()
    computed: bool = False
    conditions: tuple[str, ...] = ("temperature_C",)


_TABLE = (
    Property(
        "ionic_conductivity",
        "σ",
        "S/cm",
        "log10",
        1e-16,
        1.0,
        ("S/cm", "mS/cm", "uS/cm", "S/m"),
        "ionic conductivity, from impedance",
        ("conductivity", "sigma", "sigma_ion", "ion_conductivity", "ionic_cond"),
        conditions=("temperature_C", "kind"),
    ),
    Property(
        "activation_energy",
        "Ea",
        "eV",
        "linear",
        0.01,
        1.5,
        ("eV", "meV", "kJ/mol"),
        "activation energy of the ionic conductivity, from ln(σT) against 1/T",
        ("ea", "e_a", "barrier"),
        conditions=("kind",),
    ),
    Property(
        "electronic_conductivity",
        "σe",
        "S/cm",
        "log10",
        1e-18,
        1.0,
        ("S/cm", "mS/cm", "uS/cm", "nS/cm", "S/m"),
        "electronic conductivity, from DC polarisation with blocking electrodes",
        ("sigma_e", "electronic_cond"),
    ),
    Property(
        "oxidation_limit",
        "Eox",
        "V",
        "linear",
        0.0,
        8.0,
        ("V", "mV"),
        "onset of oxidation against the metal of the mobile ion",
        ("oxidation_onset", "e_ox"),
        conditions=(),
    ),
    Property(
        "reduction_limit",
        "Ered",
        "V",
        "linear",
        -1.0,
        6.0,
        ("V", "mV"),
        "onset of reduction against the metal of the mobile ion",
        ("reduction_onset", "e_red"),
        conditions=(),
    ),
    Property(
        "critical_current_density",
        "CCD",
        "mA/cm^2",
        "log10",
        1e-3,
        100.0,
        ("mA/cm^2", "uA/cm^2", "A/m^2"),
        "current density at which a symmetric cell shorts",
        ("ccd",),
    ),
    Property(
        "li_stability",
        "tLi",
        "h",
        "log10",
        0.01,
        1e5,
        ("h", "d"),
        "time a symmetric cell with the metal of the mobile ion survives",
        ("cycling_life", "lifetime"),
        conditions=("temperature_C", "current_mA_per_cm2"),
    ),
    Property(
        "target_phase_fraction",
        "wtarget",
        "1",
        "logit",
        0.0,
        1.0,
        ("1", "%", "wt%"),
        "weight fraction of the target phase among the crystalline phases",
        ("phase_purity", "purity"),
        conditions=(),
    ),
    Property(
        "amorphous_fraction",
        "wam",
        "1",
        "logit",
        0.0,
        1.0,
        ("1", "%", "wt%"),
        "weight fraction of amorphous material",
        (),
        conditions=(),
    ),
    Property(
        "density",
        "ρ",
        "g/cm^3",
        "linear",
        0.1,
        12.0,
        ("g/cm^3", "kg/m^3"),
        "density of the pellet, from mass and dimensions",
        ("pellet_density",),
        conditions=(),
    ),
    Property(
        "relative_density",
        "ρrel",
        "1",
        "linear",
        0.05,
        1.02,
        ("1", "%"),
        "density of the pellet relative to the crystal",
        (),
        conditions=(),
    ),
    Property(
        "crystallization_temperature",
        "Tc",
        "degC",
        "linear",
        0.0,
        2000.0,
        ("degC", "K"),
        "crystallisation onset in calorimetry",
        ("crystallisation_temperature", "t_c"),
        conditions=(),
    ),
    Property(
        "lattice_parameter",
        "a",
        "angstrom",
        "linear",
        2.0,
        60.0,
        ("angstrom", "nm", "pm"),
        "lattice parameter a of the target phase",
        ("lattice_constant",),
        conditions=(),
    ),
    Property("hardness", "HV", "HV", "linear", 1.0, 5000.0, ("HV",), "Vickers hardness", (), conditions=()),
    Property("yield_strength", "σy", "MPa", "linear", 0.1, 10000.0, ("MPa", "GPa"), "yield strength", ()),
    Property("elongation", "A", "1", "linear", 0.0, 10.0, ("1", "%"), "elongation at fracture", ()),
    Property(
        "overpotential",
        "η",
        "V",
        "linear",
        -5.0,
        5.0,
        ("V", "mV"),
        "overpotential of a reaction",
        (),
        conditions=(),
    ),
    Property(
        "score",
        "s",
        "1",
        "linear",
        -1e12,
        1e12,
        ("1",),
        "any figure of merit without a unit",
        ("loss",),
        conditions=(),
    ),
    Property(
        "cost",
        "c",
        "1/g",
        "linear",
        0.0,
        1e6,
        ("1/g",),
        "price of the weighed precursors per gram of product, in the campaign's currency",
        (),
        True,
        (),
    ),
    Property(
        "li_mass_fraction",
        "wLi",
        "1",
        "linear",
        0.0,
        1.0,
        ("1", "%"),
        "mass fraction of lithium",
        (),
        True,
        (),
    ),
)

PROPERTIES: Mapping[str, Property] = MappingProxyType({entry.name: entry for entry in _TABLE})
_BY_ALIAS = {alias: entry for entry in _TABLE for alias in (entry.name, *entry.aliases)}


def get_property(name: str, where: str = "") -> Property:
    """The property called `name`, or one of its synonyms.

    Raises:
        PropertyError: when no property has that name; the message offers the nearest ones.
    """
    found = _BY_ALIAS.get(name.strip().lower().replace(" ", "_").replace("-", "_"))
    if found is None:
        near = difflib.get_close_matches(name.lower(), _BY_ALIAS, n=3, cutoff=0.5)
        mend = (
            f"did you mean {', '.join(near)}?"
            if near
            else f"the properties are {', '.join(sorted(PROPERTIES))}"
        )
        raise PropertyError(f"unknown property {name!r}", mend, where)
    return found


def is_property(name: str) -> bool:
    """Whether `name` is a property or a synonym of one."""
    return name.strip().lower().replace(" ", "_").replace("-", "_") in _BY_ALIAS


def is_fraction(name: str) -> bool:
    """Whether a property runs from 0 to 1 by definition."""
    entry = get_property(name)
    return entry.unit == "1" and (entry.low, entry.high) == (0.0, 1.0)
