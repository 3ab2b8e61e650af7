"""The channel `voice`: callers answer by keypad and voice; the responses to the provider's requests are the replies.

`CallScript` turns a prompt into the verbs of a call: what it says, which keys it waits for, when it records.
"""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec

from satark.api import (
    RECEIPT_DIGITS,
    Address,
    Ask,
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
    Line,
    ListeningCallProvider,
    Malformed,
    Media,
    Outcome,
    Pace,
    Pause,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    Record,
    Say,
    SendResult,
    Tap,
    command_token,
)
from satark_sms_ivr.call_state import GREETING, MAX_SILENCES, CallState
from satark_sms_ivr.call_texts import call_text, language_of, spoken_language
from satark_sms_ivr.keypad import UNKNOWN, erasing_keys, is_review
from satark_sms_ivr.provider_channel import ProviderChannel
from satark_sms_ivr.settings import CallSettings
from satark_sms_ivr.spoken_lines import (
    Clips,
    key_lines,
    lines_below_list,
    menu_lines,
    prompt_languages,
    prompt_lines,
    receipt_code,
    unknown_lines,
)
from satark_sms_ivr.twiml import NOT_XML
from satark_words.languages import OFFERED

_SLASH: Final = re.compile(r"\s+/\s+|(?<=\D)/(?=\D)")
_SCHEME: Final = re.compile(r"https?://")
_KEY_SECONDS: Final = 10
_CODE_SECONDS: Final = 12
_SHORTEST_SECONDS: Final = 1
_SILENCE_SECONDS: Final = 5
_BETWEEN_CODES_SECONDS: Final = 2


class CallScript:
    """Writes the verbs of a call. `languages`: offered to callers, who hear each of them while the database is down."""

    def __init__(self, settings: CallSettings, clips: Clips, languages: Sequence[str] = OFFERED) -> None:
        self._settings = settings
        self._clips = clips
        self._languages = tuple(dict.fromkeys(map(spoken_language, languages)))

    def ask(self, prompts: list[Prompt], state: CallState) -> list[CallVerb]:
        """Say prompts, and the `unheard` texts of the state; wait for the answer to the last prompt, the question."""
        prompt = prompts[-1]
        lines = [call_text(prompt.language, "too_early")] if state.unheard.strip(GREETING) else []
        lines += [line for one in prompts for line in prompt_lines(one)]
        answered = state.next(prompt)
        lines += unknown_lines(prompt, answered)
        if code := receipt_code(prompt):
            return self._receipt(prompt, lines, code)
        if not prompt.asks:
            return [self._say(prompt.language, [*lines, call_text(prompt.language, "bye")]), HangUp()]
        silent = GoOn(msgspec.structs.replace(answered, silences=state.silences + 1).query)
        greets = GREETING in state.unheard
        begun = [self._unheard(self._emergency().lines, prompt, answered, GREETING)] if greets else []
        return [*begun, *self._question(prompt, lines, state, answered), silent]

    def leave_message(self, prompt: Prompt, state: CallState) -> list[CallVerb]:
        """Ask a caller who pressed no key at this prompt to record a message. Hang up if the caller records none."""
        languages = prompt_languages(prompt)
        return [
            self._emergency(),
            self._say(prompt.language, [call_text(language, "message") for language in languages]),
            self._record(state),
            self._say(prompt.language, [call_text(language, "bye") for language in languages]),
            HangUp(),
        ]

    def unavailable(self, outcome: str, state: CallState, *, left_message: bool) -> list[CallVerb]:
        """Say in every language that the dialogue can't continue, and record a message unless one was just left.

        `outcome`: `spooled` or `refused`. `state`: in which the message is recorded.
        """
        records = not left_message and outcome != "refused"
        text = "down.record" if records else f"down.{outcome}"
        said = [self._in_every_language(text)]
        return [self._emergency(), *said, self._record(state), HangUp()] if records else [*said, HangUp()]

    def _question(self, prompt: Prompt, lines: list[str], state: CallState, answered: CallState) -> list[CallVerb]:
        """Say a question and wait for its answer: a typed code, a pressed choice, or words spoken after the beep."""
        hints = key_lines(prompt, answered, remind=state.turn == 1 or bool(state.silences))
        if prompt.wants == "code":
            said = self._lines(prompt.language, [*lines, *hints])
            # The hash that ends a code must not cut off what is said next, so it has a place of its own.
            return [Ask(lines=said, state=answered.query, digits=RECEIPT_DIGITS + 1, seconds=_CODE_SECONDS)]
        if prompt.choices:
            said = self._lines(prompt.language, [*lines, *menu_lines(prompt), *hints])
            unasked = len(lines) - lines_below_list(prompt) if is_review(prompt) else 0
            heard = [self._unheard(said[:unasked], prompt, answered)] if unasked else []
            return [*heard, Ask(lines=said[unasked:], state=answered.query, seconds=_KEY_SECONDS)]
        said = self._lines(prompt.language, [*lines, *hints, call_text(prompt.language, "speak")])
        return [Ask(lines=said, state=answered.query, seconds=_SHORTEST_SECONDS), self._record(answered)]

    def _unheard(self, lines: Sequence[Line], prompt: Prompt, answered: CallState, what: str = "") -> Ask:
        """Say the texts that must be heard before a key sends or erases the tip, and the greeting. Other keys count."""
        sends = "1" if is_review(prompt) else ""
        erases = erasing_keys(prompt) if what else ""  # no question was heard yet
        state = msgspec.structs.replace(answered, unheard=what + sends + erases)
        return Ask(lines=lines, state=state.query, seconds=_SHORTEST_SECONDS)

    def _receipt(self, prompt: Prompt, lines: list[str], code: list[str]) -> list[CallVerb]:
        """Say a receipt, and repeat its code, each time more slowly, until the caller hangs up.

        The call waits for no key: a key press would start a new request, and that request no longer has the code.
        """
        language = prompt.language
        verbs: list[CallVerb] = [self._say(language, lines)]
        for time in range(1, self._settings.code_times):
            again = self._lines(language, [call_text(language, "receipt.again"), *code], pause=1 + time)
            verbs += [Pause(_BETWEEN_CODES_SECONDS), Say(again)]
        return [*verbs, self._say(language, [call_text(language, "bye")]), HangUp()]

    def _record(self, state: CallState) -> Record:
        return Record(
            state=state.query,
            seconds=self._settings.record_seconds,
            silence=_SILENCE_SECONDS,
            end_keys="#" if state.message else "#0",
        )

    def _emergency(self) -> Say:
        """Say what to dial in an emergency, in every language on offer, since the caller has chosen none yet."""
        return self._in_every_language("emergency")

    def _in_every_language(self, key: str) -> Say:
        return Say([line for one in self._languages for line in self._lines(one, [call_text(one, key)])])

    def _say(self, language: str, lines: Sequence[str]) -> Say:
        return Say(self._lines(language, lines))

    def _lines(self, language: str, lines: Sequence[str], *, pause: int = 1) -> list[Line]:
        """Return lines as the call reads them aloud. `pause`: seconds of silence after each group of a code."""
        return [self._line(language_of(line, language), line, pause) for line in lines]

    def _line(self, language: str, line: str, pause: int) -> Line:
        if line.isdecimal():
            pace: Pace = "slow" if pause == 1 else "slowest"
            return Line(text=" ".join(line), language=language, pace=pace, pause=pause)
        text = NOT_XML.sub(" ", _SLASH.sub(", ", _SCHEME.sub("", line)))
        return Line(text=text, language=language, clip=self._clips.url(language, line))


