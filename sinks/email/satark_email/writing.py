"""A tip in words, for the body of a sealed mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from satark.catalogues import Catalogues

if TYPE_CHECKING:
    from satark.destination_reader import ReadableTip
    from satark.flow import Geography

WORDS = {
    "hi": {
        "number": "सूचना संख्या",
        "received": "कब मिली (UTC)",
        "priority": "प्राथमिकता",
        "normal": "सामान्य",
        "high": "ऊँची",
        "urgent": "तुरंत",
        "spoken": "बोलकर बताया: केवल डेस्क पर सुनें",
        "pin": "नक्शे पर",
        "since": "बाद में लिखा",
        "attached": "साथ में फ़ाइलें",
        "at_desk": "डेस्क पर देखें (बहुत बड़ी, या साफ़ प्रति नहीं बन सकी)",
        "voice": "सूचना देने वाले की आवाज़: कभी डेस्क से बाहर नहीं जाती",
        "pending": "अभी आ रही फ़ाइलें (बाद में भेजी जाएँगी)",
        "lost": "फ़ाइलें जो मिल नहीं सकीं",
        "again": "यह पहले भेजी सूचना का नया, पूरा रूप है।",
        "care": "इसे किसी को न दिखाएँ जिसे इसकी ज़रूरत नहीं। सूचना देने वाले को पहचानने की कोशिश न करें।",
    },
    "en": {
        "number": "Tip number",
        "received": "Received (UTC)",
        "priority": "Priority",
        "normal": "normal",
        "high": "high",
        "urgent": "urgent",
        "spoken": "told by voice: listen at the desk only",
        "pin": "on the map",
        "since": "Written since",
        "attached": "Files attached",
        "at_desk": "See at the desk (too large, or no clean copy could be made)",
        "voice": "The tipster's voice: it never leaves the desk",
        "pending": "Files still on their way (they will be sent)",
        "lost": "Files that could not be had",
        "again": "This is a newer, complete form of a tip sent before.",
        "care": "Show it to nobody who does not need it. Do not try to find out who sent it.",
    },
}
"""What Satark itself writes, by language."""


class Writing:
    """Puts tips into words of one language."""

    def __init__(self, language: str, geography: Geography) -> None:
        self._words = WORDS[language]
        self._flow = Catalogues.shipped()[language]
        self._language = language
        self._geography = geography

    def subject(self, content: ReadableTip) -> str:
        """The true subject, which stands inside the encryption."""
        return f"Satark {content.header.number}: {self._category(content.header.category)}"

    def text(self, content: ReadableTip, *, revision: int, attached: Sequence[str], left: Sequence[str]) -> str:
        """Write the body. `attached`: names of attachments; `left`: ordinals of files that stay at the desk."""
        header, words = content.header, self._words
        lines = [words["again"], ""] if revision > 1 else []
        lines += [
            self._line("number", header.number),
            self._line("received", header.received.replace("/PT6H", " + 6 h")),
            self._line("priority", words[header.priority]),
            "",
        ]
        lines += [f"{self._step(step)}: {self._value(step, value)}" for step, value in content.tip.answers.items()]
        if content.thread:
            lines += ["", f"{words['since']}:"]
            lines += [f"- {posted.message.text}" for posted in content.thread if posted.message.text]
        listed = {
            "attached": attached,
            "at_desk": left,
            "voice": content.withheld,
            "pending": content.pending,
            "lost": content.lost,
        }
        lines += ["", *(self._line(name, ", ".join(values)) for name, values in listed.items() if values)]
        return "\n".join([*lines, "", words["care"], ""])

    def _line(self, name: str, value: str) -> str:
        return f"{self._words[name]}: {value}"

    def _category(self, code: str) -> str:
        return self._flow.get(f"category.{code}", code)

    def _step(self, step: str) -> str:
        return self._flow.get(f"{step}.name", step)

    def _value(self, step: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(step, one) for one in value)
        if isinstance(value, dict):
            return self._words["spoken"] if "voice" in value else self._place(value)
        named = self._flow.get(f"{step}.{value}") or self._flow.get(f"option.{value}")
        return named or self._unit(str(value))

    def _place(self, place: dict[str, Any]) -> str:
        pin = [str(place[name]) for name in ("latitude", "longitude") if place.get(name) is not None]
        names = [self._unit(place[name]) for name in ("district", "station") if place.get(name)]
        on_map = [f"{self._words['pin']} {', '.join(pin)}"] if pin else []
        return "; ".join([place.get("text", ""), *names, *on_map]).strip("; ")

    def _unit(self, code: str) -> str:
        unit = self._geography.district(code) or self._geography.station(code)
        return unit.label(self._language) if unit else code
