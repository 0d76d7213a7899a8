"""What all diffraction readers share: limits, checks, and a pattern from columns of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.recording import Pattern, Recording

FEWEST_POINTS, MOST_POINTS = 20, 500_000
_SHORTEST, _LONGEST = 0.05, 5.0


def make_recording(
    format: str,
    two_theta_deg: FloatArray,
    counts: FloatArray,
    name: str,
    *,
    wavelength_angstrom: float | None = None,
    has_k_alpha_2: bool = True,
    sigma: FloatArray | None = None,
    metadata: dict[str, str] | None = None,
    remarks: Sequence[str] = (),
) -> Recording:
    """A checked pattern as a recording.

    Points are put in the order of their angles; those at an angle that is there already are left out. Both are told.

    Raises:
        InstrumentError: when there are too few or too many points, or numbers that no pattern has.
    """
    said = list(remarks)
    if len(two_theta_deg) != len(counts):
        raise InstrumentError(
            f"{len(two_theta_deg)} angles but {len(counts)} intensities",
            "the file is damaged; export it again",
            name,
        )
    if len(counts) > MOST_POINTS:
        raise InstrumentError(
            f"{len(counts)} points are more than {MOST_POINTS}", "export fewer points", name
        )
    finite = np.isfinite(two_theta_deg) & np.isfinite(counts)
    if sigma is not None:
        finite &= np.isfinite(sigma) & (sigma >= 0.0)
    if not np.all(finite):
        said.append(f"{int((~finite).sum())} points without a number were left out")
    angles, values = two_theta_deg[finite], counts[finite]
    spread = None if sigma is None else sigma[finite]
    order = np.argsort(angles, kind="stable")
    if len(angles) and not np.array_equal(order, np.arange(len(angles))):
        said.append("the points were put in the order of their angles")
    angles, values = angles[order], values[order]
    spread = None if spread is None else spread[order]
    fresh = np.concatenate([[True], np.diff(angles) > 0.0]) if len(angles) else np.zeros(0, dtype=bool)
    if not np.all(fresh):
        said.append(f"{int((~fresh).sum())} points at angles that were there already were left out")
    angles, values = angles[fresh], values[fresh]
    spread = None if spread is None else spread[fresh]
    if len(angles) < FEWEST_POINTS:
        raise InstrumentError(
            f"a pattern of {len(angles)} points; at least {FEWEST_POINTS} are needed",
            "export the whole scan",
            name,
        )
    if angles[0] < -10.0 or angles[-1] > 180.0:
        raise InstrumentError(
            f"angles from {angles[0]:g} to {angles[-1]:g} are no 2θ in degrees", "export 2θ in degrees", name
        )
    if values.min() < 0.0:
        said.append("some intensities are negative: a background was taken off, counting noise is estimated")
    if values.max() <= 0.0:
        raise InstrumentError("all intensities are zero or negative", "export the counts", name)
    return Recording(
        format,
        pattern=Pattern(
            angles, values, checked_wavelength(wavelength_angstrom, name, said), has_k_alpha_2, spread
        ),
        metadata=metadata or {},
        remarks=tuple(said),
    )


def checked_wavelength(value: float | None, name: str, remarks: list[str]) -> float | None:
    """A wavelength that X-rays for diffraction have; another one is not believed, with a remark."""
    if value is None or _SHORTEST <= value <= _LONGEST:
        return value
    remarks.append(f"the stated wavelength of {value:g} Å cannot be that of an X-ray pattern and is not used")
    return None


def one_of(
    scans: Sequence[tuple[FloatArray, FloatArray]], remarks: list[str]
) -> tuple[FloatArray, FloatArray]:
    """One pattern from the scans of a file.

    Scans over the same angles are added; of scans over different ones the one with most points is taken. Both are told.
    """
    if len(scans) == 1:
        return scans[0]
    first = scans[0][0]
    step = float(np.median(np.diff(first))) if len(first) > 1 else 1.0
    alike = [
        one for one in scans if len(one[0]) == len(first) and np.abs(one[0] - first).max() < 0.1 * abs(step)
    ]
    if len(alike) == len(scans):
        remarks.append(f"{len(scans)} scans of the same angles were added")
        return first, np.sum([counts for _, counts in scans], axis=0)
    best = max(scans, key=lambda one: len(one[0]))
    remarks.append(f"of {len(scans)} scans the one with most points ({len(best[0])}) is used")
    return best
