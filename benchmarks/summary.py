"""What kept runs say: means, worst starts, intervals, coverage, and paired tests of alloop against each peer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kept_runs import load_runs

METRICS = ("hits", "volume", "best")
LEVEL = 0.05
FEW = 5
"""Below so many common starts a difference is shown but not judged."""


def summarise(
    folder: Path, pools: Sequence[str], strategies: Sequence[str], seeds: Iterable[int]
) -> dict[str, Any]:
    """Per pool and strategy the last round's scores, and alloop against each peer.

    Returns:
        `pools`: name -> candidates, sizes, `strategies` (name -> scores), `against` (peer -> metric -> test) and
        `best_peer` (metric -> the peer with the highest mean, its test). p values of a metric are Holm's over all
        comparisons with peers on all pools; those with the best peers over the pools.
    """
    wanted = {str(seed) for seed in seeds}
    result: dict[str, Any] = {}
    for pool in pools:
        scores, about = {}, {}
        documents = {strategy: load_runs(folder, pool, strategy) for strategy in strategies}
        data = next((document["data"] for document in documents.values() if document), None)
        for strategy, document in documents.items():
            if document.get("data") != data:  # made with other data
                continue
            runs = {seed: run for seed, run in document.get("runs", {}).items() if seed in wanted}
            if runs:
                about = {"candidates": document["candidates"], "sizes": document["sizes"]}
                scores[strategy] = runs
        if scores:
            strategies_found = {name: _scores(runs) for name, runs in scores.items()}
            result[pool] = {**about, "strategies": strategies_found, "against": _against(scores)}
    for metric in METRICS:
        _holm([tests[metric] for entry in result.values() for tests in entry["against"].values()])
    for entry in result.values():
        entry["best_peer"] = {metric: _best_peer(entry, metric) for metric in METRICS if entry["against"]}
    for metric in METRICS:
        _holm([entry["best_peer"][metric] for entry in result.values() if entry["best_peer"]])
    return {"pools": result}


def _scores(runs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"seeds": len(runs)}
    for metric in METRICS:
        last = np.array([run[metric][-1] for run in runs.values()], dtype=float)
        low, high = np.quantile(last, [0.05, 0.95])
        found[metric] = {
            "mean": round(float(last.mean()), 4),
            "worst": round(float(last.min()), 4),
            "interval90": [round(float(low), 4), round(float(high), 4)],
            "rounds": np.mean([run[metric] for run in runs.values()], axis=0).round(4).tolist(),
        }
    found["seconds_per_batch"] = round(float(np.mean([run["seconds"] for run in runs.values()])), 2)
    totals: dict[str, list[int]] = {}
    for run in runs.values():
        for covered in run["covered"]:
            for name, (inside, judged) in covered.items():
                pair = totals.setdefault(name, [0, 0])
                pair[0], pair[1] = pair[0] + inside, pair[1] + judged
    found["coverage90"] = {
        name: round(inside / judged, 3) for name, (inside, judged) in totals.items() if judged
    }
    found["made_with"] = sorted(
        {"; ".join(f"{k} {v}" for k, v in r["made_with"].items()) for r in runs.values()}
    )
    return found


def _against(scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """alloop less each peer over the starts that both have."""
    own = scores.get("alloop", {})
    found = {}
    for peer, runs in scores.items():
        common = sorted(own.keys() & runs.keys(), key=int)
        if peer == "alloop" or not common:
            continue
        found[peer] = {
            metric: _paired([own[s][metric][-1] for s in common], [runs[s][metric][-1] for s in common])
            for metric in METRICS
        }
    return found


def _paired(own: Sequence[float], other: Sequence[float]) -> dict[str, Any]:
    """Mean difference with its 95 % interval (Student's t), wins and losses, and p of Wilcoxon's signed ranks.

    With under 6 starts that test can never reach 5 %; its p is left out.
    """
    from scipy import stats

    d = np.asarray(own, dtype=float) - np.asarray(other, dtype=float)
    half = 0.0
    if len(d) > 1 and d.std() > 0:
        half = float(stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d)))
    p = None
    if len(d) >= 6:
        p = float(stats.wilcoxon(d).pvalue) if np.any(d != 0) else 1.0
    return {
        "starts": len(d),
        "difference": round(float(d.mean()), 4),
        "interval95": [round(float(d.mean() - half), 4), round(float(d.mean() + half), 4)],
        "ahead": int((d > 0).sum()),
        "behind": int((d < 0).sum()),
        "worst": [min(own), min(other)],
        "p": p,
        "p_holm": None,
    }


def _holm(tests: Sequence[dict[str, Any]]) -> None:
    """Holm's adjustment, in place (Holm 1979, Scandinavian Journal of Statistics 6, 65)."""
    judged = sorted((test for test in tests if test["p"] is not None), key=lambda test: float(test["p"]))
    reached = 0.0
    for place, test in enumerate(judged):
        reached = max(reached, min(1.0, (len(judged) - place) * test["p"]))
        test["p_holm"] = round(reached, 5)
        test["p"] = round(test["p"], 6)


def _best_peer(entry: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """The peer that alloop is least ahead of over common starts; those with few starts count only if all have few."""
    against = entry["against"]
    known = [peer for peer in against if against[peer][metric]["starts"] >= FEW] or list(against)
    name = min(known, key=lambda peer: float(against[peer][metric]["difference"]))
    return {"peer": name, **against[name][metric]}


def verdict(test: Mapping[str, Any]) -> str:
    """`ahead`, `behind` (95 %, Holm) or `level`; with under 6 starts by Student's interval alone, in brackets."""
    low, high = test["interval95"]
    if test["starts"] < FEW:
        return "?"
    if test["p_holm"] is None:
        return "(ahead)" if low > 0 else "(behind)" if high < 0 else "(level)"
    if test["p_holm"] > LEVEL:
        return "level"
    return "ahead" if test["difference"] > 0 else "behind"


def write_table(report: Mapping[str, Any]) -> str:
    """The report as Markdown tables: scores, alloop against every peer, and against the best with its coverage."""
    pools = report["pools"]
    names = list(dict.fromkeys(name for entry in pools.values() for name in entry["strategies"]))
    peers = [name for name in names if name != "alloop"]
    parts = []
    for metric, title in zip(METRICS, ("hits", "hypervolume fraction", "best value"), strict=True):
        rows = [
            [pool, *(_cell(entry["strategies"].get(name), metric) for name in names)]
            for pool, entry in pools.items()
        ]
        parts.append(_table(f"{title}: mean / worst start (starts)", ["pool", *names], rows))
    for metric, title in zip(METRICS, ("hits", "hypervolume fraction", "best value"), strict=True):
        rows = [
            [pool, *(_test(entry["against"].get(peer), metric) for peer in peers)]
            for pool, entry in pools.items()
        ]
        parts.append(_table(f"{title}: alloop less the peer over common starts", ["pool", *peers], rows))
    rows = []
    for pool, entry in pools.items():
        if not entry["best_peer"]:
            continue
        covered = ", ".join(
            f"{name} {share:.3f}" for name, share in entry["strategies"]["alloop"]["coverage90"].items()
        )
        cells = []
        for metric in METRICS:
            test = entry["best_peer"][metric]
            low, high = test["interval95"]
            cells.append(f"{test['difference']:+.3g} [{low:.3g}, {high:.3g}] {verdict(test)}, {test['peer']}")
        rows.append([pool, *cells, covered])
    parts.append(_table("alloop less the best peer [95 %]", ["pool", *METRICS, "in 90 % intervals"], rows))
    return "\n\n".join(parts)


def verdicts(report: Mapping[str, Any]) -> str:
    """In sentences: where alloop is ahead of or behind its best peer, and where its intervals are off."""
    lines = []
    for metric, title in zip(METRICS, ("hits", "hypervolume", "best value"), strict=True):
        tests = {
            pool: entry["best_peer"][metric] for pool, entry in report["pools"].items() if entry["best_peer"]
        }
        said = {
            "ahead": [pool for pool, test in tests.items() if verdict(test) == "ahead"],
            # behind any peer at all: the best one by its mean may have too few starts to tell; and where it has
            # enough, Holm's adjustment over the best peers alone is the sharper test
            "behind": [
                pool
                for pool, test in tests.items()
                if any(
                    verdict(one) == "behind"
                    for one in (test, *(peer[metric] for peer in report["pools"][pool]["against"].values()))
                )
            ],
        }
        mean = sum(test["difference"] > 0 for test in tests.values())
        worst = sum(_is_worst_ahead(report["pools"][pool], metric) for pool in tests)
        ahead, behind = (", ".join(said[word]) or "none" for word in ("ahead", "behind"))
        lines.append(
            f"- {title}: against the best peer of each pool (of those with {FEW} or more common starts) ahead in the "
            f"mean on {mean} of {len(tests)}; significantly ahead on {ahead}; significantly behind any peer on {behind}"
            ". Its worst start is at least as "
            f"good as the worst of every peer over common starts on {worst}."
        )
    off = [
        f"{pool} {name} {share:.3f}"
        for pool, entry in report["pools"].items()
        for name, share in entry["strategies"].get("alloop", {}).get("coverage90", {}).items()
        if not 0.85 <= share <= 0.95
    ]
    lines.append(
        f"- 90 % intervals that held under 85 % or over 95 % of later values: {', '.join(off) or 'none'}."
    )
    return "\n".join(lines)


def _is_worst_ahead(entry: Mapping[str, Any], metric: str) -> bool:
    pairs = [tests[metric]["worst"] for tests in entry["against"].values() if tests[metric]["starts"] >= FEW]
    return all(own >= other for own, other in pairs)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [title, "", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _cell(scores: Mapping[str, Any] | None, metric: str) -> str:
    if scores is None:
        return "—"
    mean, worst = scores[metric]["mean"], scores[metric]["worst"]
    shown = f"{mean:.1f} / {worst:.0f}" if metric == "hits" else f"{mean:.3f} / {worst:.3f}"
    return f"{shown} ({scores['seeds']})"


def _test(tests: Mapping[str, Any] | None, metric: str) -> str:
    if tests is None:
        return "—"
    return f"{tests[metric]['difference']:+.3g} {verdict(tests[metric])}"
