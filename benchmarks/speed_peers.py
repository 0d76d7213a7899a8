"""One plate by another planner, from the same candidates and measurements; called by speed.py."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from rounds import CONSTRAINT, make_round, space_of

BATCH = 64


def botorch(x: np.ndarray, seen: np.ndarray, y: np.ndarray, feasible: np.ndarray) -> Any:
    """BoTorch's qLogNEHVI over the listed candidates, one default GP per outcome, the constraint as its own outcome."""
    import torch
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
    from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from botorch.optim import optimize_acqf_discrete
    from gpytorch.mlls import SumMarginalLogLikelihood

    inputs, values = torch.as_tensor(seen), torch.as_tensor(np.column_stack([y, feasible]))
    model = ModelListGP(*(SingleTaskGP(inputs, values[:, k : k + 1]) for k in range(values.shape[1])))
    fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    n_objectives = y.shape[1]
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        model,
        [-2.0] * n_objectives,
        inputs,
        objective=IdentityMCMultiOutputObjective(outcomes=list(range(n_objectives))),
        constraints=[lambda samples: -1.0 - samples[..., -1]],
        prune_baseline=True,
    )
    return optimize_acqf_discrete(acquisition, BATCH, torch.as_tensor(x), max_batch_size=1024)


def baybe(x: np.ndarray, seen: np.ndarray, y: np.ndarray, _: np.ndarray) -> Any:
    """BayBE's default recommender over the candidates with their descriptors; it knows no modelled constraint."""
    import pandas as pd
    from baybe import Campaign
    from baybe.objectives import ParetoObjective
    from baybe.parameters import CustomDiscreteParameter
    from baybe.targets import NumericalTarget

    everything = np.vstack([x, seen]).round(9)
    labels: dict[bytes, str] = {}
    for row in everything:  # what is measured may be listed too: one label for one row
        labels.setdefault(row.tobytes(), f"c{len(labels)}")
    rows = np.stack([np.frombuffer(key) for key in labels])
    frame = pd.DataFrame(rows, index=list(labels.values()), columns=[f"f{i}" for i in range(x.shape[1])])
    parameter = CustomDiscreteParameter("candidate", frame)
    targets = [NumericalTarget(f"y{k}") for k in range(y.shape[1])]
    campaign = Campaign(parameter.to_searchspace(), ParetoObjective(targets))
    measured = pd.DataFrame(y, columns=[target.name for target in targets])
    measured["candidate"] = [labels[row.tobytes()] for row in everything[len(x) :]]
    campaign.add_measurements(measured)
    return campaign.recommend(batch_size=BATCH)


def main() -> None:
    """Make the same round, let the peer choose a batch, and print its seconds."""
    name, candidates, measurements = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    problem = make_round(space_of(candidates), measurements)
    blocks = problem.space.stream(65_536)
    x = np.concatenate([problem.features.of_block(problem.space.decode(ranks)) for ranks in blocks])
    low, high = x.min(axis=0), x.max(axis=0)
    varies = high - low > 1e-9 * (1.0 + np.abs(high))

    def scaled(rows: np.ndarray) -> np.ndarray:
        unit: np.ndarray = (rows[:, varies] - low[varies]) / (high - low)[varies]
        return unit

    y = np.column_stack([problem.observations[entry.property].values for entry in problem.objectives])
    feasible = problem.observations[CONSTRAINT].values
    choose = {"botorch": botorch, "baybe": baybe}[name]
    __import__(name)  # imports are not counted
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    choose(scaled(x), scaled(problem.measured), y, feasible)
    print(json.dumps({"peer": name, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
