"""The evidence worker: downloads files from providers, has them sealed and cleaned, and retries up to a limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from satark.api.background import backoff, wait_for
from satark.api.channel import Channel, MediaGone, channel_of
from satark.api.inbound import SPOKEN, Address, MediaRef
from satark.api.observability import Kind, LifecycleEvent, log
from satark.api.sealing import seal
from satark.api.tip import Evidence
from satark.custody import entries
from satark.custody import log as custody
from satark.dialogue.session import FileNotice, MediaJob
from satark.evidence.pipeline import ProcessedFile, Rejected, process_file
from satark.evidence.stream_sealing import TooLarge
from satark.evidence.voice_listening import VoiceListener
from satark.identity.edge_key import Identity
from satark.outbox.outbox import FileNotices
from satark.roster.roster import Roster
from satark.routing.authors import signed_by_tipster
from satark.routing.tip_keys import recipient_of_job
from satark.settings.settings import Settings
from satark.store import evidence_files as store
from satark.store.sealed_files import erase, sizes_of, total_original_bytes
from satark.store.unit_of_work import UnitOfWork
from satark.store.workspace import remove_abandoned_folders, temporary_folder, workspace_dir
from satark.store.writer import StoreDown, Writer
from satark.telemetry.metrics import Metrics
from satark_files.documents.vcard import phone_numbers
from satark_files.extra_packages import needing
from satark_files.file_store import StorageDown
from satark_files.limits import MB
from satark_files.origin import Origin
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import Scrubber

AT_ONCE = 2
"""Most files in progress in one process. With four, turns waited three times as long, and no more files were done."""
PAUSE = 0.1
"""Seconds of pause after each file: during a burst of files, turns alone have a third of the time."""
CLAIMED = 2 * AT_ONCE
"""Most files that one process claims; all other due files wait in the store."""
RENEW_EVERY = 10.0
"""Seconds between two renewals of claims; a third of `store.FETCH_LEASE`."""
LONGEST_WAIT = 1800.0
"""Most seconds between two attempts."""
STORE_WAIT = 20.0
"""Seconds between two attempts while the store of files is down, which use up none."""
_HELD_UP = {StorageDown.__name__, BlockingIOError.__name__}
"""Errors that use up no attempt: the store is down, or who lost the claim on a file still writes it."""
_PADDED = 2048
"""Least size of a file's record in its padded form."""
_SOON = 0.1
"""Seconds between two checks whether a tip's files are done, if a notice may be sent at once."""
_LOST = FileNotice("lost")
_COMPLETE = 100
"""Percentage that a completely read file has."""


