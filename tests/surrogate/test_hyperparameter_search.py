"""The marginal likelihood that is maximised, and its gradient."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from alloop.surrogate import hyperparameters
from alloop.surrogate.hyperparameters import covariance, maximise, usual_hyperparameters


def problem(n: int = 24, seed: int = 0) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 4))
    sources = (np.arange(n) % 2).astype(np.int64)
    groups = np.where(np.arange(n) % 5 == 0, -1, sources * 3 + np.arange(n) % 3).astype(np.int64)
    fixed = np.where(np.arange(n) % 6 == 0, 0.3, np.nan)
    blocks = np.array([0, 0, 1, 1])
    return {
        "x": torch.as_tensor(x),
        "targets": np.sin(x[:, 0]) + x[:, 2] + 0.2 * rng.standard_normal(n),
        "fixed_noise": fixed,
        "groups": groups,
        "sources": sources,
        "blocks": blocks,
        "start": usual_hyperparameters(blocks, 2),
    }


def test_gradient_agrees_with_finite_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def keep(function, start, **_):
        seen.update(function=function, start=start)
        return SimpleNamespace(x=start)

    monkeypatch.setattr(hyperparameters, "minimize", keep)
    maximise(**problem())
    rng = np.random.default_rng(1)
    for _ in range(3):
        theta = seen["start"] + 0.4 * rng.standard_normal(len(seen["start"]))
        by_hand = approx_fprime(theta, lambda t: seen["function"](t)[0], 1e-6)
        np.testing.assert_allclose(seen["function"](theta)[1], by_hand, rtol=1e-3, atol=2e-4)


def test_the_found_ones_are_likelier_than_where_the_search_began() -> None:
    given = problem()
    found = maximise(**given)

    def log_likelihood(h) -> float:
        scaled = given["x"] / torch.as_tensor(h.lengthscales)
        total = covariance(scaled, given["groups"], given["sources"], h)[0].numpy()
        noise = np.where(np.isfinite(given["fixed_noise"]), given["fixed_noise"], h.noise[given["sources"]])
        return multivariate_normal(cov=total + np.diag(noise)).logpdf(given["targets"])

    assert log_likelihood(found) > log_likelihood(given["start"]) + 1.0


def test_features_that_matter_get_shorter_lengths() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((80, 2))
    nothing = np.full(80, -1)
    blocks = np.array([0, 1])
    found = maximise(
        torch.as_tensor(x), np.sin(2 * x[:, 0]), np.full(80, np.nan), nothing, np.zeros(80, dtype=np.int64),
        blocks, usual_hyperparameters(blocks, 1),
    )  # fmt: skip
    assert found.lengthscales[0] < 0.3 * found.lengthscales[1]


def test_the_covariance_is_one() -> None:
    given = problem()
    total = covariance(given["x"], given["groups"], given["sources"], given["start"])[0].numpy()
    np.testing.assert_allclose(total, total.T)
    assert np.linalg.eigvalsh(total).min() > -1e-9
