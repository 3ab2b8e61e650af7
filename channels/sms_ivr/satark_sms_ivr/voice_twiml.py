"""Write the verbs of a call as TwiML: voices, waits, and the key that ends a typed code.

Source: Twilio, "TwiML for Programmable Voice": `<Gather>` falls through to the next verb when no key is pressed, and
nests only `<Say>`, `<Play>` and `<Pause>`; an empty `finishOnKey` lets `#` count as a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from satark.api import Ask, CallVerb, GoOn, HangUp, Line, Pause, Record, Say, TextCaller
from satark_sms_ivr.call_texts import locale_of, voice_of
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_sms import STATUS_PATH as SMS_STATUS_PATH
from satark_sms_ivr.twiml import voice_response

KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

_RATES: Final = {"slow": "slow", "slowest": "x-slow"}


class VoiceTwiml:
    """Writes the responses of calls to one number."""

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        self._voices = settings.voices
        self._base = public_url.rstrip("/")

    def document(self, verbs: Sequence[CallVerb]) -> str:
        """Return the verbs as one document."""
        response = voice_response()
        for verb in verbs:
            self._write(response, verb)
        return str(response)

    def _write(self, response: Any, verb: CallVerb) -> None:
        match verb:
            case Say():
                self._read(response, verb.lines)
            case Pause():
                response.pause(length=verb.seconds)
            case Ask():
                self._read(self._gather(response, verb), verb.lines)
            case Record():
                self._record(response, verb)
            case GoOn():
                response.redirect(self._url(KEYS_PATH, verb.state), method="POST")
            case TextCaller():  # without an address Twilio sends it to the caller
                response.sms(verb.text, status_callback=self._base + SMS_STATUS_PATH)
            case HangUp():
                response.hangup()

    def _gather(self, response: Any, verb: Ask) -> Any:
        return response.gather(
            input="dtmf",
            num_digits=verb.digits,
            finish_on_key="#" if verb.digits > 1 else "",
            timeout=verb.seconds,
            action=self._url(KEYS_PATH, verb.state),
            method="POST",
        )

    def _record(self, response: Any, verb: Record) -> None:
        response.record(
            action=self._url(RECORD_PATH, verb.state),
            method="POST",
            timeout=verb.silence,
            finish_on_key=verb.end_keys,
            max_length=verb.seconds,
            play_beep=True,
            trim="do-not-trim",
            recording_status_callback=self._base + RECORDING_PATH,
            recording_status_callback_method="POST",
            recording_status_callback_event="completed absent",
        )

    def _read(self, verb: Any, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.clip:
                verb.play(line.clip)
            elif rate := _RATES.get(line.pace):
                self._voice(verb, line.language).prosody(line.text, rate=rate)
            else:
                _read_aloud(self._voice(verb, line.language), line)
            if line.pause:
                verb.pause(length=line.pause)

    def _voice(self, verb: Any, language: str) -> Any:
        voice = self._voices.get(language) or voice_of(language) or None
        return verb.say(voice=voice, language=locale_of(language))

    def _url(self, path: str, state: str) -> str:
        return f"{self._base}{path}?{state}"


def _read_aloud(say: Any, line: Line) -> None:
    """Add a line to `<Say>`. A tip's number is spelled letter by letter."""
    for part, is_spelled in line.parts():
        if not is_spelled:
            say.nest(part)
            continue
        first, second = part.split("-")
        say.say_as(first, interpret_as="characters")
        say.nest("-")
        say.say_as(second, interpret_as="characters")
