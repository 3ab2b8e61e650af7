"""The API for police systems: signed requests and answers, against a real store with one tip.

An input is a request whose body is signed as it is, unless it brings a signature of its own. What must never happen: an
exception; a status of 500; a word of an answer in a refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.plugins.loader import Plugins
from satark.routing.desks import add_desk
from satark.runtime.compose import load_destinations
from satark.services import Services
from satark.settings.settings import Settings
from satark_testing.peers.police import SECRET
from support.fuzz.mutation import to_json
from support.fuzz.requests import FuzzedRequest, ask, read_request, request_input
from support.fuzz.target import Fault
from support.store import desk_context, fresh_services
from support.tips import seed_tip

_BASE: Final = "/police_system/main"
_SOURCE: Final = "urn:police"


class PoliceTarget:
    """Requests of a police system that knows the shared secret, and of strangers who do not."""

    words: Sequence[str] = (
        "specversion", "1.0", "id", "source", "type", "data", "satark.answer.received", "satark.answer.assigned",
        "satark.answer.disposition", "number", "sequence", "status", "text", "question", "references", "register",
        "state", "sections", "ordinal", "ACTED", "CLOSED", "webhook-id", "webhook-timestamp",
        "webhook-signature", "v1,", "v1a,", "1,2", f"{_BASE}/answers", f"{_BASE}/details", f"{_BASE}/evidence",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self._runner, self._hook, self._requests = asyncio.Runner(), Webhook(SECRET), 0
        section = {"url": "https://police.example/tips", "secret": SECRET, "fields": ["what", "evidence"]}
        settings = Settings(stand_ins={"police_system": section}, data_dir=folder, public_url="https://satark.example")
        plugins = Plugins.load(["police_system"])
        rules = load_destinations(settings, plugins)
        self._services: Services = fresh_services(folder, plugins.migrations(), destination=tuple(rules))
        recipient, _ = new_identity()
        desk = Desk(name="sp", title="SP", level="district", area="", recipient=recipient)
        self._services.write_now(lambda unit: add_desk(unit, desk))
        self._number = seed_tip(self._services, [desk], destination_rules=rules).number
        self._context = desk_context(self._services)
        self._runner.run(self._start())
        pages = plugins.desk_pages(settings, self._context)
        self._app = Starlette(routes=[Mount(page.path, page.app) for page in pages])

    def seeds(self) -> Sequence[bytes]:
        """Return answers of every kind, requests for details and for a file, and a request with another signature."""
        data = {"number": self._number, "sequence": 3, "status": "ACTED", "text": "कार्रवाई हुई।", "question": False}
        references = [{"register": "FIR", "number": "0417/2026", "state": "09", "sections": ["BNS 111"]}]
        kinds = ("received", "assigned", "disposition")
        bodies = [_answer(kind, {**data, "references": references}) for kind in kinds]
        forged = {"webhook-id": "msg_1", "webhook-timestamp": "1795000000", "webhook-signature": "v1,AAAA v1a,AAAA"}
        return [
            *(request_input(body, path=f"{_BASE}/answers") for body in bodies),
            request_input(to_json({"number": self._number}), path=f"{_BASE}/details"),
            request_input(to_json({"number": self._number, "ordinal": "1"}), path=f"{_BASE}/evidence"),
            request_input(bodies[0], path=f"{_BASE}/answers", headers=forged),
            request_input(b"", method="GET", path="/police_system/openapi.json"),
        ]

    def try_one(self, data: bytes) -> None:
        """Send a request; sign it first if it has no signature."""
        request = self._signed(read_request(data, path=f"{_BASE}/answers"))
        answer = self._runner.run(ask(self._app, request))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Fault(f"status {answer.status}")
        if answer.status == HTTPStatus.UNAUTHORIZED and answer.body != b'{"error":""}':
            raise Fault("a refusal says why a signature is wrong")

    def close(self) -> None:
        """Close the store."""
        self._runner.run(self._context.writer.stop())
        self._runner.close()
        self._services.close()

    async def _start(self) -> None:
        self._context.writer.start()

    def _signed(self, request: FuzzedRequest) -> FuzzedRequest:
        if "webhook-signature" in request.headers:
            return request
        self._requests += 1
        id_, now = f"msg_{self._requests}", datetime.now(UTC)
        try:
            signature = self._hook.sign(id_, now, request.body.decode())
        except UnicodeDecodeError:
            signature = "v1,AAAA"
        signed = {"webhook-id": id_, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
        return FuzzedRequest(
            method=request.method, path=request.path, headers={**signed, **request.headers}, chunks=request.chunks
        )


def _answer(kind: str, data: dict[str, Any]) -> bytes:
    return to_json({"specversion": "1.0", "id": "a1", "source": _SOURCE, "type": f"satark.answer.{kind}", "data": data})
