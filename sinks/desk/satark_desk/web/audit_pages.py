"""The audit log on the web: auditors and heads see others' acts, every officer their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, get_args
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark.casework import ACT_KINDS, Act, ActFilter, ActKind, FileAct, LogHead
from satark_desk.web.order_pages import as_csv, csv_file
from satark_desk.web.page_requests import Pages
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession

_MAX_INPUT = 40
_FIELDS: Final = ("desk", "officer", "tip", "kind", "since", "until")
_COLUMNS: Final = ("at", "desk", "officer", "kind", "tip", "file", "detail", "second", "flaw")
_PAGES: Final[Mapping[str, str]] = {
    "": "queue",
    "tips": "confirm.tip",
    "figures": "figures",
    "passphrase": "passphrase",
    "help": "help",
}
"""First part of an address → the key of the text that names the page, if the key is not `help.<part>.name`."""


class AuditPages(Pages):
    """The page of the audit log."""

    def log(self, request: Request, session: OfficerSession) -> Response:
        """Show a page of the log, filtered by desk, officer, tip and act; reading it is an act itself."""
        services, before = self._web.context, request.query_params.get("before", "")
        fields, wanted = self._wanted(request)
        session.casework.trail.record_once("log_read", tip=wanted.tip, detail=wanted.officer)
        by = session.unlocked.viewer(services)
        position = session.log_positions.get(before, 0)
        page = by.read(services, wanted, before=position, most=self._web.settings.page_size)
        return self._web.show(
            request,
            "audit.html",
            session=session,
            page=page,
            wanted=fields,
            query=urlencode({name: value for name, value in fields.items() if value}),
            kinds=ACT_KINDS,
            desks=sorted(by.desks),
            head=services.read(lambda connection: LogHead.shown(connection, int(time.time()))),
            older=urlencode({**fields, "before": session.remember_position(page.older)}) if page.older else "",
            first=not position,
            moment=seconds_of,
            detail=self._details(request),
        )

    def table(self, request: Request, session: OfficerSession) -> Response:
        """Return all acts that match the filter, as CSV. This is an act itself."""
        services, text, detail = self._web.context, self._web.text(request), self._details(request)
        _, wanted = self._wanted(request)
        session.casework.trail.record("log_read", tip=wanted.tip, detail=wanted.officer)
        acts = session.unlocked.viewer(services).read_all(services, wanted)
        given = ({**msgspec.structs.asdict(one.act), "flaw": one.flaw, "detail": detail(one.act)} for one in acts)
        lines = ([text(f"act_of.{one[name]}") if name == "kind" else one[name] for name in _COLUMNS] for one in given)
        return csv_file("audit.csv", as_csv([text(f"audit_table.{name}") for name in _COLUMNS], lines))

    def _wanted(self, request: Request) -> tuple[dict[str, str], ActFilter]:
        """Return the filter in the form's values, and in the log's."""
        fields = {name: request.query_params.get(name, "").strip()[:_MAX_INPUT] for name in _FIELDS}
        text = self._web.text(request)
        times = {"since": text.utc(fields["since"]), "until": text.utc(fields["until"], 1)}
        return fields, ActFilter(**{**fields, **times})

    def _details(self, request: Request) -> ActDetails:
        return ActDetails(self._web.text(request), {one.name: one.title for one in self._web.context.desks()})


def seconds_of(at: str) -> int:
    """Return the time of an act, in Unix seconds."""
    return int(datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


class ActDetails:
    """Words for details, in one language.

    Args:
        text: the page text.
        titles: the desks' titles, by the desks' names.
    """

    def __init__(self, text: PageText, titles: Mapping[str, str]) -> None:
        self._text = text
        self._by_kind: dict[ActKind, Callable[[str], str]] = {
            "signed_in": lambda how: text("audit.web") if how == "web" else how,
            "sign_in_failed": lambda number: text("audit.failures", n=number),
            "answered": text.status,
            "corrected": self._correction,
            **dict.fromkeys(("closing_asked", "closed"), lambda code: text.named(f"outcome.{code}", code)),
            **dict.fromkeys(
                ("directed", "raw_asked", "withdrawn", "closing_refused"), lambda name: titles.get(name, name)
            ),
            **dict.fromkeys(get_args(FileAct), lambda code: text.named(f"form.{code}", code)),
            **dict.fromkeys(("page_opened", "form_sent"), self._page),
        }

    def __call__(self, act: Act) -> str:
        """Return the detail of an act: a code by its name, an officer's own words unchanged."""
        named = self._by_kind.get(act.kind)
        return named(act.detail) if named and act.detail else act.detail

    def _correction(self, codes: str) -> str:
        """Name a priority and a category, one of which may be left out."""
        return " · ".join(self._text.named(f"priority.{code}", self._text.category(code)) for code in codes.split())

    def _page(self, address: str) -> str:
        first = address.strip("/").partition("/")[0]
        return self._text.named(_PAGES.get(first, f"help.{first}.name"), address)
