"""Destinations of somebody's own, set for a demo with nothing but what it takes to reach them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from satark.testing.peers.mail import MailPeer, mail_server
from satark.testing.scripted import until


async def test_a_mail_server_gets_a_notice_within_a_minute(
    open_demo: Callable[[Path], Awaitable[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = MailPeer()
    async with mail_server(peer, None):
        given = {"HOST": "127.0.0.1", "PORT": str(peer.port), "SENDER": "a@b.example", "RECIPIENTS": "x@y.example"}
        for name, value in given.items():
            monkeypatch.setenv(f"SATARK_EMAIL__{name}", value)
        await open_demo(tmp_path)
        await until(lambda: peer.received)
    assert peer.received[0].recipients == ("x@y.example",)
