"""The strategies that alloop is compared with: each sees the same numbers of the same candidates.

A peer gets the pool's feature matrix with every column scaled to [0, 1], and the values on the scale on which the
property is modelled, signed so that more is better. It uses its library's own default model and settings, and
chooses its batch greedily, one candidate after the other. A candidate that failed counts with the worst value
measured so far, but for BoTorch's, which are told its chance to form as a constraint.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from alloop.lab.backtest import STRATEGIES, Choice, Situation, Strategy
from alloop.scales import to_model_scale

FOREST_TREES = 100
PARTS = 128  # candidates whose acquisition is computed at once: memory, not result


@dataclass(frozen=True)
class Known:
    """What a peer may use: `x` (n, d) in [0, 1]; ranks `done` with `y` (m, K), more is better; `formed` (m,).

    `reference` (K,) are the worst acceptable values that the campaign states, nan where it states none.
    """

    x: np.ndarray
    done: np.ndarray
    y: np.ndarray
    formed: np.ndarray
    reference: np.ndarray
    free: np.ndarray
    batch: int
    rng: np.random.Generator


def known(now: Situation) -> Known:
    """The situation as arrays; rows that failed have the worst value of each objective so far."""
    low, high = now.matrix.min(axis=0), now.matrix.max(axis=0)
    used = high - low > 1e-9 * (1.0 + np.abs(high))
    x = (now.matrix[:, used] - low[used]) / (high - low)[used]
    formed = now.table.formed[now.measured]
    sign = np.array([1.0 if entry.goal == "maximize" else -1.0 for entry in now.table.objectives])
    y = np.full((len(now.measured), len(sign)), np.nan)
    for k, entry in enumerate(now.table.objectives):
        y[formed, k] = sign[k] * now.data[entry.property].values
        y[~formed, k] = y[formed, k].min() if formed.any() else 0.0
    stated = [
        np.nan if entry.reference is None else way * to_model_scale(entry.reference, entry.scale)
        for way, entry in zip(sign, now.table.objectives, strict=True)
    ]
    return Known(
        x, now.measured, y, formed, np.array(stated), now.free, now.batch, np.random.default_rng(now.seed)
    )


def space_filling(now: Situation) -> Choice:
    """The candidate farthest from everything measured or chosen, again and again."""
    data = known(now)
    near = np.full(len(data.x), np.inf)
    for rank in data.done:
        near = np.minimum(near, ((data.x - data.x[rank]) ** 2).sum(axis=1))
    chosen = []
    near[data.done] = -1.0
    for _ in range(data.batch):
        rank = int(np.argmax(near))
        chosen.append(rank)
        near = np.minimum(near, ((data.x - data.x[rank]) ** 2).sum(axis=1))
        near[chosen] = -1.0
    return Choice(np.array(chosen, dtype=np.int64))


def forest_ucb(now: Situation) -> Choice:
    """A random forest's mean plus one standard deviation of its trees."""
    from sklearn.ensemble import RandomForestRegressor

    data = known(now)
    scores = np.empty((len(data.free), data.y.shape[1]))
    for k in range(data.y.shape[1]):
        forest = RandomForestRegressor(FOREST_TREES, random_state=now.seed % 2**31)
        forest.fit(data.x[data.done], data.y[:, k])
        trees = np.stack([tree.predict(data.x[data.free]) for tree in forest.estimators_])
        scores[:, k] = trees.mean(axis=0) + trees.std(axis=0)
    return _one_by_one(data, [scores] * data.batch)


def greedy_mean(now: Situation) -> Choice:
    """The mean of BoTorch's default Gaussian process."""
    data = known(now)
    model = _default_model(data, now.seed)
    mean = _posterior(model, data.x[data.free]).mean.detach().numpy()
    return _one_by_one(data, [mean] * data.batch)


def thompson(now: Situation) -> Choice:
    """The best of one joint draw of BoTorch's default Gaussian process per well."""
    import torch

    data = known(now)
    model = _default_model(data, now.seed)
    with torch.no_grad():
        draws = _posterior(model, data.x[data.free]).rsample(torch.Size([data.batch])).numpy()
    return _one_by_one(data, list(draws))


