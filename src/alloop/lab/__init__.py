"""Who measures in a rehearsal: a synthetic laboratory with a hidden truth."""

from alloop.lab.noise import QUIET, NoiseModel, Scatter
from alloop.lab.synthetic import Delivery, SyntheticLaboratory

__all__ = ["QUIET", "Delivery", "NoiseModel", "Scatter", "SyntheticLaboratory"]
