"""Texts for a room, without any words of a tipster and without a tip's number."""

from __future__ import annotations

from satark.api import Header, Questionnaire
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography


class Words:
    """Alerts in one language."""

    def __init__(self, language: str, geography: Geography, questionnaire: Questionnaire) -> None:
        self._texts = Catalogues.of("satark_matrix_alert")[language]
        self._language = language
        self._geography = geography
        self._questionnaire = questionnaire

    def of_alarm(self) -> str:
        """Return the text of an operator's alarm."""
        return self._texts.text("alarm")

    def of_tip(self, header: Header, desk: str, *, again: bool) -> str:
        """Return the text about a tip; `again`: a known tip has an addition."""
        names = self._questionnaire.texts(self._language)
        category = names.get(self._questionnaire.category_key(header.category), header.category)
        district = self._geography.district(header.district)
        return self._texts.text(
            "more" if again else "new",
            desk=desk,
            category=category,
            district=district.label(self._language) if district else self._texts.text("nowhere"),
            priority=self._texts.text(header.priority),
        )
