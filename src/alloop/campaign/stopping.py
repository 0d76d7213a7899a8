"""Whether the campaign file says that enough plates were made."""

from __future__ import annotations

from alloop.campaign.advice import gain_text
from alloop.campaign_file import CampaignFile


def stop_reason(file: CampaignFile, plates: int, gain: float | None, unit: str | None) -> str:
    """Why no more plates are to be planned, in words; "" when nothing says so.

    Args:
        file: the campaign file.
        plates: how many were planned and not dropped.
        gain: what the last of them was expected to add, in `unit`; None where that is not known.
        unit: as in plan.json.
    """
    stopping = file.stopping
    if stopping.max_plates is not None and plates >= stopping.max_plates:
        return f"the campaign has its {stopping.max_plates} plates"
    if stopping.min_gain is not None and gain is not None and gain < stopping.min_gain:
        least = gain_text(stopping.min_gain, unit or "")
        return f"the last plate was expected to add {gain_text(gain, unit or '')}, less than {least}"
    return ""


__all__ = ["stop_reason"]
