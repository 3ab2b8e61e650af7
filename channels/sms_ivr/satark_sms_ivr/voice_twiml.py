"""Write the TwiML of a call: what is said, which keys are waited for, and where an answer is recorded.

Source: Twilio, "TwiML for Programmable Voice": `<Gather>` falls through to the next verb when no key is pressed, and
nests only `<Say>`, `<Play>` and `<Pause>`; an empty `finishOnKey` lets `#` count as a key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from satark.languages import OFFERED
from satark.prompt import Prompt
from satark.tip import RECEIPT_DIGITS
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.call_texts import call_text, language_of, locale_of, spoken_language, voice_of
from satark_sms_ivr.clips import Clips
from satark_sms_ivr.keypad import TEXT_CODE, may_send
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.speech import (
    key_lines,
    menu_lines,
    prompt_languages,
    prompt_lines,
    receipt_code,
    unknown_lines,
)
from satark_sms_ivr.twilio_sms import STATUS_PATH as SMS_STATUS_PATH
from satark_sms_ivr.twiml import voice_response

KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

_TIP_NUMBER: Final = re.compile(r"(?<![0-9A-Z-])([0-9A-Z]{4})-([0-9A-Z]{4})(?![0-9A-Z-])")
_SLASH: Final = re.compile(r"\s+/\s+|(?<=\D)/(?=\D)")
_SCHEME: Final = re.compile(r"https?://")
_KEY_SECONDS: Final = 6
_CODE_SECONDS: Final = 12
_BEFORE_BEEP_SECONDS: Final = 1
_SILENCE_SECONDS: Final = 5
_BETWEEN_CODES_SECONDS: Final = 2
_LEARNING_TURNS: Final = 3
"""Turns of a call in which a caller is told how to end a recording; after them, and not fallen silent, they know."""


class VoiceTwiml:
    """Writes the responses of calls."""

    def __init__(self, settings: TwilioSettings, public_url: str, languages: Sequence[str] = OFFERED) -> None:
        """`languages`: those that callers are offered; they hear each while the database is down."""
        self._settings = settings
        self._languages = tuple(dict.fromkeys(map(spoken_language, languages)))
        self._base = public_url.rstrip("/")
        self._clips = Clips(settings.clips, public_url)

    def ask(self, prompts: list[Prompt], state: CallState, *, greeting: bool, has_number: bool = False) -> str:
        """Say prompts, the last of which is the question, and wait for its answer.

        Args:
            prompts: what to say.
            state: the call's state so far.
            greeting: whether the call begins.
            has_number: whether the caller's number is known to the provider, so that a text message could be sent.
        """
        prompt = prompts[-1]
        response = voice_response()
        if greeting:
            self._say_emergency(response)
        lines = [line for one in prompts for line in prompt_lines(one)]
        answered = state.next(prompt)
        if self._settings.code_by_sms and has_number and may_send(prompt):
            answered = msgspec.structs.replace(answered, key_8=TEXT_CODE)
        states = (answered, answered.after_silence(state.silences + 1))
        lines += unknown_lines(prompt, answered)
        hints = key_lines(prompt, answered, remind=state.turn == 1 or bool(state.silences))
        if code := receipt_code(prompt):
            self._give_receipt(response, prompt, lines, code, texts=state.texts and has_number)
        elif not prompt.asks:
            self._say(response, prompt.language, [*lines, call_text(prompt.language, "bye")])
            response.hangup()
        elif prompt.wants == "code":
            self._gather_keys(response, prompt, [*lines, *hints], states, digits=RECEIPT_DIGITS)
        elif prompt.choices:
            self._gather_keys(response, prompt, [*lines, *menu_lines(prompt), *hints], states)
        else:
            how = "speak" if state.turn <= _LEARNING_TURNS or state.silences else "speak.again"
            self._gather_speech(response, prompt, [*lines, *hints, call_text(prompt.language, how)], states)
        return str(response)

    def _say_emergency(self, verb: Any) -> None:
        """Say what to dial in an emergency, in every language that callers are offered: they have chosen none yet."""
        for language in self._languages:
            self._say(verb, language, [call_text(language, "emergency")])

    def _give_receipt(self, response: Any, prompt: Prompt, lines: list[str], code: list[str], *, texts: bool) -> None:
        """Say a receipt, and its code again and again, ever slower, until the caller hangs up.

        `texts`: send the code, and nothing else, by text message too. Without an address Twilio sends it to the caller.

        No key is waited for: whoever pressed one would ask a service that no longer has the code, and lose it.
        """
        self._say(response, prompt.language, lines)
        if texts:
            response.sms(" ".join(code), status_callback=self._base + SMS_STATUS_PATH)
            self._say(response, prompt.language, [call_text(prompt.language, "receipt.texted")])
        for time in range(1, self._settings.code_times):
            response.pause(length=_BETWEEN_CODES_SECONDS)
            self._say(response, prompt.language, [call_text(prompt.language, "receipt.again"), *code], pause=1 + time)
        self._say(response, prompt.language, [call_text(prompt.language, "bye")])
        response.hangup()

    def leave_message(self, prompt: Prompt, state: CallState) -> str:
        """Ask a caller who pressed no key at this prompt for a message; hang up if there is none."""
        response = voice_response()
        languages = prompt_languages(prompt)
        self._say_emergency(response)
        self._say(response, prompt.language, [call_text(language, "message") for language in languages])
        self._record(response, state)
        self._say(response, prompt.language, [call_text(language, "bye") for language in languages])
        response.hangup()
        return str(response)

    def unavailable(self, outcome: str, state: CallState, *, left_message: bool) -> str:
        """Say in every language that the dialogue can't continue, and record a message unless one was just left.

        Args:
            outcome: `spooled` or `refused`, of `satark.channel.Outcome`.
            state: the state in which the message is recorded.
            left_message: whether the caller has just left a message.
        """
        response = voice_response()
        text = f"down.{outcome}" if left_message or outcome == "refused" else "down.record"
        if text == "down.record":
            self._say_emergency(response)
        for language in self._languages:
            self._say(response, language, [call_text(language, text)])
        if text == "down.record":
            self._record(response, state)
        response.hangup()
        return str(response)

    def ask_again(self, state: CallState) -> str:
        """Redirect to the question in force, where there is nothing to say."""
        response = voice_response()
        response.redirect(self._url(KEYS_PATH, state), method="POST")
        return str(response)

    def hang_up(self) -> str:
        """End the call."""
        response = voice_response()
        response.hangup()
        return str(response)

    def _gather_keys(
        self, response: Any, prompt: Prompt, lines: list[str], states: tuple[CallState, CallState], *, digits: int = 1
    ) -> None:
        """Say lines and wait for keys. `states`: the next state if keys are pressed, and if none is."""
        pressed, silent = states
        gather = response.gather(
            input="dtmf",
            num_digits=digits,
            finish_on_key="#" if digits > 1 else "",
            timeout=_CODE_SECONDS if digits > 1 else _KEY_SECONDS,
            action=self._url(KEYS_PATH, pressed),
            method="POST",
        )
        self._say(gather, prompt.language, lines)
        response.redirect(self._url(KEYS_PATH, silent), method="POST")

    def _gather_speech(
        self, response: Any, prompt: Prompt, lines: list[str], states: tuple[CallState, CallState]
    ) -> None:
        """Say lines, wait briefly for a key, then record. `states`: the next state if keys are pressed, and if not."""
        pressed, silent = states
        gather = response.gather(
            input="dtmf",
            num_digits=1,
            finish_on_key="",
            timeout=_BEFORE_BEEP_SECONDS,
            action=self._url(KEYS_PATH, pressed),
            method="POST",
        )
        self._say(gather, prompt.language, lines)
        self._record(response, pressed)
        response.redirect(self._url(KEYS_PATH, silent), method="POST")

    def _record(self, response: Any, state: CallState) -> None:
        response.record(
            action=self._url(RECORD_PATH, state),
            method="POST",
            timeout=_SILENCE_SECONDS,
            finish_on_key="#" if state.message else "#0",
            max_length=self._settings.record_seconds,
            play_beep=True,
            trim="do-not-trim",
            recording_status_callback=self._base + RECORDING_PATH,
            recording_status_callback_method="POST",
            recording_status_callback_event="completed absent",
        )

    def _say(self, verb: Any, language: str, lines: list[str], *, pause: int = 1) -> None:
        """Say lines. `pause`: seconds of silence after each group of a code."""
        for line in lines:
            read_in = language_of(line, language)
            if url := self._clips.url(read_in, line):
                verb.play(url)
            elif line.isdecimal():
                self._voice(verb, read_in).prosody(" ".join(line), rate="slow" if pause == 1 else "x-slow")
                verb.pause(length=pause)
            else:
                _read_aloud(self._voice(verb, read_in), line)

    def _voice(self, verb: Any, language: str) -> Any:
        voice = self._settings.voices.get(language) or voice_of(language) or None
        return verb.say(voice=voice, language=locale_of(language))

    def _url(self, path: str, state: CallState) -> str:
        return f"{self._base}{path}?{state.query}"


def _read_aloud(say: Any, line: str) -> None:
    """Add a line to `<Say>`: a tip's number letter by letter, and a slash between words as a pause."""
    text, end = _SLASH.sub(", ", _SCHEME.sub("", line)), 0
    for found in _TIP_NUMBER.finditer(text):
        say.nest(text[end : found.start()])
        say.say_as(found[1], interpret_as="characters")
        say.nest("-")
        say.say_as(found[2], interpret_as="characters")
        end = found.end()
    say.nest(text[end:])
