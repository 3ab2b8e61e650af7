"""Cleans recordings as the scrubber does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.remux import RemuxScrubber


@pytest.fixture
def cleaned(limits: Limits) -> Callable[[Path], Path]:
    """Clean a recording, and return the clean copy."""

    def clean(source: Path) -> Path:
        target = source.with_name(f"clean-{source.name}")
        RemuxScrubber().scrub(source, target, limits)
        return target

    return clean
