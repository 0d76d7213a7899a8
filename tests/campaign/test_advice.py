"""Whether another plate is worth making, in words."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from alloop.campaign.advice import advice, before_text, gain_text
from alloop.campaign_file import CampaignFile
from alloop.campaign_file.details import Stopping


def a_file(least: float | None = 0.01, objectives: int = 2) -> CampaignFile:
    aims = [SimpleNamespace(property="oxidation_limit")] * objectives
    return cast(CampaignFile, SimpleNamespace(objectives=aims, stopping=Stopping(None, least)))


def gains(mean: float, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    return {"gain": mean, "gain_low90": low, "gain_high90": high, "gain_unit": "hypervolume", **more}


def test_advice_says_gain_interval_yardstick_and_threshold() -> None:
    told = advice(a_file(), "P-002", gains(0.04, 0.011, 0.09, gain_random=0.005))
    assert told == (
        "P-002 is expected to raise the hypervolume of the front by 4 % (nine times in ten 1.1 to 9 %), a plate of "
        "random candidates by 0.5 %; you stop below 1 %: go on"
    )


@pytest.mark.parametrize(
    ("mean", "low", "high", "ending"),
    [
        (0.04, 0.0, 0.09, "go on, though it may bring less"),
        (0.005, 0.0, 0.02, "stop, though it may bring more"),
        (0.005, 0.0, 0.008, "stop, or widen the space"),
    ],
)
def test_advice_minds_the_doubt(mean: float, low: float, high: float, ending: str) -> None:
    told = advice(a_file(), "P-002", gains(mean, low, high))
    assert told is not None
    assert told.endswith(ending)


def test_other_units_and_silence() -> None:
    assert advice(a_file(), "P-002", {"gain": None}) is None
    told = advice(a_file(0.05, 1), "P-002", gains(0.1, 0.0, 0.2, gain_unit="V"))
    assert told is not None
    assert (
        "improve the best oxidation limit by 0.1 V (nine times in ten 0 to 0.2 V); you stop below 0.05 V"
        in told
    )
    doubt = advice(a_file(None), "P-002", gains(0.3, None, None, gain_unit="doubt"))
    assert doubt == "P-002 is expected to take 30 % off the doubt that the map is about"
    single = advice(a_file(None, 1), "P-002", gains(0.3, None, None))
    assert single is not None
    assert "raise the best oxidation limit above its reference by 30 %" in single
    assert gain_text(1.5, "hypervolume") == "150 %"
    assert gain_text(0.000003, "hypervolume") == "0 %"
    assert (gain_text(1.0, "hits"), gain_text(1.2, "decades"), gain_text(1.0, "V")) == (
        "1 hit",
        "1.2 decades",
        "1 V",
    )
    several = advice(a_file(2), "P-002", gains(4.2, 1.0, 9.0, gain_unit="hits", gain_random=0.3))
    assert several is not None
    assert several.startswith(
        "P-002 is expected to bring 4.2 hits (nine times in ten 1 to 9 hits), a plate of random candidates 0.3 hits; "
        "you stop below 2 hits: "
    )


def test_what_the_plate_before_brought() -> None:
    before = {"plate": "P-002", "expected": 0.2, "brought": 0.1, "unit": "hypervolume"}
    assert before_text(before) == "P-002 was expected to bring 20 % and brought 10 % as measured"
    assert before_text({**before, "brought": None}) == "P-002 was expected to bring 20 %"
