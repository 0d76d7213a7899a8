"""Names for the array types that functions take and return."""

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
RealArray = npt.NDArray[np.floating[Any]]
"""Single or double precision, whichever goes in."""

__all__ = ["BoolArray", "FloatArray", "IntArray", "RealArray"]
