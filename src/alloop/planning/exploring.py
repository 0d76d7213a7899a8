"""More wells for exploration while no objective can be predicted: aims then rest on nothing."""

from __future__ import annotations

from alloop.planning.beliefs import Beliefs
from alloop.planning.filling import Shared
from alloop.planning.goals import Yardstick

BLIND_SHARE = 0.5
"""Share of the wells that explore while no objective is predicted better than by its mean."""


def is_blind(beliefs: Beliefs, yardstick: Yardstick) -> bool:
    """Whether no objective's model says more than its mean."""
    return not any(beliefs.properties[entry.property].check.predictable for entry in yardstick.objectives)


def leaning(components: Shared, beliefs: Beliefs, yardstick: Yardstick) -> Shared:
    """The components with the shares they get now: as they are, or with `BLIND_SHARE` for those that explore."""
    total = sum(share for _, share in components)
    explored = sum(share for component, share in components if component.explores) / total
    if not is_blind(beliefs, yardstick) or not 0.0 < explored < BLIND_SHARE:
        return components
    more, less = BLIND_SHARE / explored, (1.0 - BLIND_SHARE) / (1.0 - explored)
    return [(component, share * (more if component.explores else less)) for component, share in components]
