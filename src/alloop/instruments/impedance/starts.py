"""Where a fit begins: starting values from the spectrum itself.

With time constants and exponents fixed, a chain of resistors, arcs, tails and leads is linear in its resistances
(and in 1/Q, 1/C, L, A), which non-negative least squares finds at once. So all combinations of arc positions on a
coarse grid over the frequency window are tried, and the best few become starting points. A circuit that is no such
chain (arcs within arcs) starts from random draws of plausible magnitudes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuits import (
    ComplexArray,
    Element,
    Node,
    Parallel,
    elements_of,
    impedance,
    parameter_names,
    parts_of,
)

_ARC_EXPONENT = 0.85
# Exponents n of (iω)^-n that are tried for an element that stands alone.
_LONE_EXPONENTS = {"R": (0.0,), "C": (1.0,), "L": (-1.0,), "W": (0.5,), "CPE": (0.5, 0.7, 0.9)}
_GRID_STEP_DECADES = 0.55
_MOST_POSITIONS = 13
_FEW = 3
# What the best fit lacks starts small but not at zero: this share of |Z|.
_LEAST_SHARE = 1e-3
_MOST_CHOICES = 20_000
_DRAWS, _KEPT_DRAWS = 400, 10


def arc_of(node: Node) -> tuple[Element, Element] | None:
    """The resistor and the CPE (or capacitor) of a part that is a single arc; None for any other part."""
    if isinstance(node, Parallel) and len(node.branches) == 2:
        pair = [branch for branch in node.branches if isinstance(branch, Element)]
        pair.sort(key=lambda element: element.kind != "R")
        if [element.kind for element in pair] in (["R", "CPE"], ["R", "C"]):
            return pair[0], pair[1]
    return None


def starting_points(
    circuit: Node, frequency_Hz: FloatArray, impedance_ohm: ComplexArray, seed: int = 0
) -> FloatArray:
    """(k, p) coordinates to start from, the most promising first.

    Args:
        circuit: of p parameters.
        frequency_Hz, impedance_ohm: (n,) of the spectrum.
        seed: of the draws for a circuit that is no chain of simple parts.
    """
    parts = parts_of(circuit)
    if all(isinstance(part, Element) or arc_of(part) for part in parts):
        arcs = sum(not isinstance(part, Element) for part in parts)
        tails = sum(isinstance(part, Element) and part.kind == "CPE" for part in parts)
        if _MOST_POSITIONS**arcs * len(_LONE_EXPONENTS["CPE"]) ** tails <= _MOST_CHOICES:
            return _of_chain(parts, frequency_Hz, impedance_ohm)
    return _drawn(circuit, frequency_Hz, impedance_ohm, np.random.default_rng(seed))


@dataclass(frozen=True)
class _Option:
    """One shape that a part may take: a column of the dictionary, and the τ of an arc or the exponent of a CPE."""

    column: int
    value: float


def _of_chain(parts: tuple[Node, ...], frequency_Hz: FloatArray, impedance_ohm: ComplexArray) -> FloatArray:
    s: ComplexArray = (2j * np.pi * frequency_Hz).astype(complex)
    size = np.abs(impedance_ohm)
    options, shapes = _options(parts, frequency_Hz, s)
    columns = np.stack(shapes, axis=1) / size[:, None]
    real = np.concatenate([columns.real, columns.imag])
    scale = np.linalg.norm(real, axis=0)
    target = np.concatenate([(impedance_ohm / size).real, (impedance_ohm / size).imag])
    # The least squares problem in the span of the dictionary: as many rows as it has columns.
    basis, small = np.linalg.qr(real / scale)
    kept: list[list[int]] = []
    points = []
    for _, chosen, weights in _try_all(parts, options, small, basis.T @ target):
        places = [one.column for part, one in zip(parts, chosen, strict=True) if arc_of(part)]
        if any(max(map(abs, np.subtract(places, other)), default=0) <= 1 for other in kept):
            continue
        kept.append(places)
        amounts = [weight / scale[one.column] for one, weight in zip(chosen, weights, strict=True)]
        least = [_LEAST_SHARE * float(np.median(size / np.abs(shapes[one.column]))) for one in chosen]
        points.append(_coordinates(parts, chosen, np.maximum(amounts, least)))
        if len(points) == _FEW:
            break
    return np.array(points)


def _options(
    parts: tuple[Node, ...], frequency_Hz: FloatArray, s: ComplexArray
) -> tuple[list[list[_Option]], list[ComplexArray]]:
    """What each part may be, and the (n,) impedances of it all at magnitude 1 (of C and CPE: of 1/C, 1/Q)."""
    arcs = sum(not isinstance(part, Element) for part in parts)
    tau = _positions(frequency_Hz, arcs) if arcs else np.empty(0)
    shapes = [1.0 / (1.0 + np.exp(_ARC_EXPONENT * np.log(s * one))) for one in tau]
    any_arc = [_Option(column, float(one)) for column, one in enumerate(tau)]
    options = []
    for part in parts:
        if not isinstance(part, Element):
            options.append(any_arc)
            continue
        exponents = _LONE_EXPONENTS[part.kind]
        options.append([_Option(len(shapes) + i, n) for i, n in enumerate(exponents)])
        shapes += [np.asarray(s**-n) * (np.sqrt(2.0) if part.kind == "W" else 1.0) for n in exponents]
    return options, shapes


def _positions(frequency_Hz: FloatArray, arcs: int) -> FloatArray:
    """Time constants from half a decade above the window to one below it."""
    low = np.log10(1.0 / (2 * np.pi * frequency_Hz.max())) - 0.5
    high = np.log10(1.0 / (2 * np.pi * frequency_Hz.min())) + 0.5
    most = _MOST_POSITIONS - 2 * max(arcs - 2, 0)
    count = int(np.clip(np.ceil((high - low) / _GRID_STEP_DECADES) + 1, max(3, arcs), most))
    return np.logspace(low, high, count)


def _try_all(
    parts: tuple[Node, ...], options: list[list[_Option]], matrix: FloatArray, target: FloatArray
) -> list[tuple[float, tuple[_Option, ...], FloatArray]]:
    """Every choice with arcs in their order along the frequency axis, the best first: misfit, choice, amounts."""
    from scipy.optimize import nnls

    is_arc = [not isinstance(part, Element) for part in parts]
    tried = []
    for chosen in product(*options):
        places = [one.column for one, arc in zip(chosen, is_arc, strict=True) if arc]
        if any(later <= earlier for earlier, later in pairwise(places)):
            continue
        weights, misfit = nnls(matrix[:, [one.column for one in chosen]], target)
        tried.append((float(misfit), chosen, weights))
    tried.sort(key=lambda one: one[0])
    return tried


def _coordinates(parts: tuple[Node, ...], chosen: tuple[_Option, ...], amounts: FloatArray) -> FloatArray:
    """The coordinates of one choice."""
    theta: list[float] = []
    for part, option, amount in zip(parts, chosen, np.log(amounts), strict=True):
        arc = arc_of(part)
        if arc is not None:
            exponent = _ARC_EXPONENT if arc[1].kind == "CPE" else 1.0
            magnitude = exponent * np.log(option.value) - amount  # Q = τ^n / R
            values = {"R": [amount], "C": [magnitude], "CPE": [magnitude, exponent]}
            theta += [value for element in elements_of(part) for value in values[element.kind]]
            continue
        assert isinstance(part, Element)
        theta.append(-amount if part.kind in ("C", "CPE") else amount)
        if part.kind == "CPE":
            theta.append(option.value)
    return np.array(theta)


def _drawn(
    circuit: Node, frequency_Hz: FloatArray, impedance_ohm: ComplexArray, generator: np.random.Generator
) -> FloatArray:
    """The best of many random draws: resistances like |Z|, time constants inside the window."""
    size = np.abs(impedance_ohm)
    omega = 2 * np.pi * frequency_Hz
    names = parameter_names(circuit)
    kinds = [element.kind for element in elements_of(circuit) for _ in range(1 + (element.kind == "CPE"))]
    draws = np.empty((_DRAWS, len(names)))
    rate = np.zeros(_DRAWS)
    for column, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        if name.endswith("_n"):
            draws[:, column] = generator.uniform(0.5, 1.0, _DRAWS)
            # Before it stands -ln R; the CPE has the impedance R at the rate ω that was drawn: Q = 1 / (R ω^n).
            draws[:, column - 1] -= draws[:, column] * rate
            continue
        resistance = generator.uniform(np.log(0.05 * size.min()), np.log(size.max()), _DRAWS)
        rate = generator.uniform(np.log(omega.min()), np.log(omega.max()), _DRAWS)
        draws[:, column] = {
            "R": resistance,
            "L": resistance - np.log(omega.max()),
            "W": resistance + 0.5 * rate,
            "CPE": -resistance,
            "C": -resistance - rate,
        }[kind]
    misfit = [
        np.sum(np.abs(np.log(impedance(circuit, draw, frequency_Hz) / impedance_ohm)) ** 2) for draw in draws
    ]
    return np.asarray(draws[np.argsort(misfit)[:_KEPT_DRAWS]])
