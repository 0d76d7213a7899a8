"""Charge balance: exact for species, by reachable oxidation states for a bare formula.

A formula names no oxidation states, so a check can only ask whether the usual states of its elements can
add up to zero. Elements of one usual state are fixed, neighbouring states of a metal from V to Cu and of Ce,
Pr, Tb and Eu span an interval (mixed valence), the states of other elements are alternatives. Nonmetals take
their anion state, and a positive one only where enough oxygen, sulfur or halogen surrounds them; hydrogen is
H+ on O and N, H- on B, Al and metals. The states are those met in solid electrolytes, compiled from general
inorganic chemistry (Greenwood and Earnshaw, Chemistry of the Elements, 2nd ed. 1997).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from alloop.chemistry.formula import Amounts
from alloop.chemistry.species import Species

WARN = 0.01
"""Charge per formula unit (e) above which a formula deserves a warning: more than printed decimals leave."""

ERROR = 0.1
"""Charge per formula unit (e) above which a formula is wrong."""

_Intervals = tuple[tuple[int, int], ...]

_GROUPS: tuple[tuple[str, _Intervals], ...] = (
    ("Li Na K Rb Cs Fr Ag", ((1, 1),)),
    ("Be Mg Ca Sr Ba Ra Zn Cd No", ((2, 2),)),
    ("Al Ga In Sc Y La Nd Pm Sm Gd Dy Ho Er Tm Yb Lu Ac Am Cm Bk Cf Es Fm Md Lr", ((3, 3),)),
    ("Zr Hf Th Rf Si", ((4, 4),)),
    ("Ta Pa Db", ((5, 5),)),
    ("Eu", ((2, 3),)),
    ("Ce Pr Tb", ((3, 4),)),
    ("Ti", ((3, 3), (4, 4))),
    ("V", ((2, 5),)),
    ("Nb", ((4, 4), (5, 5))),
    ("Cr", ((2, 3), (6, 6))),
    ("Mo", ((3, 3), (4, 4), (5, 5), (6, 6))),
    ("W U Np Pu", ((4, 4), (5, 5), (6, 6))),
    ("Mn", ((2, 4), (7, 7))),
    ("Tc Re", ((4, 7),)),
    ("Fe", ((2, 3),)),
    ("Co Ni Pd Pt", ((2, 4),)),
    ("Ru Os", ((3, 6),)),
    ("Rh Ir", ((3, 4),)),
    ("Cu Hg", ((1, 2),)),
    ("Au Tl", ((1, 1), (3, 3))),
    ("Ge Sn Pb", ((2, 2), (4, 4))),
    ("As Sb Bi", ((3, 3), (5, 5))),
    ("He Ne Ar Kr Xe Rn", ((0, 0),)),
)
USUAL_STATES: Mapping[str, _Intervals] = {
    element: intervals for elements, intervals in _GROUPS for element in elements.split()
}
"""Usual oxidation states of metals and metalloids as closed intervals."""

_ANION_FORMERS = frozenset(("H", "N", "O", "F", "P", "S", "Cl", "As", "Se", "Br", "Te", "I", "At"))
_HALOGENS = ("F", "Cl", "Br", "I", "At")
_CHALCOGENS = ("O", "S", "Se", "Te")
_S_BLOCK = frozenset(("Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba"))
_POLYSULFIDE_FORMERS = _S_BLOCK | {"Fe", "Co", "Ni", "Ti", "V", "Nb", "Mo", "W"}
_METALLIC_SHARE = Fraction(15, 100)


def charge_of_species(amounts: Mapping[Species, Fraction]) -> Fraction:
    """Total charge of so many of each species, in e; exact."""
    return sum((species.charge * amount for species, amount in amounts.items()), Fraction(0))


def charge_excess(amounts: Amounts, states: Mapping[str, Iterable[int]] | None = None) -> float:
    """How far the formula stays from neutral, in e per formula unit; 0 when its usual states can balance.

    The sign is that of the charge left over: negative when cations are missing. Compare the size with
    :data:`WARN` and :data:`ERROR`. Alloys (less than 15 % anion-forming atoms) and pure elements count as
    neutral; organic molecules nearly always do, as carbon may take any state from -4 to +4.

    Args:
        amounts: atoms per formula unit.
        states: oxidation states an element may take besides its usual ones, and anything between those given,
            such as {"Sm": [2], "Ti": [3, 4]}.
    """
    present = {element: Fraction(amount) for element, amount in amounts.items() if amount > 0}
    formers = sum((amount for element, amount in present.items() if element in _ANION_FORMERS), Fraction(0))
    if len(present) < 2 or formers < _METALLIC_SHARE * sum(present.values()):
        return 0.0
    reachable = {(Fraction(0), Fraction(0))}
    for element in sorted(present):
        options = _options(element, present)
        if extra := sorted((states or {}).get(element, ())):
            options.append((Fraction(extra[0]), Fraction(extra[-1])))
        amount = present[element]
        reachable = {
            (low + amount * least, high + amount * most) for low, high in reachable for least, most in options
        }
    return float(
        min((_nearest_to_zero(low, high) for low, high in reachable), key=lambda rest: (abs(rest), rest))
    )


def _nearest_to_zero(low: Fraction, high: Fraction) -> Fraction:
    if low > 0:
        return low
    return high if high < 0 else Fraction(0)


def _sum(present: Amounts, elements: Iterable[str]) -> Fraction:
    return sum((present.get(element, Fraction(0)) for element in elements), Fraction(0))


def _options(element: str, present: Amounts) -> list[tuple[Fraction, Fraction]]:
    """Mean oxidation states the element may take in this company, as closed intervals."""
    if element in USUAL_STATES:
        options: Iterable[tuple[int, int]] = USUAL_STATES[element]
        if element == "As" and _sum(present, (*_CHALCOGENS, *_HALOGENS)) < present[element] * 2:
            options = (*options, (-3, -3))
    elif element == "H":
        return _hydrogen(present)
    elif element == "B":
        options = _boron(present)
    elif element == "C":
        options = _carbon(present)
    elif element == "N":
        oxygen = present.get("O", Fraction(0)) / present["N"]
        options = [(-3, -3), *([(3, 3)] if oxygen >= 2 else []), *([(5, 5)] if oxygen >= 3 else [])]
    elif element == "P":
        options = _phosphorus(present)
    elif element == "O":
        options = _oxygen(present)
    elif element in _CHALCOGENS:
        options = _chalcogen(element, present)
    elif element in _HALOGENS:
        oxo = element != "F" and present.get("O", Fraction(0)) >= 3 * present[element]
        options = [(-1, -1), *([(5, 5), (7, 7)] if oxo else [])]
    else:
        options = [(0, 0)]
    return [(Fraction(low), Fraction(high)) for low, high in options]


def _hydrogen(present: Amounts) -> list[tuple[Fraction, Fraction]]:
    """Protons on O, N, S and halogen; hydride on B, Al and metals; both at once in borohydride ammines."""
    hydrogen, boron = present["H"], present.get("B", Fraction(0))
    acceptors = _sum(present, ("O", "N", "C", "S", "Se", *_HALOGENS)) > 0
    hydride_host = boron > 0 or "Al" in present or "O" not in present or not _sum(present, _HALOGENS)
    means = []
    if acceptors:
        means.append(Fraction(1))
    if hydride_host:
        means.append(Fraction(-1))
    if acceptors:
        hydridic = (boron, 4 * boron)  # closo-borate and borohydride
        means.extend(1 - 2 * number / hydrogen for number in hydridic if 0 < number < hydrogen)
    return [(mean, mean) for mean in means]


def _boron(present: Amounts) -> list[tuple[int, int]]:
    """+3, less in clusters such as B12H12^2- or B12Cl12^2-, which have about one ligand per boron."""
    ligands = _sum(present, ("H", *_HALOGENS)) / present["B"]
    is_cluster = 0 < ligands < 3 and _sum(present, ("O", "S", "Se", "N")) < present["B"]
    return [(0, 3)] if is_cluster else [(3, 3)]


def _carbon(present: Amounts) -> list[tuple[int, int]]:
    """Anything in organic company, +3 to +4 in oxalate and carbonate, a carbide otherwise."""
    if _sum(present, ("H", "N", "B", "F")):
        return [(-4, 4)]
    return [(3, 4)] if "O" in present else [(-4, 4)]


def _phosphorus(present: Amounts) -> list[tuple[int, int]]:
    """+5; also +4 in P2S6^4- and +3 in phosphite, at three ligands or fewer; -3 in phosphides."""
    ligands = _sum(present, ("O", "S", "Se", "N", *_HALOGENS)) / present["P"]
    if ligands > 3:
        return [(5, 5)]
    low = 3 if present.get("O", Fraction(0)) >= 2 * present["P"] else 4
    return [(-3, -3), (low, 5)] if ligands < 3 else [(low, 5)]


def _oxygen(present: Amounts) -> list[tuple[int, int]]:
    """-2; up to -1 in peroxides of s-block metals and hydrogen."""
    return [(-2, -1)] if set(present) <= _S_BLOCK | {"H", "O"} else [(-2, -2)]


def _chalcogen(element: str, present: Amounts) -> list[tuple[int, int]]:
    """-2; +4 to +6 with enough oxygen (for Te also halogen) around; chains where it is the only nonmetal."""
    ligands = present.get("O", Fraction(0))
    if element == "Te":
        ligands += _sum(present, _HALOGENS)
    needed = 2 if element in ("Se", "Te") else 3  # SeO2 and TeO2 are weighed, sulfur dioxide is not
    options = [(-2, -2), *([(4, 6)] if ligands >= needed * present[element] else [])]
    if set(present) <= _POLYSULFIDE_FORMERS | {element}:
        options.append((-2, 0))
    return options
