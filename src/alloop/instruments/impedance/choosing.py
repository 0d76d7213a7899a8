"""Which circuit: several are fitted, the physically absurd leave, the others share the weight.

Weights follow the Bayesian information criterion (Schwarz, Ann. Stat. 6, 461 (1978), doi:10.1214/aos/1176344136),
with the number of independent residuals in place of the number of points: a circuit that misses by a smooth curve
has fewer. A resistance is a mixture over the circuits, so that its interval holds their spread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuit_text import circuit_text
from alloop.instruments.impedance.circuits import ComplexArray, parameter_names, to_coordinates
from alloop.instruments.impedance.fitting import Fit, fit_circuit
from alloop.instruments.impedance.models import lead_matters, models_with, objection
from alloop.instruments.impedance.reading import Reading, Resistance, read_fit
from alloop.instruments.impedance.starts import starting_points

_MOST_ARCS = 3
_LEAST_WEIGHT = 1e-3
_ENOUGH_WEIGHT = 0.5
# A third arc is looked for only where two leave residuals that are more than noise.
_CORRELATED_BELOW = 0.6
_LEAST_SCALE = 0.01
_SCALE_PER_NOISE = 4.0
# No circuit is exact: an rms misfit of this share of |Z| is as good as none.
_TOLERATED_MISFIT = 0.003
# A circuit that misses by so many times more than the best is out, however smooth its misfit.
_HOPELESS = 4.0
_FAIR = 0.05  # …unless it misses by less than this and no other is sound
# Share of the misfit that a circuit's resistances may be off by, besides what noise does to them, when the residuals
# are white; it is the whole misfit when they are all alike. Set on synthetic spectra of unknown circuits.
_DISCREPANCY_WHITE = 0.7
# Impedance analysers are specified to some tenths of a per cent of |Z| in the range of solid electrolytes, at best.
_INSTRUMENT = 0.005


@dataclass(frozen=True)
class Candidate:
    """A circuit that was tried: its reading, its weight, and what speaks against it ("" for nothing)."""

    reading: Reading
    weight: float
    objection: str

    @property
    def circuit(self) -> str:
        """In words."""
        return circuit_text(self.reading.fit.circuit)


@dataclass(frozen=True)
class Estimate:
    """A positive quantity with its 90 % interval, such as a resistance in ohm."""

    value: float
    low90: float
    high90: float


def soft_scale(noise: float) -> float:
    """The residual beyond which a point counts less, from the spectrum's noise (nan: not known)."""
    return max(_LEAST_SCALE, _SCALE_PER_NOISE * noise if np.isfinite(noise) else 0.0)


def try_circuits(
    frequency_Hz: FloatArray,
    impedance_ohm: ComplexArray,
    noise: float,
    cell_constant_per_cm: float | None = None,
    seed: int = 0,
) -> tuple[Candidate, ...]:
    """Fit the usual circuits; the one with most weight comes first.

    Weights sum to 1; all are 0 when something speaks against each circuit.

    Args:
        frequency_Hz, impedance_ohm: (n,) from the highest frequency to the lowest.
        noise: random error as a share of |Z|, nan where it is not known.
        cell_constant_per_cm: thickness / area, None where it is not known.
        seed: of the starting values, where those are drawn.
    """
    scale = soft_scale(noise)
    has_lead = lead_matters(frequency_Hz, impedance_ohm)
    tried: list[tuple[Reading, str]] = []
    for arcs in range(_MOST_ARCS + 1):
        larger: Fit | None = None
        for model in models_with(arcs, has_lead):
            circuit = model.circuit
            names = parameter_names(circuit)
            if len(names) >= 2 * len(frequency_Hz) - 2:
                continue
            starts = starting_points(circuit, frequency_Hz, impedance_ohm, seed)
            if larger is not None and set(names) <= set(larger.parameters):
                # Where the larger circuit left its resistor unused, this one is as good.
                carried = to_coordinates(circuit, [larger.parameters[name] for name in names])
                starts = np.concatenate([starts, carried[None, :]])
            fit = fit_circuit(circuit, frequency_Hz, impedance_ohm, starts, scale)
            larger = fit if model.has_resistor else None
            reading = read_fit(fit, cell_constant_per_cm)
            tried.append((reading, objection(reading, frequency_Hz, cell_constant_per_cm)))
        if arcs == 2 and _is_exhausted([reading.fit for reading, _ in tried], noise):
            break
    return _weighed(tried)


