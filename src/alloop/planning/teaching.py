"""What a well would teach: how much narrower the objectives' doubts become once it is measured.

Measuring a well with noise variance n takes c²/(v + n) off the variance at a point, where v is the well's own
variance and c its covariance with the point. Both come from joint draws of the models, so trees and processes count
alike; the chance correlation of finitely many draws is taken off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.planning.because import Lesson
from alloop.space import FeatureMap

_FEWEST = 8
_MOST_SHARE = 0.7
_SMALL = 1e-12


def lessons(
    wells: FloatArray, sample: FloatArray, groups: Sequence[Sequence[tuple[str, BoolArray]]]
) -> list[Lesson]:
    """What each well is expected to teach.

    Args:
        wells: (S, w, K) joint draws of the objectives at the wells, in units of the measurement noise.
        sample: (S, r, K) the same draws at a uniform sample of the space.
        groups: per well, the parts of the sample (r,) that share something with it, by name.
    """
    n_draws = len(wells)
    wells, sample = wells - wells.mean(axis=0), sample - sample.mean(axis=0)
    own, there = (wells**2).mean(axis=0), (sample**2).mean(axis=0)
    fall = np.zeros((wells.shape[1], sample.shape[1]))
    doubt = np.zeros(sample.shape[1])
    for k in range(wells.shape[2]):
        shared = wells[:, :, k].T @ sample[:, :, k] / n_draws
        square = np.maximum(shared**2 - np.outer(own[:, k], there[:, k]) / n_draws, 0.0)
        scale = max(float(there[:, k].mean()), _SMALL)  # each objective counts the same
        fall += square / (own[:, k, None] + 1.0) / scale
        doubt += there[:, k] / scale
    found = []
    for row, own_groups in zip(fall, groups, strict=True):
        overall = _narrower(row, doubt)
        best = max(
            ((_narrower(row[members], doubt[members]), name) for name, members in own_groups),
            key=lambda pair: pair[0],
            default=(overall, ""),
        )
        about, share = (best[1], best[0]) if best[0] > overall else ("", overall)
        found.append(Lesson(overall, about, share))
    return found


def _narrower(fall: FloatArray, doubt: FloatArray) -> float:
    """The share by which the root mean variance falls."""
    total = float(doubt.sum())
    left = 1.0 - float(np.minimum(fall, doubt).sum()) / total if total > _SMALL else 1.0
    return 1.0 - float(np.sqrt(left))


def groups_of(
    features: FeatureMap, wells: FloatArray, sample: FloatArray
) -> list[list[tuple[str, BoolArray]]]:
    """For each well, which of the sample hold the same element or have the same setting.

    Parts with fewer than eight members, or with most of the sample, are left out.
    """
    elements = [
        (column, name.removesuffix(" fraction"))
        for column, name in enumerate(features.names)
        if features.blocks[column] == 1
    ]
    held = {column: sample[:, column] > 0 for column, _ in elements}
    settings = np.flatnonzero(features.blocks == 2)
    found = []
    for well in wells:
        parts = [(f"candidates with {name}", held[c]) for c, name in elements if well[c] > 0]
        for column in settings:
            same = np.abs(sample[:, column] - well[column]) < 1e-9
            name = features.names[column]
            if " = " in name and well[column] > 0:
                parts.append((f"candidates with {name.replace(' = ', ' ')}".replace("_", " "), same))
            elif " = " not in name and not name.endswith(" applies"):
                plain = name.removeprefix("log10 ")
                value = 10.0 ** well[column] if name.startswith("log10 ") else well[column]
                parts.append((f"candidates with {plain.replace('_', ' ')} {value:.4g}", same))
        found.append([p for p in parts if _FEWEST <= p[1].sum() <= _MOST_SHARE * len(sample)])
    return found


__all__ = ["groups_of", "lessons"]
