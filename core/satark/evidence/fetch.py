"""Fetches files from providers and has them sealed and cleaned; each is tried again until it is here or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import structs

from satark.backoff import backoff, wait_for
from satark.channel import SPOKEN, Address, MediaGone
from satark.custody import entries
from satark.custody import log as custody
from satark.dialogue.session import FileNotice
from satark.evidence.documents import vcard
from satark.evidence.pipeline import ProcessedFile, Rejected, TooLarge, erase, process_file, remove_abandoned
from satark.evidence.sandbox.sandbox import Sandbox
from satark.evidence.scrubbers import builtin_scrubbers
from satark.identity.sealing import seal
from satark.limits import MB
from satark.observability import Kind, LifecycleEvent, log
from satark.store import evidence_files as store
from satark.store.sealed_files import total_original_bytes
from satark.store.workspace import workspace_dir
from satark.store.writer import StoreDown
from satark.tip import Evidence, Origin

if TYPE_CHECKING:
    from pathlib import Path

    from satark.channel import Channel, MediaRef
    from satark.dialogue.session import MediaJob
    from satark.identity.edge_key import Identity
    from satark.outbox.file_notices import FileNotices
    from satark.scrubber import Scrubber
    from satark.settings import Settings
    from satark.store.unit_of_work import UnitOfWork
    from satark.store.writer import Writer
    from satark.telemetry.metrics import Metrics

AT_ONCE = 4
"""Most files under way at once in one process."""
LONGEST_WAIT = 1800.0
"""Most seconds between two attempts."""
_LOST = FileNotice("lost")


class Fetcher:
    """One process's files."""

    def __init__(
        self,
        *,
        channels: Mapping[str, Channel],
        writer: Writer,
        identity: Identity,
        metrics: Metrics,
        settings: Settings,
        scrubbers: Sequence[Scrubber],
        notices: FileNotices,
        emit: Callable[[LifecycleEvent], None],
    ) -> None:
        self._channels = channels
        self._writer = writer
        self._identity = identity
        self._metrics = metrics
        self._attempts = settings.core.media_attempts
        self._folder = settings.evidence_dir
        self._room = workspace_dir(settings.core.data_dir)
        self._sandbox = Sandbox([*scrubbers, *builtin_scrubbers()])
        self._emit = emit
        self._notices = notices
        self._limits = settings.core.evidence.limits()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for files now instead of at the next second."""
        self._wake.set()

    def erase(self, names: Sequence[str]) -> None:
        """Erase sealed files that were taken back."""
        for name in names:
            erase(self._folder, name)

    async def run(self) -> None:
        """Fetch, until cancelled."""
        remove_abandoned(self._folder, self._room)
        async with self._sandbox, asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                claimed = await self._claim()
                for keep, attempt in claimed:
                    tasks.create_task(self._fetch(keep, attempt))
                if not claimed:
                    await wait_for(self._wake, seconds=1)

    async def _claim(self) -> list[tuple[MediaJob, int]]:
        try:
            return await self._writer.write(lambda unit: store.claim(unit, self._identity, 2 * AT_ONCE))
        except StoreDown:
            return []

    async def _fetch(self, keep: MediaJob, attempt: int) -> None:
        # With the store down nothing can be said of the file: its claim runs out, and it is fetched again.
        with suppress(StoreDown):
            await self._try(keep, attempt)

    async def _try(self, keep: MediaJob, attempt: int) -> None:
        async with self._slots:
            try:
                await self._take_in(keep)
            except MediaGone:
                await self._lose(keep, "gone at the provider")
            except TooLarge:
                await self._lose(keep, "too large", FileNotice("too_large", self._limits.file_bytes // MB))
            except _TipFull:
                await self._lose(keep, "tip full", FileNotice("tip_full"))
            except Rejected:
                await self._lose(keep, "sender's own card", FileNotice("own_card"))
            except StoreDown:
                raise
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the file is tried again
                await self._again(keep, attempt, type(error).__name__)

    async def _take_in(self, keep: MediaJob) -> None:
        channel = self._channels[keep.ref.account]
        name = store.name(keep.tip, keep.ordinal)
        most = self._limits.tip_bytes - await asyncio.to_thread(
            total_original_bytes, self._folder, store.name(keep.tip, "")
        )
        with _of_the_tip(most, self._limits.file_bytes):
            async with channel.fetch(keep.ref) as stream:
                taken = await self._seal(keep, name, stream, most)
        record = Evidence(
            ordinal=keep.ordinal,
            role=keep.role,
            kind=keep.kind,
            mime=taken.mime,
            bytes=taken.bytes,
            sha256=taken.sha256,
            md5=taken.md5,
            caption=keep.caption,
            clean_mime=taken.clean_mime,
            clean_bytes=taken.clean_bytes,
            clean_sha256=taken.clean_sha256,
            disguised_bytes=taken.disguised_bytes,
            disguised_sha256=taken.disguised_sha256,
            preview_mime=taken.preview_mime,
            preview_bytes=taken.preview_bytes,
            preview_sha256=taken.preview_sha256,
            problem=taken.problem or "",
        )
        await self._settle(lambda unit: _sealed(unit, keep, record, taken.origin), keep)
        if taken.problem == "encrypted":
            await self._tell(keep, FileNotice("encrypted"))
        self._count("sealed", "file_sealed")
        await _discard(channel, keep.ref)

    async def _seal(self, keep: MediaJob, name: str, stream: AsyncIterator[bytes], most: int) -> ProcessedFile:
        return await process_file(
            stream,
            recipient=keep.recipient,
            folder=self._folder,
            name=name,
            declared_mime=keep.ref.mime,
            limits=self._limits,
            sandbox=self._sandbox,
            room=self._room,
            voice=keep.kind in SPOKEN,
            max_bytes=most,
            unwanted=lambda mime, copy: mime == "text/vcard" and self._is_own_card(keep, copy),
        )

    def _is_own_card(self, keep: MediaJob, copy: Path) -> bool:
        """Whether a contact card is that of whoever sent it: their number gives the pseudonym of the conversation."""
        with copy.open(encoding="utf-8", errors="replace") as file:
            numbers = vcard.phone_numbers(file.read(MB))
        spelled = {Address(form) for number in numbers for form in _spellings(number)}
        return any(self._identity.pseudonym(keep.ref.account, number) == keep.conversation for number in spelled)

    async def _again(self, keep: MediaJob, attempt: int, reason: str) -> None:
        log.warning("file not fetched", channel=keep.ref.account.partition(":")[0], error=reason, attempt=attempt)
        if attempt >= self._attempts:
            await self._lose(keep, reason)
            return
        wait = backoff(attempt, longest=LONGEST_WAIT)
        await self._settle(lambda unit: store.later(unit, keep, wait, reason), keep)

    async def _lose(self, keep: MediaJob, reason: str, untold: FileNotice = _LOST) -> None:
        await self._settle(lambda unit: _lost(unit, keep, reason), keep)
        await self._tell(keep, untold)
        self._count("lost", "file_lost")

    async def _tell(self, keep: MediaJob, untold: FileNotice) -> None:
        self._notices.posted(await self._writer.write(lambda unit: self._notices.write(unit, keep, untold)))

    async def _settle(self, write: Callable[[UnitOfWork], bool], keep: MediaJob) -> None:
        """Write what became of a file; where it was taken back meanwhile, erase what was sealed of it."""
        if not await self._writer.write(write):
            erase(self._folder, store.name(keep.tip, keep.ordinal))

    def _count(self, result: str, kind: Kind) -> None:
        self._metrics.files.labels(result).inc()
        self._emit(LifecycleEvent(kind))


class _TipFull(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file has more bytes than the tip may still have. Nothing of it was kept."""


