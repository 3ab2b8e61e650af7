"""The channel `voice`: callers answer by keypad and voice; the responses to the provider's requests are the replies."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from satark.api import (
    Address,
    Batch,
    Call,
    CallProvider,
    CallRequest,
    CallVerb,
    Capabilities,
    CompleteTip,
    Event,
    GoOn,
    HangUp,
    Inbound,
    ListeningCallProvider,
    Malformed,
    Media,
    Outcome,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    SendResult,
    Tap,
    command_token,
)
from satark_sms_ivr.call_script import CallScript
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.keypad import UNKNOWN
from satark_sms_ivr.provider_channel import ProviderChannel
from satark_sms_ivr.settings import CallSettings
from satark_sms_ivr.speech import Clips
from satark_words.languages import OFFERED

MAX_SILENCES: Final = 3
"""Silences in a row after which the caller is asked to leave a message."""

CAPABILITIES: Final = Capabilities(kind="voice", text=4000, body=4000, inline=True, reachable=False)
"""Twilio accepts 4096 characters in one `<Say>`; every line has its own `<Say>`."""

_MOST_UNSAID_SECONDS: Final = 3
"""Seconds of the longest recording that key 0 discards. A longer one is an answer, whichever key ended it."""


class VoiceChannel(ProviderChannel[CallProvider]):
    """Calls over providers. Implements `satark.api.Channel`.

    Args:
        provider: carries the calls. Only this one has webhooks.
        settings: of calls.
        public_url: the address from which a provider fetches recorded prompts.
        languages: the languages offered to callers.
        others: providers whose calls this process carries itself.
    """

    name: Final = "voice"
    capabilities: Final[Capabilities] = CAPABILITIES

    def __init__(
        self,
        provider: CallProvider,
        settings: CallSettings,
        public_url: str,
        languages: Sequence[str] = OFFERED,
        *others: CallProvider,
    ) -> None:
        super().__init__(provider, *others)
        self._script = CallScript(settings, Clips(settings.clips, public_url), languages, texts=provider.texts)

    def parse(self, raw: RawRequest) -> Batch:
        """Parse one request of a call. Only the address of an event holds the caller's number.

        Raises:
            satark.api.Malformed: the webhook is not a request of a call.
        """
        webhook = self._provider.parse(raw)
        request = webhook.request
        if request is None:
            return Batch(ignored=1, alarms=webhook.alarms)
        state = CallState.parse(request.state)
        inbound = _inbound(self._provider.account, request, state)
        return Batch(inbound=[inbound], alarms=webhook.alarms, chores=self._deletions(request, state))

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Say the prompts and wait for the answer."""
        return self._provider.reply(raw, self._verbs(raw, outcome))

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: Satark calls nobody, since a ringing phone would expose its owner."""
        del prompt, account, to
        return ()

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: a ringing phone would expose its owner."""
        return self.render(prompt, account, to)

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Delete a recording. No other call occurs, since this channel phones nobody."""
        del call_id
        return await self._at[call.account].send(call)

    def _deletions(self, request: CallRequest, state: CallState) -> list[Call]:
        """Return the call that deletes the recording of a caller who then pressed the key for "don't know"."""
        if request.recording is None or not _says_unknown(request, state):
            return []
        call = self._provider.deletion_call(request.recording)
        return [] if call is None else [call]

    def _verbs(self, raw: RawRequest, outcome: Outcome) -> list[CallVerb]:
        try:
            request = self._provider.parse(raw).request
            return [] if request is None else self._answer(request, CallState.parse(request.state), outcome)
        except Malformed:
            return [HangUp()]

    def _answer(self, request: CallRequest, state: CallState, outcome: Outcome) -> list[CallVerb]:
        if state.silences > MAX_SILENCES:
            return [HangUp()]
        if outcome.state != "accepted":
            left_message = request.step == "record" and state.message
            return self._script.unavailable(outcome.state, state.recording_message(), left_message=left_message)
        prompts = list(outcome.prompts)
        if not prompts:
            return [GoOn(CallState(turn=state.turn + 1, silences=state.silences + 1).query)]
        if state.silences == MAX_SILENCES:
            return self._script.leave_message(prompts[-1], state.recording_message())
        shown = [prompt for prompt in prompts[:-1] if prompt.must_arrive] + prompts[-1:]
        asked = state.after_keys(request.keys)
        return self._script.ask(shown, asked, greeting=request.step == "start", has_number=bool(request.caller))


class ListeningVoiceChannel(VoiceChannel):
    """Calls some of which this process carries itself. Implements `satark.api.ListeningChannel`."""

    @property
    def in_use(self) -> bool:
        """Whether a call is under way in this process."""
        return any(one.in_use for one in self._providers if isinstance(one, ListeningCallProvider))

    async def listen(self, receive: Receive) -> None:
        """Carry calls until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for account, one in self._at.items():
                if isinstance(one, ListeningCallProvider):
                    tasks.create_task(one.listen(partial(self._next, account, receive)))

    async def _next(self, account: str, receive: Receive, request: CallRequest) -> Sequence[CallVerb]:
        """Ingest a request of a call; return what the call does next."""
        state = CallState.parse(request.state)
        outcome = await receive(Batch(inbound=[_inbound(account, request, state)]))
        return self._answer(request, state, outcome)


def _inbound(account: str, request: CallRequest, state: CallState) -> Inbound:
    return Inbound(
        account=account,
        chat_account=request.chat_account,
        event_key=f"{request.id}:{state.turn}:{state.silences}",
        # Who withholds the number is known by the call alone.
        senders=request.senders or (Address(request.caller or request.id),),
        event=_event(request, state),
    )


def _event(request: CallRequest, state: CallState) -> Event:
    if request.step == "start":
        return Tap(command_token("repeat" if request.continues else "restart"))
    if _says_unknown(request, state):
        return Tap(command_token(UNKNOWN))
    if request.step == "keys":
        return state.event_of(request.keys)
    if request.recording is None or request.seconds == 0:
        return state.event_of("")
    recorded = Media(request.recording, "voice")
    return CompleteTip(recorded, last=True) if state.message else recorded


def _says_unknown(request: CallRequest, state: CallState) -> bool:
    """Whether a caller recorded next to nothing, then pressed key 0. They meant to press it before the beep."""
    is_short = request.seconds is None or request.seconds <= _MOST_UNSAID_SECONDS
    pressed = request.step == "record" and request.keys == "0" and not state.message
    return pressed and is_short and state.key_0 == UNKNOWN