def _one_by_one(data: Known, scores: list[np.ndarray]) -> Choice:
    """Per well the best unchosen by its scores (n_free, K): with several objectives, each well along its own direction.

    The scalarisation is the augmented Chebyshev one with a weight drawn uniformly from the simplex, over
    objectives in units of their measured range (Knowles 2006, doi:10.1109/TEVC.2005.851274).
    """
    low, span = data.y.min(axis=0), np.maximum(np.ptp(data.y, axis=0), 1e-9)
    open_ = np.ones(len(data.free), dtype=bool)
    chosen = []
    for values in scores:
        unit = (values - low) / span
        weight = data.rng.dirichlet(np.ones(unit.shape[1]))
        merit = (weight * unit).min(axis=1) + 0.05 * (weight * unit).sum(axis=1)
        merit[~open_] = -np.inf
        best = int(np.argmax(merit))
        open_[best] = False
        chosen.append(data.free[best])
    return Choice(np.array(chosen, dtype=np.int64))


def _default_model(data: Known, seed: int, constrained: bool = False) -> Any:
    """One fitted SingleTaskGP per objective, as a list; with `constrained` one more for what formed (1 or 0)."""
    import torch
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import ModelListGP, SingleTaskGP
    from gpytorch.mlls import SumMarginalLogLikelihood

    torch.manual_seed(seed)
    x = torch.as_tensor(data.x[data.done])
    models = []
    for k in range(data.y.shape[1]):
        rows = data.formed if constrained else np.ones(len(x), dtype=bool)
        models.append(SingleTaskGP(x[torch.as_tensor(rows)], torch.as_tensor(data.y[rows, k : k + 1])))
    if constrained:
        models.append(SingleTaskGP(x, torch.as_tensor(data.formed[:, None].astype(float))))
    model = ModelListGP(*models)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit_gpytorch_mll(SumMarginalLogLikelihood(model.likelihood, model))
    return model


def _posterior(model: Any, x: np.ndarray) -> Any:
    import torch

    return model.posterior(torch.as_tensor(x))


