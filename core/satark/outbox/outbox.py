"""The outbox: renders prompts as provider calls, and stores the calls in the transaction that made the prompts.

The number of calls under way is limited by account: to 1,280 calls a second at the provider's speed, which is 64 calls
if the provider answers within 50 ms, and 192 within 150 ms. A higher limit would only cost time with a fast provider; a
lower one would delay replies with a slow provider.

`FileNotices` tell a tipster, without being asked, about the state of a file that they sent. If the tipster can't be
written to (a call, a browser, a conversation that has ended), the notice is stored, and the tipster gets it when they
write again or open the mailbox.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import msgspec

from satark.api.channel import Channel
from satark.api.inbound import Address
from satark.api.outbound import Call
from satark.api.prompt import Capabilities, Prompt
from satark.dialogue.rendering.chat_voice_notes import ReadAloud
from satark.dialogue.session import FileNotice, MediaJob
from satark.identity.edge_key import Handle, Identity
from satark.identity.random_bytes import random_bytes
from satark.store import conversations, evidence_files, outbox
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import UnitOfWork


class _Positions:
    """Numbers messages in the order in which they are made, across all processes, unless a clock is set back."""

    def __init__(self) -> None:
        self._last = 0

    def __next__(self) -> int:
        self._last = max(self._last + 1, time.time_ns())
        return self._last


_positions = _Positions()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Outbox:
    """Makes outbox messages of prompts and of calls. Only `add` touches the store.

    `channels`: account → its channel; `read_aloud`: returns a prompt's clips; None: nothing is read out.
    """

    channels: Mapping[str, Channel]
    fitted: Callable[[Prompt, Capabilities], Prompt]
    identity: Identity
    read_aloud: ReadAloud | None = None

    def fit(self, prompt: Prompt, channel: Channel) -> Prompt:
        """Fit a prompt to what a channel can show, and the prompt's clips to what the channel can send."""
        if prompt.aloud and self.read_aloud is not None and channel.capabilities.voice_notes:
            return self.read_aloud.fit(prompt, channel.capabilities, self.fitted)
        shown = self.fitted(prompt, channel.capabilities)  # a plugin may make a prompt of its own
        return msgspec.structs.replace(shown, must_arrive=prompt.must_arrive, debounce=prompt.debounce)

    def reply(
        self, prompt: Prompt, channel: Channel, account: str, to: Address, conversation: bytes
    ) -> list[OutboxMessage]:
        """Render the answer to an inbound event, which is fitted to its channel."""
        calls = channel.render(prompt, account, to)
        return [
            message(conversation, call, must_arrive=prompt.must_arrive, debounce=prompt.debounce and at == 0)
            for at, call in enumerate(calls)
        ]

    def compose(
        self, prompt: Prompt, handle: Handle | None, conversation: bytes, *, notice: bool = False
    ) -> list[OutboxMessage]:
        """Render a prompt for a stored reply handle; return nothing if the handle's account is no longer configured.

        `conversation`: the one whose queue has the prompt; `notice`: whether Satark writes unasked, so that the
        provider may require a template (`Channel.notice`).
        """
        channel = self.channels.get(handle.account) if handle else None
        if handle is None or channel is None:
            return []
        if handle.aloud:
            prompt = msgspec.structs.replace(prompt, aloud=True)
        render = channel.notice if notice else channel.render
        calls = render(self.fit(prompt, channel), handle.account, Address(handle.address))
        return [message(conversation, call, must_arrive=True) for call in calls]

    def is_page(self, account: str) -> bool:
        """Whether an account's channel is a page in a browser. The page itself says that a draft has expired."""
        channel = self.channels.get(account)
        return channel is not None and channel.capabilities.kind == "web"

    def add(self, unit: UnitOfWork, messages: Sequence[OutboxMessage]) -> None:
        """Store messages in a transaction. They replace those of the same conversations that they supersede."""
        outbox.add(unit, messages, self.identity)


def message(conversation: bytes, call: Call, *, must_arrive: bool, debounce: bool = False) -> OutboxMessage:
    return OutboxMessage(
        id=random_bytes(16),
        position=next(_positions),
        conversation=conversation,
        call=call,
        must_arrive=must_arrive,
        debounce=debounce,
    )


PER_SECOND: Final = 1_280
_WEIGHT: Final = 0.05
"""Weight of the newest call in the mean duration of calls."""


class CallsUnderWay:
    """Limits the calls under way on one account. `async with` takes a place and gives it back.

    There are `least` places while the provider answers fast, and `most` while it does not answer.
    """

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = max(least, most)
        self._seconds = 0.0
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def places(self) -> int:
        """Number of calls that may be under way now."""
        return max(self._least, min(self._most, int(self._seconds * PER_SECOND)))

    @property
    def is_full(self) -> bool:
        """Whether another call would wait."""
        return self._taken >= self.places

    def note(self, seconds: float) -> None:
        """Note how long the provider took to answer a call."""
        self._seconds += (seconds - self._seconds) * _WEIGHT

    async def __aenter__(self) -> None:
        """Take a place, in the order of asking."""
        if not self.is_full and not self._waiting:
            self._taken += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the place back."""
        self._leave()

    def _leave(self) -> None:
        self._taken -= 1
        while self._waiting and not self.is_full:
            turn = self._waiting.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)


class FileNotices:
    """Writes file notices. After the commit, `posted` sends the notices that were written."""

    def __init__(
        self, *, outbox: Outbox, flows: Flows, identity: Identity, posted: Callable[[list[OutboxMessage]], None]
    ) -> None:
        self._outbox, self._flows, self._identity = outbox, flows, identity
        self.posted = posted

    def write(self, unit: UnitOfWork, job: MediaJob, notice: FileNotice) -> list[OutboxMessage]:
        """Put the notice about a file into the outbox, or store the notice for later, in this transaction."""
        messages = self._compose(unit, job, notice)
        if not messages:
            evidence_files.add_file_notice(unit, job, notice)
        self._outbox.add(unit, messages)
        return messages

    def write_uncleaned(self, unit: UnitOfWork, job: MediaJob) -> list[OutboxMessage] | None:
        """Put one notice about all files of a tip that could not be cleaned into the outbox.

        Returns:
            The messages. None: other files of the tip are still being cleaned. Empty: the tipster was told already, or
            can't be reached; then the next turn or the mailbox tells them.
        """
        waiting = evidence_files.pending_file_notices(unit.main, job.tip)
        notice = next((one for one in waiting if one.what == "uncleaned"), None)
        if notice is None:
            return []
        if evidence_files.is_any_due(unit.main, job.tip):
            return None
        messages = self._compose(unit, job, notice)
        if messages:
            evidence_files.clear_file_notices(unit, job.tip)
            self._outbox.add(unit, messages)
        return messages

    def _compose(self, unit: UnitOfWork, job: MediaJob, notice: FileNotice) -> list[OutboxMessage]:
        row = conversations.read(unit.main, [job.conversation]).get(job.conversation)
        handle = self._identity.open_handle(row.handle, row.id) if row else None
        if row is None or handle is None:
            return []
        return self._outbox.compose(self._flows.current.file_notice(notice, handle.language), handle, row.id)
