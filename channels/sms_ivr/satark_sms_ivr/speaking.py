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
from satark_sms_ivr.phrases import OUTAGE_LANGUAGES, is_in, language_of, phrase
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twiml import voice_response

KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

SILENCES: Final = 3
"""Silences after which the caller is asked to leave a message."""

_CODE: Final = re.compile(r"(?<!\d)\d{4}(?: \d{4}){2,3}(?!\d)")
_TIP_NUMBER: Final = re.compile(r"(?<![0-9A-Z-])([0-9A-Z]{4})-([0-9A-Z]{4})(?![0-9A-Z-])")
_SLASH: Final = re.compile(r"\s+/\s+|(?<=\D)/(?=\D)")
_BULLET: Final = "• "
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
        response = voice_response()
        lines = [line for one in prompts for line in self._lines(one)]
        here = call.next(prompt)
        quiet = here.quiet(call.silent + 1)
        ways = _ways(prompt, here, greeting=greeting)
        if not prompt.asks:
            self._say(response, prompt.language, [*lines, phrase(prompt.language, "bye")])
            response.hangup()
        elif prompt.wants == "code":
            self._keys(response, prompt, [*lines, *ways], (here, quiet), digits=_CODE_DIGITS)
        elif prompt.choices:
            self._keys(response, prompt, [*lines, *menu_lines(prompt), *ways], (here, quiet))
        else:
            self._speak(response, prompt, [*lines, *ways], (here, quiet))
        return str(response)

    def leave_message(self, prompt: Prompt, call: Call) -> str:
        """Take a message from somebody who pressed no key at this prompt, and hang up if there is none."""
        response = voice_response()
        languages = _languages(prompt)
        self._say(response, prompt.language, [phrase(language, "message") for language in languages])
        self._record(response, call)
        self._say(response, prompt.language, [phrase(language, "bye") for language in languages])
        response.hangup()
        return str(response)

    def outage(self, state: str, call: Call, *, spoken: bool) -> str:
        """Say in every language that the dialogue can't go on, and take a message, unless one was just `spoken`.

        Args:
            state: `spooled` or `refused`, of `satark.channel.Outcome`.
            call: the moment after the message.
            spoken: whether what was kept is what the caller had to say.
        """
        response = voice_response()
        said = f"down.{state}" if spoken or state == "refused" else "down.record"
        for language in OUTAGE_LANGUAGES:
            self._say(response, language, [phrase(language, said)])
        if said == "down.record":
            self._record(response, call)
        response.hangup()
        return str(response)

    def again(self, call: Call) -> str:
        """Ask for the question again, when there is nothing to say."""
        response = voice_response()
        response.redirect(self._url(KEYS_PATH, call), method="POST")
        return str(response)

    def end(self) -> str:
        """Hang up."""
        response = voice_response()
        response.hangup()
        return str(response)

    def _lines(self, prompt: Prompt) -> Iterator[str]:
        """The lines to say; a receipt's code slowly, twice; what else must be heard, twice, and then what is asked."""
        again = phrase(prompt.language, "again")
        if found := _CODE.search(prompt.text):
            groups = found[0].split()
            yield from spoken_lines(prompt.text[: found.start()])
            yield from [*groups, again, *groups] if prompt.must_arrive else groups
            yield from spoken_lines(prompt.text[found.end() :])
            return
        asked = prompt.parts[-1] if prompt.must_arrive and prompt.asks and prompt.parts else ""
        told = list(spoken_lines(prompt.text.removesuffix(asked)))
        yield from [*told, again, *told] if prompt.must_arrive else told
        yield from spoken_lines(asked)

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
                _read(self._voice(verb, spoken), line)

    def _voice(self, verb: Any, language: str) -> Any:
        voices = self._settings.voices
        voice = voices.get(language) or next(iter(voices.values()), None)
        return verb.say(voice=voice, language=_LOCALES.get(language, "en-IN"))

    def _url(self, path: str, call: Call) -> str:
        return f"{self._base}{path}?{call.query}"


def spoken_lines(text: str) -> Iterator[str]:
    """The lines of a text, without what is only for the eye."""
    return (line.removeprefix(_BULLET) for line in text.split("\n") if line.strip())


def _read(say: Any, line: str) -> None:
    """Have a line read aloud: a tip's number letter by letter, a stroke between words as the pause that it means."""
    words, end = _SLASH.sub(", ", line), 0
    for found in _TIP_NUMBER.finditer(words):
        say.nest(words[end : found.start()])
        say.say_as(found[1], interpret_as="characters")
        say.nest("-")
        say.say_as(found[2], interpret_as="characters")
        end = found.end()
    say.nest(words[end:])


def _languages(prompt: Prompt) -> tuple[str, ...]:
    """The languages in which a question is put: more than one while the caller's is not known."""
    own, asked = prompt.language, prompt.parts[-1] if prompt.parts else prompt.text
    others = (language_of(line, own) for line in spoken_lines(asked) if not is_in(line, own))
    return tuple(dict.fromkeys((own, *others)))


def menu_lines(prompt: Prompt) -> Iterator[str]:
    """Each choice with its key, in the choice's own language."""
    for key, choice in enumerate(prompt.choices, 1):
        yield phrase(language_of(choice.label, prompt.language), "choose", label=choice.label, key=key)


def _ways(prompt: Prompt, call: Call, *, greeting: bool) -> list[str]:
    """What the other keys do."""
    aside = f"{call.aside}.code" if call.aside and prompt.wants == "code" else call.aside
    ways = (call.onward, aside, "clear" if call.clear else "", "repeat", "status" if greeting else "")
    return [phrase(language, way) for language in _languages(prompt) for way in ways if way]
