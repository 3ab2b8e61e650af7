"""Through signed webhooks: no agreement after a refusal or a suggestion submits a tip, and the act's own word does."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from satark.api.routing import Desk, Level
from satark.api.sealing import new_identity
from satark.routing.desks import add_desk
from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.core import Role
from satark.settings.settings import Settings
from satark.store import tables
from satark_testing.whatsapp.graph_api import GraphPeer

pytestmark = pytest.mark.slow("a host")

REFUSALS = ("mat bhejo", "rehne do", "abhi nahi", "ruko", "bhejna mat", "मत भेजो", "don't send")
SUGGESTING = ("rehne do mita do", "submit mat karna")
AGREEING = ("haan", "हाँ", "ji", "ok", "theek hai", "sahi hai", "👍", "yes", "accha", "bilkul")
TOLD = ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip")
NUMBER = "106540352242922"
WEB: tuple[Role, ...] = ("web",)
DESKS: tuple[tuple[str, Level], ...] = (("sp", "district"), ("dig", "range"))


class Phones:
    """Phones that post their texts to the app as Meta would."""

    def __init__(self, host: Host, peer: GraphPeer) -> None:
        self.host, self.app, self.peer = host, build_app(host), peer
        self._ids = count()

    async def say(self, phone: str, *texts: str) -> None:
        for text in texts:
            await self._post(self._body(phone, text))

    def tips(self) -> int:
        return self.host.services.read(lambda c: c.execute(select(func.count()).select_from(tables.tip)).scalar_one())

    def _body(self, phone: str, text: str) -> bytes:
        said = {
            "from": phone,
            "id": f"wamid.{next(self._ids)}",
            "timestamp": "1",
            "type": "text",
            "text": {"body": text},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "1", "phone_number_id": NUMBER},
            "contacts": [{"wa_id": phone}],
            "messages": [said],
        }
        entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
        return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()

    async def _post(self, body: bytes) -> None:
        answers: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/whatsapp/webhook",
            "query_string": b"",
            "headers": [(b"x-hub-signature-256", self.peer.sign(body).encode())],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            answers.append(message)

        await self.app(scope, receive, send)
        assert answers[0]["status"] == 200


async def test_no_agreement_after_a_refusal_submits_a_tip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secrets: dict[str, Any]
) -> None:
    for name, value in secrets.items():
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name.upper()}", value)
    host = Host(Settings(data_dir=tmp_path, plugins=("whatsapp",)), WEB)
    async with host.running():
        for name, level in DESKS:
            desk = Desk(name=name, title=name, level=level, area="", recipient=new_identity()[0])
            host.services.write_now(partial(add_desk, desk=desk))
        phones = Phones(host, GraphPeer(**secrets))
        pairs = list(product((*REFUSALS, *SUGGESTING), AGREEING))
        talks = {f"9140112{at:05}": pair for at, pair in enumerate(pairs)}
        await asyncio.gather(*(phones.say(phone, *TOLD, *pair) for phone, pair in talks.items()))
        assert phones.tips() == 0
        await phones.say(next(iter(talks)), "भेज दो")
        assert phones.tips() == 1
