"""A person's own models in a campaign, through the facade."""

from pathlib import Path

import numpy as np
import pytest
import torch
from botorch.models import SingleTaskGP
from botorch.models.transforms import Normalize, Standardize
from campaign_shell import Shell, Write, all_wells

from alloop import Campaign
from alloop.errors import PlanError
from alloop.space import FeatureMap
from alloop.surrogate import Observations, observations
from alloop.surrogate.belief import learn
from alloop.surrogate.supplied import from_botorch

PLATE = "SMALL-SPINEL-001"
SIGMA = "ionic_conductivity"


def fit(data: Observations) -> SingleTaskGP:
    x, y = torch.as_tensor(data.features), torch.as_tensor(data.values)[:, None]
    return SingleTaskGP(x, y, input_transform=Normalize(x.shape[1]), outcome_transform=Standardize(1))


@pytest.fixture
def measured(approved: Shell, results: Write) -> Campaign:
    """The small campaign with its first plate measured."""
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    return Campaign.open("small-spinel", approved.home)


def test_own_models_speak_in_the_plan_and_alloops_for_the_rest(measured: Campaign) -> None:
    plate = measured.plan(models={SIGMA: from_botorch(fit)}, dry_run=True)
    kinds = {name: model["kind"] for name, model in plate.document["models"].items()}
    assert kinds.pop(SIGMA) == "SingleTaskGP"
    assert all(kind.startswith("gp") for kind in kinds.values())
    assert all(well["predictions"][SIGMA]["sd"] > 0 for well in plate.document["wells"])
    assert plate.document["gain"] is not None


def test_a_model_that_is_ready_is_taken_as_it_is(measured: Campaign) -> None:
    features = FeatureMap(measured.space)
    ranks = measured.space.sample(40, np.random.default_rng(0))
    x = features.of_block(measured.space.decode(ranks))
    level = 3.0 * x[:, features.names.index("In fraction")]
    belief = learn(observations(x, -6.0 + level), 0, x, features.blocks)
    plate = measured.plan(models={SIGMA: belief}, dry_run=True)
    assert plate.document["models"][SIGMA]["n"] == belief.check.n
    assert plate.document["models"][SIGMA]["kind"] == belief.kind
    several = measured.plan_plates(2, models={SIGMA: belief}, dry_run=True)
    assert [one.document["models"][SIGMA]["kind"] for one in several] == [belief.kind] * 2


def test_what_is_no_model_is_said(measured: Campaign, folder: Path) -> None:
    with pytest.raises(PlanError) as caught:
        measured.plan(models={"density": from_botorch(fit), SIGMA: 3.0}, dry_run=True)
    said = [str(problem) for problem in caught.value.problems]
    assert "is no property that this campaign models" in said[0]
    assert "ionic_conductivity" in said[0]
    assert "a float is no model" in said[1]
