"""Equivalent circuits as small trees of elements: their impedance, its derivatives, their resistance at rest.

Elements, with ω = 2πf (E. Barsoukov and J. R. Macdonald, Impedance Spectroscopy, 2nd ed., Wiley 2005):

    R     Z = R                          ohm
    C     Z = 1 / (iωC)                  F
    L     Z = iωL                        H
    CPE   Z = 1 / (Q (iω)^n)             Q in F s^(n-1), n from 0 to 1
    W     Z = A (1 - i) / sqrt(ω)        A in ohm s^(-1/2), semi-infinite diffusion

Fits move in *coordinates*: the logarithm of every magnitude (R, C, L, Q, A) and n as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alloop.arrays import BoolArray, FloatArray

ComplexArray = np.ndarray[tuple[int, ...], np.dtype[np.complex128]]
Kind = Literal["R", "C", "L", "CPE", "W"]
KINDS: tuple[Kind, ...] = ("R", "C", "L", "CPE", "W")


@dataclass(frozen=True)
class Element:
    """One element, such as the resistor `R1`."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Series:
    """Parts passed one after another."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Parallel:
    """Branches side by side."""

    branches: tuple[Node, ...]


Node = Element | Series | Parallel


def elements_of(circuit: Node) -> tuple[Element, ...]:
    """The elements of a circuit from left to right."""
    if isinstance(circuit, Element):
        return (circuit,)
    inner = circuit.parts if isinstance(circuit, Series) else circuit.branches
    return tuple(element for node in inner for element in elements_of(node))


def parts_of(circuit: Node) -> tuple[Node, ...]:
    """What a circuit has in series at its outermost level."""
    return circuit.parts if isinstance(circuit, Series) else (circuit,)


def parameter_names(circuit: Node) -> tuple[str, ...]:
    """Names of the p parameters in their order: `R1`, `CPE1_Q`, `CPE1_n`, `W1`…"""
    names: list[str] = []
    for element in elements_of(circuit):
        names += [f"{element.name}_Q", f"{element.name}_n"] if element.kind == "CPE" else [element.name]
    return tuple(names)


def is_exponent(circuit: Node) -> BoolArray:
    """(p,) whether a parameter is the exponent of a CPE."""
    flags: list[bool] = []
    for element in elements_of(circuit):
        flags += [False, True] if element.kind == "CPE" else [False]
    return np.array(flags)


def to_coordinates(circuit: Node, values: Sequence[float] | FloatArray) -> FloatArray:
    """Parameter values (p,) as coordinates (p,)."""
    values = np.asarray(values, dtype=float)
    return np.where(is_exponent(circuit), values, np.log(values))


def to_values(circuit: Node, coordinates: FloatArray) -> FloatArray:
    """Coordinates (p,) as parameter values (p,)."""
    exponents = is_exponent(circuit)
    return np.where(exponents, coordinates, np.exp(np.where(exponents, 0.0, coordinates)))


def impedance(circuit: Node, coordinates: FloatArray, frequency_Hz: FloatArray) -> ComplexArray:
    """(n,) impedance in ohm."""
    return impedance_and_jacobian(circuit, coordinates, frequency_Hz)[0]


def impedance_and_jacobian(
    circuit: Node, coordinates: FloatArray, frequency_Hz: FloatArray
) -> tuple[ComplexArray, ComplexArray]:
    """(n,) impedance in ohm and (n, p) its derivatives by the coordinates."""
    s: ComplexArray = (2j * np.pi * frequency_Hz).astype(complex)
    value, columns, used = _walk(circuit, coordinates, 0, s, np.log(s).astype(complex))
    assert used == len(coordinates)
    return value, np.stack(columns, axis=1)


def _walk(
    node: Node, theta: FloatArray, at: int, s: ComplexArray, log_s: ComplexArray
) -> tuple[ComplexArray, list[ComplexArray], int]:
    """A node's impedance, its derivatives by its own coordinates, and the index behind its last one."""
    if isinstance(node, Element):
        return _element(node, theta, at, s, log_s)
    total = np.zeros_like(s)
    columns: list[ComplexArray] = []
    if isinstance(node, Series):
        for part in node.parts:
            value, inner, at = _walk(part, theta, at, s, log_s)
            total = total + value
            columns += inner
        return total, columns, at
    shares = []
    for branch in node.branches:
        value, inner, at = _walk(branch, theta, at, s, log_s)
        total = total + 1.0 / value
        shares.append((value, inner))
    result = 1.0 / total
    for value, inner in shares:
        ratio = (result / value) ** 2  # dZ/dZ_b of 1/Z = Σ 1/Z_b
        columns += [ratio * column for column in inner]
    return result, columns, at


def _element(
    element: Element, theta: FloatArray, at: int, s: ComplexArray, log_s: ComplexArray
) -> tuple[ComplexArray, list[ComplexArray], int]:
    if element.kind == "CPE":
        value = np.exp(-theta[at] - theta[at + 1] * log_s)
        return value, [-value, -log_s * value], at + 2
    magnitude = np.exp(theta[at])
    match element.kind:
        case "R":
            value = np.full_like(s, magnitude)
        case "L":
            value = s * magnitude
        case "W":
            value = magnitude * np.sqrt(2.0) * np.exp(-0.5 * log_s)
        case _:
            value = 1.0 / (s * magnitude)
    return value, [-value if element.kind == "C" else value], at + 1


def resistance_at_rest(node: Node, coordinates: FloatArray) -> tuple[float, FloatArray]:
    """A node's resistance as f → 0, in ohm, and (p,) its derivatives by the node's own coordinates.

    A capacitor, a CPE and semi-infinite diffusion pass no direct current (inf), an inductor has no resistance.
    """
    value, gradient, used = _rest(node, coordinates, 0)
    assert used == len(coordinates)
    return value, np.array(gradient)


def _rest(node: Node, theta: FloatArray, at: int) -> tuple[float, list[float], int]:
    if isinstance(node, Element):
        if node.kind == "R":
            value = float(np.exp(theta[at]))
            return value, [value], at + 1
        if node.kind == "L":
            return 0.0, [0.0], at + 1
        return np.inf, [0.0, 0.0] if node.kind == "CPE" else [0.0], at + (2 if node.kind == "CPE" else 1)
    gradient: list[float] = []
    if isinstance(node, Series):
        total = 0.0
        for part in node.parts:
            value, inner, at = _rest(part, theta, at)
            total += value
            gradient += inner
        return total, gradient, at
    shares = []
    for branch in node.branches:
        value, inner, at = _rest(branch, theta, at)
        shares.append((value, inner))
    if any(value == 0.0 for value, _ in shares):
        return 0.0, [0.0 for _, inner in shares for _ in inner], at
    conductance = sum(1.0 / value for value, _ in shares)
    total = 1.0 / conductance if conductance > 0 else np.inf
    for value, inner in shares:
        ratio = (total / value) ** 2 if np.isfinite(value) else 0.0
        gradient += [ratio * one for one in inner]
    return total, gradient, at
