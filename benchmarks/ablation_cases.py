"""The troubles of a laboratory: what is asked of each, and by what it is judged: for `ablation.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ablation_doubts as doubts
import ablation_plates as plates

BETTER_HIGH = {
    "hits": True,
    "best": True,
    "log score": True,
    "map score": True,
    "map error": False,
    "noise off": False,
    "failed": False,
    "repeated": False,
    "caught": True,
    "false alarms": False,
    "wrong best": False,
    "near it": True,
    "repeated at once": True,
}
"""The metrics, and whether more is better."""


@dataclass(frozen=True)
class Ablation:
    """A question, the case that answers it for one seed, which variants to compare and by what.

    A variant of the case and what it is compared with; `pairs` names the one with the planner's part first.
    """

    question: str
    case: Callable[[int, bool], plates.Found]
    pairs: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]


_MODEL = ("map error", "map score")
_LITERATURE = (("guarded", "no literature"), ("guarded", "always used"))
_GUARDS = (("guarded", "unguarded"),)
_SURPRISES = (
    ("surprises first", "best first"), ("surprises first", "no replicate"), ("2 around it", "surprises first")
)  # fmt: skip

ABLATIONS = {
    "offsets": Ablation(
        "an offset per plate, where plates are off by 0.3 decades",
        plates.offsets, (("an offset per plate", "none"),), ("hits", "best", "log score", *_MODEL),
    ),
    "bounds": Ablation(
        "limits as bounds, where a third of the space is below detection",
        plates.bounds, (("bounds", "numbers"), ("bounds", "dropped")), ("hits", "best", "log score", *_MODEL),
    ),
    "failures": Ablation(
        "learning what forms, where a quarter of the space does not",
        plates.failures, (("failures learned", "failures ignored"),), ("hits", "best", "failed"),
    ),
    "reserved": Ablation(
        "controls and replicates, where plates are off by 0.3 decades",
        plates.reserved, (("2 controls", "neither"), ("2 replicates", "neither")),
        ("hits", "best", "log score", "noise off"),
    ),
    "late": Ablation(
        "minding what is on its way, where every plate is planned before the last one's results",
        plates.late, (("pending minded", "pending ignored"), ("pending minded", "random plates")),
        ("hits", "repeated"),
    ),
    "related": Ablation(
        "literature on the same truth", doubts.related, _LITERATURE, ("hits", "best", *_MODEL)
    ),
    "unrelated": Ablation(
        "literature that has nothing to do with the truth",
        doubts.unrelated, _LITERATURE, ("hits", "best", *_MODEL),
    ),
    "contradictory": Ablation(
        "literature that says the opposite of the truth",
        doubts.contradictory, _LITERATURE, ("hits", "best", *_MODEL),
    ),
    "unit": Ablation(
        "leaving suspects out, where one value of the first upload is a thousand times too large",
        doubts.unit, _GUARDS, ("hits", "best", "wrong best", "caught", "false alarms"),
    ),
    "units": Ablation(
        "leaving suspects out, where a quarter of the second upload is a thousand times too large",
        doubts.units, _GUARDS, ("hits", "best", "wrong best", "caught", "false alarms"),
    ),
    "upload": Ablation(
        "leaving suspects out, where one whole upload is a thousand times too large",
        doubts.upload, _GUARDS, ("hits", "best", "wrong best", "caught", "false alarms"),
    ),
    "quiet": Ablation(
        "leaving suspects out, where nothing is wrong",
        doubts.quiet, _GUARDS, ("hits", "best", "log score", "false alarms"),
    ),
    "discovery": Ablation(
        "leaving suspects out and repeating them, where a pocket of the space is 1.5 decades better than the rest",
        doubts.discovery, (*_GUARDS, ("guarded", "no replicate")), ("hits", "best"),
    ),
    "surprise": Ablation(
        "a replicate of what surprised, and wells around it, where it is a discovery",
        doubts.surprise, (*_SURPRISES, ("surprises first", "no surprise")),
        ("hits", "best", "near it", "repeated at once"),
    ),
    "slip": Ablation(
        "a replicate of what surprised, and wells around it, where it is a slip",
        doubts.slip, _SURPRISES, ("hits", "best"),
    ),
    "blind": Ablation(
        "more wells explore while nothing can be predicted, where measurements scatter by a decade",
        doubts.blind, (("explores while blind", "explores as ever"), ("30 % explore", "explores as ever")),
        ("hits", "best", "log score"),
    ),
}  # fmt: skip
"""Every ablation by its name on the command line."""
