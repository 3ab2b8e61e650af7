"""Turn a prompt into the verbs of a call: what the call says, which keys it waits for, when it records."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from satark.api import RECEIPT_DIGITS, Ask, CallVerb, GoOn, HangUp, Line, Pace, Pause, Prompt, Record, Say, TextCaller
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text, language_of, spoken_language
from satark_sms_ivr.keypad import TEXT_CODE, may_send
from satark_sms_ivr.settings import CallSettings
from satark_sms_ivr.speech import (
    Clips,
    key_lines,
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
_KEY_SECONDS: Final = 6
_CODE_SECONDS: Final = 12
_BEFORE_BEEP_SECONDS: Final = 1
_SILENCE_SECONDS: Final = 5
_BETWEEN_CODES_SECONDS: Final = 2
_LEARNING_TURNS: Final = 3
"""Number of the first turns in which every caller hears how to end a recording. Later only a silent caller hears it."""


class CallScript:
    """Writes what a call does.

    Args:
        settings: of calls.
        clips: the recorded prompts.
        languages: the languages offered to callers. While the database is down, callers hear each of them.
        texts: whether the provider can send a caller a text message.
    """

    def __init__(
        self, settings: CallSettings, clips: Clips, languages: Sequence[str] = OFFERED, *, texts: bool = False
    ) -> None:
        self._settings = settings
        self._clips = clips
        self._languages = tuple(dict.fromkeys(map(spoken_language, languages)))
        self._offers_text = texts and settings.code_by_sms

    def ask(
        self, prompts: list[Prompt], state: CallState, *, greeting: bool, has_number: bool = False
    ) -> list[CallVerb]:
        """Say prompts and wait for the answer to the last one, which is the question.

        Args:
            prompts: what to say.
            state: the call's state so far.
            greeting: whether the call begins.
            has_number: whether the provider knows the caller's number, and so could send a text message.
        """
        prompt = prompts[-1]
        begun = [self._emergency()] if greeting else []
        lines = [line for one in prompts for line in prompt_lines(one)]
        answered = state.next(prompt)
        if self._offers_text and has_number and may_send(prompt):
            answered = msgspec.structs.replace(answered, key_8=TEXT_CODE)
        lines += unknown_lines(prompt, answered)
        if code := receipt_code(prompt):
            return [*begun, *self._receipt(prompt, lines, code, texts=state.texts and has_number)]
        if not prompt.asks:
            return [*begun, self._say(prompt.language, [*lines, call_text(prompt.language, "bye")]), HangUp()]
        silent = GoOn(answered.after_silence(state.silences + 1).query)
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

        Args:
            outcome: `spooled` or `refused`, of `satark.api.Outcome`.
            state: the state in which the message is recorded.
            left_message: whether the caller has just left a message.
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
            return [Ask(lines=said, state=answered.query, digits=RECEIPT_DIGITS, seconds=_CODE_SECONDS)]
        if prompt.choices:
            said = self._lines(prompt.language, [*lines, *menu_lines(prompt), *hints])
            unasked = len(lines) + 1 if may_send(prompt) else 0  # a key sends only what the caller has heard
            heard = [Say(said[:unasked])] if unasked else []
            return [*heard, Ask(lines=said[unasked:], state=answered.query, seconds=_KEY_SECONDS)]
        how = "speak" if state.turn <= _LEARNING_TURNS or state.silences else "speak.again"
        said = self._lines(prompt.language, [*lines, *hints, call_text(prompt.language, how)])
        return [Ask(lines=said, state=answered.query, seconds=_BEFORE_BEEP_SECONDS), self._record(answered)]

    def _receipt(self, prompt: Prompt, lines: list[str], code: list[str], *, texts: bool) -> list[CallVerb]:
        """Say a receipt, and repeat its code, each time more slowly, until the caller hangs up.

        `texts`: whether the provider also sends the code, and nothing else, by text message.

        The call waits for no key: a key press would start a new request, and that request no longer has the code.
        """
        language = prompt.language
        verbs: list[CallVerb] = [self._say(language, lines)]
        if texts:
            verbs += [TextCaller(" ".join(code)), self._say(language, [call_text(language, "receipt.texted")])]
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
