"""Reads TwiML by Twilio's rules. An answer that breaks a rule fails the test that received it.

Source: Twilio, "TwiML for Programmable Voice" and "TwiML for Programmable Messaging": the verbs, their attributes, and
what may stand within what.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from xml.etree import ElementTree as ET

_SAY: Final = frozenset({"voice", "language", "loop"})
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "Response": frozenset(),
    "Say": _SAY,
    "prosody": frozenset({"rate", "volume", "pitch"}),
    "say-as": frozenset({"interpret-as"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Gather": frozenset({
        "input", "action", "method", "timeout", "finishOnKey", "numDigits", "language", "actionOnEmptyResult",
    }),
    "Record": frozenset({
        "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback",
        "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "transcribe",
    }),
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Sms": frozenset({"to", "from", "action", "method", "statusCallback"}),
    "Message": frozenset({"to", "from", "action", "method", "statusCallback"}),
    "Body": frozenset(),
})  # fmt: skip
_WITHIN: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "Response": frozenset({"Say", "Play", "Pause", "Gather", "Record", "Redirect", "Hangup", "Message", "Sms"}),
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Say": frozenset({"prosody", "say-as"}),
    "Message": frozenset({"Body"}),
})  # fmt: skip
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({
    "timeout": (1, 3600), "numDigits": (1, 99), "maxLength": (1, 14_400), "length": (1, 600), "loop": (0, 1000),
})  # fmt: skip
_WORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "method": frozenset({"GET", "POST"}),
    "recordingStatusCallbackMethod": frozenset({"GET", "POST"}),
    "input": frozenset({"dtmf", "speech", "dtmf speech"}),
    "playBeep": frozenset({"true", "false"}),
    "trim": frozenset({"trim-silence", "do-not-trim"}),
    "interpret-as": frozenset({"characters", "digits"}),
})  # fmt: skip
_MOST_FINISHING: Final[Mapping[str, int]] = MappingProxyType({"Gather": 1, "Record": 12})
"""Maximum number of keys that may end the input of a verb."""
_ADDRESSES: Final = frozenset({"action", "recordingStatusCallback", "statusCallback"})
_EVENTS: Final = frozenset({"in-progress", "completed", "absent"})
_ENDS: Final = frozenset({"Redirect", "Hangup"})
"""Verbs after which the rest of the document is never executed."""
_LARGEST: Final = 64 * 1024
"""Maximum size of a document in bytes (Twilio's error 11750)."""
_LOCALES: Final = frozenset({"hi-IN", "en-IN", "mr-IN", "ur-IN"})
_MOST_SAID: Final = 4096
_MOST_WRITTEN: Final = 1600


class TwimlError(AssertionError):
    """Twilio would refuse this answer."""


def read_twiml(document: bytes) -> ET.Element:
    """Read an answer and check it against Twilio's rules.

    Raises:
        TwimlError: the answer breaks a rule.
    """
    if len(document) > _LARGEST:
        raise TwimlError("the document is too large")
    try:
        root = ET.fromstring(document)  # noqa: S314 - what the service under test just wrote
    except ET.ParseError as error:
        raise TwimlError(f"not XML: {error}") from None
    if root.tag != "Response":
        raise TwimlError("the root is not a Response")
    _check(root)
    return root


def said(verb: ET.Element) -> str:
    """Return the text that a verb speaks, without the markup for the voice."""
    return "".join(verb.itertext()).strip()


def _check(verb: ET.Element) -> None:
    unknown = set(verb.attrib) - _ATTRIBUTES.get(verb.tag, frozenset())
    if verb.tag not in _ATTRIBUTES or unknown:
        raise TwimlError(f"{verb.tag} takes no {', '.join(sorted(unknown)) or 'place in TwiML'}")
    for name, value in verb.attrib.items():
        _check_value(verb, name, value)
    if verb.tag == "Say" and (verb.get("language") not in _LOCALES or not 0 < len(said(verb)) <= _MOST_SAID):
        raise TwimlError("a Say without words, with too many, or in a language that is none")
    if verb.tag == "Body" and not 0 < len(said(verb)) <= _MOST_WRITTEN:
        raise TwimlError("a message without words, or with too many")
    if any(child.tag in _ENDS for child in list(verb)[:-1]):
        raise TwimlError("what follows is never reached")
    for child in verb:
        if child.tag not in _WITHIN.get(verb.tag, frozenset()):
            raise TwimlError(f"{child.tag} may not stand within {verb.tag}")
        _check(child)


def _check_value(verb: ET.Element, name: str, value: str) -> None:
    least, most = _NUMBERS.get(name, (0, 0))
    sound = (
        (name not in _NUMBERS or (value.isdecimal() and least <= int(value) <= most))
        and value in _WORDS.get(name, {value})
        and (name not in _ADDRESSES or value.startswith(("https://", "http://")))
        and (name != "finishOnKey" or (len(value) <= _MOST_FINISHING[verb.tag] and set(value) <= set("0123456789*#")))
        and (name != "recordingStatusCallbackEvent" or set(value.split()) <= _EVENTS)
    )
    if not sound:
        raise TwimlError(f"{name}={value!r} is no value of {verb.tag}")
