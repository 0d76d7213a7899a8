"""What a shelf can make, as linear conditions on the amounts of the elements.

The compositions that precursors reach form a convex cone. Its bounding planes turn "can be made" into the
same kind of exact linear bound as charge balance, so that the space counts both alike.

Two steps keep this small. First, elements that play the same part on the shelf (ZnCl2 and MnCl2 when nothing
else holds zinc or manganese) are merged into one: as each of their precursors can be exchanged atom by atom,
only their sum decides what can be made. Then the planes are found by the double description method (T. S.
Motzkin, H. Raiffa, G. L. Thompson, R. M. Thrall, in Contributions to the Theory of Games II, Princeton 1953,
p. 51) in integers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from alloop.errors import SpaceError

MAX_PLANES = 4000
"""Most bounding planes that are kept while they are being found."""

Ray = Mapping[str, Fraction]


@dataclass(frozen=True)
class Plane:
    """A condition on element amounts t: the sum of weight * t is 0 (`is_equality`) or at least 0."""

    weights: Mapping[str, Fraction]
    is_equality: bool


def bounding_planes(rays: Sequence[Ray], elements: Sequence[str]) -> list[Plane]:
    """Conditions that hold exactly for the non-negative combinations of `rays`.

    Args:
        rays: atoms of each element that one precursor brings; elements outside `elements` make it unusable.
        elements: those that must balance.

    Returns:
        Planes over `elements`, in a fixed order. Conditions t >= 0 on a single element are included.

    Raises:
        SpaceError: when the precursors combine in too many ways (more than :data:`MAX_PLANES` planes).
    """
    usable = [ray for ray in rays if set(ray).issubset(elements)]
    merged = {element: element for element in elements}
    while True:
        reduced = sorted({_normalised(_renamed(ray, merged)) for ray in usable if ray})
        twins = _twins(reduced, sorted(set(merged.values())))
        if not twins:
            break
        merged = {element: twins.get(name, name) for element, name in merged.items()}
    names = sorted(set(merged.values()))
    vectors = [tuple(dict(ray).get(name, 0) for name in names) for ray in reduced]
    equalities, inequalities = dual_cone(vectors, len(names))
    planes = []
    for vector, is_equality in [(v, True) for v in equalities] + [(v, False) for v in inequalities]:
        weight = dict(zip(names, vector, strict=True))
        weights = {
            element: Fraction(weight[merged[element]]) for element in elements if weight[merged[element]]
        }
        planes.append(Plane(weights, is_equality))
    return planes


def _renamed(ray: Ray, merged: Mapping[str, str]) -> dict[str, Fraction]:
    total: dict[str, Fraction] = {}
    for element, amount in ray.items():
        if amount:
            total[merged[element]] = total.get(merged[element], Fraction(0)) + amount
    return total


def _normalised(ray: Ray) -> tuple[tuple[str, int], ...]:
    """The ray's direction in the smallest integers, sorted by element."""
    scale = lcm(*(amount.denominator for amount in ray.values()))
    whole = {element: int(amount * scale) for element, amount in ray.items()}
    divisor = gcd(*whole.values())
    return tuple(sorted((element, amount // divisor) for element, amount in whole.items()))


def _twins(rays: Sequence[tuple[tuple[str, int], ...]], names: Sequence[str]) -> dict[str, str]:
    """Name -> the name to merge it into, for names whose rays are alike and that share no ray.

    Names that no ray holds are alike: none of them may be present.
    """
    parts: dict[str, set[tuple[tuple[str, Fraction], ...]]] = {name: set() for name in names}
    together: dict[str, set[str]] = {name: set() for name in names}
    for ray in rays:
        for name, amount in ray:
            rest = tuple((other, Fraction(held, amount)) for other, held in ray if other != name)
            parts[name].add(rest)
            together[name].update(other for other, _ in rest)
    twins: dict[str, str] = {}
    for i, name in enumerate(names):
        for other in names[:i]:
            if other in twins or parts[name] != parts[other] or name in together[other]:
                continue
            twins[name] = other
            break
    return twins


def dual_cone(
    rays: Sequence[tuple[int, ...]], dimension: int
) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """All vectors a with a . ray >= 0 for every ray: a basis of its linear part, and its extreme rays.

    A point t is a non-negative combination of `rays` exactly when a . t = 0 for the first and a . t >= 0 for
    the second.
    """
    lines = [tuple(int(i == j) for j in range(dimension)) for i in range(dimension)]
    extreme: list[tuple[tuple[int, ...], int]] = []  # with the set of rays it is orthogonal to, as bits
    for place, ray in enumerate(rays):
        bit = 1 << place
        pivot = next((i for i, line in enumerate(lines) if _dot(line, ray)), None)
        if pivot is not None:
            line = lines.pop(pivot)
            size = _dot(line, ray)
            if size < 0:
                line, size = tuple(-entry for entry in line), -size
            lines = [_without(other, line, _dot(other, ray), size) for other in lines]
            extreme = [(_without(v, line, _dot(v, ray), size), zeros | bit) for v, zeros in extreme]
            extreme.append((line, bit - 1))
            continue
        sides = [(vector, zeros, _dot(vector, ray)) for vector, zeros in extreme]
        kept = [(v, zeros | bit if side == 0 else zeros) for v, zeros, side in sides if side >= 0]
        for above, above_zeros, above_side in sides:
            if above_side <= 0:
                continue
            for below, below_zeros, below_side in sides:
                common = above_zeros & below_zeros
                if below_side >= 0 or not _are_adjacent(common, above, below, sides):
                    continue
                mixed = tuple(above_side * b - below_side * a for a, b in zip(above, below, strict=True))
                kept.append((_primitive(mixed), common | bit))
        extreme = kept
        if len(extreme) > MAX_PLANES:
            raise SpaceError(
                "precursors: they combine in too many ways to count what can be made",
                "leave out precursors that bring several cations at once",
            )
    return sorted(lines), sorted(vector for vector, _ in extreme)


def _are_adjacent(
    common: int,
    above: tuple[int, ...],
    below: tuple[int, ...],
    sides: Sequence[tuple[tuple[int, ...], int, int]],
) -> bool:
    """Whether no third vector is orthogonal to all rays that the two are both orthogonal to."""
    return not any(
        zeros & common == common and vector is not above and vector is not below for vector, zeros, _ in sides
    )


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True) if x and y)


def _without(vector: tuple[int, ...], line: tuple[int, ...], part: int, size: int) -> tuple[int, ...]:
    """`vector` moved along `line` until it is orthogonal to the ray both were multiplied with."""
    return _primitive(tuple(size * a - part * b for a, b in zip(vector, line, strict=True)))


def _primitive(vector: tuple[int, ...]) -> tuple[int, ...]:
    divisor = gcd(*vector)
    return tuple(entry // divisor for entry in vector) if divisor > 1 else vector
