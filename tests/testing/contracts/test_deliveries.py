"""The kit compares a destination with all files of a tip, those of later revisions too, and with what outsiders see."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from satark.api import (
    CantOpen,
    CaseworkError,
    DeadLetter,
    Delivery,
    DeliveryResult,
    Done,
    ReadableTip,
    Retry,
    WorkerContext,
    run_in_thread,
)
from satark.api.sealing import new_identity
from satark_testing.contracts.sink import KINDS, BrokenRule, SinkCase, check_sink, sample_context

SHOWN = {"number", "revision", "file", "due", "lost", "unsent"}


class Drawer:
    """One ticket for each tip; its files stay when a revision brings more, and its requester sees the number alone."""

    name = "drawer"

    def __init__(self, context: WorkerContext) -> None:
        self.context, self.tickets = context, dict[str, dict[str, Any]]()

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
            content, files = await run_in_thread(self.read, delivery)
        except CantOpen:
            return DeadLetter("another key")
        except OSError as error:
            return Retry(type(error).__name__)
        kept = self.tickets.get(delivery.tip, {}).get("files", ())
        gone = [one.ordinal for one in content.evidence if one.ordinal not in files]
        self.tickets[delivery.tip] = {
            "number": content.tip.number,
            "revision": delivery.revision,
            "files": (*kept, *self.new(files, dict(kept), delivery)),
            "due": " ".join(content.pending),
            "lost": " ".join((*content.lost, *gone)),
            "public": self.public(content),
        }
        return Done()

    def read(self, delivery: Delivery) -> tuple[ReadableTip, dict[str, bytes]]:
        opened, files = self.context.reader(delivery.destination).open(delivery), dict[str, bytes]()
        for one in opened.content.evidence:
            with suppress(CaseworkError, FileNotFoundError):
                files[one.ordinal] = b"".join(opened.clean(one.ordinal))
        return opened.content, files

    def new(self, files: dict[str, bytes], kept: Mapping[str, bytes], delivery: Delivery) -> list[tuple[str, bytes]]:
        return [(number, one) for number, one in files.items() if number not in kept]

    def public(self, content: ReadableTip) -> str:
        return f"We have {content.tip.number}, about {content.tip.category}."


def unpack(ticket: Any) -> dict[str, bytes]:
    text = {name: str(ticket[name]).encode() for name in ("number", "revision", "due", "lost", "public")}
    return text | {f"file {number}": one for number, one in ticket["files"]}


async def check(folder: Path, made: type[Drawer]) -> None:
    recipient, identity = new_identity()
    sink = made(sample_context(identity))
    more: dict[str, Any] = {"recipient": recipient, "unpack": unpack, "omits": KINDS - SHOWN}
    await check_sink(SinkCase(sink=sink, folder=folder, held=lambda: dict(sink.tickets), **more))


@pytest.mark.slow("the contract's checks")
async def test_a_ticket_with_the_files_of_all_revisions_passes(tmp_path: Path) -> None:
    await check(tmp_path, Drawer)


class FirstFilesAlone(Drawer):
    def new(self, files: dict[str, bytes], kept: Mapping[str, bytes], delivery: Delivery) -> list[tuple[str, bytes]]:
        return super().new(files, kept, delivery) if delivery.revision == 1 else []


class FilesAgain(Drawer):
    def new(self, files: dict[str, bytes], kept: Mapping[str, bytes], delivery: Delivery) -> list[tuple[str, bytes]]:
        return super().new(files, {} if delivery.revision > 1 else kept, delivery)


class PublicNote(Drawer):
    def public(self, content: ReadableTip) -> str:
        return f"{super().public(content)} {content.tip.answers['what']}"


class PublicMessage(Drawer):
    def public(self, content: ReadableTip) -> str:
        return " ".join(one.text.strip()[:40] for one in content.thread)


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [(FirstFilesAlone, "S39"), (FilesAgain, "S39"), (PublicNote, "S59"), (PublicMessage, "S59")],
)
async def test_a_file_too_few_or_too_many_and_a_public_word_are_noticed(
    tmp_path: Path, broken: type[Drawer], rule: str
) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(tmp_path, broken)