@dataclass(kw_only=True, eq=False, repr=False)
class EvidenceWorker:
    """Fetches, seals and cleans the files of one process."""

    channels: Mapping[str, Channel]
    writer: Writer
    identity: Identity
    metrics: Metrics
    settings: Settings
    scrubbers: Sequence[Scrubber]
    notices: FileNotices
    listener: VoiceListener
    roster: Roster
    emit: Callable[[LifecycleEvent], None]

    def __post_init__(self) -> None:
        self._core, self._files = self.settings.core, self.settings.evidence
        self._limits, self._tip_bytes = self._core.evidence.limits(), self._core.evidence.tip_bytes
        self._notice_seconds = self._core.file_notice_seconds
        self._workspace = workspace_dir(self._core.data_dir)
        self._sandbox: Sandbox | None = None
        self._opening = asyncio.Lock()
        self._exits = AsyncExitStack()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._claimed: set[MediaJob] = set()
        self._wake = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a file is under way."""
        return bool(self._claimed)

    def wake(self) -> None:
        """Look for due files now instead of in the next second."""
        self._wake.set()

    def erase(self, names: Sequence[str]) -> None:
        """Erase the sealed copies of files that the tipster erased."""
        erase(self._files, names)

    async def run(self) -> None:
        """Fetch files until cancelled."""
        remove_abandoned_folders(self._workspace)
        self._files.remove_abandoned()
        async with self._exits, asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._keep_claims())
            while True:
                self._wake.clear()
                claimed = await self._claim(CLAIMED - len(self._claimed))
                self._claimed.update(claimed)
                for job in claimed:
                    tasks.create_task(self._fetch(job))
                if not claimed:
                    await wait_for(self._wake, seconds=1)

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            if jobs := [*self._claimed]:
                self.writer.write_soon(lambda unit, jobs=jobs: store.renew_claims(unit, jobs))  # type: ignore[misc]

    async def _claim(self, most: int) -> list[MediaJob]:
        if most <= 0:
            return []
        try:
            return await self.writer.write(lambda unit: store.claim_due(unit, self.identity, most))
        except StoreDown:
            return []

    async def _fetch(self, job: MediaJob) -> None:
        # With the store down no result can be written: the claim expires, and the file is fetched again.
        try:
            with suppress(StoreDown, _ClaimLost):
                await self._try(job)
        except asyncio.CancelledError:  # the process is told to stop: another one need not wait for the claim's end
            self.writer.write_soon(lambda unit: store.retry_later(unit, job, 0, ""))
            raise
        self._claimed.discard(job)
        if len(self._claimed) == AT_ONCE:  # not at each file: several are claimed in one transaction
            self._wake.set()

    async def _try(self, job: MediaJob) -> None:
        async with self._slots:
            try:
                await self._process(job)
            except MediaGone:
                await self._lose(job, "gone at the provider")
            except TooLarge:
                await self._lose(job, "too large", FileNotice("too_large", self._limits.file_bytes // MB))
            except _TipFull:
                await self._lose(job, "tip full", FileNotice("tip_full"))
            except Rejected:
                await self._lose(job, "sender's own card", FileNotice("own_card"))
            except (StoreDown, _ClaimLost):
                raise
            except Exception as error:  # noqa: BLE001 - whatever fails, the file is retried
                await self._retry(job, type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _process(self, job: MediaJob) -> None:
        """Store a file. A voice note is searched for danger afterwards, from a copy in memory."""
        recipient, sealed = await self.writer.write(
            lambda unit: (self._recipient(unit, job), store.sealed_names(unit.main, job.tip))
        )
        job = structs.replace(job, recipient=recipient)
        most = self._tip_bytes - await asyncio.to_thread(total_original_bytes, self._files, sealed)
        with ExitStack() as plain:
            listens = self.listener.listens_to(job)
            recording = plain.enter_context(temporary_folder(self._workspace)) / "recording" if listens else None
            await self._store(job, most, recording)
            if self._tasks is not None and recording is not None and recording.exists():
                self._tasks.create_task(self.listener.listen(job, recording, plain.pop_all()))

    async def _store(self, job: MediaJob, most: int, recording: Path | None) -> None:
        channel = self.channels[job.ref.account]
        name = store.name(job.tip, job.ordinal)
        if most <= 0:
            raise _TipFull
        try:
            async with channel.fetch(job.ref) as stream:
                file = await self._seal(job, name, stream, most, recording)
        except TooLarge:
            if most < self._limits.file_bytes:
                raise _TipFull from None
            raise
        facts = structs.asdict(file) | {"problem": file.problem or "", "origin": None}
        record = Evidence(ordinal=job.ordinal, role=job.role, kind=job.kind, caption=job.caption, **facts)
        settlement = await asyncio.to_thread(_sealed_settlement, job, record, file.origin)
        sizes = await asyncio.to_thread(sizes_of, self._files, name)
        await self._settle(lambda unit: self._mark_sealed(unit, job, settlement, sizes), job)
        if file.problem == "encrypted":
            await self._notify(job, FileNotice("encrypted"))
        elif file.readable < _COMPLETE:
            await self._notify(job, FileNotice("repaired", percent=file.readable))
        elif file.problem and job.position and self._tasks is not None:
            self._tasks.create_task(self._tell_uncleaned(job))
        self._count("sealed", "file_sealed")
        await self._discard(job.ref)

    def _recipient(self, unit: UnitOfWork, job: MediaJob) -> str:
        return recipient_of_job(unit, self.roster.check(unit.keys, committed=False).state, job)

    def _mark_sealed(self, unit: UnitOfWork, job: MediaJob, settlement: _Settlement, sizes: store.Sizes) -> bool:
        if self._recipient(unit, job) != job.recipient:
            raise _KeyRenewed
        found = store.mark_sealed(unit, job, settlement.record, settlement.record_with_origin, sizes=sizes)
        if found:
            custody.append_sealed(unit, job.tip, job.ordinal, settlement.entries)
            if settlement.is_uncleaned:
                store.add_uncleaned_notice(unit, job)
        return found

    async def _seal(
        self, job: MediaJob, name: str, stream: AsyncIterator[bytes], most: int, recording: Path | None
    ) -> ProcessedFile:
        def reject(mime: str, copy: Path) -> bool:
            if recording is not None:
                recording.hardlink_to(copy)
            return mime == "text/vcard" and is_senders_card(copy, job.ref.account, job.senders, self.identity)

        return await process_file(
            stream,
            recipient=job.recipient,
            store=self._files,
            name=name,
            declared_mime=job.ref.mime,
            limits=self._limits,
            sandbox=await self._open_sandbox(),
            workspace=self._workspace,
            voice=job.kind in SPOKEN,
            max_bytes=most,
            reject=reject,
            before_store=lambda: self._settle(lambda unit: store.renew_claim(unit, job), job),
        )

    async def _open_sandbox(self) -> Sandbox:
        """Start the sandbox when the first file comes. Its libraries are large, and many processes never get a file."""
        async with self._opening:
            if self._sandbox is None:
                scrubbers = [*self.scrubbers, *await asyncio.to_thread(_load_scrubbers)]
                own = self._core.evidence
                sandbox = Sandbox(scrubbers, allow_weak_isolation=own.allow_weak_isolation, gives_way=own.gives_way)
                self._sandbox = await self._exits.enter_async_context(sandbox)
            return self._sandbox

    async def _retry(self, job: MediaJob, reason: str) -> None:
        attempt, is_down = job.attempt, reason in _HELD_UP
        final = attempt >= self._core.media_attempts and not is_down
        event = "file not fetched, giving up" if final else "file not fetched, will retry"
        log.warning(event, channel=channel_of(job.ref.account), error=reason, attempt=attempt)
        if final:
            await self._lose(job, reason)
            return
        wait = STORE_WAIT if is_down else backoff(attempt, longest=LONGEST_WAIT)
        await self._settle(lambda unit: store.retry_later(unit, job, wait, reason, counts=not is_down), job)

    async def _lose(self, job: MediaJob, reason: str, notice: FileNotice = _LOST) -> None:
        await self._settle(lambda unit: _lost(unit, job, reason), job)
        await self._notify(job, notice)
        self._count("lost", "file_lost")

    async def _notify(self, job: MediaJob, notice: FileNotice) -> None:
        self.notices.posted(await self.writer.write(lambda unit: self.notices.write(unit, job, notice)))

    async def _tell_uncleaned(self, job: MediaJob) -> None:
        """Tell the tipster which files could not be cleaned; wait first, so that one message can name them all."""
        messages = None
        while messages is None:
            await asyncio.sleep(self._notice_seconds or _SOON)
            try:
                messages = await self.writer.write(lambda unit: self.notices.write_uncleaned(unit, job))
            except Exception as error:  # noqa: BLE001 - it stays stored, and is said with the next turn
                log.warning("tipster not told of files that were not cleaned", error=type(error).__name__)
                return
        self.notices.posted(messages)

    async def _settle(self, write: Callable[[UnitOfWork], bool], job: MediaJob) -> None:
        """Store the result of an attempt. If the tipster erased the file in the meantime, erase its copies everywhere.

        Raises:
            _ClaimLost: the tipster erased the file, or it is another process's: nothing that this attempt did counts.
        """
        holds, exists = await self.writer.write(lambda unit: (write(unit), store.exists(unit.main, job)))
        if not exists:
            await asyncio.to_thread(erase, self._files, [store.name(job.tip, job.ordinal)])
            await self._discard(job.ref)
        if not holds:
            raise _ClaimLost

    async def _discard(self, ref: MediaRef) -> None:
        try:
            await self.channels[ref.account].discard(ref)
        except Exception as error:  # noqa: BLE001 - the file is sealed: no failure here may fetch it again or lose it
            name = channel_of(ref.account)
            log.warning("file not deleted at the provider", channel=name, error=type(error).__name__)

    def _count(self, result: str, kind: Kind) -> None:
        self.metrics.files.count(result)
        self.emit(LifecycleEvent(kind))


class _TipFull(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file has more bytes than its tip has left. Nothing of it was stored."""