def _noisy(data: Known, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """Model, baseline and further arguments of BoTorch's noisy acquisitions; what failed is one more outcome."""
    import torch
    from botorch.acquisition.multi_objective.objective import IdentityMCMultiOutputObjective
    from botorch.acquisition.objective import LinearMCObjective

    failed = not data.formed.all() and data.formed.sum() >= 2
    model = _default_model(data, seed, constrained=failed)
    rows = data.formed if failed else np.ones(len(data.done), dtype=bool)
    options: dict[str, Any] = {"prune_baseline": True}
    if failed:
        n_objectives = data.y.shape[1]
        options["constraints"] = [lambda samples: 0.5 - samples[..., -1]]
        options["objective"] = (
            LinearMCObjective(torch.tensor([1.0, 0.0], dtype=torch.double))
            if n_objectives == 1
            else IdentityMCMultiOutputObjective(outcomes=list(range(n_objectives)))
        )
    return model, torch.as_tensor(data.x[data.done[rows]]), options


def botorch_nehvi(now: Situation) -> Choice:
    """BoTorch's qLogNEHVI; with one objective qLogNEI."""
    import torch
    from botorch.acquisition.logei import qLogNoisyExpectedImprovement
    from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
    from botorch.optim import optimize_acqf_discrete

    data = known(now)
    model, baseline, options = _noisy(data, now.seed)
    if data.y.shape[1] == 1:
        acquisition: Any = qLogNoisyExpectedImprovement(model, baseline, **options)
    else:
        reference = torch.as_tensor(data.reference)
        acquisition = qLogNoisyExpectedHypervolumeImprovement(model, reference, baseline, **options)
    choices = torch.as_tensor(data.x[data.free])
    picked, _ = optimize_acqf_discrete(acquisition, data.batch, choices, max_batch_size=PARTS)
    return Choice(_ranks_of(data, picked.numpy()))


def botorch_parego(now: Situation) -> Choice:
    """BoTorch's qLogNParEGO: a new scalarisation for every well, the chosen ones pending."""
    import torch
    from botorch.acquisition.multi_objective.parego import qLogNParEGO
    from botorch.optim import optimize_acqf_discrete

    data = known(now)
    model, baseline, options = _noisy(data, now.seed)
    free, pending = data.free, torch.empty(0, data.x.shape[1], dtype=torch.double)
    for _ in range(data.batch):
        acquisition = qLogNParEGO(model, baseline, X_pending=pending if len(pending) else None, **options)
        choices = torch.as_tensor(data.x[free])
        picked, _ = optimize_acqf_discrete(acquisition, 1, choices, max_batch_size=PARTS)
        pending = torch.cat([pending, picked])
        place = int(((choices - picked) ** 2).sum(dim=1).argmin())
        free = np.delete(free, place)
    return Choice(np.setdiff1d(data.free, free))


def _ranks_of(data: Known, picked: np.ndarray) -> np.ndarray:
    """Ranks of chosen rows of features; equal rows are taken one after the other."""
    left = list(data.free)
    found = []
    for row in picked:
        place = int(((data.x[left] - row) ** 2).sum(axis=1).argmin())
        found.append(left.pop(place))
    return np.array(found, dtype=np.int64)


def baybe_default(now: Situation) -> Choice:
    """BayBE's campaign with its default recommender over the labelled candidates with their descriptors."""
    import pandas as pd
    import torch
    from baybe import Campaign
    from baybe.objectives import ParetoObjective, SingleTargetObjective
    from baybe.parameters import CustomDiscreteParameter
    from baybe.targets import NumericalTarget

    data = known(now)
    torch.manual_seed(now.seed)
    np.random.seed(now.seed % 2**32)  # noqa: NPY002 - it draws from the global generator
    labels = [f"c{rank}" for rank in range(len(data.x))]
    frame = pd.DataFrame(data.x, index=labels, columns=[f"f{i}" for i in range(data.x.shape[1])])
    has_descriptors = bool((now.features.blocks != 2).any() and len(now.table.space.varying_elements))
    candidate = CustomDiscreteParameter("candidate", frame, decorrelate=has_descriptors)
    targets = [NumericalTarget(entry.property) for entry in now.table.objectives]
    objective = SingleTargetObjective(targets[0]) if len(targets) == 1 else ParetoObjective(targets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        campaign = Campaign(candidate.to_searchspace(), objective, allow_recommending_already_measured=False)
        measured = pd.DataFrame(data.y, columns=[target.name for target in targets])
        measured["candidate"] = [labels[rank] for rank in data.done]
        campaign.add_measurements(measured)
        chosen = campaign.recommend(batch_size=data.batch)["candidate"]
    return Choice(np.array([int(label[1:]) for label in chosen], dtype=np.int64))


PEERS: Mapping[str, Strategy] = {
    "random": STRATEGIES["random"],
    "space-filling": space_filling,
    "greedy mean": greedy_mean,
    "thompson": thompson,
    "forest ucb": forest_ucb,
    "botorch qlognehvi": botorch_nehvi,
    "botorch qlognparego": botorch_parego,
    "baybe": baybe_default,
}
SEVERAL_OBJECTIVES = ("botorch qlognparego",)
"""Those that are meant for several objectives only."""


def versions(strategy: str) -> dict[str, str]:
    """The libraries that decide what a strategy does."""
    used = {"forest ucb": ("scikit-learn",), "baybe": ("baybe", "botorch", "gpytorch", "torch")}
    torch_based = ("botorch", "gpytorch", "torch") if strategy not in ("random", "space-filling") else ()
    return {name: version(name) for name in ("numpy", *used.get(strategy, torch_based))}


__all__ = ["PEERS", "SEVERAL_OBJECTIVES", "versions"]
