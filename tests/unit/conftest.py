from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under trial each test makes its files in a place of its own; under pytest, too."""
    monkeypatch.chdir(tmp_path)
