"""The linear Kramers-Kronig test: could any stationary, linear, causal circuit have given this spectrum?

A chain of RC elements with fixed, log-spaced time constants obeys the Kramers-Kronig relations by construction and
can follow any spectrum that obeys them (Boukamp, J. Electrochem. Soc. 142, 1885 (1995), doi:10.1149/1.2044210).
What it cannot follow is noise, an outlier, or a system that was not stationary. The number of RC elements is
raised until the fit begins to chase noise, which shows as resistances of alternating sign
(Schönleber, Klotz, Ivers-Tiffée, Electrochim. Acta 131, 20 (2014), doi:10.1016/j.electacta.2014.01.034).

It is no detector of slow drift: a resistance that changes steadily during the sweep gives a spectrum that another,
stationary circuit could have given. Such a spectrum passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuits import ComplexArray

# Below this share of negative resistances the chain is long enough (Schönleber et al. recommend 0.85).
_OVERFIT_BELOW = 0.85
_MOST_RC = 60
_SETTLED, _STILL_BETTER = 4, 0.8


@dataclass(frozen=True)
class KramersKronig:
    """What the test found.

    Attributes:
        residual: (n,) complex, measured less modelled, as a share of |Z|.
        rc_elements: length of the chain.
        mu: 1 less the negative over the positive resistance of the chain; falls as the chain begins to overfit.
    """

    residual: ComplexArray
    rc_elements: int
    mu: float

    @property
    def largest(self) -> float:
        """The largest residual of a real or an imaginary part, as a share of |Z|."""
        return float(max(np.abs(self.residual.real).max(), np.abs(self.residual.imag).max()))

    @property
    def rms(self) -> float:
        """The root mean square of the residuals of real and imaginary parts, as a share of |Z|."""
        return float(np.sqrt(np.mean(np.abs(self.residual) ** 2) / 2.0))


def linear_kramers_kronig(frequency_Hz: FloatArray, impedance_ohm: ComplexArray) -> KramersKronig:
    """Test a spectrum with a chain of RC elements, a series inductance and a series capacitance.

    Args:
        frequency_Hz: (n,), n at least 4, positive, at least two different ones.
        impedance_ohm: (n,), none of them zero.
    """
    omega = 2.0 * np.pi * frequency_Hz
    most = max(2, min(len(omega) - 2, _MOST_RC))
    # A chain with less than one element per decade can follow nothing; its negative resistances are misfit.
    fewest = min(int(np.ceil(np.log10(omega.max() / omega.min()))) + 1, most)
    tried: list[KramersKronig] = []
    for count in range(fewest, most + 1):
        tried.append(_with_chain(omega, impedance_ohm, count))
        # Before the chain is dense enough its sign alternates, too, while it still comes closer by the step.
        earlier = tried[-1 - _SETTLED] if len(tried) > _SETTLED else None
        if earlier and earlier.mu <= _OVERFIT_BELOW and tried[-1].rms > _STILL_BETTER * earlier.rms:
            return earlier
    return tried[-1]


def _with_chain(omega: FloatArray, impedance_ohm: ComplexArray, count: int) -> KramersKronig:
    """The weighted least squares fit of a chain of so many RC elements."""
    size = np.abs(impedance_ohm)
    tau = np.geomspace(1.0 / omega.max(), 1.0 / omega.min(), count)
    relaxations = 1.0 / (1.0 + 1j * omega[:, None] * tau)
    ends = np.stack([np.ones_like(omega) + 0j, 1j * omega, 1.0 / (1j * omega)], axis=1)
    matrix = np.concatenate([ends, relaxations], axis=1) / size[:, None]
    real = np.concatenate([matrix.real, matrix.imag])
    scale = np.linalg.norm(real, axis=0)
    solution = np.linalg.lstsq(real / scale, _stacked(impedance_ohm / size), rcond=None)[0] / scale
    resistances = solution[ends.shape[1] :]
    positive = resistances[resistances >= 0].sum()
    mu = 1.0 - float(-resistances[resistances < 0].sum() / positive) if positive > 0 else 0.0
    return KramersKronig(impedance_ohm / size - matrix @ solution, count, mu)


def noise_level(frequency_Hz: FloatArray, impedance_ohm: ComplexArray) -> float:
    """The random error of real and imaginary parts as a share of |Z|, from the spectrum alone.

    Third differences of ln Z along the sweep cancel whatever is smooth; the variance of such a difference is 20
    times that of a point. The median keeps outliers out. Fewer than 6 points say nothing (nan).

    Args:
        frequency_Hz: (n,) in the order of the sweep.
        impedance_ohm: (n,), none of them zero.
    """
    if len(frequency_Hz) < 6:
        return float("nan")
    logarithm = np.log(np.abs(impedance_ohm)) + 1j * np.unwrap(np.angle(impedance_ohm))
    third = np.diff(logarithm, 3)
    deviations = np.abs(np.concatenate([third.real, third.imag]))
    return float(1.4826 * np.median(deviations) / np.sqrt(20.0))


def _stacked(values: ComplexArray) -> FloatArray:
    return np.concatenate([values.real, values.imag])
