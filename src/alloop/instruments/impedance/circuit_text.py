"""Circuits as people write them: `R0-p(R1,CPE1)-CPE2` and `(R1|Q1)+(R2|Q2)+Q3`."""

from __future__ import annotations

import re
from typing import NoReturn

from alloop.errors import InstrumentError
from alloop.instruments.impedance.circuits import (
    KINDS,
    Element,
    Kind,
    Node,
    Parallel,
    Series,
    elements_of,
)

_LONGEST = 400
_MOST_ELEMENTS = 16
_DEEPEST = 8
_WORD = re.compile(r"\s*(?:(p(?=\())|([A-Za-z]+)(\d*)|([-+(),|]))\s*")
_OTHER_NAMES: dict[str, Kind] = {"Q": "CPE", "ZW": "W"}
_MEND = "write it like R0-p(R1,CPE1)-CPE2 with elements R, C, L, CPE (or Q), W"


def parse_circuit(text: str) -> Node:
    """The circuit that a text describes.

    Elements are R, C, L, CPE (also Q) and W with a number behind. `-` and `+` join in series; `p(a,b)` and
    `(a|b)` put side by side. An element without a number, or with one that was used before, gets the next free one:
    every element has parameters of its own.

    Raises:
        InstrumentError: when the text is no circuit or has more than 16 elements.
    """
    if len(text) > _LONGEST:
        raise InstrumentError(f"a circuit of {len(text)} characters", _MEND, "circuit")
    parser = _Parser(text)
    circuit = parser.series(0)
    if parser.at < len(parser.words):
        parser.fail(f"{parser.words[parser.at]!r} is not expected")
    if len(elements_of(circuit)) > _MOST_ELEMENTS:
        raise InstrumentError(
            f"circuit {text!r} has more than {_MOST_ELEMENTS} elements", "leave some out", "circuit"
        )
    return _named_once(circuit, _taken(circuit), set())


class _Parser:
    """Reads the words of a circuit from left to right, one function per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.words, self.at = text, [], 0
        place = 0
        while place < len(text.rstrip()):
            match = _WORD.match(text, place)
            if match is None:
                self.fail(f"{text[place]!r} cannot be read")
            self.words.append(match[0].strip())
            place = match.end()
        if not self.words:
            self.fail("it is empty")

    def fail(self, what: str) -> NoReturn:
        raise InstrumentError(f"circuit {self.text!r}: {what}", _MEND, "circuit")

    def take(self, *wanted: str) -> str:
        """The next word, if it is one of those wanted; else ""."""
        if self.at < len(self.words) and self.words[self.at] in wanted:
            self.at += 1
            return self.words[self.at - 1]
        return ""

    def series(self, depth: int) -> Node:
        parts = [self.part(depth)]
        while self.take("-", "+"):
            parts.append(self.part(depth))
        return _series(parts)

    def part(self, depth: int) -> Node:
        if depth > _DEEPEST:
            self.fail(f"brackets more than {_DEEPEST} deep")
        if self.take("p"):
            self.take("(")
            return self.branches(depth + 1, ",")
        if self.take("("):
            return self.branches(depth + 1, "|")
        if self.at >= len(self.words):
            self.fail("it ends where an element is expected")
        return self.element()

    def branches(self, depth: int, comma: str) -> Node:
        found = [self.series(depth)]
        while self.take(comma):
            found.append(self.series(depth))
        if not self.take(")"):
            self.fail("a bracket is not closed")
        return found[0] if len(found) == 1 else Parallel(tuple(found))

    def element(self) -> Element:
        word = self.words[self.at]
        letters = word.rstrip("0123456789")
        kind = next((one for one in KINDS if one == letters), _OTHER_NAMES.get(letters))
        if kind is None:
            self.fail(f"no element {word!r}")
        self.at += 1
        return Element(kind, kind + word[len(letters) :])


def _series(parts: list[Node]) -> Node:
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Series) else (part,)))
    return flat[0] if len(flat) == 1 else Series(flat)


def _taken(circuit: Node) -> set[str]:
    return {element.name for element in elements_of(circuit) if element.name[-1].isdigit()}


def _named_once(node: Node, taken: set[str], seen: set[str]) -> Node:
    """The same circuit with every name there once."""
    if isinstance(node, Series):
        return Series(tuple(_named_once(part, taken, seen) for part in node.parts))
    if isinstance(node, Parallel):
        return Parallel(tuple(_named_once(branch, taken, seen) for branch in node.branches))
    name = node.name
    if name in seen or not name[-1].isdigit():
        name = next(free for number in range(100) if (free := f"{node.kind}{number}") not in taken | seen)
    seen.add(name)
    return Element(node.kind, name)


def circuit_text(circuit: Node) -> str:
    """A circuit in the first of the two spellings: `R0-p(R1,CPE1)-CPE2`."""
    if isinstance(circuit, Element):
        return circuit.name
    if isinstance(circuit, Series):
        return "-".join(circuit_text(part) for part in circuit.parts)
    return f"p({','.join(circuit_text(branch) for branch in circuit.branches)})"
