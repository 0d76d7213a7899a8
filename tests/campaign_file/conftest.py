from pathlib import Path

import pytest
from campaign_texts import HALIDE_SPINEL


@pytest.fixture
def example(tmp_path: Path) -> str:
    """The complete example of a campaign file, with its literature table in place."""
    (tmp_path / "literature").mkdir()
    (tmp_path / "literature" / "halides.csv").write_text("formula,property,value,unit\n")
    return HALIDE_SPINEL
