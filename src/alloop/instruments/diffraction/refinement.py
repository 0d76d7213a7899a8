"""Fitting a pattern with given phases: scales and background linear, shapes and lattices not.

The linear part is solved exactly for every trial of the rest (variable projection: Golub & Pereyra, 1973,
doi:10.1137/0710036; derivatives after Kaufman, 1975, doi:10.1007/BF01932995), with scales that are not negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.instruments.diffraction.crystal import Crystal, lattice_freedoms
from alloop.instruments.diffraction.lines import Lines
from alloop.instruments.diffraction.profile import FULL_REACH, Beam, Instrument, PhaseShape, phase_pattern

# Widths of the normal distributions that parameters are expected in; they keep a fit of few lines from running away.
_ZERO_DEG, _DISPLACEMENT_DEG, _LATTICE, _LOG_WIDTH, _ASYMMETRY, _LOG_TEXTURE = (
    0.03,
    0.08,
    0.003,
    0.7,
    0.03,
    0.3,
)
_LIMITS = {
    "zero": 0.15,
    "displacement": 0.4,
    "lattice": 0.02,
    "log_width": 2.5,
    "asymmetry": 0.15,
    "log_texture": 1.0,
}
_EVALUATIONS = 14


@dataclass(frozen=True, eq=False)
class Measured:
    """A pattern made ready for fitting.

    Attributes:
        two_theta_deg, counts: (n,) as measured.
        sigma: (n,) standard uncertainties of the counts, an allowance for the model included.
        noise: (n,) the same without the allowance.
        terms: (n, m) background columns.
        beam: the radiation.
        reach: how many widths off its centre a line ends.
    """

    two_theta_deg: FloatArray
    counts: FloatArray
    sigma: FloatArray
    noise: FloatArray
    terms: FloatArray
    beam: Beam
    reach: float = FULL_REACH


@dataclass(frozen=True, eq=False)
class Phase:
    """A phase in a fit: its structure, its lines, its shape."""

    crystal: Crystal
    lines: Lines
    shape: PhaseShape

    @staticmethod
    def of(crystal: Crystal, lines: Lines, like: PhaseShape | None = None, strain: float = 0.0) -> Phase:
        """A phase to begin with; its lines as wide as those of another."""
        lattice = strain * isotropic(crystal)
        shape = PhaseShape(lattice) if like is None else PhaseShape(lattice, like.size_deg, like.strain_deg)
        return Phase(crystal, lines, shape)


@dataclass(frozen=True, eq=False)
class Fit:
    """A pattern with its phases fitted.

    Attributes:
        instrument, phases: what was refined.
        scales: (k,) of the phases.
        scale_covariance: (k, k), the nonlinear parameters included, scaled by the misfit.
        background: (n,) fitted.
        patterns: (n, k) of the phases of scale 1.
        lattice_sigma: for each phase, standard uncertainties of its lattice freedoms.
        chi_square: sum of squared residuals over `Measured.sigma`.
    """

    instrument: Instrument
    phases: tuple[Phase, ...]
    scales: FloatArray
    scale_covariance: FloatArray
    background: FloatArray
    patterns: FloatArray
    lattice_sigma: tuple[FloatArray, ...]
    chi_square: float

    @property
    def calculated(self) -> FloatArray:
        """The calculated pattern, background included, (n,)."""
        return np.asarray(self.background + self.patterns @ self.scales)


def isotropic(crystal: Crystal) -> FloatArray:
    """The direction among a lattice's freedoms in which all lengths grow alike."""
    freedoms = lattice_freedoms(crystal.cell)
    return np.asarray(np.any(freedoms[:, :3] != 0.0, axis=1), dtype=np.float64)


@dataclass(frozen=True)
class _Parameter:
    """One nonlinear parameter: of which phase (-1: of the instrument), which kind, which number."""

    phase: int
    kind: str
    number: int
    start: float
    expected: float
    width: float
    limit: float


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
        _parameters(phases, instrument, free_instrument, free, whole_lattice, textured),
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


def _parameters(
    phases: Sequence[Phase],
    instrument: Instrument,
    free_instrument: bool,
    free: Sequence[bool],
    whole_lattice: Sequence[bool],
    textured: Sequence[bool],
) -> tuple[_Parameter, ...]:
    rows: list[_Parameter] = []
    usual, log_limit = Instrument(), _LIMITS["log_width"]
    if free_instrument:
        rows += [
            _Parameter(-1, "zero_deg", 0, instrument.zero_deg, 0.0, _ZERO_DEG, _LIMITS["zero"]),
            _Parameter(
                -1,
                "displacement_deg",
                0,
                instrument.displacement_deg,
                0.0,
                _DISPLACEMENT_DEG,
                _LIMITS["displacement"],
            ),
            _Parameter(
                -1, "gauss_deg", 0, *_log(instrument.gauss_deg, usual.gauss_deg), _LOG_WIDTH, log_limit
            ),
            _Parameter(
                -1,
                "gauss_slope_deg",
                0,
                *_log(instrument.gauss_slope_deg, usual.gauss_slope_deg),
                _LOG_WIDTH,
                log_limit,
            ),
            _Parameter(-1, "asymmetry", 0, instrument.asymmetry, 0.0, _ASYMMETRY, _LIMITS["asymmetry"]),
            _Parameter(-1, "overflow", 0, instrument.overflow, 0.25, 0.25, 0.25),
        ]
    for index, phase in enumerate(phases):
        if not free[index]:
            continue
        shape, like = phase.shape, PhaseShape(phase.shape.lattice)
        along = isotropic(phase.crystal)
        if whole_lattice[index]:
            rows += [
                _Parameter(index, "lattice", number, float(value), 0.0, _LATTICE, _LIMITS["lattice"])
                for number, value in enumerate(shape.lattice)
            ]
        else:
            size = float(shape.lattice @ along / (along @ along))
            rows.append(_Parameter(index, "size", 0, size, 0.0, _LATTICE, _LIMITS["lattice"]))
        rows += [
            _Parameter(index, "size_deg", 0, *_log(shape.size_deg, like.size_deg), _LOG_WIDTH, log_limit),
            _Parameter(
                index, "strain_deg", 0, *_log(shape.strain_deg, like.strain_deg), _LOG_WIDTH, log_limit
            ),
        ]
        if textured[index]:
            rows.append(
                _Parameter(
                    index,
                    "texture",
                    0,
                    float(np.log(shape.texture)),
                    0.0,
                    _LOG_TEXTURE,
                    _LIMITS["log_texture"],
                )
            )
    return tuple(rows)


def _with_width(shape: PhaseShape, kind: str, number: float) -> PhaseShape:
    if kind == "size_deg":
        return replace(shape, size_deg=number)
    if kind == "strain_deg":
        return replace(shape, strain_deg=number)
    return replace(shape, texture=number)


def _log(value: float, usual: float) -> tuple[float, float]:
    return float(np.log(value)), float(np.log(usual))


class _Problem:
    """Residuals and derivatives of one fit; keeps the linear solution of the last trial."""

    def __init__(
        self,
        measured: Measured,
        phases: tuple[Phase, ...],
        instrument: Instrument,
        parameters: tuple[_Parameter, ...],
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
                shape = _with_width(shape, parameter.kind, number)
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
        self, values: FloatArray, number: int, parameter: _Parameter, instrument: Instrument
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


def active_phases(fit: Fit) -> BoolArray:
    """Which phases of a fit have a scale above zero."""
    return np.asarray(fit.scales > 0.0)