CAPABILITIES: Final = Capabilities(kind="voice", text=4000, body=4000, inline=True, reachable=False)
"""Twilio accepts 4096 characters in one `<Say>`; every line has its own `<Say>`."""

_MOST_UNSAID_SECONDS: Final = 3
"""Length in seconds of the longest recording that key 0 discards. A longer one is an answer, whichever key ended it."""


class VoiceChannel(ProviderChannel[CallProvider]):
    """Calls over providers. Implements `satark.api.Channel`.

    `provider` carries the calls, and alone has webhooks. `others`: providers whose calls this process carries itself. A
    provider fetches recorded prompts from `public_url`.
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
        self._script = CallScript(settings, Clips(settings.clips, public_url), languages)

    def parse(self, raw: RawRequest) -> Batch:
        """Parse one request of a call. No event holds the caller's number.

        Raises:
            satark.api.Malformed: the webhook is not a request of a call.
        """
        webhook = self._provider.parse(raw)
        request = webhook.request
        if request is None:
            return Batch(ignored=1, alarms=webhook.alarms, chores=webhook.chores)
        state = CallState.parse(request.state)
        inbound = _inbound(self._provider.account, request, state)
        return Batch(inbound=inbound, alarms=webhook.alarms, chores=self._deletions(request, state))

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
        """Return the call that deletes a recording after which the caller pressed the key for "don't know"."""
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
        message = CallState(turn=state.turn + 1, message=True)
        if outcome.state != "accepted":
            left_message = request.step == "record" and state.message
            return self._script.unavailable(outcome.state, message, left_message=left_message)
        prompts = list(outcome.prompts)
        if not prompts:
            return [GoOn(CallState(turn=state.turn + 1, silences=state.silences + 1).query)]
        if state.silences == MAX_SILENCES:
            return self._script.leave_message(prompts[-1], message)
        shown = [prompt for prompt in prompts[:-1] if prompt.must_arrive] + prompts[-1:]
        asked = CallState(unheard=GREETING) if request.step == "start" else state.after_keys(request.keys)
        return self._script.ask(shown, asked)


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
        """Ingest a request of a call; return the call's next verbs."""
        state = CallState.parse(request.state)
        outcome = await receive(Batch(inbound=_inbound(account, request, state)))
        return self._answer(request, state, outcome)


def _inbound(account: str, request: CallRequest, state: CallState) -> list[Inbound]:
    """Return the event of a request. Key 0 after one of several possible recordings means that it was the last."""
    told = Inbound(
        account=account,
        chat_account=request.chat_account,
        event_key=f"{request.id}:{state.turn}:{state.silences}",
        senders=request.senders or (Address(request.id),),
        event=_event(request, state),
    )
    if not (state.collects and request.keys == "0" and isinstance(told.event, Media)):
        return [told]
    last = Tap(command_token(UNKNOWN))
    return [told, msgspec.structs.replace(told, event_key=f"{told.event_key}:last", event=last)]


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
    """Whether a caller recorded next to nothing and then pressed key 0, which they meant to press before the beep."""
    is_short = request.seconds is None or request.seconds <= _MOST_UNSAID_SECONDS
    pressed = request.step == "record" and request.keys == "0" and not state.message
    return pressed and is_short and state.key_0 == UNKNOWN
