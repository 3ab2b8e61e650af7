"""The default flow, loaded once."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography


@pytest.fixture(scope="session")
def engine() -> Engine:
    """An engine of the shipped flow on the sample geography."""
    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample())


@pytest.fixture
def chat(engine: Engine) -> Chat:
    """A fresh conversation on WhatsApp."""
    return Chat(engine)