@contextmanager
def _of_the_tip(most: int, usual: int) -> Iterator[None]:
    """Tell a file that is too large for its tip from one that is too large for any."""
    if most <= 0:
        raise _TipFull
    try:
        yield
    except TooLarge:
        if most < usual:
            raise _TipFull from None
        raise


def _spellings(number: str) -> Iterator[str]:
    """How an Indian number may stand in an address: as it is, with a plus, with the country's code."""
    for digits in (number, number.lstrip("0"), f"91{number.lstrip('0')[-10:]}"):
        yield from (digits, f"+{digits}")


def _sealed(unit: UnitOfWork, keep: MediaJob, record: Evidence, origin: Origin | None) -> bool:
    told = seal(structs.replace(record, origin=origin), keep.recipient) if origin else b""
    kept = store.sealed(unit, keep, seal(record, keep.recipient), told)
    if kept:
        custody.record(unit, keep.tip, keep.recipient, keep.ordinal, *entries.taken_in(record, unit.now))
    return kept


def _lost(unit: UnitOfWork, keep: MediaJob, reason: str) -> bool:
    kept = store.lost(unit, keep, reason)
    if kept:
        custody.record(unit, keep.tip, keep.recipient, keep.ordinal, entries.lost(reason, unit.now))
    return kept


async def _discard(channel: Channel, ref: MediaRef) -> None:
    try:
        await channel.discard(ref)
    except Exception as error:  # noqa: BLE001 - the file is sealed: it must not be fetched again, let alone count as lost
        log.warning("file not deleted at the provider", channel=channel.name, error=type(error).__name__)
