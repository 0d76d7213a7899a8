"""A plate planned with a BoTorch model for one of its properties."""

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize, Standardize
from planning_builders import CONDUCTIVITY, OXIDATION, PURITY, problem, some, spinel, truth

from alloop.planning import plan_plate
from alloop.surrogate import Observations
from alloop.surrogate.supplied import from_botorch


def fit(data: Observations) -> SingleTaskGP:
    x, y = torch.as_tensor(data.features), torch.as_tensor(data.values)[:, None]
    return SingleTaskGP(x, y, input_transform=Normalize(x.shape[1]), outcome_transform=Standardize(1))


def test_a_supplied_model_plans_beside_alloops_own() -> None:
    supplied = "ionic_conductivity"
    space = spinel()
    asked = problem(
        space,
        some(space, 36),
        wells=8,
        objectives=(CONDUCTIVITY, OXIDATION),
        constraints=(PURITY,),
        models={supplied: from_botorch(fit)},
    )
    plan = plan_plate(asked, 0)
    kinds = {name: report.kind for name, report in plan.models.items()}
    assert kinds.pop(supplied) == "SingleTaskGP"
    assert all(kind.startswith("gp") for kind in kinds.values())
    assert plan.models[supplied].n == 36
    assert len(plan.wells) == 8
    assert all(well.predictions[supplied].sd > 0 for well in plan.wells)
    again = plan_plate(asked, 0)
    assert [well.candidate.key for well in again.wells] == [well.candidate.key for well in plan.wells]


def test_a_model_that_knows_the_truth_fills_the_plate_with_the_best() -> None:
    space = spinel()

    def all_of_it(_: Observations) -> SingleTaskGP:
        ranks = some(space, 200, seed=5)
        features = asked.features.of_block(space.decode(ranks))
        x, y = torch.as_tensor(features), torch.as_tensor(truth(space, ranks)["ionic_conductivity"])[:, None]
        return SingleTaskGP(
            x,
            y,
            torch.full_like(y, 1e-4),
            input_transform=Normalize(x.shape[1]),
            outcome_transform=Standardize(1),
        )

    models = {"ionic_conductivity": from_botorch(all_of_it)}
    asked = problem(space, some(space, 16), wells=8, aim={"hits": 1.0}, models=models)
    plan = plan_plate(asked, 0)
    values = truth(space, [well.rank for well in plan.wells if well.rank is not None])["ionic_conductivity"]
    blind = truth(space, some(space, 500, seed=9))["ionic_conductivity"]
    assert np.median(values) > np.quantile(blind, 0.9)
