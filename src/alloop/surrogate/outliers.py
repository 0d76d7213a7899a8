"""Values that cannot be what was measured: a wrong unit, a slipped decimal point, a whole plate in other units.

Each own value is judged by a process that was fitted without it and without everything else that is conspicuous;
what that process finds credible is taken back in, step by step, so that the true tail of a wide distribution is
never lost. What stays outside is reported; what becomes of it is in `guards`.
"""

from __future__ import annotations

import numpy as np
import torch

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.surrogate.data import Observations
from alloop.surrogate.doubts import FAR_FOR_A_UNIT, Suspect, looks_like_a_unit
from alloop.surrogate.gp import EXACT_ROWS, GaussianProcess, fit_gp
from alloop.surrogate.representatives import representative_rows

FAR = 5.0
"""Standard deviations from the expectation beyond which a value is suspect."""

_CREDIBLE = 3.0
_ROUNDS = 6
_DECADES = 2.0  # the least deviation in decades: smaller ones are for the noise, and no prefix makes them
_SPREADS = 4.0  # the least deviation of a property on a linear scale, in robust spreads of its values
_FEWEST = 8  # own exact values below which nothing can be judged
_FEWEST_SIBLINGS = 4
_FEW_SHARE = 0.25  # of a plate that is off as a whole: so many may deviate by less than a third of it
_MOST_ODD = 0.4  # share of the own values
_NEIGHBOURS = 2
_ROWS_OF_A_JUDGE = 600
_TAIL_SHARE = 0.02  # of the own values that deviate half as much: more of them are a tail
_FEW_ROWS = 8.0  # what few rows add to a threshold: with n rows it is sqrt(1 + 8 / n) times as high


def find_suspects(
    data: Observations,
    process: GaussianProcess,
    background: FloatArray | None,
    blocks: IntArray | None,
    *,
    decades: bool,
    confirmed: BoolArray | None = None,
) -> tuple[Suspect, ...]:
    """The own exact values that look wrong, in the order of their rows.

    Args:
        data: the observations of one property.
        process: a process fitted to all of them; where nothing is conspicuous nothing else is computed.
        background: (m, d) features of a sample of candidates, for the scaling.
        blocks: (d,) number of the block each feature belongs to.
        decades: whether the model scale is log10; deviations are then judged in decades.
        confirmed: (n,) whether a person has vouched for a value: it is never suspected.
    """
    own = (data.sources == 0) & (data.bounds == 0)
    if own.sum() < _FEWEST:
        return ()
    free = own if confirmed is None else own & ~confirmed
    least = _DECADES
    if not decades:
        middle = float(np.median(data.values[own]))
        least = _SPREADS * max(1.4826 * float(np.median(np.abs(data.values[own] - middle))), 1e-9)
    found: list[Suspect] = []
    for plate in _conspicuous_plates(data, own, least):
        rows = np.flatnonzero(free & (data.groups == plate))
        left = np.array([suspect.row for suspect in found], dtype=np.int64)
        found += _together(data, rows, left, process, background, blocks, decades, least)
    gone = np.zeros(len(data), dtype=bool)
    gone[[suspect.row for suspect in found]] = True
    single = _one_by_one(data, free, gone, process, background, blocks, decades, least)
    found += _uncorroborated(single, data, np.flatnonzero(own & ~gone), process, decades)
    return tuple(sorted(found, key=lambda suspect: suspect.row))


def _conspicuous_plates(data: Observations, own: BoolArray, least: float) -> list[int]:
    """Plates whose typical value differs from that of all others; the newest first: it met the others' judgement.

    Of only two plates the older has nothing but the newer against it, and is left alone.
    """
    names = [int(name) for name in np.unique(data.groups[own]) if name >= 0]
    names = names[1:] if len(names) == 2 else names
    far = []
    for name in sorted(names, reverse=True):
        inside, outside = own & (data.groups == name), own & (data.groups != name)
        if inside.sum() >= _FEWEST_SIBLINGS and outside.sum() >= _FEWEST:
            shift = float(np.median(data.values[inside]) - np.median(data.values[outside]))
            if abs(shift) > 0.5 * least:
                far.append(name)
    return far


def _together(
    data: Observations,
    rows: IntArray,
    left: IntArray,
    process: GaussianProcess,
    background: FloatArray | None,
    blocks: IntArray | None,
    decades: bool,
    least: float,
) -> list[Suspect]:
    """All of `rows` if they are off together by what a wrong unit makes, as all but `rows` and `left` see it."""
    rest = np.setdiff1d(np.arange(len(data)), np.concatenate([rows, left]))
    if len(rows) < _FEWEST_SIBLINGS or ((data.sources == 0) & (data.bounds == 0))[rest].sum() < _FEWEST:
        return []
    judge = _judge(data.rows(rest), process, background, blocks)
    mean, covariance = judge.joint(data.features[rows])
    unit, h = judge.scaling.value_spread, judge.hyperparameters
    total = covariance.numpy() + h.offset[0] + h.noise[0] * np.eye(len(rows))
    residual = judge.scaling.values(data.values[rows]) - mean.numpy()
    ones = np.ones(len(rows))
    precision = float(ones @ np.linalg.solve(total, ones))
    shift = float(ones @ np.linalg.solve(total, residual)) / precision
    z = abs(shift) * precision**0.5
    if abs(shift) * unit < least or z < _threshold(shift * unit, decades, len(rest)):
        return []
    if np.quantile(residual * np.sign(shift), _FEW_SHARE) < abs(shift) / 3.0:  # some are far off, not all
        return []
    centre = judge.scaling.value_centre + unit * mean.numpy()
    off = shift * unit
    if decades and looks_like_a_unit(off):  # what the prefix did is known better than what was expected
        off = 3.0 * round(off / 3.0)
    return [
        Suspect(int(row), float(expected), z, len(rows), off)
        for row, expected in zip(rows, centre, strict=True)
    ]


