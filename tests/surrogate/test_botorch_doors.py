"""Both ways through the door: beliefs inside acquisition functions, BoTorch models as beliefs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.acquisition import UpperConfidenceBound, qLogExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf, optimize_acqf_discrete

from alloop.surrogate import Observations, observations
from alloop.surrogate.belief import Belief, learn
from alloop.surrogate.botorch_model import BeliefModel
from alloop.surrogate.supplied import SuppliedModel, from_botorch


def hill(x: np.ndarray) -> np.ndarray:
    return np.exp(-((x[:, 0] - 3.0) ** 2) / 4.0) - 0.001 * (x[:, 1] - 120.0) ** 2 / 20.0


def drawn(n: int = 48, sign: float = 1.0, seed: int = 0) -> Observations:
    rng = np.random.default_rng(seed)
    x = rng.uniform([0.0, 100.0], [6.0, 160.0], (n, 2))
    return observations(x, sign * hill(x) + 0.05 * rng.standard_normal(n), groups=np.arange(n) // 8)


@pytest.fixture(scope="module")
def belief() -> Belief:
    return learn(drawn(), 0)


@pytest.fixture(scope="module")
def fresh() -> np.ndarray:
    return np.random.default_rng(1).uniform([0.0, 100.0], [6.0, 160.0], (12, 2))


def points(x: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(x)


def test_the_posterior_is_what_the_belief_says(belief: Belief, fresh: np.ndarray) -> None:
    assert belief.forest is not None
    for noisy, said in ((False, belief.latent(fresh)), (True, belief.predict(fresh))):
        posterior = BeliefModel(belief).posterior(points(fresh), observation_noise=noisy)
        np.testing.assert_allclose(posterior.mean[:, 0], said[0], atol=1e-9)
        np.testing.assert_allclose(posterior.variance[:, 0].sqrt(), said[1], rtol=2e-4)


def test_points_of_a_batch_are_judged_together(belief: Belief, fresh: np.ndarray) -> None:
    model = BeliefModel(belief)
    batch = points(fresh).reshape(2, 3, 2, 2)
    posterior = model.posterior(batch)
    assert posterior.mean.shape == (2, 3, 2, 1)
    assert posterior.rsample(torch.Size([5])).shape == (5, 2, 3, 2, 1)
    alone = model.posterior(batch[1, 2])
    covariance = posterior.distribution.covariance_matrix
    np.testing.assert_allclose(covariance[1, 2], alone.distribution.covariance_matrix, atol=1e-9)
    together = model.posterior(points(fresh)).distribution.covariance_matrix
    np.testing.assert_allclose(together[4:6, 4:6], covariance[0, 2], atol=1e-9)
    draws = belief.sample(fresh, 6000, np.random.default_rng(0))
    spread = together.diagonal().sqrt()
    assert np.abs(np.corrcoef(draws.T) - (together / spread / spread[:, None]).numpy()).max() < 0.15


def test_several_properties_are_independent_outputs(belief: Belief, fresh: np.ndarray) -> None:
    other = learn(drawn(sign=-1.0, seed=3), 0, use_forest=False)
    model = BeliefModel(belief, other)
    posterior = model.posterior(points(fresh).reshape(3, 4, 2))
    assert posterior.mean.shape == (3, 4, 2)
    np.testing.assert_allclose(posterior.mean[..., 1].ravel(), other.latent(fresh)[0], atol=1e-9)
    only = model.subset_output([1]).posterior(points(fresh))
    np.testing.assert_allclose(only.mean[:, 0], other.latent(fresh)[0], atol=1e-9)
    added = model.posterior(points(fresh), observation_noise=torch.full((12, 2), 0.25, dtype=torch.float64))
    np.testing.assert_allclose(added.variance - model.posterior(points(fresh)).variance, 0.25, atol=1e-6)


def test_gradients_flow_through_the_process(belief: Belief, fresh: np.ndarray) -> None:
    process = replace(belief, forest=None)
    x = points(fresh).unsqueeze(-2).requires_grad_()
    value = UpperConfidenceBound(BeliefModel(process), beta=4.0)(x)
    value.sum().backward()
    step = 1e-4
    for column in range(2):
        moved = fresh.copy()
        moved[:, column] += step
        ahead, here = (m + 2.0 * s for m, s in (process.latent(moved), process.latent(fresh)))
        np.testing.assert_allclose(x.grad[:, 0, column], (ahead - here) / step, rtol=0.02, atol=1e-4)
    on_data = points(belief.data.features[:3])[None].requires_grad_()
    BeliefModel(process).posterior(on_data).variance.sum().backward()
    assert torch.isfinite(on_data.grad).all()


def test_acquisition_functions_find_the_hill(belief: Belief) -> None:
    choices = points(np.random.default_rng(2).uniform([0.0, 100.0], [6.0, 160.0], (40, 2)))
    best = torch.as_tensor(belief.data.values.max() - 0.3)
    chosen, _ = optimize_acqf_discrete(qLogExpectedImprovement(BeliefModel(belief), best_f=best), 3, choices)
    truth = hill(choices.numpy())
    assert (hill(chosen.numpy()) >= np.quantile(truth, 0.7)).all()
    process = replace(belief, forest=None)
    bounds = torch.tensor([[0.0, 100.0], [6.0, 160.0]], dtype=torch.float64)
    torch.manual_seed(0)
    top, _ = optimize_acqf(
        UpperConfidenceBound(BeliefModel(process), beta=1.0), bounds, q=1, num_restarts=2, raw_samples=32
    )
    assert hill(top.numpy())[0] > 0.8


def test_noisy_hypervolume_improvement_runs_on_two_properties(belief: Belief) -> None:
    other = learn(drawn(sign=-1.0, seed=3), 0)
    baseline = points(belief.data.features[:16])
    acquisition = qLogNoisyExpectedHypervolumeImprovement(
        BeliefModel(belief, other), ref_point=[-1.0, -1.0], X_baseline=baseline, prune_baseline=True
    )
    choices = points(np.random.default_rng(2).uniform([0.0, 100.0], [6.0, 160.0], (20, 2)))
    chosen, value = optimize_acqf_discrete(acquisition, 2, choices)
    assert chosen.shape == (2, 2)
    assert torch.isfinite(value).all()


def fit(data: Observations) -> SingleTaskGP:
    """A BoTorch model of standardised features at its usual hyperparameters: fitting it is not what is tested."""
    from botorch.models.transforms import Normalize, Standardize

    x, y = torch.as_tensor(data.features), torch.as_tensor(data.values)[:, None]
    return SingleTaskGP(x, y, input_transform=Normalize(2), outcome_transform=Standardize(1))


def test_a_supplied_model_speaks_for_itself(fresh: np.ndarray) -> None:
    data = drawn()
    model = fit(data)
    believed = from_botorch(model)(data, 0)
    with torch.no_grad():
        posterior = model.posterior(points(fresh))
        noisy = model.posterior(points(fresh), observation_noise=True)
    np.testing.assert_allclose(believed.latent(fresh)[0], posterior.mean[:, 0].detach(), atol=1e-9)
    np.testing.assert_allclose(believed.latent(fresh)[1] ** 2, posterior.variance[:, 0].detach(), rtol=1e-6)
    np.testing.assert_allclose(believed.predict(fresh)[1] ** 2, noisy.variance[:, 0].detach(), rtol=1e-6)
    draws = believed.sample(fresh, 4000, np.random.default_rng(0))
    assert draws.shape == (4000, 12)
    np.testing.assert_allclose(draws.std(axis=0), believed.latent(fresh)[1], rtol=0.1)
    np.testing.assert_array_equal(draws, believed.sample(fresh, 4000, np.random.default_rng(0)))
    assert believed.check.n == 0
    assert "not checked" in believed.kind
    assert np.isinf(believed.leave_out(np.arange(5))[1]).all()


def test_a_model_that_can_be_fitted_again_is_judged_and_calibrated() -> None:
    data = drawn(64)
    believed = from_botorch(fit)(data, 0)
    assert isinstance(believed, SuppliedModel)
    assert believed.kind == "SingleTaskGP"
    assert believed.check.n == 64
    assert believed.check.predictable
    mean, sd = believed.leave_out(np.arange(64))
    inside = np.abs(data.values - mean) < 1.645 * sd
    assert 0.8 < inside.mean() < 1.0
    assert np.isclose(inside.mean(), believed.check.coverage90)
    blind = from_botorch(fit)(data.with_values(np.random.default_rng(0).standard_normal(64)), 0)
    assert blind.check.skill < 0.2


def test_a_model_of_two_outputs_is_no_model_of_a_property() -> None:
    data = drawn(12)
    both = SingleTaskGP(torch.as_tensor(data.features), torch.zeros(12, 2, dtype=torch.float64))
    with pytest.raises(ValueError, match="one output, not 2"):
        from_botorch(both)(data, 0)
    with pytest.raises(TypeError, match="a BoTorch model is needed"):
        from_botorch(lambda _: 3)(data, 0)  # type: ignore[arg-type, return-value]
