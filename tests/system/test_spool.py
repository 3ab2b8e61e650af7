"""Messages and a call that arrive while the database is down are each processed once, even if the process is killed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from satark.ingest.spool import waiting
from satark_testing.identifier_search import files_below, search
from satark_testing.processes.serving import serve
from satark_testing.twilio.api import TwilioPeer, new_sid
from satark_testing.twilio.people import Caller, Texter, code_in
from satark_testing.waiting import until
from support.twilio_installation import twilio_installation

pytestmark = pytest.mark.slow("a process")

PHONES = {"asha": "+919876543210", "bina": "+919123456789", "chand": "+919988776655", "dev": "+919000011111"}
STORY = "They sell arms behind the mill"
DIALOGUE = ("Hi", "2", "3", STORY, "Lanka", "No", "done", "1")
RECORDING = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x00\0\0\0" + bytes(
    800
)


@contextmanager
def database_down(url: str) -> Iterator[None]:
    """Make a database unavailable by a lock, or by a server that refuses connections."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with sqlite3.connect(str(parsed.database), isolation_level=None) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                connection.execute("ROLLBACK")
        return
    server = parsed.set(database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {parsed.database} WITH ALLOW_CONNECTIONS false".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [parsed.database]
        )
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {parsed.database} WITH ALLOW_CONNECTIONS true".encode())


@pytest.mark.full("crashes")
async def test_messages_and_a_call_survive_a_database_failure_and_a_crash(
    tmp_path: Path, environment: Mapping[str, str], databases: Any
) -> None:
    peer = TwilioPeer()
    async with peer, serve(peer.app) as api, twilio_installation(peer, api, tmp_path, environment) as installation:
        url, spool = installation.service.url, installation.service.folder / "spool"
        asha, bina, dev = (Texter(peer, url, PHONES[name]) for name in ("asha", "bina", "dev"))
        caller = Caller(peer, url, PHONES["chand"])
        with database_down(databases.main):
            sids = [new_sid("SM") for _ in DIALOGUE]
            for sid, text in zip(sids, DIALOGUE, strict=True):
                (answer,) = await asha.say(text, sid=sid)
                assert "सुरक्षित" in answer
                assert "kept safe" in answer
            await asha.say(DIALOGUE[3], sid=sids[3])  # Twilio repeats it
            await bina.say(f"TIP {STORY} every night")
            spoken = await caller.dial()
            assert "बीप के बाद" in spoken
            assert "after the beep" in spoken
            assert "is saved" in await caller.speak(RECORDING)
            assert not caller.on_the_line
            before = set(waiting(spool))
            await dev.say("TIP they sell drugs at the ghat every evening")
            altered = set(waiting(spool)) - before  # the message, and the order to erase it at the provider
            for name in altered:
                (spool / name).write_bytes((spool / name).read_bytes() + b"more")

            spooled = files_below(spool, installation.service.log)
            secrets = {**PHONES, "words": STORY, "recording": caller.recordings[0], "message": sids[0]}
            assert len(spooled) > len(DIALOGUE)
            assert search(spooled, {name: secret.removeprefix("+91") for name, secret in secrets.items()}) == []
            await installation.service.kill()
        await installation.service.start()

        tips = await installation.tips("dig", at_least=3)
        await until(lambda: any(path.startswith("Recordings/") for path in peer.deleted))
        assert sorted(str(tip["answers"]["what"]) for tip in tips) == sorted(
            [STORY, f"{STORY} every night", str({"voice": "1"})]
        )
        await until(lambda: len([message for message in peer.sent if code_in(message.body)]) == 2)
        receipts = {message.to for message in peer.sent if code_in(message.body)}
        assert receipts == {PHONES["asha"], PHONES["bina"]}
        assert set(waiting(spool / "quarantine")) == altered
        assert f"{len(altered)} quarantined" in installation.service.run("check", check=False).output
        assert "Choose a language" in (await asha.say("Hi"))[0]  # in the response, as usual
