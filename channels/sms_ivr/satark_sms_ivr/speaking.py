"""Prompts as TwiML: what is said, which keys are waited for, and where an answer is recorded.

Source: Twilio, "TwiML for Programmable Voice": `<Gather>` falls through to the next verb when no key is pressed, and
nests only `<Say>`, `<Play>` and `<Pause>`; an empty `finishOnKey` lets `#` count as a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from satark.prompt import Prompt
from satark_sms_ivr.clips import Clips
from satark_sms_ivr.keypad import Call
from satark_sms_ivr.phrases import OUTAGE_LANGUAGES, language_of, phrase
from satark_sms_ivr.settings import TwilioSettings

KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

SILENCES: Final = 3
"""Silences after which the caller is asked to leave a message."""

_CODE: Final = re.compile(r"(?<!\d)\d{4}(?: \d{4}){2,3}(?!\d)")
_LOCALES: Final = {"hi": "hi-IN", "en": "en-IN"}
_CODE_DIGITS: Final = 16
_KEY_SECONDS: Final = 6
_CODE_SECONDS: Final = 12
_BEFORE_BEEP_SECONDS: Final = 1
_SILENCE_SECONDS: Final = 5


class Speaker:
    """Writes the answers of calls."""

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        self._settings = settings
        self._base = public_url.rstrip("/")
        self._clips = Clips(settings.clips, public_url)

    def put(self, prompts: list[Prompt], call: Call, *, greeting: bool) -> str:
        """Say prompts, the last of which is the question, and wait for its answer. `greeting`: the call begins."""
        prompt = prompts[-1]
        response = _response()
        lines = [line for one in prompts for line in self._lines(one)]
        here = call.next(prompt)
        quiet = here.quiet(call.silent + 1)
        if not prompt.choices and prompt.wants == "nothing":
            self._say(response, prompt.language, [*lines, phrase(prompt.language, "bye")])
            response.hangup()
        elif prompt.wants == "code":
            self._keys(response, prompt, [*lines, *_ways(prompt, here)], (here, quiet), digits=_CODE_DIGITS)
        elif prompt.choices:
            hints = [phrase(prompt.language, "status")] if greeting else []
            self._keys(response, prompt, [*lines, *_menu(prompt, here), *hints], (here, quiet))
        else:
            self._speak(response, prompt, [*lines, *_ways(prompt, here)], (here, quiet))
        return str(response)

    def leave_message(self, language: str, call: Call) -> str:
        """Take a message from somebody who presses no key, and hang up if there is none."""
        response = _response()
        self._say(response, language, [phrase(language, "message")])
        self._record(response, call)
        self._say(response, language, [phrase(language, "bye")])
        response.hangup()
        return str(response)

    def outage(self, state: str, call: Call, *, spoken: bool) -> str:
        """Say in every language that the dialogue can't go on, and take a message, unless one was just `spoken`.

        Args:
            state: `kept` or `refused`, of `satark.channel.Outcome`.
            call: the moment after the message.
            spoken: whether what was kept is what the caller had to say.
        """
        response = _response()
        said = f"outage.{state}" if spoken or state == "refused" else "outage.leave"
        for language in OUTAGE_LANGUAGES:
            self._say(response, language, [phrase(language, said)])
        if said == "outage.leave":
            self._record(response, call)
        response.hangup()
        return str(response)

    def again(self, call: Call) -> str:
        """Ask for the question again, when there is nothing to say."""
        response = _response()
        response.redirect(self._url(KEYS_PATH, call), method="POST")
        return str(response)

    def end(self) -> str:
        """Hang up."""
        response = _response()
        response.hangup()
        return str(response)

    def _lines(self, prompt: Prompt) -> Iterator[str]:
        """The lines to say; a receipt's code slowly, twice; what else must be heard, twice as well."""
        found = _CODE.search(prompt.text)
        before = prompt.text[: found.start()] if found else prompt.text
        once = [line for line in before.split("\n") if line.strip()]
        yield from once
        if prompt.keep:
            again = phrase(prompt.language, "again")
            groups = found[0].split() if found else once
            yield from ([*groups, again, *groups] if found else [again, *groups])
        if found:
            yield from (line for line in prompt.text[found.end() :].split("\n") if line.strip())

    def _keys(
        self, response: Any, prompt: Prompt, lines: list[str], calls: tuple[Call, Call], *, digits: int = 1
    ) -> None:
        """Say lines and wait for keys. `calls`: what to go on with when one is pressed, and when none is."""
        heard, quiet = calls
        gather = response.gather(
            input="dtmf",
            num_digits=digits,
            finish_on_key="#" if digits > 1 else "",
            timeout=_CODE_SECONDS if digits > 1 else _KEY_SECONDS,
            action=self._url(KEYS_PATH, heard),
            method="POST",
        )
        self._say(gather, prompt.language, lines)
        response.redirect(self._url(KEYS_PATH, quiet), method="POST")

    def _speak(self, response: Any, prompt: Prompt, lines: list[str], calls: tuple[Call, Call]) -> None:
        """Say lines, listen for a key, then record. `calls`: as for keys."""
        heard, quiet = calls
        gather = response.gather(
            input="dtmf",
            num_digits=1,
            finish_on_key="",
            timeout=_BEFORE_BEEP_SECONDS,
            action=self._url(KEYS_PATH, heard),
            method="POST",
        )
        self._say(gather, prompt.language, [*lines, phrase(prompt.language, "speak")])
        self._record(response, heard)
        response.redirect(self._url(KEYS_PATH, quiet), method="POST")

    def _record(self, response: Any, call: Call) -> None:
        response.record(
            action=self._url(RECORD_PATH, call),
            method="POST",
            timeout=_SILENCE_SECONDS,
            finish_on_key="#",
            max_length=self._settings.record_seconds,
            play_beep=True,
            trim="do-not-trim",
            recording_status_callback=self._base + RECORDING_PATH,
            recording_status_callback_method="POST",
            recording_status_callback_event="completed absent",
        )

    def _say(self, verb: Any, language: str, lines: list[str]) -> None:
        for line in lines:
            spoken = language_of(line, language)
            if url := self._clips.url(spoken, line):
                verb.play(url)
            elif line.isdecimal():
                self._voice(verb, spoken).prosody(" ".join(line), rate="x-slow")
                verb.pause(length=1)
            else:
                self._voice(verb, spoken, line)

    def _voice(self, verb: Any, language: str, line: str | None = None) -> Any:
        voices = self._settings.voices
        voice = voices.get(language) or next(iter(voices.values()), None)
        return verb.say(line, voice=voice, language=_LOCALES.get(language, "en-IN"))

    def _url(self, path: str, call: Call) -> str:
        return f"{self._base}{path}?{call.query}"


def _menu(prompt: Prompt, call: Call) -> list[str]:
    """Each choice with its key, in the choice's own language."""
    lines = []
    for key, choice in enumerate(prompt.choices, 1):
        language = language_of(choice.label, prompt.language)
        lines.append(phrase(language, "choose", label=choice.label, key=key))
    return [*lines, *_ways(prompt, call)]


def _ways(prompt: Prompt, call: Call) -> list[str]:
    """What the other keys do."""
    ways = (call.onward, call.aside, "clear" if call.clear else "", "repeat")
    return [phrase(prompt.language, way) for way in ways if way]


def _response() -> Any:
    from twilio.twiml.voice_response import VoiceResponse  # noqa: PLC0415 - an extra; see `Signature`

    return VoiceResponse()
