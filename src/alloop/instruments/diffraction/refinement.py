"""Fitting a pattern with given phases: scales and background linear, shapes and lattices not.

The linear part is solved exactly for every trial of the rest (variable projection: Golub & Pereyra, 1973,
doi:10.1137/0710036; derivatives after Kaufman, 1975, doi:10.1007/BF01932995), with scales that are not negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.measured import Measured
from alloop.instruments.diffraction.model import Fit, Phase, isotropic
from alloop.instruments.diffraction.parameters import Parameter, parameters_of, with_width
from alloop.instruments.diffraction.profile import Instrument, PhaseShape, phase_pattern

_EVALUATIONS = 14


def refine(
    measured: Measured,
    phases: Sequence[Phase],
    instrument: Instrument,
    *,
    free_instrument: bool = True,
    free: Sequence[bool] | None = None,
    whole_lattice: Sequence[bool] | None = None,
    textured: Sequence[bool] | None = None,
    evaluations: int = _EVALUATIONS,
) -> Fit:
    """Fit a pattern.

    Args:
        measured: the pattern.
        phases: to be fitted, with shapes to begin with.
        instrument: to begin with.
        free_instrument: whether the instrument is refined.
        free: for each phase, whether its shape is refined; all are by default.
        whole_lattice: for each phase, whether all freedoms of its lattice are refined, or only its size.
        textured: for each phase, whether its texture is refined along its axis.
        evaluations: most trials of the nonlinear parameters.
    """
    from scipy.optimize import least_squares

    count = len(phases)
    free = [True] * count if free is None else free
    whole_lattice = [False] * count if whole_lattice is None else whole_lattice
    textured = [False] * count if textured is None else textured
    problem = _Problem(
        measured,
        tuple(phases),
        instrument,
        parameters_of(phases, instrument, free_instrument, free, whole_lattice, textured),
    )
    start = np.array([one.start for one in problem.parameters])
    if len(start) and count:
        limits = np.array([one.limit for one in problem.parameters])
        expected = np.array([one.expected for one in problem.parameters])
        low, high = expected - limits, expected + limits
        found = least_squares(
            problem.residuals,
            np.clip(start, low + 1e-6 * limits, high - 1e-6 * limits),
            jac=problem.jacobian,
            bounds=(low, high),
            x_scale=[one.width for one in problem.parameters],
            ftol=2e-4,
            xtol=1e-5,
            gtol=1e-8,
            max_nfev=evaluations,
        ).x
    else:
        found = start
    return problem.fit(found)


class _Problem:
    """Residuals and derivatives of one fit; keeps the linear solution of the last trial."""

    def __init__(
        self,
        measured: Measured,
        phases: tuple[Phase, ...],
        instrument: Instrument,
        parameters: tuple[Parameter, ...],
    ) -> None:
        self.measured, self.phases, self.instrument, self.parameters = (
            measured,
            phases,
            instrument,
            parameters,
        )
        self._weight = 1.0 / measured.sigma
        self._basis, _ = np.linalg.qr(measured.terms * self._weight[:, None])
        target = measured.counts * self._weight
        self._target = target - self._basis @ (self._basis.T @ target)
        self._trial: FloatArray | None = None

    def unpack(self, values: FloatArray) -> tuple[Instrument, list[PhaseShape]]:
        instrument, shapes = self.instrument, [phase.shape for phase in self.phases]
        for parameter, value in zip(self.parameters, values, strict=True):
            number = float(value)
            if parameter.kind in {"gauss_deg", "gauss_slope_deg", "size_deg", "strain_deg", "texture"}:
                number = float(np.exp(number))
            if parameter.phase < 0:
                instrument = replace(instrument, **{parameter.kind: number})
                continue
            shape = shapes[parameter.phase]
            if parameter.kind == "lattice":
                lattice = shape.lattice.copy()
                lattice[parameter.number] = number
                shape = replace(shape, lattice=lattice)
            elif parameter.kind == "size":
                along = isotropic(self.phases[parameter.phase].crystal)
                rest = shape.lattice - along * (shape.lattice @ along / (along @ along))
                shape = replace(shape, lattice=rest + number * along)
            else:
                shape = with_width(shape, parameter.kind, number)
            shapes[parameter.phase] = shape
        return instrument, shapes

    def _pattern(self, index: int, shape: PhaseShape, instrument: Instrument) -> FloatArray:
        phase, measured = self.phases[index], self.measured
        return phase_pattern(
            measured.two_theta_deg,
            phase.crystal,
            phase.lines,
            shape,
            instrument,
            measured.beam,
            measured.reach,
        )

    def _project(self, column: FloatArray) -> FloatArray:
        weighted = column * self._weight
        return np.asarray(weighted - self._basis @ (self._basis.T @ weighted))

    def _solve(self, values: FloatArray) -> None:
        if self._trial is not None and np.array_equal(self._trial, values):
            return
        instrument, shapes = self.unpack(values)
        self._patterns = (
            np.column_stack([self._pattern(index, shape, instrument) for index, shape in enumerate(shapes)])
            if shapes
            else np.zeros((len(self._target), 0))
        )
        self._columns = (
            np.column_stack([self._project(column) for column in self._patterns.T])
            if shapes
            else self._patterns
        )
        self._scales = nonnegative(self._columns, self._target)
        self._trial = values.copy()

    def residuals(self, values: FloatArray) -> FloatArray:
        self._solve(values)
        return np.concatenate([self._target - self._columns @ self._scales, self._priors(values)])

    def _priors(self, values: FloatArray) -> FloatArray:
        return np.array([(v - p.expected) / p.width for v, p in zip(values, self.parameters, strict=True)])

    def jacobian(self, values: FloatArray) -> FloatArray:
        self._solve(values)
        active = self._scales > 0.0
        inside, _ = np.linalg.qr(self._columns[:, active])
        instrument, _ = self.unpack(values)
        result = np.zeros((len(self._target) + len(values), len(values)))
        for number, parameter in enumerate(self.parameters):
            change = self._change(values, number, parameter, instrument)
            projected = self._project(change)
            result[: len(self._target), number] = -(projected - inside @ (inside.T @ projected))
            result[len(self._target) + number, number] = 1.0 / parameter.width
        return result

    def _change(
        self, values: FloatArray, number: int, parameter: Parameter, instrument: Instrument
    ) -> FloatArray:
        """The derivative of the calculated pattern without its background; shifts follow from its slope."""
        if parameter.kind in {"zero_deg", "displacement_deg", "size", "overflow"}:
            seen = [parameter.phase] if parameter.phase >= 0 else list(range(len(self.phases)))
            pattern = self._patterns[:, seen] @ self._scales[seen]
            theta = np.radians(self.measured.two_theta_deg / 2.0)
            if parameter.kind == "overflow":
                ratio = (instrument.overflow / np.sin(theta)) ** 4
                return np.asarray(-pattern * ratio / (1.0 + ratio) / max(instrument.overflow, 1e-9))
            shift = {
                "zero_deg": np.ones(len(theta)),
                "displacement_deg": np.cos(theta),
                "size": -np.degrees(2.0 * np.tan(theta)),
            }[parameter.kind]
            return np.asarray(-np.gradient(pattern, self.measured.two_theta_deg) * shift)
        step = 1e-3 * parameter.width
        moved = values.copy()
        moved[number] += step
        other_instrument, other_shapes = self.unpack(moved)
        change = np.zeros(len(self._target))
        for index in range(len(self.phases)):
            if parameter.phase in {-1, index} and self._scales[index] > 0.0:
                new = self._pattern(index, other_shapes[index], other_instrument)
                change += self._scales[index] * (new - self._patterns[:, index]) / step
        return change

    def fit(self, values: FloatArray) -> Fit:
        self._solve(values)
        instrument, shapes = self.unpack(values)
        residual = self._target - self._columns @ self._scales
        chi_square = float(residual @ residual)
        terms = self.measured.terms * self._weight[:, None]
        rest = (self.measured.counts - self._patterns @ self._scales) * self._weight
        coefficients = np.linalg.lstsq(terms, rest, rcond=None)[0]
        covariance, lattice_sigma = self._uncertainties(values, chi_square)
        return Fit(
            instrument,
            tuple(
                Phase(one.crystal, one.lines, shape) for one, shape in zip(self.phases, shapes, strict=True)
            ),
            self._scales,
            covariance,
            self.measured.terms @ coefficients,
            self._patterns,
            lattice_sigma,
            chi_square,
        )

    def _uncertainties(
        self, values: FloatArray, chi_square: float
    ) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        """Covariance of the scales and uncertainties of the lattices, by the joint normal equations."""
        count, length = len(self.phases), len(self._target)
        if count == 0:
            return np.zeros((0, 0)), ()
        derivatives = [-self._columns]
        if len(values):
            # The derivatives without the linear part taken out: d(model)/d(parameter).
            jacobian = self.jacobian(values)
            derivatives.append(jacobian[:length])
        joint = np.column_stack(derivatives)
        normal = joint.T @ joint
        priors = np.concatenate([np.zeros(count), [1.0 / p.width**2 for p in self.parameters]])
        size = np.sqrt(np.maximum(np.diag(normal) + priors, 1e-300))
        scaled = (normal + np.diag(priors)) / np.outer(size, size)
        inverse = np.linalg.pinv(scaled, rcond=1e-12) / np.outer(size, size)
        freedom = max(length - len(size) - self.measured.terms.shape[1], 1)
        inverse *= max(chi_square / freedom, 1.0)
        sigmas = np.sqrt(np.maximum(np.diag(inverse)[count:], 0.0))
        lattices = []
        for index, phase in enumerate(self.phases):
            own = np.zeros(len(phase.shape.lattice))
            for parameter, sigma in zip(self.parameters, sigmas, strict=True):
                if parameter.phase == index and parameter.kind == "lattice":
                    own[parameter.number] = sigma
                elif parameter.phase == index and parameter.kind == "size":
                    own = sigma * isotropic(phase.crystal)
            lattices.append(own)
        return inverse[:count, :count], tuple(lattices)


def nonnegative(columns: FloatArray, target: FloatArray) -> FloatArray:
    """The scales >= 0 that bring columns nearest to a target (Lawson & Hanson's NNLS on the reduced problem)."""
    from scipy.optimize import nnls

    if columns.shape[1] == 0:
        return np.zeros(0)
    sizes = np.linalg.norm(columns, axis=0)
    sizes[sizes == 0.0] = 1.0
    orthogonal, triangle = np.linalg.qr(columns / sizes)
    return np.asarray(nnls(triangle, orthogonal.T @ target)[0] / sizes)