def _one_by_one(
    data: Observations,
    free: BoolArray,
    gone: BoolArray,
    process: GaussianProcess,
    background: FloatArray | None,
    blocks: IntArray | None,
    decades: bool,
    least: float,
) -> list[Suspect]:
    """Values that a process fitted without anything conspicuous finds far off."""
    own = (data.sources == 0) & (data.bounds == 0) & ~gone
    far = np.abs(data.values - np.median(data.values[own])) > least
    if len(data) <= EXACT_ROWS and not gone.any():
        odd = np.abs(_left_out_residuals(process)) > 0.75 * least
        if (odd & own).sum() <= _MOST_ODD * own.sum():  # more: one gross value has spoilt the fit for all
            far |= odd
    open_rows = np.flatnonzero(free & own & far)
    for _ in range(_ROUNDS):
        kept = ~gone
        kept[open_rows] = False
        if not len(open_rows) or (kept & own).sum() < _FEWEST:
            return []
        judge = _judge(data.rows(np.flatnonzero(kept)), process, background, blocks)
        mean, sd = judge.latent(data.features[open_rows])
        residual = data.values[open_rows] - mean
        z = np.abs(residual) / np.hypot(sd, judge.noise_sd())
        credible = z < _CREDIBLE
        if not credible.any():
            break
        open_rows = open_rows[~credible]
    else:
        return []
    limits = [_threshold(float(off), decades, int(kept.sum())) for off in residual]
    found = np.flatnonzero((np.abs(residual) >= least) & (z > limits))
    learned = (judge.data.sources == 0) & (judge.data.bounds == 0)
    odd_size = np.array([not (decades and looks_like_a_unit(float(off))) for off in residual])
    values = np.concatenate([judge.data.values[learned], data.values[open_rows[odd_size]]])
    offs = np.concatenate([_left_out_residuals(judge)[learned], residual[odd_size]])
    return [
        Suspect(int(open_rows[index]), float(mean[index]), float(z[index]))
        for index in found
        if not _in_a_tail(float(data.values[open_rows[index]]), float(residual[index]), values, offs, least)
    ]


def _in_a_tail(
    value: float, deviation: float, values: FloatArray, deviations: FloatArray, least: float
) -> bool:
    """Whether a value is one of many that deviate on its side: mistakes stand apart, tails do not.

    Args:
        value, deviation: of the value in question.
        values, deviations: (m,) of the own values that no wrong unit explains, it may be among them.
        least: the least deviation of a suspect; what lies by half of it beyond all others is in no tail.
    """
    others = ~((values == value) & (deviations == deviation))
    if not values[others].min() - 0.5 * least < value < values[others].max() + 0.5 * least:
        return False
    alike = deviations[others] * np.sign(deviation) > 0.5 * abs(deviation)
    return int(alike.sum()) > max(1, int(_TAIL_SHARE * len(alike)))


def _judge(
    kept: Observations, process: GaussianProcess, background: FloatArray | None, blocks: IntArray | None
) -> GaussianProcess:
    """A process of what is not conspicuous; of very many rows a representative part finds a wrong unit as well."""
    if len(kept) > EXACT_ROWS:
        kept = kept.rows(representative_rows(kept, _ROWS_OF_A_JUDGE))
    return fit_gp(kept, background, blocks, process.hyperparameters)


def _uncorroborated(
    suspects: list[Suspect], data: Observations, own: IntArray, process: GaussianProcess, decades: bool
) -> list[Suspect]:
    """The suspects that no other value supports.

    Support is a repeat of the recipe on another plate, or both of the nearest other recipes, being far off on the
    same side too: a discovery has a neighbourhood, a wrong number in a table has none. Where the deviation is what a
    wrong prefix makes, neighbours of the same upload may share the mistake: only those of another plate speak for it.
    """
    side = np.zeros(len(data))
    for suspect in suspects:
        side[suspect.row] = np.sign(data.values[suspect.row] - suspect.expected)
    x = process.scale(data.features).numpy()
    doubtful = []
    for suspect in suspects:
        row = suspect.row
        agrees = side == side[row]
        repeats = (data.recipes == data.recipes[row]) & (data.groups != data.groups[row])
        others = own[data.recipes[own] != data.recipes[row]]
        if decades and looks_like_a_unit(float(data.values[row] - suspect.expected)):
            others = others[(data.groups[others] != data.groups[row]) | (data.groups[others] < 0)]
        nearest = others[np.argsort(((x[others] - x[row]) ** 2).sum(axis=1), kind="stable")[:_NEIGHBOURS]]
        if not ((repeats & agrees).any() or (len(nearest) and agrees[nearest].all())):
            doubtful.append(suspect)
    return doubtful


def _left_out_residuals(process: GaussianProcess) -> FloatArray:
    """Value minus its expectation from all other rows (n,) (Rasmussen & Williams 2006, eq. 5.12)."""
    precision = torch.cholesky_inverse(process.cholesky).diagonal()
    residual: FloatArray = (process.weights / precision).numpy() * process.scaling.value_spread
    return residual


def _threshold(deviation: float, decades: bool, n: int) -> float:
    """Standard deviations that a deviation may have before it is suspect, judged by `n` rows."""
    far = FAR_FOR_A_UNIT if decades and looks_like_a_unit(deviation) else FAR
    return far * float(np.sqrt(1.0 + _FEW_ROWS / n))
