"""The synthetic laboratory: measures plates of any space against a truth that only it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from alloop.arrays import FloatArray
from alloop.lab.calibrate import calibrate
from alloop.lab.landscape import draw_landscape
from alloop.lab.makeup import Makeup, of_block, of_candidates
from alloop.lab.noise import NoiseModel, cell_text, generator, is_late, measured, status_of
from alloop.properties import get_property

if TYPE_CHECKING:
    import pandas as pd

    from alloop.planning.aims import Constraint, Objective
    from alloop.space import Block, Candidate, Space

Delivery = Literal["first", "late", "all"]

_REFERENCE_SIZE = 8192
_NOTES = {
    "not_formed": "no target phase, mostly unreacted powder",
    "cracked": "pellet cracked",
    "shorted": "cell shorted",
    "lost": "lost in handling",
}
# What a pellet that cracked can still tell, and what a short destroys.
_NEEDS_NO_PELLET = frozenset({"target_phase_fraction", "amorphous_fraction", "lattice_parameter"})
_NEEDS_NO_CELL = _NEEDS_NO_PELLET | {"density", "relative_density", "hardness", "crystallization_temperature"}


class SyntheticLaboratory:
    """A laboratory whose samples follow a hidden, physically plausible landscape drawn from `seed`.

    It works for every kind of space. What it measures are the properties of `objectives`, `constraints` and
    `observe`, at the conditions that these name; properties that follow from the composition are left out.
    The same seed, space and aims make the same laboratory (a space with another dopant has another truth);
    every value depends only on the seed, the plate's name, the well and the property, so that the order of
    measuring does not matter.
    """

    def __init__(
        self,
        space: Space,
        objectives: Sequence[Objective],
        constraints: Sequence[Constraint] = (),
        seed: int = 0,
        *,
        observe: Sequence[str] = (),
        noise: NoiseModel | None = None,
    ) -> None:
        self.space = space
        self.seed = seed
        self.noise = noise or NoiseModel()
        aims: list[Objective | Constraint] = [*objectives, *constraints]
        listed = dict.fromkeys([*(aim.property for aim in aims), *observe])
        self.properties: tuple[str, ...] = tuple(name for name in listed if not get_property(name).computed)
        self._conditions: dict[str, tuple[float | None, str | None]] = {}
        for aim in aims:
            self._conditions.setdefault(aim.property, (aim.temperature_C, aim.kind))
        rng = generator(seed, "reference")
        reference = of_block(space, space.decode(space.sample(min(_REFERENCE_SIZE, space.size), rng)))
        drawn = draw_landscape(space, self.properties, reference, seed)
        self._landscape = calibrate(drawn, reference, objectives, constraints, self.properties)
        true = self._true(reference)
        self._spread = {name: float(np.std(_scaled(true[name], name))) for name in self.properties}

    def truth(self, what: Block | Sequence[Candidate]) -> dict[str, FloatArray]:
        """Noise-free values of every measured property in its canonical unit, (n,) each.

        The entry `formed` is the chance that such a well forms at all; the values hold for a well that did.

        Args:
            what: a block of the space, or candidates (which may lie outside its limits).

        Raises:
            SpaceError: for a candidate with a species or element that the space does not know.
        """
        return self._true(self._makeup(what))

    def mechanisms(self, what: Block | Sequence[Candidate]) -> dict[str, FloatArray]:
        """Decades that each hidden mechanism adds to the ionic conductivity, (n,) each."""
        return self._landscape.decades(self._landscape.basis(self._makeup(what)))

    def measure(
        self, plate: str, wells: Mapping[str, Candidate], delivery: Delivery = "first"
    ) -> pd.DataFrame:
        """The results table of one plate, in the wide upload format, every cell a text.

        A row per well (and per set of conditions, where these differ between properties): the columns
        `sample`, one per property with its unit in brackets, `temperature_C` and `kind` where they are
        known, `status` and `note`. A cell is a number, a bound beyond the instrument's limits (`<1e-9`) or
        empty.

        Args:
            plate: the plate's name, such as `HALIDE-SPINEL-003`.
            wells: what was made, by well label.
            delivery: `first` is what the laboratory hands over with the plate; some properties take longer
                and come with `late` (a plate later; a table of the wells that have any); `all` is both.

        Raises:
            SpaceError: for a candidate with a species or element that the space does not know.
        """
        import pandas as pd

        labels = list(wells)
        true = self.truth([wells[label] for label in labels])
        groups = self._groups()
        rows = []
        for index, label in enumerate(map(_padded, labels)):
            status = status_of(self.noise, self.seed, plate, label, float(true["formed"][index]))
            for number, ((temperature, kind), names) in enumerate(groups.items()):
                cells = {
                    name: self._cell(float(true[name][index]), name, plate, label)
                    if self._is_delivered(name, plate, label, status, delivery)
                    else ""
                    for name in names
                }
                first = number == 0 and delivery != "late"
                if not first and not any(cells.values()):
                    continue
                row = {"sample": f"{plate}-{label}"}
                row |= {f"{name} [{get_property(name).unit}]": text for name, text in cells.items()}
                row |= {
                    "temperature_C": "" if temperature is None else f"{temperature:g}",
                    "kind": kind or "",
                }
                row |= {"status": status if first else "", "note": _NOTES.get(status, "") if first else ""}
                rows.append(row)
        head = [f"{name} [{get_property(name).unit}]" for name in self.properties]
        columns = ["sample", *head, "temperature_C", "kind", "status", "note"]
        return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")

    def _makeup(self, what: Block | Sequence[Candidate]) -> Makeup:
        return of_candidates(self.space, what) if isinstance(what, Sequence) else of_block(self.space, what)

    def _true(self, makeup: Makeup) -> dict[str, FloatArray]:
        basis = self._landscape.basis(makeup)
        values = {name: self._landscape.values(name, basis) for name in self.properties}
        return values | {"formed": self._landscape.formation(basis)}

    def _groups(self) -> dict[tuple[float | None, str | None], list[str]]:
        """Properties by conditions; those without any stand with the first."""
        known = [self._conditions[name] for name in self.properties if name in self._conditions]
        main = next((pair for pair in known if pair != (None, None)), (None, None))
        groups: dict[tuple[float | None, str | None], list[str]] = {main: []}
        for name in self.properties:
            pair = self._conditions.get(name, (None, None))
            fits = pair[0] in (None, main[0]) and pair[1] in (None, main[1])
            groups.setdefault(main if fits else pair, []).append(name)
        return groups

    def _is_delivered(self, name: str, plate: str, well: str, status: str, delivery: Delivery) -> bool:
        if status in ("lost", "not_formed"):
            return False
        if status == "cracked" and name not in _NEEDS_NO_PELLET:
            return False
        if status == "shorted" and name not in _NEEDS_NO_CELL:
            return False
        return delivery == "all" or is_late(self.noise, self.seed, plate, well, name) == (delivery == "late")

    def _cell(self, truth: float, name: str, plate: str, well: str) -> str:
        scatter = self.noise.of(name, self._spread[name])
        return cell_text(measured(truth, name, scatter, self.noise, self.seed, plate, well), name, self.noise)


def _scaled(values: FloatArray, name: str) -> FloatArray:
    return np.log10(values) if get_property(name).scale == "log10" else values


def _padded(label: str) -> str:
    """A1 as A01: samples are named with two digits."""
    letters = label.rstrip("0123456789")
    return f"{letters}{int(label[len(letters) :]):02d}"
