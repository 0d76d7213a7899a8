"""Whether a plate's results fit its wells, or would fit them far better turned, shifted, or as another plate's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from alloop.arrays import FloatArray
from alloop.campaign.ledger import Entry
from alloop.errors import Problem, UploadError
from alloop.records import PredictionRow
from alloop.scales import model_value

_DEGREES = 4.0
"""Degrees of freedom of the scores' t distribution: a few values far off must not decide."""
FEWEST_FOR_ARRANGEMENT = 12
"""Fewer values of a plate tell nothing about its arrangement."""
_CERTAIN = 10.0
_CLOSER = 0.25
"""How much better an arrangement must fit: logarithm of the likelihood ratio, and correlation; see docs."""

_RANDOM_ORDERS = 200
_OUTSTANDING = 5.0
"""How far above random orders of the wells an arrangement must fit, in standard deviations of theirs."""

_Grid = FloatArray


@dataclass(frozen=True)
class Misplaced:
    """A plate whose values fit another arrangement: what it looks like, its name, how much likelier (powers of ten)."""

    plate: str
    looks: str
    how: str
    decades: float

    def as_problem(self) -> Problem:
        """What to say before anything is believed."""
        return Problem(
            f"plate {self.plate}",
            f"its values fit 10^{self.decades:.0f} times better if {self.looks}; nothing was recorded",
            f"if that is so, add --arranged {self.plate}={self.how}; if the labels are right, add --as-labelled",
        )


TURNED: Mapping[str, tuple[str, Callable[[_Grid], _Grid]]] = {
    "upside-down": ("the plate is turned upside down (A1 for the last well)", lambda g: g[::-1, ::-1]),
    "mirrored": ("its columns are counted from the other side", lambda g: g[:, ::-1]),
    "flipped": ("its rows are counted from the other side", lambda g: g[::-1, :]),
    "by-columns": (
        "its wells are counted down the columns instead of along the rows",
        lambda g: g.ravel().reshape(g.shape, order="F"),
    ),
    "one-well-on": ("every value belongs to the well before its own", lambda g: _shifted(g, 1)),
    "one-well-back": ("every value belongs to the well behind its own", lambda g: _shifted(g, -1)),
    "one-row-down": ("every value belongs one row above", lambda g: _shifted(g, g.shape[1])),
    "one-row-up": ("every value belongs one row below", lambda g: _shifted(g, -g.shape[1])),
}
"""By name: in words, and the grid of predictions as it would stand under the values."""


def _shifted(grid: _Grid, by: int) -> _Grid:
    """What stands `by` wells earlier in reading order; nan where there is none."""
    flat = np.full(grid.size, np.nan)
    source = grid.ravel()
    if by > 0:
        flat[by:] = source[:-by]
    else:
        flat[:by] = source[-by:]
    return flat.reshape(grid.shape)


def misplaced(
    entries: Iterable[Entry], predictions: Iterable[PredictionRow], places: Sequence[Sequence[str]]
) -> tuple[Misplaced, ...]:
    """The plates whose values fit another arrangement far better than their labels.

    Every arrangement is scored by the predictions that were frozen with the plan, each property with an offset of
    its plate: the controls, which stand elsewhere on every plate, and all that the models expect to differ decide.

    Args:
        entries: the values in question, beside what was expected of their wells.
        predictions: those frozen for these plates, and for the others whose values these may be.
        places: the labels of a plate's wells, row by row.
    """
    entries = list(entries)
    values = _grids(
        entries, places, lambda entry: _model(entry.value, entry) if entry.bound == "exact" else np.nan
    )
    expected = _expected(predictions, places)
    found = []
    for plate in sorted({plate for plate, _ in values}):
        own = {name: grid for (which, name), grid in values.items() if which == plate}
        best: Misplaced | None = None
        for how, (looks, turn) in TURNED.items():
            best = _better(best, _compared(plate, plate, own, expected, turn), plate, looks, how)
        for other in sorted({one for one, _ in expected} - {plate}):
            gain = _compared(plate, other, own, expected, lambda grid: grid)
            best = _better(best, gain, plate, f"they belong to {other}", other)
        if best is not None:
            found.append(best)
    return tuple(found)


def true_wells(
    arranged: Mapping[str, str], places: Sequence[Sequence[str]], plates: Iterable[str]
) -> dict[str, Callable[[str], tuple[str, str] | None]]:
    """For each plate that is arranged otherwise than labelled: the plate and well to which a label belongs.

    Args:
        arranged: by plate, the name of an arrangement, or another plate whose samples these are.
        places: the labels of a plate's wells, row by row.
        plates: those there are.

    Raises:
        UploadError: for an arrangement or a plate that does not exist.
    """
    known, problems = set(plates), []
    found: dict[str, Callable[[str], tuple[str, str] | None]] = {}
    for plate, how in arranged.items():
        if plate not in known:
            problems.append(Problem(f"--arranged {plate}={how}", f"there is no plate {plate} with samples"))
        elif how in known:
            found[plate] = partial(_same_well, how)
        elif how in TURNED:
            found[plate] = partial(_turned_well, plate, _turned_labels(places, TURNED[how][1]))
        else:
            mend = f"write one of {', '.join(TURNED)}, or a plate"
            problems.append(Problem(f"--arranged {plate}={how}", f"{how!r} is no arrangement", mend))
    if problems:
        raise UploadError(problems)
    return found


