"""Models that a person hands to `Campaign.plan` in place of alloop's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from alloop.campaign.evidence import modelled_in
from alloop.campaign_file import CampaignFile
from alloop.errors import PlanError, Problem
from alloop.properties import get_property
from alloop.surrogate.data import Observations
from alloop.surrogate.protocol import Learner, PropertyModel

Supplied = Mapping[str, Any]
"""By property: a `PropertyModel`, a `Learner` that makes one of observations and a seed, or a fitted BoTorch model."""


def learners(file: CampaignFile, models: Supplied | None) -> dict[str, Learner]:
    """What learns each property for which a model is supplied.

    Raises:
        PlanError: naming every property that the campaign does not model, and everything that is no model.
    """
    names = [aim.property for aim in modelled_in(file) if not get_property(aim.property).computed]
    found, problems = {}, []
    for name, model in (models or {}).items():
        where = f"models[{name!r}]"
        if name not in names:
            known = ", ".join(dict.fromkeys(names))
            problems.append(Problem(where, "is no property that this campaign models", f"it models {known}"))
        elif callable(getattr(model, "latent", None)):
            found[name] = _as_it_is(model)
        elif callable(getattr(model, "posterior", None)):
            from alloop.surrogate.supplied import from_botorch

            found[name] = from_botorch(model)
        elif callable(model):
            found[name] = cast(Learner, model)
        else:
            mend = "give a PropertyModel, a learner such as from_botorch(fit), or a fitted BoTorch model"
            problems.append(Problem(where, f"a {type(model).__name__} is no model", mend))
    if problems:
        raise PlanError(problems)
    return found


def _as_it_is(model: PropertyModel) -> Learner:
    def learn(data: Observations, seed: int) -> PropertyModel:
        return model

    return learn


__all__ = ["Supplied", "learners"]
