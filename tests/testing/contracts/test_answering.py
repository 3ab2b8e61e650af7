"""The kit notices what a sink loses or repeats of what comes back, and of what could not be sent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from html import escape
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, select, update

from satark.api import CaseworkError, hookimpl
from satark.api.sealing import CantOpen, new_identity
from satark.api.services import Branch, UnitOfWork, WorkerContext
from satark.api.sink import DeadLetter, Delivery, DeliveryResult, Done, Retry
from satark.api.tip import Message
from satark_testing.contracts.sink import Answer, BrokenRule, SinkCase, check_sink, sample_context, written
from satark_words.graphemes import truncate

metadata = MetaData()
mark = Table("bench_mark", metadata, Column("name", String(9), primary_key=True), Column("read", Integer))
erased = Table("bench_erased", metadata, Column("tip", String(32), primary_key=True))

MIGRATION = """
from alembic import op
import sqlalchemy as sa
revision = "bench1"
down_revision = None
branch_labels = ("bench",)
depends_on = None
def upgrade():
    op.create_table("bench_mark", sa.Column("name", sa.String(9), primary_key=True), sa.Column("read", sa.Integer))
    op.create_table("bench_erased", sa.Column("tip", sa.String(32), primary_key=True))
"""


class Office:
    """An office that shows tips, and answers them."""

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, Any]] = {}
        self.said: list[Answer] = []


def withdraw(tip: str, uow: UnitOfWork) -> None:
    """Note that an erased tip is to be withdrawn."""
    uow.insert_new(erased, [{"tip": tip}], returning="tip")


def said(one: Answer) -> Message:
    """Return the message of an answer."""
    return Message(sender="desk", status=one.status, text=one.text, question=one.status == "NEED_INFO")


class Bench:
    """A complete sink that reads, hears answers and withdraws. Each test breaks one part of it."""

    name = "bench"
    longest: int | None = None

    def __init__(self, office: Office, context: WorkerContext) -> None:
        self.office, self.context = office, context

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
            self.office.shown[f"{delivery.tip} {delivery.name}"] = await asyncio.to_thread(self.read, delivery)
        except CantOpen:
            return DeadLetter("another key")
        except OSError as error:
            return self.failed(error)
        return Done()

    def failed(self, error: OSError) -> DeliveryResult:
        return Retry(type(error).__name__)

    def read(self, delivery: Delivery) -> dict[str, Any]:
        opened = self.context.reader(delivery.destination).open(delivery)
        content, files, unsent = opened.content, {}, list[str]()
        for one in content.evidence:
            try:
                files[one.ordinal] = b"".join(opened.clean(one.ordinal)), one.clean_mime, self.text(one.caption)
            except (CaseworkError, FileNotFoundError):
                self.skip(unsent, one.ordinal)
        tip, answers = content.tip, content.tip.answers
        return {
            "flags": self.flags(content.header.flags),
            "accused": [one.unit for one in (tip.accused, *tip.accused.also)] if tip.accused else [],
            "about": [content.header.priority, tip.category, tip.received, tip.language, tip.district, tip.station],
            "number": tip.number,
            "revision": delivery.revision,
            "destination": delivery.name,
            "answers": {step: self.answer(value) for step, value in answers.items()},
            "thread": [self.text(one.text) for one in content.thread],
            "files": files,
            "gone": [content.pending, content.lost, unsent, content.withheld],
        }

    def answer(self, value: Any) -> Any:
        if isinstance(value, dict) and "text" in value:
            return {**value, "text": self.text(value["text"])}
        return self.text(value) if isinstance(value, str) else value

    def flags(self, flags: tuple[str, ...]) -> tuple[str, ...]:
        return flags

    def skip(self, unsent: list[str], ordinal: str) -> None:
        unsent.append(ordinal)

    def text(self, text: str) -> str:
        return text

    async def listen(self) -> None:
        while True:
            await self.hear()
            await self.withdraw()
            await asyncio.sleep(300)

    async def hear(self) -> None:
        read = await asyncio.to_thread(self.context.read, self.known)
        new = self.office.said[read:]
        await self.context.write(lambda unit: self.note(unit, new, read))

    def known(self, connection: Any) -> int:
        return connection.scalar(select(mark.c.read)) or 0

    def note(self, unit: UnitOfWork, new: list[Answer], read: int) -> None:
        for one in new:
            self.post(unit, one)
        self.move(unit, read + len(new))

    def post(self, unit: UnitOfWork, one: Answer) -> None:
        try:
            tip = self.context.reader(f"bench:{one.destination}").find(one.number)
        except CaseworkError:
            return
        tip.post(unit, said(one))

    def move(self, unit: UnitOfWork, read: int) -> None:
        unit.insert_new(mark, [{"name": "read", "read": 0}], returning="name")
        unit.main.execute(update(mark).values(read=read))

    async def withdraw(self) -> None:
        tips = await asyncio.to_thread(self.context.read, lambda one: list(one.scalars(select(erased.c.tip))))
        for tip in tips:
            self.take_back(tip)
            await self.context.write(lambda unit, tip=tip: unit.main.execute(delete(erased).where(erased.c.tip == tip)))  # type: ignore[misc]

    def take_back(self, tip: str) -> None:
        for name in [name for name in self.office.shown if name.startswith(tip)]:
            del self.office.shown[name]


def unpack(held: Any) -> Mapping[str, bytes]:
    names = ("priority", "category", "received", "language", "district", "station")
    where = held["answers"]["place"]
    text = dict(zip(names, held["about"], strict=True)) | {name: held[name] for name in ("number", "destination")}
    text |= {"revision": str(held["revision"]), "flags": " ".join(held["flags"]), "accused": " ".join(held["accused"])}
    text |= {f"answer {step}": written(value) for step, value in held["answers"].items()}
    text |= {"place": f"{where['latitude']},{where['longitude']}"}
    text |= {f"message {number}": one for number, one in enumerate(held["thread"], 1)}
    text |= dict(zip(("due", "lost", "unsent", "withheld"), map(" ".join, held["gone"]), strict=True))
    for number, (_, mime, caption) in held["files"].items():
        text |= {f"type {number}": mime, f"caption {number}": caption}
    files = {f"file {number}": content for number, (content, _, _) in held["files"].items()}
    return {name: one.encode() for name, one in text.items()} | files


async def check(folder: Path, made: Callable[[Office, WorkerContext], Bench], **more: Any) -> None:
    (recipient, identity), office = new_identity(), Office()
    (folder / "migrations").mkdir()
    (folder / "migrations/bench_0001_first.py").write_text(MIGRATION)
    context = sample_context(identity, [Branch("bench", folder / "migrations", metadata)])
    fields = {"answers": office.said.append, "withdraws": withdraw, "unpack": unpack, "second": "other", **more}
    fields = {"restarted": lambda: made(office, context), **fields}
    sink, files = made(office, context), folder / "files"
    await check_sink(SinkCase(sink=sink, folder=files, held=lambda: office.shown, recipient=recipient, **fields))


@pytest.mark.slow("the contract's checks")
async def test_a_whole_sink_passes(tmp_path: Path) -> None:
    await check(tmp_path, Bench)


class OneForBothDestinations(Bench):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        done = await super().deliver(delivery)
        if shown := self.office.shown.pop(f"{delivery.tip} {delivery.name}", None):
            self.office.shown[delivery.tip] = shown
        return done


class NamingWhatItWithdraws(Bench):
    def take_back(self, tip: str) -> None:
        print(tip)  # noqa: T201 - this is what must be noticed
        super().take_back(tip)


class NamingWhatIsAnswered(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        print(one.number)  # noqa: T201 - this is what must be noticed
        super().post(unit, one)


class OneAlarm(Bench):
    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        if delivery.kind == "tip":
            return await super().deliver(delivery)
        self.office.shown["alarm"] = {"said": delivery.tip}
        return Done()


class Escaping(Bench):
    def text(self, text: str) -> str:
        return escape(text)


class EscapingQuotes(Bench):
    def text(self, text: str) -> str:
        return text.replace('"', '\\"')


class Remembering(Bench):
    async def withdraw(self) -> None:
        for tip in await asyncio.to_thread(self.context.read, lambda one: list(one.scalars(select(erased.c.tip)))):
            self.take_back(tip)


class Restless(Bench):
    async def listen(self) -> None:
        while True:
            await self.hear()
            await self.withdraw()


class OneWordForAll(Bench):
    def read(self, delivery: Delivery) -> dict[str, Any]:
        found = super().read(delivery)
        return found | {"about": ["normal", *found["about"][1:]]}


class Silent(Bench):
    def skip(self, unsent: list[str], ordinal: str) -> None:
        """Tell nobody."""


class SilentOfLost(Bench):
    def read(self, delivery: Delivery) -> dict[str, Any]:
        found = super().read(delivery)
        return found | {"gone": [found["gone"][0], found["gone"][1][:1], *found["gone"][2:]]}


class Cutting(Bench):
    end = ""

    def text(self, text: str) -> str:
        return text if len(text.encode()) <= 300 else text.encode()[:297].decode(errors="ignore") + self.end


class CuttingAloud(Cutting):
    def text(self, text: str) -> str:
        return truncate(text, 300, "bytes")


class CuttingAFamily(Cutting):
    """It cuts between two people who show as one character."""

    end = "…"


class CuttingCharacters(Bench):
    def text(self, text: str) -> str:
        return truncate(text, 300)


class CuttingAnywhere(Cutting):
    end = "…"

    def text(self, text: str) -> str:
        return text if len(text.encode()) <= 300 else f"{text.encode()[:297].decode(errors='replace')}…"


class GivingUp(Bench):
    def failed(self, error: OSError) -> DeliveryResult:
        return DeadLetter(type(error).__name__)


class Stopping(Bench):
    def failed(self, error: OSError) -> DeliveryResult:
        return Retry(type(error).__name__, down=True)


class Swapped(Bench):
    def read(self, delivery: Delivery) -> dict[str, Any]:
        found = super().read(delivery)
        numbers = dict(zip(found["files"], reversed(found["files"]), strict=True))
        return found | {"files": {numbers[name]: one for name, one in found["files"].items()}}


class ToTheFirst(Bench):
    def note(self, unit: UnitOfWork, new: list[Answer], read: int) -> None:
        to = new[0]
        super().note(unit, [msgspec.structs.replace(to, status=one.status, text=one.text) for one in new], read)


class ToOneDestination(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        super().post(unit, msgspec.structs.replace(one, destination="main"))


class Shortening(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        super().post(unit, msgspec.structs.replace(one, text=one.text[:160]))


class AlwaysAction(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        super().post(unit, msgspec.structs.replace(one, status="ACTION"))


class Unmoved(Bench):
    def move(self, unit: UnitOfWork, read: int) -> None:
        super().move(unit, 0)


class Forgetful(Bench):
    seen = 0

    def known(self, connection: Any) -> int:
        return self.seen

    def move(self, unit: UnitOfWork, read: int) -> None:
        self.seen = read


class MovedFirst(Bench):
    async def hear(self) -> None:
        read = await asyncio.to_thread(self.context.read, self.known)
        new = self.office.said[read:]
        await self.context.write(lambda unit: self.move(unit, read + len(new)))
        await self.context.write(lambda unit: self.note(unit, new, read))


class MovedLater(Bench):
    def post_all(self, unit: UnitOfWork, new: list[Answer]) -> None:
        for one in new:
            self.post(unit, one)

    async def hear(self) -> None:
        read = await asyncio.to_thread(self.context.read, self.known)
        new = self.office.said[read:]
        await self.context.write(lambda unit: self.post_all(unit, new))
        await self.context.write(lambda unit: self.move(unit, read + len(new)))


class Poisoned(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        tip = self.context.reader(f"bench:{one.destination}").find(one.number)
        tip.post(unit, said(one))


class Internal(Bench):
    def post(self, unit: UnitOfWork, one: Answer) -> None:
        tip = self.context.reader(f"bench:{one.destination}").find(one.number)
        tip.post(unit, msgspec.structs.replace(said(one), internal=True))


class Keeping(Bench):
    def take_back(self, tip: str) -> None:
        """Take nothing back."""


class TakingAll(Bench):
    def take_back(self, tip: str) -> None:
        self.office.shown.clear()


class Deaf(Bench):
    async def listen(self) -> None:
        try:
            await super().listen()
        except asyncio.CancelledError:
            await asyncio.sleep(30)


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (OneForBothDestinations, "S06"),
        (NamingWhatItWithdraws, "S12"),
        (NamingWhatIsAnswered, "S12"),
        (OneAlarm, "S06"),
        (Escaping, "S23"),
        (EscapingQuotes, "S23"),
        (Remembering, "S57"),
        (Restless, "S58"),
        (OneWordForAll, "S41"),
        (Silent, "S40"),
        (SilentOfLost, "S40"),
        (Cutting, "S42"),
        (CuttingAnywhere, "S42"),
        (CuttingAloud, "S42"),
        (GivingUp, "S43"),
        (Stopping, "S43"),
        (Swapped, "S39"),
        (ToTheFirst, "S45"),
        (ToOneDestination, "S45"),
        (Shortening, "S46"),
        (AlwaysAction, "S46"),
        (Unmoved, "S47"),
        (Forgetful, "S47"),
        (MovedLater, "S47"),
        (MovedFirst, "S48"),
        (Internal, "S46"),
        (Poisoned, "S49"),
        (Keeping, "S50"),
        (TakingAll, "S06"),
        (Deaf, "S51"),
    ],
)
async def test_what_a_sink_loses_is_noticed(tmp_path: Path, broken: type[Bench], rule: str) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(tmp_path, broken)


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("made", "unit", "rule"),
    [
        (CuttingAloud, "bytes", ""),
        (CuttingCharacters, "characters", ""),
        (CuttingCharacters, "bytes", "S42"),
        (CuttingAloud, "utf16", "S42"),
        (CuttingAFamily, "bytes", "S42"),
        (CuttingAnywhere, "bytes", "S42"),
        (Cutting, "bytes", "S42"),
        (Bench, "bytes", "S42"),
    ],
)
async def test_a_declared_limit_cuts_after_a_whole_character_and_says_so(
    tmp_path: Path, made: type[Bench], unit: str, rule: str
) -> None:
    cuts = dict.fromkeys(("answer", "message", "caption"), (300, unit))
    with pytest.raises(BrokenRule, match=f"^{rule} ") if rule else nullcontext():
        await check(tmp_path, made, cuts=cuts)


@pytest.mark.full("a whole contract for each field")
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"answers": None}, "`answers`"),
        ({"restarted": None}, "`restarted`"),
        ({"omits": {"due"}}, "`omits` has due"),
        ({"omits": {"dues"}}, "`omits` has dues"),
    ],
)
async def test_a_case_that_leaves_something_open_is_told_the_field(
    tmp_path: Path, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(BrokenRule, match=named):
        await check(tmp_path, Bench, **fields)


@pytest.mark.slow("the contract's checks")
async def test_a_plugin_with_the_hook_of_erasures_says_what_it_withdraws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = ModuleType(f"{__name__.partition('.')[0]}.bench_plugin")
    vars(plugin)["satark_erased"] = hookimpl(withdraw)
    monkeypatch.setitem(sys.modules, plugin.__name__, plugin)
    with pytest.raises(BrokenRule, match="no field `withdraws`, and `omits` has no"):
        await check(tmp_path, Bench, withdraws=None)
