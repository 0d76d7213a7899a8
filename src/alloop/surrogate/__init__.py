"""What we believe: models of measured properties. Arrays in, arrays out; no chemistry."""

from alloop.surrogate.data import ABOVE, BELOW, EXACT, Observations, observations

__all__ = ["ABOVE", "BELOW", "EXACT", "Observations", "observations"]
