"""Activation energies: conductivities at several temperatures, ln(σT) against 1/T.

    σ T = A exp(-Ea / (k T))

as follows from random hops of the ions (R. J. D. Tilley, Defects in Solids, Wiley 2008); k from CODATA 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError

BOLTZMANN_EV_PER_K = 8.617333262e-5
ZERO_CELSIUS_K = 273.15
_FEWEST = 3
_FEWEST_PER_BRANCH = 3
_ALIKE_BELOW = 0.3
_Z95 = 1.645
_MANY = 10**6
# A break is believed when chance gives such a gain in fewer than so many of all series without one…
_CHANCE = 0.01
# …and when the information criterion falls by this much: "strong" evidence (Kass, Raftery, J. Am. Stat. Assoc. 90,
# 773 (1995), doi:10.1080/01621459.1995.10476572).
_STRONG_EVIDENCE = 6.0
# Differences smaller than these are no transition, however well they are measured.
_LEAST_CHANGE_EV, _LEAST_STEP = 0.03, 0.2


@dataclass(frozen=True)
class ArrheniusFit:
    """A straight line through ln(σT) over 1/T.

    Attributes:
        activation_energy_eV: Ea.
        ln_prefactor: ln A, with A in S K/cm.
        covariance: (2, 2) of (Ea, ln A); nan where there are only two temperatures.
        freedom: degrees of freedom of the covariance (of Student's t); many where it follows from stated errors and
            not from the scatter, 0 where there are only two temperatures.
        residual_sd: standard deviation of ln(σT) about the line; nan where there are only two temperatures.
        temperature_range_C: of the data.
        points: how many.
    """

    activation_energy_eV: float
    ln_prefactor: float
    covariance: FloatArray
    freedom: int
    residual_sd: float
    temperature_range_C: tuple[float, float]
    points: int

    @property
    def activation_energy_error_eV(self) -> float:
        """Standard error of Ea."""
        return float(np.sqrt(self.covariance[0, 0]))

    def interval90(self) -> tuple[float, float]:
        """The 90 % interval of Ea in eV."""
        half = _t95(self.freedom) * self.activation_energy_error_eV
        return self.activation_energy_eV - half, self.activation_energy_eV + half

    def predict(self, temperature_C: float) -> tuple[float, float, float]:
        """Conductivity in S/cm on the line at a temperature, with the 90 % interval of the line there."""
        kelvin = temperature_C + ZERO_CELSIUS_K
        row = np.array([-1.0 / (BOLTZMANN_EV_PER_K * kelvin), 1.0])
        middle = float(row @ [self.activation_energy_eV, self.ln_prefactor])
        half = _t95(self.freedom) * float(np.sqrt(row @ self.covariance @ row))
        value, low, high = (float(np.exp(one) / kelvin) for one in (middle, middle - half, middle + half))
        return value, low, high

    def distance_K(self, temperature_C: float) -> float:
        """How far a temperature lies outside the data; 0 inside."""
        low, high = self.temperature_range_C
        return max(low - temperature_C, temperature_C - high, 0.0)


@dataclass(frozen=True)
class ArrheniusBreak:
    """Two lines instead of one: a phase transition, melting, or another process that takes over.

    Attributes:
        temperature_C: where the lines cross, or the middle between the branches where they do not cross there.
        cold, hot: the lines below and above it.
        chance: probability of so large a gain without a break (F test, corrected for the search of the place).
    """

    temperature_C: float
    cold: ArrheniusFit
    hot: ArrheniusFit
    chance: float

    def branch_at(self, temperature_C: float) -> ArrheniusFit:
        """The branch that a temperature belongs to."""
        return self.cold if temperature_C < self.temperature_C else self.hot


def fit_arrhenius(
    temperature_C: FloatArray, conductivity_S_per_cm: FloatArray, relative_sd: FloatArray | None = None
) -> ArrheniusFit:
    """Fit ln(σT) over 1/T by weighted least squares.

    Args:
        temperature_C: (n,), at least two different ones.
        conductivity_S_per_cm: (n,) positive.
        relative_sd: (n,) relative standard errors of the points, 0 where not known. They widen the covariance where
            they say more than the scatter about the line does. Points better than 30 % weigh alike: an error of
            1 K in the temperature makes 5 %, and contacts and the choice of a circuit are not in a fit's error.

    Raises:
        InstrumentError: for fewer than two different temperatures or values without a logarithm.
    """
    temperature = np.asarray(temperature_C, dtype=float)
    conductivity = np.asarray(conductivity_S_per_cm, dtype=float)
    if len(np.unique(temperature)) < 2:
        raise InstrumentError("an activation energy needs two temperatures", "measure at more", "temperature")
    if not (np.all(conductivity > 0) and np.all(np.isfinite(conductivity))):
        raise InstrumentError("a conductivity is not positive", "leave that point out", "conductivity")
    if not (np.all(temperature > -ZERO_CELSIUS_K) and np.all(np.isfinite(temperature))):
        raise InstrumentError("a temperature below absolute zero", "give temperatures in °C", "temperature")
    matrix, target = _line(temperature, conductivity)
    weight = _weights(relative_sd, len(target))
    (energy, prefactor), squares = _solve(matrix, target, weight)
    # A line through two temperatures has no scatter of its own, however often each was measured.
    freedom = len(target) - 2 if len(np.unique(temperature)) >= _FEWEST else 0
    ends = float(temperature.min()), float(temperature.max())
    if freedom == 0:
        nothing = np.full((2, 2), np.nan)
        return ArrheniusFit(energy, prefactor, nothing, 0, float("nan"), ends, len(target))
    scatter = squares / freedom
    inverse = np.linalg.inv((matrix * weight[:, None] ** 2).T @ matrix)
    covariance: FloatArray = np.asarray(inverse * scatter, dtype=float)
    if relative_sd is not None:
        influence = inverse @ (matrix * weight[:, None] ** 2).T
        stated: FloatArray = (influence * np.asarray(relative_sd, dtype=float) ** 2) @ influence.T
        if _Z95**2 * stated[0, 0] > _t95(freedom) ** 2 * covariance[0, 0]:
            covariance, freedom = stated, _MANY
    residual = target - matrix @ [energy, prefactor]
    spread = float(np.sqrt(np.sum(residual**2) / freedom))
    return ArrheniusFit(energy, prefactor, covariance, freedom, spread, ends, len(target))


def find_break(
    temperature_C: FloatArray, conductivity_S_per_cm: FloatArray, relative_sd: FloatArray | None = None
) -> ArrheniusBreak | None:
    """Two lines, where they describe the data beyond chance better than one; at least 3 temperatures each.

    Every division is tried; the F test's probability is multiplied by the number of divisions (Bonferroni).

    Raises:
        InstrumentError: as :func:`fit_arrhenius`.
    """
    from scipy.stats import f as f_distribution

    order = np.argsort(temperature_C, kind="stable")
    temperature = np.asarray(temperature_C, dtype=float)[order]
    conductivity = np.asarray(conductivity_S_per_cm, dtype=float)[order]
    errors = None if relative_sd is None else np.asarray(relative_sd, dtype=float)[order]
    count = len(temperature)
    places = [
        at
        for at in range(1, count)
        if temperature[at] > temperature[at - 1]
        and len(np.unique(temperature[:at])) >= _FEWEST_PER_BRANCH
        and len(np.unique(temperature[at:])) >= _FEWEST_PER_BRANCH
    ]
    if not places or count < 5:
        return None
    matrix, target = _line(temperature, conductivity)
    weight = _weights(errors, count)

    def squares(part: slice) -> float:
        return _solve(matrix[part], target[part], weight[part])[1]

    one = squares(slice(None))
    split = {at: squares(slice(at)) + squares(slice(at, None)) for at in places}
    at = min(split, key=lambda place: split[place])
    freedom = count - 4
    two = max(split[at], 1e-10 * float(np.sum(weight**2)))  # perfect lines must not divide by zero
    if freedom < 1 or one <= two:
        return None
    gain = (one - two) / 2.0 / (two / freedom)
    chance = min(float(f_distribution.sf(gain, 2, freedom)) * len(places), 1.0)
    evidence = count * np.log(one / two) - 3.0 * np.log(
        count
    )  # two further parameters of the line, and its place
    cold, hot = (
        fit_arrhenius(temperature[part], conductivity[part], None if errors is None else errors[part])
        for part in (slice(at), slice(at, None))
    )
    middle = 0.5 * (temperature[at - 1] + temperature[at])
    step = abs(np.log(cold.predict(middle)[0] / hot.predict(middle)[0]))
    change = abs(cold.activation_energy_eV - hot.activation_energy_eV)
    if chance > _CHANCE or evidence < _STRONG_EVIDENCE or (change < _LEAST_CHANGE_EV and step < _LEAST_STEP):
        return None
    crossing = _crossing_C(cold, hot)
    between = crossing is not None and temperature[at - 1] <= crossing <= temperature[at]
    return ArrheniusBreak(float(crossing if between and crossing is not None else middle), cold, hot, chance)


def _crossing_C(cold: ArrheniusFit, hot: ArrheniusFit) -> float | None:
    slope = cold.activation_energy_eV - hot.activation_energy_eV
    step = cold.ln_prefactor - hot.ln_prefactor
    if slope == 0.0 or step == 0.0 or slope / step <= 0:
        return None
    return slope / step / BOLTZMANN_EV_PER_K - ZERO_CELSIUS_K


def _line(temperature_C: FloatArray, conductivity: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, 2) the design matrix for (Ea, ln A), and (n,) ln(σT)."""
    kelvin = temperature_C + ZERO_CELSIUS_K
    matrix = np.stack([-1.0 / (BOLTZMANN_EV_PER_K * kelvin), np.ones_like(kelvin)], axis=1)
    return matrix, np.log(conductivity * kelvin)


def _weights(relative_sd: FloatArray | None, count: int) -> FloatArray:
    if relative_sd is None:
        return np.ones(count)
    return np.asarray(_ALIKE_BELOW / np.maximum(np.asarray(relative_sd, dtype=float), _ALIKE_BELOW))


def _solve(matrix: FloatArray, target: FloatArray, weight: FloatArray) -> tuple[tuple[float, float], float]:
    """The weighted least squares solution and its weighted sum of squares."""
    solution = np.linalg.lstsq(matrix * weight[:, None], target * weight, rcond=None)[0]
    squares = float(np.sum((weight * (target - matrix @ solution)) ** 2))
    return (float(solution[0]), float(solution[1])), squares


def _t95(freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.95)) if freedom > 0 else float("nan")
