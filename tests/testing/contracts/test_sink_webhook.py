"""The kit forges, replays and repeats an office's webhooks, and posts signed ones that can't be read."""

from __future__ import annotations

import asyncio
import hmac
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import Column, MetaData, String, Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark.api import (
    Branch,
    CaseworkError,
    DeadLetter,
    Delivery,
    DeliveryResult,
    Done,
    Message,
    Page,
    RawRequest,
    Retry,
    Status,
    UnitOfWork,
    WorkerContext,
    run_in_thread,
)
from satark.api.sealing import CantOpen, new_identity, open_envelope
from satark_testing.contracts.sink import KINDS, Answer, BrokenRule, SinkCase, Webhook, check_sink, sample_context

seen = Table("pillar_seen", MetaData(), Column("id", String(64), primary_key=True))
MIGRATION = """
from alembic import op
import sqlalchemy as sa
revision = "pillar1"
down_revision = None
branch_labels = ("pillar",)
depends_on = None
def upgrade():
    op.create_table("pillar_seen", sa.Column("id", sa.String(64), primary_key=True))
"""


class Posted(msgspec.Struct):
    id: str
    to: str
    number: str
    status: Status
    text: str


class Pillar:
    """A whole sink and page. Each test breaks one part of them."""

    name = "pillar"
    unknown = unreadable = 404

    def __init__(self, context: WorkerContext, identity: str, shown: dict[str, Any]) -> None:
        self.context, self.identity, self.shown = context, identity, shown

    def reads(self, name: str) -> bool:
        return True

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        if delivery.kind != "tip":
            return DeadLetter("no alarms")
        try:
            open_envelope(delivery.envelope, self.identity, tip=delivery.tip, desk=delivery.destination)
        except Exception:  # noqa: BLE001 - another key
            return DeadLetter("another key")
        self.shown[f"{delivery.tip} {delivery.name}"] = delivery.revision
        return Done()

    def page(self) -> Page:
        return Page(path="/pillar", app=Starlette(routes=[Route("/answers", self.take, methods=["POST"])]))

    async def take(self, request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > 100_000:
                return Response(status_code=413)
        if not self.is_genuine(request, body):
            return Response(status_code=401)
        try:
            said = msgspec.json.decode(body, type=Posted)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Response(status_code=self.unreadable)
        try:
            tip = await run_in_thread(self.context.reader(f"pillar:{said.to}").find, said.number)
        except CaseworkError:
            return Response(status_code=self.unknown)
        await self.note(tip, said)
        return Response(status_code=204)

    async def note(self, tip: Any, said: Posted) -> None:
        def write(unit: UnitOfWork) -> None:
            if self.is_new(unit, said):
                asks = said.status == "NEED_INFO"
                tip.post(unit, Message(sender="desk", status=said.status, text=said.text, question=asks))

        await self.context.write(write)

    def is_new(self, unit: UnitOfWork, said: Posted) -> bool:
        return bool(unit.insert_new(seen, [{"id": said.id}], returning="id"))

    def is_genuine(self, request: Request, body: bytes) -> bool:
        at = request.headers.get("x-time", "")
        return self.is_signed(at, body, request.headers.get("x-proof", "")) and self.is_recent(at)

    def is_signed(self, at: str, body: bytes, proof: str) -> bool:
        return hmac.compare_digest(_proof(at, body).encode(), proof.encode())

    def is_recent(self, at: str) -> bool:
        return at.isdigit() and abs(time.time() - int(at)) < 300


def _proof(at: str, body: bytes) -> str:
    return hmac.digest(b"key", f"{at}.".encode() + body, "sha256").hex()


def request(one: Answer) -> RawRequest:
    body = msgspec.json.encode(Posted(one.id, one.destination, one.number, one.status, one.text))
    return RawRequest(method="POST", path="/pillar/answers", body=body)


def sign(raw: RawRequest, at: int) -> RawRequest:
    return replace(raw, headers={"x-time": str(at), "x-proof": _proof(str(at), raw.body), "x-trace": "12ab"})


async def check(folder: Path, made: type[Pillar], **more: Any) -> None:
    (recipient, identity), shown = new_identity(), dict[str, Any]()
    (folder / "migrations").mkdir()
    (folder / "migrations/pillar_0001_first.py").write_text(MIGRATION)
    context = sample_context(identity, [Branch("pillar", folder / "migrations")])

    def sink() -> Pillar:
        return made(context, identity, shown)

    webhook = Webhook(page=lambda: sink().page(), request=request, sign=sign, unsigned=("x-trace",))
    fields = {"webhook": webhook, "second": "other", "omits": KINDS, "restarted": sink, **more}
    files = folder / "files"
    await check_sink(SinkCase(sink=sink(), folder=files, held=lambda: dict(shown), recipient=recipient, **fields))


@pytest.mark.slow("the contract's checks")
async def test_a_whole_page_passes(tmp_path: Path) -> None:
    await check(tmp_path, Pillar)


@pytest.mark.slow("some seconds of a processor")
async def test_answers_may_come_by_a_page_and_be_asked_for(tmp_path: Path) -> None:
    said: list[Answer] = []

    class Both(Pillar):
        async def deliver(self, delivery: Delivery) -> DeliveryResult:
            result = await super().deliver(delivery)
            return await run_in_thread(self.open_file, delivery) if result == Done() else result

        def open_file(self, delivery: Delivery) -> DeliveryResult:
            opened = self.context.reader(delivery.destination).open(delivery)
            try:
                for one in opened.content.evidence[:1]:
                    list(opened.clean(one.ordinal))
            except CantOpen:
                return DeadLetter("another key")
            except OSError as error:
                return Done() if isinstance(error, FileNotFoundError) else Retry(type(error).__name__)
            return Done()

        async def listen(self) -> None:
            while True:
                for one in [*said]:
                    with suppress(CaseworkError):
                        tip = await run_in_thread(self.context.reader(f"pillar:{one.destination}").find, one.number)
                        await self.note(tip, Posted(one.id, one.destination, one.number, one.status, one.text))
                await asyncio.sleep(300)

    await check(tmp_path, Both, answers=said.append)


class Unsigned(Pillar):
    def is_signed(self, at: str, body: bytes, proof: str) -> bool:
        return True


class UnsignedTime(Pillar):
    def is_genuine(self, request: Request, body: bytes) -> bool:
        return self.is_signed(request.headers.get("x-time", ""), body, request.headers.get("x-proof", ""))


class ReadFirst(Pillar):
    def is_genuine(self, request: Request, body: bytes) -> bool:
        msgspec.json.decode(body)
        return super().is_genuine(request, body)

    async def take(self, request: Request) -> Response:
        try:
            return await super().take(request)
        except msgspec.MsgspecError:
            return Response(status_code=400)


class Twice(Pillar):
    def is_new(self, unit: UnitOfWork, said: Posted) -> bool:
        return True


class OnceForAWord(Pillar):
    def is_new(self, unit: UnitOfWork, said: Posted) -> bool:
        return bool(unit.insert_new(seen, [{"id": str(hash(said.text))}], returning="id"))


class OddHeader(Pillar):
    async def take(self, request: Request) -> Response:
        request.headers.get("x-trace", "").encode().decode("ascii")
        return await super().take(request)


class Labelled(Pillar):
    """It knows a repetition by a header that is not signed."""

    label = "x-trace"

    async def take(self, request: Request) -> Response:
        self.repeat_key = request.headers.get(self.label, "")
        return await super().take(request)

    def is_new(self, unit: UnitOfWork, said: Posted) -> bool:
        key = f"{said.id} {self.repeat_key}"
        return bool(unit.insert_new(seen, [{"id": key[:64]}], returning="id"))


class LabelledByAHeaderThatTheOfficeLacks(Labelled):
    label = "idempotency-key"


class ComparedByLetters(Pillar):
    def is_signed(self, at: str, body: bytes, proof: str) -> bool:
        return _proof(at, body) == proof


class NeverMind(Pillar):
    async def note(self, tip: Any, said: Posted) -> None:
        with suppress(Exception):
            await super().note(tip, said)


class Closing(Pillar):
    async def note(self, tip: Any, said: Posted) -> None:
        said.status = "CLOSED"
        await super().note(tip, said)


class UnknownIsAnError(Pillar):
    unknown = 500


class UnreadableIsAnError(Pillar):
    unreadable = 500


class MainAlone(Pillar):
    async def note(self, tip: Any, said: Posted) -> None:
        found = await run_in_thread(self.context.reader("pillar:main").find, said.number)
        await super().note(found, said)


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Unsigned, "S52"),
        (UnsignedTime, "S53"),
        (ReadFirst, "S52"),
        (Twice, "S47"),
        (Labelled, "S47"),
        (LabelledByAHeaderThatTheOfficeLacks, "S47"),
        (ComparedByLetters, "S60"),
        (OnceForAWord, "S48"),
        (NeverMind, "S48"),
        (OddHeader, "S54"),
        (Closing, "S46"),
        (UnknownIsAnError, "S54"),
        (UnreadableIsAnError, "S54"),
        (MainAlone, "S45"),
    ],
)
async def test_what_a_page_takes_or_loses_is_noticed(tmp_path: Path, broken: type[Pillar], rule: str) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(tmp_path, broken)
