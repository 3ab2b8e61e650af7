"""Details of acts in the audit log, in an officer's words in place of codes and addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from satark.casework import Act, ActKind
    from satark_desk.web.page_text import PageText

_PAGES: Final[Mapping[str, str]] = {
    "": "queue",
    "tips": "confirm.tip",
    "figures": "figures",
    "passphrase": "passphrase",
    "help": "help",
}
"""First part of an address → the text that names its page, where that is not `help.<part>.name`."""


class ActDetails:
    """Words for details, in one language.

    Args:
        text: the page text.
        titles: what the desks call themselves, by name.
    """

    def __init__(self, text: PageText, titles: Mapping[str, str]) -> None:
        self._text = text
        self._titles = titles
        self._by_kind: dict[ActKind, Callable[[str], str]] = {
            "signed_in": lambda how: text("audit.web") if how == "web" else how,
            "sign_in_failed": lambda number: text("audit.failures", n=number),
            "answered": text.status,
            "corrected": self._correction,
            **dict.fromkeys(("closing_asked", "closed"), self._outcome),
            **dict.fromkeys(("directed", "raw_asked", "withdrawn", "closing_refused"), self._desk),
            **dict.fromkeys(("viewed", "heard", "drafted", "transcribed", "exported", "opened"), self._form),
            **dict.fromkeys(("page_opened", "form_sent"), self._page),
        }

    def __call__(self, act: Act) -> str:
        """Return the detail of an act: named where it is a code, as the officer wrote it where it is not."""
        named = self._by_kind.get(act.kind)
        return named(act.detail) if named and act.detail else act.detail

    def _outcome(self, code: str) -> str:
        return self._text.named(f"outcome.{code}", code)

    def _form(self, code: str) -> str:
        return self._text.named(f"form.{code}", code)

    def _desk(self, name: str) -> str:
        return self._titles.get(name, name)

    def _correction(self, codes: str) -> str:
        """Name a priority and a category, of which one may be left out."""
        return " · ".join(self._text.named(f"priority.{code}", self._text.category(code)) for code in codes.split())

    def _page(self, address: str) -> str:
        first = address.strip("/").partition("/")[0]
        return self._text.named(_PAGES.get(first, f"help.{first}.name"), address)
