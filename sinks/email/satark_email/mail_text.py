"""Tip text: the subject and body of an encrypted mail, in one language."""

from collections.abc import Sequence
from typing import Any

from satark.api import Questionnaire, ReadableTip
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography


class TipText:
    def __init__(self, language: str, geography: Geography, questionnaire: Questionnaire) -> None:
        self._labels = Catalogues.of("satark_email")[language]
        self._flow = questionnaire.texts(language)
        self._questionnaire = questionnaire
        self._language = language
        self._geography = geography

    def subject(self, content: ReadableTip) -> str:
        """Return the real subject, which is encrypted. It names the category, if the tip has one."""
        code = content.header.category
        name = self._flow.get(self._questionnaire.category_key(code), code)
        return f"Satark {content.header.number}{name and f': {name}'}"

    def body(self, content: ReadableTip, *, revision: int, attached: Sequence[str], omitted: Sequence[str]) -> str:
        """Return the body.

        The text of a later `revision` says that it replaces the earlier mail. `omitted`: ordinals of the files that are
        not attached.
        """
        header, labels = content.header, self._labels
        lines = [labels.text("again"), ""] if revision > 1 else []
        lines += [
            self._line("number", header.number),
            self._line("received", header.received.replace("/PT6H", " + 6 h")),
            self._line("priority", labels.text(header.priority)),
            "",
        ]
        lines += [f"{self._step(step)}: {self._value(step, value)}" for step, value in content.tip.answers.items()]
        if content.thread:
            lines += ["", f"{labels.text('since')}:"]
            lines += [f"- {message.text}" for message in content.thread if message.text]
        listed = {
            "attached": attached,
            "at_desk": omitted,
            "voice": content.withheld,
            "pending": content.pending,
            "lost": content.lost,
        }
        lines += ["", *(self._line(name, ", ".join(values)) for name, values in listed.items() if values)]
        lines += [f"{record.ordinal}: {record.caption}" for record in content.evidence if record.caption]
        return "\n".join([*lines, "", labels.text("care"), ""])

    def _line(self, name: str, value: str) -> str:
        return f"{self._labels.text(name)}: {value}"

    def _step(self, step: str) -> str:
        return self._flow.get(f"{step}.name", step)

    def _value(self, step: str, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(self._value(step, one) for one in value)
        if isinstance(value, dict):
            return self._labels.text("spoken") if "voice" in value else self._place(value)
        named = self._flow.get(f"{step}.{value}") or self._flow.get(f"option.{value}")
        return named or self._unit(str(value))

    def _place(self, place: dict[str, Any]) -> str:
        pin = [str(place[name]) for name in ("latitude", "longitude") if place.get(name) is not None]
        names = [self._unit(place[name]) for name in ("district", "station") if place.get(name)]
        on_map = [f"{self._labels.text('pin')} {', '.join(pin)}"] if pin else []
        return "; ".join([place.get("text", ""), *names, *on_map]).strip("; ")

    def _unit(self, code: str) -> str:
        unit = self._geography.district(code) or self._geography.station(code)
        return unit.label(self._language) if unit else self._flow.get(f"district.{code}") or code
