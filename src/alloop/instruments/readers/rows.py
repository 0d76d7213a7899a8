"""Rows that cannot be used: left out with a remark when they are few, a reason to refuse when they are many."""

from __future__ import annotations

import numpy as np

from alloop.arrays import BoolArray
from alloop.errors import InstrumentError

LARGEST_BAD_SHARE = 0.1


def keep_good(good: BoolArray, what: str, where: str) -> tuple[str, ...]:
    """The remark on the rows that are not `good`, none where all are.

    Args:
        good: (rows,).
        what: the reason, as it follows "rows": "without a number for Z'".
        where: the file, for the message.

    Raises:
        InstrumentError: when more than a tenth of the rows (and more than one), or all, are bad.
    """
    bad = int(np.count_nonzero(~good))
    if bad == 0 and good.size:
        return ()
    rows = "row" if bad == 1 else "rows"
    if bad == good.size or bad > max(1, LARGEST_BAD_SHARE * good.size):
        raise InstrumentError(
            f"{bad} of {good.size} rows {what}", "export the data again, or remove the damaged rows", where
        )
    return (f"{bad} of {good.size} {rows} left out: {rows} {what}",)
