"""A campaign from its file to its last result: one facade, and a module per verb behind it."""

from alloop.campaign.facade import Campaign, Plate

__all__ = ["Campaign", "Plate"]