def _is_exhausted(fits: Sequence[Fit], noise: float) -> bool:
    """Whether the best of the fits leaves nothing but noise."""
    best = min(fits, key=lambda fit: fit.cost)
    return best.effective_points > _CORRELATED_BELOW * 2 * len(best.residual) or best.misfit < 1.2 * noise


def _weighed(tried: Sequence[tuple[Reading, str]]) -> tuple[Candidate, ...]:
    best_misfit = min(reading.fit.misfit for reading, _ in tried)
    sound = min((reading.fit.misfit for reading, against in tried if not against), default=np.inf)
    worst = max(_HOPELESS * max(best_misfit, _TOLERATED_MISFIT), sound if sound < _FAIR else 0.0)
    judged = [
        (reading, against or ("it misses the data" if reading.fit.misfit > worst else ""))
        for reading, against in tried
    ]
    allowed = [reading.fit for reading, against in judged if not against]
    weights = [0.0] * len(judged)
    if allowed:
        best = min(allowed, key=lambda fit: fit.cost)
        weights = [0.0 if against else _odds(reading.fit, best) for reading, against in judged]
        weights = [weight if weight > _LEAST_WEIGHT else 0.0 for weight in weights]
        weights = [weight / sum(weights) for weight in weights]
    candidates = [
        Candidate(reading, weight, against)
        for (reading, against), weight in zip(judged, weights, strict=True)
    ]
    return tuple(sorted(candidates, key=lambda one: (-one.weight, one.reading.fit.cost)))


def _odds(fit: Fit, best: Fit) -> float:
    """How probable a fit is beside the one that comes closest to the data."""
    # What separates the two is the smoother of their misfits: it has as many independent numbers as the fewer.
    effective = min(fit.effective_points, best.effective_points)
    floor = _TOLERATED_MISFIT**2 * len(fit.residual)
    log_ratio = np.log((fit.cost + floor) / (best.cost + floor))
    further = len(fit.coordinates) - len(best.coordinates)
    return float(np.exp(min(-0.5 * (effective * log_ratio + further * np.log(effective)), 50.0)))


def estimate(
    candidates: Sequence[Candidate], resistances: Callable[[Reading], Sequence[Resistance]]
) -> Estimate | None:
    """A resistance over the circuits that give it, as the mean of its logarithm; None where they hold less than half.

    Args:
        candidates: with their weights.
        resistances: of a reading; one for each way to read the circuit, none where it does not have that part.
    """
    parts = []
    for one in candidates:
        fit = one.reading.fit
        freedom = max(fit.effective_points - len(fit.coordinates), 2.0)
        for found in resistances(one.reading) if one.weight > 0 else ():
            spread = float(np.sqrt(found.log_error**2 + discrepancy(fit) ** 2 + _INSTRUMENT**2))
            parts.append((one.weight * found.belief, np.log(found.ohm), spread, freedom))
    if sum(part[0] for part in parts) < _ENOUGH_WEIGHT:
        return None
    weights, middles, spreads, freedoms = np.array(parts).T
    weights = weights / weights.sum()
    low, high = (_quantile(share, weights, middles, spreads, freedoms) for share in (0.05, 0.95))
    middle = min(max(float(weights @ middles), low), high)
    return Estimate(float(np.exp(middle)), float(np.exp(low)), float(np.exp(high)))


def discrepancy(fit: Fit) -> float:
    """What a fit's resistances may be off by, as a share, because its circuit is not the sample's."""
    alike = 1.0 - fit.effective_points / (2.0 * len(fit.residual))
    return fit.misfit * (_DISCREPANCY_WHITE + (1.0 - _DISCREPANCY_WHITE) * alike)


def _quantile(
    share: float, weight: FloatArray, middle: FloatArray, spread: FloatArray, freedom: FloatArray
) -> float:
    """Quantile of a mixture of Student's t distributions."""
    from scipy.special import stdtr

    low, high = float((middle - 60 * spread).min()), float((middle + 60 * spread).max())
    for _ in range(60):
        half = 0.5 * (low + high)
        below = float(np.sum(weight * stdtr(freedom, (half - middle) / spread)))
        low, high = (half, high) if below < share else (low, half)
    return 0.5 * (low + high)
