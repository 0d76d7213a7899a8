"""Circuits: their text, their impedance and its derivatives, their resistance at rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.impedance.circuit_text import circuit_text, parse_circuit
from alloop.instruments.impedance.circuits import (
    KINDS,
    Element,
    Node,
    Parallel,
    Series,
    impedance,
    impedance_and_jacobian,
    parameter_names,
    resistance_at_rest,
    to_coordinates,
    to_values,
)

FREQUENCY = np.geomspace(1e6, 1e-2, 17)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("R0-p(R1,CPE1)-p(R2,CPE2)-CPE3", "R0-p(R1,CPE1)-p(R2,CPE2)-CPE3"),
        ("(R1|Q1)+(R2|Q2)+Q3", "p(R1,CPE1)-p(R2,CPE2)-CPE3"),
        (" L0 - R0 - p( R1 - W1 , C1 ) ", "L0-R0-p(R1-W1,C1)"),
        ("p(R1,p(R2,C2)-R3)", "p(R1,p(R2,C2)-R3)"),
        ("((R1))", "R1"),
        ("R-C", "R0-C0"),
    ],
)
def test_circuits_are_read(text: str, same: str) -> None:
    assert circuit_text(parse_circuit(text)) == same


def test_a_name_used_twice_gets_parameters_of_its_own() -> None:
    # the published circuit of a well-known example names two different elements Q1
    assert parameter_names(parse_circuit("(R1|Q1)+(R2|Q1)+Q2")) == (
        "R1", "CPE1_Q", "CPE1_n", "R2", "CPE0_Q", "CPE0_n", "CPE2_Q", "CPE2_n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("R0-", "ends where an element"),
        ("p(R1,CPE1", "not closed"),
        ("R0--C1", "no element '-'"),
        ("X1", "no element 'X1'"),
        ("__import__('os')", "cannot be read"),
        ("(R1,R2)", "not closed"),
        ("R0)", "not expected"),
        ("-".join(f"R{i}" for i in range(17)), "more than 16"),
        ("(" * 20 + "R1" + ")" * 20, "brackets"),
        ("R1" * 300, "600 characters"),
    ],
)
def test_what_is_no_circuit_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(InstrumentError, match=words.replace("(", r"\(")) as caught:
        parse_circuit(text)
    assert "R0-p(R1,CPE1)-CPE2" in str(caught.value) or "leave some out" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def _nodes() -> st.SearchStrategy[Node]:
    numbers = iter(range(10**9))
    element = st.sampled_from(KINDS).map(lambda kind: Element(kind, f"{kind}{next(numbers)}"))
    return st.recursive(
        element,
        lambda inner: (
            st.lists(inner, min_size=2, max_size=3).map(lambda nodes: Parallel(tuple(nodes)))
            | st.lists(inner, min_size=2, max_size=3).map(lambda nodes: Series(tuple(nodes)))
        ),
        max_leaves=6,
    )


@given(_nodes())
def test_a_circuit_survives_its_text(circuit: Node) -> None:
    text = circuit_text(circuit)
    assert circuit_text(parse_circuit(text)) == text


@settings(max_examples=60)
@given(_nodes(), st.integers(0, 2**32 - 1))
def test_derivatives_are_those_of_the_impedance(circuit: Node, seed: int) -> None:
    theta = np.random.default_rng(seed).uniform(0.3, 0.9, len(parameter_names(circuit)))
    frequency = np.geomspace(30.0, 0.01, 7)
    value, jacobian = impedance_and_jacobian(circuit, theta, frequency)
    steps = 1e-6 * np.eye(len(theta))
    numeric = np.stack(
        [
            (impedance(circuit, theta + h, frequency) - impedance(circuit, theta - h, frequency)) / 2e-6
            for h in steps
        ],
        axis=1,
    )
    assert np.all(np.abs(jacobian - numeric) <= 1e-6 * (np.abs(value)[:, None] + 1.0))


def test_elements_have_their_textbook_impedance() -> None:
    s = 2j * np.pi * FREQUENCY
    expected = {
        "R": (np.array([50.0]), np.full_like(s, 50.0)),
        "C": (np.array([1e-9]), 1 / (s * 1e-9)),
        "L": (np.array([1e-6]), s * 1e-6),
        "CPE": (np.array([1e-7, 0.8]), 1 / (1e-7 * s**0.8)),
        "W": (np.array([3.0]), 3.0 * (1 - 1j) / np.sqrt(2 * np.pi * FREQUENCY)),
    }
    for kind, (values, wanted) in expected.items():
        circuit = parse_circuit(kind)
        theta = to_coordinates(circuit, values)
        np.testing.assert_allclose(impedance(circuit, theta, FREQUENCY), wanted, rtol=1e-12)
        np.testing.assert_allclose(to_values(circuit, theta), values)


def test_resistance_at_rest_is_the_limit_at_low_frequency() -> None:
    circuit = parse_circuit("R0-L0-p(R1-p(R2,CPE2),C1)")
    theta = to_coordinates(circuit, [3.0, 1e-6, 5.0, 7.0, 1e-6, 0.8, 1e-9])
    value, gradient = resistance_at_rest(circuit, theta)
    assert value == pytest.approx(15.0)
    np.testing.assert_allclose(gradient, [3, 0, 5, 7, 0, 0, 0])
    assert impedance(circuit, theta, np.array([1e-9]))[0].real == pytest.approx(15.0, rel=1e-4)
    assert resistance_at_rest(parse_circuit("R0-CPE0"), np.zeros(3))[0] == np.inf
    assert resistance_at_rest(parse_circuit("p(R0,L0)"), np.zeros(2))[0] == 0.0