class _ClaimLost(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The file was erased, or another process has claimed or settled it since."""


class _KeyRenewed(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """The tip has another key since the file was sealed: the file is fetched again."""


def _load_scrubbers() -> list[Scrubber]:
    with needing("evidence"):
        from satark_files.builtin_scrubbers import builtin_scrubbers  # noqa: PLC0415 - see `_open_sandbox`

    return builtin_scrubbers()


class _Settlement(NamedTuple):
    """The result to store for a file. It is sealed before the transaction, which also stores turns."""

    record: bytes
    record_with_origin: bytes
    entries: Sequence[custody.MakeRow]
    is_uncleaned: bool
    """Whether to tell the tipster that the file could not be cleaned."""


def _sealed_settlement(job: MediaJob, record: Evidence, origin: Origin | None) -> _Settlement:
    plain, told = (structs.replace(record, origin=one) for one in (None, origin))
    plain, told = (signed_by_tipster(one, job.tip, 0, job.tipster_key) for one in (plain, told))
    return _Settlement(
        record=seal(plain, job.recipient, padded=_PADDED),
        record_with_origin=store.withheld(seal(told, job.recipient, padded=_PADDED), job) if origin else b"",
        entries=custody.seal_entries(job.recipient, *entries.received_entries(record, int(time.time()))),
        is_uncleaned=bool(record.problem and record.problem != "encrypted" and job.position),
    )


def _lost(unit: UnitOfWork, job: MediaJob, reason: str) -> bool:
    found = store.mark_lost(unit, job, reason)
    if found:
        custody.append_entries(unit, job.tip, job.recipient, job.ordinal, entries.lost_entry(reason, unit.now))
    return found


def is_senders_card(card: Path, account: str, senders: Collection[bytes], identity: Identity) -> bool:
    """Whether a plain contact card has its sender's own telephone number, by the number's pseudonym."""
    with card.open(encoding="utf-8", errors="replace") as file:
        numbers = phone_numbers(file.read(MB))
    addresses = {Address(spelling) for number in numbers for spelling in _spellings(number)}
    return any(identity.pseudonym(account, address) in senders for address in addresses)


def _spellings(number: str) -> Iterator[str]:
    """Yield an Indian number as channels write it: unchanged, with the country code, and with a plus."""
    for digits in (number, number.lstrip("0"), f"91{number.lstrip('0')[-10:]}"):
        yield from (digits, f"+{digits}")
