"""The audit log on the web: auditors and heads see what others did, every officer what they did themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from satark.casework import ACT_KINDS, ActFilter, LogHead, Viewer
from satark_desk.web.act_details import ActDetails

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark.casework import Services
    from satark_desk.desk_keys import UnlockedDesk
    from satark_desk.web.sessions import Session
    from satark_desk.web.web_context import WebContext

_MAX_INPUT = 40
_MAX_DIGITS = 18


class AuditPages:
    """The page of the audit log."""

    def __init__(self, web: WebContext) -> None:
        self._web = web

    def log(self, request: Request, session: Session) -> Response:
        """Show a page of the log, filtered by desk, officer, tip and act; reading it is an act itself."""
        services, query = self._web.context, request.query_params
        wanted = ActFilter(
            **{name: query.get(name, "").strip()[:_MAX_INPUT] for name in ("desk", "officer", "tip", "kind")}
        )
        session.casework.trail.record_once("log_read", tip=wanted.tip, detail=wanted.officer)
        by = viewer_of(services, session.unlocked)
        before = query.get("before", "")
        position = int(before) if before.isascii() and before.isdigit() and len(before) <= _MAX_DIGITS else 0
        page = by.read(services, wanted, before=position, most=self._web.settings.page_size)
        fields = {name: getattr(wanted, name) for name in ("desk", "officer", "tip", "kind") if getattr(wanted, name)}
        return self._web.show(
            request,
            "audit.html",
            session=session,
            page=page,
            wanted=wanted,
            kinds=ACT_KINDS,
            desks=sorted(by.desks),
            head=services.read(LogHead.current),
            older=urlencode({**fields, "before": page.older}) if page.older else "",
            first=not position,
            moment=seconds_of,
            detail=ActDetails(self._web.text(request), {one.name: one.title for one in services.desks()}),
        )


def viewer_of(services: Services, unlocked: UnlockedDesk) -> Viewer:
    """Return an officer as a reader of the log."""
    return Viewer.of(
        services,
        desk=unlocked.desk.name,
        officer=unlocked.officer,
        role=unlocked.role,
        identity=unlocked.identity,
        own_identity=unlocked.own_identity,
    )


def seconds_of(at: str) -> int:
    """Return the time of an act, in Unix seconds."""
    return int(datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
