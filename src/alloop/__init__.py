"""alloop plans the next plate of solid-electrolyte experiments and learns from its results."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alloop.campaign import Campaign

__all__ = ["Campaign"]


def __getattr__(name: str) -> Any:
    """`Campaign` is imported when it is first asked for, so that `import alloop` stays cheap."""
    if name != "Campaign":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from alloop.campaign import Campaign

    return Campaign
