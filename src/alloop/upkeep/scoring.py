"""How the newest values agree with what was foretold of them, without reading a campaign's older ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alloop.campaign import Campaign
from alloop.campaign.evidence import gather, modelled_in
from alloop.campaign.ledger import Score, compare, comparison_of, score

NEWEST_VALUES = 400
MOST_PLATES = 6


@dataclass(frozen=True)
class NewestScores:
    """The scores of the plates that the newest values belong to, by property; `plates` from oldest to newest."""

    plates: tuple[str, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)


def score_newest(campaign: Campaign) -> NewestScores:
    """Compare the values of the plates with the newest values with the predictions frozen in their plans.

    Raises:
        RecordsError: when the records cannot be read.
    """
    slug = campaign.name
    with campaign.records.reading() as reader:
        plates = tuple(reader.newest_values(slug, NEWEST_VALUES))[-MOST_PLATES:]
        predictions = [row for plate in plates for row in reader.predictions(plate)]
        if not predictions:
            return NewestScores(plates)
        evidence = gather(reader, slug, plates)
    entries = compare(evidence, predictions, modelled_in(campaign.file))
    return NewestScores(plates, score(comparison_of(entries)))


__all__ = ["NewestScores", "score_newest"]
