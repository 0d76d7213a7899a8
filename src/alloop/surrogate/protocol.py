"""What planning needs to know of one property's model, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.data import Observations

if TYPE_CHECKING:
    from alloop.surrogate.cross_validation import Check


class PropertyModel(Protocol):
    """A model of one property on its model scale; features are those of the observations, in any units."""

    @property
    def data(self) -> Observations:
        """What it was learned from."""

    @property
    def check(self) -> Check:
        """How far it can be trusted; `n` is 0 where nobody has checked."""

    @property
    def kind(self) -> str:
        """Who speaks, in words: ``"gp 63 % + forest 37 %"``."""

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the property itself, without plate offset and noise."""

    def hope(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same by the member that tells families of materials apart best; `latent` where there is but one."""

    def predict(self, features: FloatArray, source: int = 0) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of a new measurement on a new plate."""

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws of the property itself: (n_samples, n)."""

    def noise_sd(self, source: int = 0) -> float:
        """Standard deviation of a new measurement around the property itself."""

    def leave_out(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (len(rows),) of new measurements at `rows` of its data, learned without them.

        The standard deviation is infinite where nobody knows.
        """


Learner = Callable[[Observations, int], PropertyModel]
"""Makes a model from observations and a seed; the same observations and seed give the same model."""
