"""A tip comes to be: numbered, sealed to its own key, and its key sealed to the desks that may have it."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from satark import coarse, routing
from satark.arrival import NeedsReceipt
from satark.receipts import Minted, Opened
from satark.sealing import new_identity, seal
from satark.store import tables
from satark.tip import Envelope, Header, Receipt, Tip

if TYPE_CHECKING:
    from satark.dialogue.geography import Geography
    from satark.dialogue.session import Session, Submission
    from satark.plugins import Plugins
    from satark.receipts import Mint
    from satark.store.unit import UnitOfWork


class Registry:
    """Writes confirmed tips."""

    def __init__(self, *, mint: Mint, plugins: Plugins, geography: Geography) -> None:
        self._mint = mint
        self._plugins = plugins
        self._geography = geography
        self._routed = plugins.implements("satark_route")
        self._screened = plugins.implements("satark_screen")

    def submit(
        self,
        unit: UnitOfWork,
        session: Session,
        submission: Submission,
        channel: Literal["chat", "sms", "voice", "web"],
        minted: Minted | None = None,
    ) -> Receipt:
        """Write the tip, its envelopes, its deliveries and its receipt, whose code is `minted` or one from the stock.

        Raises:
            NeedsReceipt: no receipt code is ready; nothing was written.
            NoDesk: no desk may receive the tip; the turn fails and the provider will deliver the event again.
        """
        minted = minted or self._mint.pop()
        if minted is None:
            raise NeedsReceipt
        tip = _document(session, submission, channel, unit.now)
        desks = _desks(unit)
        advice = self._plugins.route(tip, desks) if self._routed else []
        route = routing.route(tip, desks, self._geography, advice)
        header = self._header(tip, submission, route)
        self._envelopes(unit, session, header, route.desks)
        recipient = self._receipt(unit, session, tip, minted)
        unit.queue(tables.tip, [_tip_row(session, tip, recipient, unit.day)])
        unit.queue(
            tables.delivery, [_delivery_row(session.tip, to, tip.revision, unit.now) for to in route.destinations]
        )
        return Receipt(number=tip.number, code=minted.code)

    def _header(self, tip: Tip, submission: Submission, route: routing.Route) -> Header:
        screenings = self._plugins.screen(tip) if self._screened else []
        screening = routing.screen(screenings, submission.priority)
        return Header(
            number=tip.number,
            revision=tip.revision,
            category=tip.category,
            language=tip.language,
            received=tip.received,
            priority=screening.priority,
            flags=screening.flags,
            district=tip.district,
            station=tip.station,
            excluded=route.excluded,
        )

    def _envelopes(self, unit: UnitOfWork, session: Session, header: Header, desks: Sequence[routing.Desk]) -> None:
        rows = []
        for desk in desks:
            envelope = Envelope(tip=session.tip, desk=desk.name, identity=session.identity, header=header)
            rows.append({"tip": session.tip, "desk": desk.name, "sealed": seal(envelope, desk.recipient)})
        unit.queue(tables.envelope, rows)

    def _receipt(self, unit: UnitOfWork, session: Session, tip: Tip, minted: Minted) -> str:
        recipient, identity = new_identity()
        opened = Opened(
            tip=session.tip,
            number=tip.number,
            language=tip.language,
            tip_recipient=session.recipient,
            recipient=recipient,
            identity=identity,
        )
        row = {"lookup": minted.key.lookup, "sealed": minted.key.seal(opened), "day": unit.day}
        unit.queue(tables.receipt, [row])
        return recipient


def _document(
    session: Session, submission: Submission, channel: Literal["chat", "sms", "voice", "web"], now: int
) -> Tip:
    return Tip(
        number=coarse.new_number(),
        revision=1,
        flow=session.flow,
        language=submission.language,
        channel=channel,
        category=submission.category,
        received=coarse.band(now),
        answers=submission.answers,
        evidence=submission.evidence,
        district=submission.place.district,
        station=submission.place.station,
        accused=submission.accused,
    )


def _desks(unit: UnitOfWork) -> Sequence[routing.Desk]:
    if unit.desks is None:
        # Held until the commit: a desk that changes its key meanwhile must find this tip's envelope, or come first.
        rows = unit.main.execute(select(tables.desk).order_by(tables.desk.c.name).with_for_update(read=True))
        unit.desks = [routing.Desk(**row) for row in rows.mappings()]
    return unit.desks


def _tip_row(session: Session, tip: Tip, receipt_recipient: str, day: int) -> dict[str, object]:
    return {
        "id": session.tip,
        "number": tip.number,
        "revision": tip.revision,
        "recipient": session.recipient,
        "receipt_recipient": receipt_recipient,
        "document": seal(tip, session.recipient),
        "day": day,
    }


def _delivery_row(tip: str, destination: str, revision: int, now: int) -> dict[str, object]:
    return {
        "id": token_bytes(16),
        "tip": tip,
        "destination": destination,
        "revision": revision,
        "state": "due",
        "attempts": 0,
        "due_at": now,
        "reason": "",
    }