def _same_well(plate: str, label: str) -> tuple[str, str]:
    return plate, label


def _turned_well(plate: str, labels: Mapping[str, str], label: str) -> tuple[str, str] | None:
    return (plate, labels[label]) if label in labels else None


def _turned_labels(places: Sequence[Sequence[str]], turn: Callable[[_Grid], _Grid]) -> dict[str, str]:
    flat = [label for row in places for label in row]
    numbers = np.arange(float(len(flat))).reshape(len(places), -1)
    turned = turn(numbers).ravel()
    return {label: flat[int(place)] for label, place in zip(flat, turned, strict=True) if np.isfinite(place)}


def _better(best: Misplaced | None, gain: float | None, plate: str, looks: str, how: str) -> Misplaced | None:
    if gain is None or (best is not None and gain <= best.decades * np.log(10)):
        return best
    return Misplaced(plate, looks, how, gain / float(np.log(10)))


def _compared(
    plate: str,
    other: str,
    own: Mapping[str, _Grid],
    expected: Mapping[tuple[str, str], tuple[_Grid, _Grid]],
    turn: Callable[[_Grid], _Grid],
) -> float | None:
    """The log likelihood ratio of an arrangement against the labels; None where it is not clearly better."""
    total, closer, fits = 0.0, [], []
    for name, grid in own.items():
        if (plate, name) not in expected or (other, name) not in expected:
            continue
        mean, sd = expected[plate, name]
        other_mean, other_sd = (turn(one) for one in expected[other, name])
        there = np.isfinite(grid) & np.isfinite(mean) & np.isfinite(other_mean)
        if there.sum() < FEWEST_FOR_ARRANGEMENT:
            continue
        y = grid[there]
        # of two plates the one that was planned later is foretold more sharply: that must not decide
        widest = np.maximum(sd, other_sd)[there]
        total += _log_likelihood(y, other_mean[there], widest) - _log_likelihood(y, mean[there], widest)
        closer.append(_correlation(y, other_mean[there]) - _correlation(y, mean[there]))
        fits.append((y, other_mean[there], widest))
    if not fits or total < _CERTAIN or max(closer) < _CLOSER or not _stands_out(fits):
        return None
    return total


def _stands_out(fits: Sequence[tuple[FloatArray, FloatArray, FloatArray]]) -> bool:
    """Whether an arrangement fits far better than wells in random order do, by values, means and deviations (n,) each.

    Where the predictions are poor and surer of themselves than they should be, some arrangement fits better than the
    labels by chance, however right they are; but then random order does too.
    """
    rng = np.random.default_rng(0)
    found = sum(_log_likelihood(*fit) for fit in fits)
    chance = np.zeros(_RANDOM_ORDERS)
    for y, mean, sd in fits:
        orders = (rng.permutation(len(mean)) for _ in range(_RANDOM_ORDERS))
        chance += [_log_likelihood(y, mean[order], sd) for order in orders]
    return bool(found - chance.mean() > _OUTSTANDING * chance.std())


def _log_likelihood(y: FloatArray, mean: FloatArray, sd: FloatArray) -> float:
    """Of values (n,) by predictions with an offset that all of them share (t distributed errors)."""
    from scipy.stats import t

    offset = np.median(y - mean)
    return float(t.logpdf(y, _DEGREES, mean + offset, sd).sum())


def _correlation(y: FloatArray, mean: FloatArray) -> float:
    if np.ptp(y) == 0 or np.ptp(mean) == 0:
        return 0.0
    from scipy.stats import spearmanr

    return float(spearmanr(y, mean).statistic)


def _positions(places: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    """Row and column of each label."""
    return {label: (r, c) for r, row in enumerate(places) for c, label in enumerate(row)}


def _grids(
    entries: Sequence[Entry], places: Sequence[Sequence[str]], value: Callable[[Entry], float]
) -> dict[tuple[str, str], _Grid]:
    found: dict[tuple[str, str], _Grid] = {}
    at = _positions(places)
    for entry in entries:
        if entry.well in at:
            shape = (len(places), len(places[0]))
            grid = found.setdefault((entry.plate, entry.name), np.full(shape, np.nan))
            grid[at[entry.well]] = value(entry)
    return found


def _expected(
    predictions: Iterable[PredictionRow], places: Sequence[Sequence[str]]
) -> dict[tuple[str, str], tuple[_Grid, _Grid]]:
    """Mean and standard deviation on the model's scale by plate and property."""
    at = _positions(places)
    shape = (len(places), len(places[0]))
    found: dict[tuple[str, str], tuple[_Grid, _Grid]] = {}
    for row in predictions:
        if row.well in at and row.sd > 0:
            key = (row.plate, row.property)
            mean, sd = found.setdefault(key, (np.full(shape, np.nan), np.full(shape, np.nan)))
            centre = model_value(row.median, row.scale)
            if centre is not None:
                mean[at[row.well]], sd[at[row.well]] = centre, row.sd
    return found


def _model(value: float, entry: Entry) -> float:
    found = model_value(value, entry.expected.scale)
    return np.nan if found is None else found
