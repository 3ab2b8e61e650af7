"""A process is killed after a delivery and before its result is stored: the delivery is repeated with the same key."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from satark.store.engines import make_engine
from satark.store.tables import delivery
from satark_testing.installation import Installation
from satark_testing.peers.police import SECRET, PoliceReceiver
from satark_testing.processes.serving import serve
from satark_testing.waiting import limit, until
from support.answers import HINDI
from support.peers.mail import MailPeer, mail_server, self_signed
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.slow("a process")

SERVER = (sys.executable, str(Path(__file__).with_name("crashing_server.py")))


async def deliver_with_crash(installation: Installation, sink: str, url: str) -> None:
    """Submit a tip. The process crashes, its claim expires, and another process delivers the tip again."""
    await installation.service.start({"CRASH_AT": "after delivery", "CRASH_SINK": sink})
    citizen = asyncio.create_task(installation.citizen(1, post_attempts=100).walk(HINDI))
    async with limit():
        await installation.service.ended()
    engine = make_engine(url)
    mine = delivery.c.destination.startswith(f"{sink}:")
    with engine.begin() as connection:
        (row,) = connection.execute(select(delivery).where(mine)).all()
        assert (row.state, row.attempts) == ("due", 1), "it should crash before it stores the result"
        connection.execute(update(delivery).where(mine).values(due_at=0))  # the thirty seconds of its claim are over
    await installation.service.start()
    await citizen

    def is_done() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(select(delivery.c.state).where(mine)).scalar_one() == "done")

    assert await until(is_done, every=0.1)
    engine.dispose()
    assert len(await installation.tips("sp", at_least=1)) == 1


@pytest.fixture
def sqlite(tmp_path: Path) -> Mapping[str, str]:
    return {"SATARK_DATABASE_URL": f"sqlite:///{tmp_path}/main.db", "SATARK_KEYS_URL": f"sqlite:///{tmp_path}/keys.db"}


@pytest.mark.full("waits for a claim to end")
async def test_a_police_system_gets_a_repeated_event_with_the_same_id(
    tmp_path: Path, sqlite: Mapping[str, str]
) -> None:
    receiver = PoliceReceiver()
    async with serve(receiver.app) as url:
        settings = {"SATARK_POLICE_SYSTEM__SECRET": SECRET, "SATARK_POLICE_SYSTEM__URL": f"{url}/tips"}
        async with set_up_installation(tmp_path, {**sqlite, **settings}, command=SERVER) as installation:
            await deliver_with_crash(installation, "police_system", sqlite["SATARK_DATABASE_URL"])
    assert list(receiver.attempts.values()) == [2]
    assert len(receiver.events) == 1, "the receiver recognizes the repetition"
    assert len({body for _, body in receiver.requests}) == 1


@pytest.mark.full("a mail server, crashes")
async def test_a_mailbox_gets_a_repeated_mail_with_the_same_message_id(
    tmp_path: Path, sqlite: Mapping[str, str]
) -> None:
    peer, certificate = MailPeer(), self_signed(tmp_path)
    async with mail_server(peer, certificate):
        settings: dict[str, Any] = {
            "SATARK_EMAIL__HOST": "localhost",
            "SATARK_EMAIL__PORT": str(peer.port),
            "SATARK_EMAIL__SENDER": "satark@tips.example",
            "SATARK_EMAIL__CA_FILE": str(certificate.certificate),
            "SATARK_EMAIL__TO": '{"cell": {"recipients": "cell@up.example"}}',
            "SATARK_DESTINATION": '[{"to": "email:cell", "desk": "sp"}]',
        }
        async with set_up_installation(tmp_path, {**sqlite, **settings}, command=SERVER) as installation:
            await deliver_with_crash(installation, "email", sqlite["SATARK_DATABASE_URL"])
    assert len(peer.received) == 2
    ids = {line for mail in peer.received for line in mail.content.splitlines() if line.startswith(b"Message-ID:")}
    assert len(ids) == 1
