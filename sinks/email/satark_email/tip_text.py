"""Tip text: the subject and body of an encrypted mail, in Hindi or English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from satark.catalogues import Catalogues

if TYPE_CHECKING:
    from satark.destination_reader import ReadableTip
    from satark.flow import Geography

LABELS = {
    "hi": {
        "number": "सूचना संख्या",
        "received": "प्राप्त (UTC)",
        "priority": "प्राथमिकता",
        "normal": "सामान्य",
        "high": "उच्च",
        "urgent": "अति आवश्यक",
        "spoken": "बोलकर बताया गया: केवल डेस्क पर सुनें",
        "pin": "नक्शे पर",
        "since": "सूचना देने वाले ने बाद में जोड़ा",
        "attached": "संलग्न फ़ाइलें",
        "at_desk": "डेस्क पर देखें (बहुत बड़ी, या साफ़ प्रति नहीं बन सकी)",
        "voice": "सूचना देने वाले की आवाज़: कभी डेस्क से बाहर नहीं जाती",
        "pending": "अभी आ रही फ़ाइलें (बाद में भेजी जाएँगी)",
        "lost": "फ़ाइलें जो नहीं मिल सकीं",
        "again": "यह पहले भेजी गई सूचना का नया और पूरा संस्करण है।",
        "care": "इसे केवल उन्हें दिखाएँ जिन्हें इसकी ज़रूरत है। सूचना देने वाले की पहचान जानने की कोशिश न करें।",
    },
    "en": {
        "number": "Tip number",
        "received": "Received (UTC)",
        "priority": "Priority",
        "normal": "normal",
        "high": "high",
        "urgent": "urgent",
        "spoken": "spoken: listen at the desk only",
        "pin": "on the map",
        "since": "Added later by the tipster",
        "attached": "Files attached",
        "at_desk": "See at the desk (too large, or no clean copy could be made)",
        "voice": "The tipster's voice: it never leaves the desk",
        "pending": "Files still being fetched (they will be sent later)",
        "lost": "Files that could not be fetched",
        "again": "This is a newer, complete version of a tip that was sent before.",
        "care": "Show it only to those who need it. Do not try to find out who sent it.",
    },
}
"""The text that Satark adds, by language."""


class TipText:
    """Formats tips as text in one language."""

    def __init__(self, language: str, geography: Geography) -> None:
        self._labels = LABELS[language]
        self._flow = Catalogues.shipped()[language]
        self._language = language
        self._geography = geography

    def subject(self, content: ReadableTip) -> str:
        """Return the real subject, which is encrypted."""
        return f"Satark {content.header.number}: {self._category(content.header.category)}"

    def body(self, content: ReadableTip, *, revision: int, attached: Sequence[str], omitted: Sequence[str]) -> str:
        """Return the body.

        Args:
            content: the tip.
            revision: the delivery's; a later one says that it replaces the earlier mail.
            attached: names of the attachments.
            omitted: ordinals of the files that are not attached.
        """
        header, labels = content.header, self._labels
        lines = [labels["again"], ""] if revision > 1 else []
        lines += [
            self._line("number", header.number),
            self._line("received", header.received.replace("/PT6H", " + 6 h")),
            self._line("priority", labels[header.priority]),
            "",
        ]
        lines += [f"{self._step(step)}: {self._value(step, value)}" for step, value in content.tip.answers.items()]
        if content.thread:
            lines += ["", f"{labels['since']}:"]
            lines += [f"- {posted.message.text}" for posted in content.thread if posted.message.text]
        listed = {
            "attached": attached,
            "at_desk": omitted,
            "voice": content.withheld,
            "pending": content.pending,
            "lost": content.lost,
        }
        lines += ["", *(self._line(name, ", ".join(values)) for name, values in listed.items() if values)]
        return "\n".join([*lines, "", labels["care"], ""])

    def _line(self, name: str, value: str) -> str:
        return f"{self._labels[name]}: {value}"

    def _category(self, code: str) -> str:
        return self._flow.get(f"category.{code}", code)

    def _step(self, step: str) -> str:
        return self._flow.get(f"{step}.name", step)

    def _value(self, step: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(step, one) for one in value)
        if isinstance(value, dict):
            return self._labels["spoken"] if "voice" in value else self._place(value)
        named = self._flow.get(f"{step}.{value}") or self._flow.get(f"option.{value}")
        return named or self._unit(str(value))

    def _place(self, place: dict[str, Any]) -> str:
        pin = [str(place[name]) for name in ("latitude", "longitude") if place.get(name) is not None]
        names = [self._unit(place[name]) for name in ("district", "station") if place.get(name)]
        on_map = [f"{self._labels['pin']} {', '.join(pin)}"] if pin else []
        return "; ".join([place.get("text", ""), *names, *on_map]).strip("; ")

    def _unit(self, code: str) -> str:
        unit = self._geography.district(code) or self._geography.station(code)
        return unit.label(self._language) if unit else code
