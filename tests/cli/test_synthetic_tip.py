"""`satark probe`: its reports on Satark's own path, and on the providers'."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.runtime.synthetic_tip import Probed
from support.commands import run


@pytest.fixture(autouse=True)
def arrives(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tip that arrives: the way itself is tested in tests/runtime/test_synthetic_tip.py."""

    async def send(*_: object) -> Probed:
        return Probed(0.3, 0.9, "ABCD-1234")

    monkeypatch.setattr("satark.cli.synthetic_tip.send_synthetic_tip", send)
    run("db", "upgrade")


def test_without_a_provider_only_satarks_own_path_is_probed() -> None:
    assert run("probe").stdout == "acknowledged after 0.3 s, delivered after 0.9 s, and erased\n"


def test_an_unreachable_provider_fails_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN", "PHONE_NUMBER_ID"):
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", "123")
    monkeypatch.setenv("SATARK_WHATSAPP__GRAPH_URL", "http://127.0.0.1:1")
    found = run("probe", code=1)
    assert "delivered after 0.9 s" in found.stdout
    assert "the provider's half: whatsapp: Meta can't be reached" in found.stderr
