"""Submission: numbers a confirmed tip, seals it to a key of its own, and seals this key to the tip's desks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from msgspec.structs import replace

from satark.api.observability import log
from satark.api.routing import DESK_SINK, HERE, Desk, Destination, RouteAdvice, Screening
from satark.api.sealing import encode, encrypt_alike, seal
from satark.api.tip import Envelope, Header, Priority, Tip
from satark.custody.log import announce
from satark.dialogue.session import Session, Submission
from satark.dialogue.shown_receipt import Receipt
from satark.identity import time_buckets
from satark.identity.edge_key import Identity
from satark.identity.random_bytes import random_bytes
from satark.identity.receipt_codes import CodeStock, FreshCode, OpenedReceipt, new_number
from satark.identity.signatures import verifier_for
from satark.identity.stock import Stock
from satark.ingest.event import seen_key, seen_row
from satark.plugins.loader import Plugins
from satark.retention.schedule import begin_term
from satark.roster.state import RosterState
from satark.routing import rules
from satark.routing.authors import Signers
from satark.routing.desks import close_roster, lock_desks
from satark.routing.renewals import tip_verifier
from satark.routing.sent import TIPSTER_USE, addressed, signed_as_sent
from satark.routing.tip_keys import TipRoot, encode_root, name_tags, seal_routed
from satark.services import Services
from satark.store import changed_keys, deliveries, due_times, envelopes, evidence_files, tables, tip_changes, tip_counts
from satark.store.unit_of_work import UnitOfWork
from satark_age.age import Recipient

_MOST_DECOYS: Final = 1024
"""Most decoys (envelopes that nobody can open) to keep ready. One takes 6 KB."""
_EVENTS = 32
"""Decoys fill the number of a tip's event rows, which follows from its prompts, up to a multiple of this number."""
_HASH_BYTES = 16
"""Size of an event's keyed hash (`Identity.event`)."""
_PADDED = 4096
"""A tip's document is padded to a multiple of this many bytes, so that its size tells less about the answers."""
ROUTING_FAILED: Final = "routing_failed"
"""Flag of a tip that a plugin failed to route. The officers who have the tip decide who else should."""


class Decoys(Stock[bytes]):
    """Envelopes that nobody can open, made in advance. With thirty desks, a tip for two of them needs 28.

    A decoy is sealed like other envelopes, but to a key that is forgotten at once. It is used once.
    """

    def __init__(self, ahead: int) -> None:
        super().__init__(partial(_decoy, envelopes.PADDED), ahead=min(ahead, _MOST_DECOYS), name="satark-decoys")

    def take_of(self, size: int) -> bytes:
        """Take a decoy whose content has `size` bytes. If no decoy of that size is ready, make one."""
        return self.take() if size == envelopes.PADDED else _decoy(size)


def _decoy(size: int) -> bytes:
    return encrypt_alike(bytes(size))


@dataclass(kw_only=True, eq=False, repr=False)
class Submissions:
    """Writes confirmed tips inside a turn's transaction."""

    identity: Identity
    receipts: CodeStock
    decoys: Decoys
    plugins: Plugins
    services: Services
    synthetic: bool = False
    """The tips are the probe's."""

    def submit(
        self,
        unit: UnitOfWork,
        session: Session,
        submission: Submission,
        channel: Literal["chat", "sms", "voice", "web"],
        own: Recipient,
    ) -> Receipt:
        """Write the tip, its envelopes, its deliveries and its receipt. `own`: that `recipient`'s identity.

        Raises:
            NoDesk: no desk may receive the tip; the turn fails and the provider will deliver the event again.
        """
        fresh = self.receipts.take()
        tip = _document(session, submission, channel, unit.now)
        told = Screening(priority=submission.priority, flags=submission.flags)
        screening = rules.screen(self.plugins.screen(tip), told)
        advice = self.plugins.route(tip, self._desks(unit))
        if not advice.is_complete:
            screening = replace(screening, flags=(*screening.flags, ROUTING_FAILED))
        route = self._route(unit, tip, screening.priority, advice.given)
        header = _header(tip, screening, route)
        document = seal(tip, own, padded=_PADDED)
        envelope = self._envelope(unit, session, header, route, document=document, receipt=fresh.recipient)
        root = _root(session, envelope, tip_verifier(session.identity))
        envelope = signed_as_sent(envelope, session.tipster_key, (root.recipient, root.verifier))
        encoded = encode_root(root)
        self._receipt(unit, session, tip, fresh, encoded)
        self._seal_envelopes(unit, envelope, route)
        row = {"id": session.tip, "number": tip.number, "revision": tip.revision, "recipient": session.recipient}
        row |= {"key_changes": changed_keys.first(unit, session.tip), "routed": seal_routed(root)}
        unit.queue(tables.tip, [{**row, "document": document, "day": unit.day}])
        begin_term(unit, session.tip, session.tipster_key, session.identity, self.services.retention)
        tip_changes.note(unit, session.tip)
        tip_counts.count(unit, session.tip)
        if session.files:
            evidence_files.lock(unit, session.tip)
            announce(unit, session.tip, session.recipient, [one.ordinal for one in session.files])
        self._deliveries(unit, session.tip, route, is_urgent=screening.priority == "urgent")
        unit.queue(tables.seen, _decoy_events(session.revision - session.first_revision, unit.day))
        return Receipt(number=tip.number, code=fresh.code, root=encoded)

    def _route(self, unit: UnitOfWork, tip: Tip, priority: Priority, advice: Sequence[RouteAdvice]) -> rules.Route:
        desks, services = self._desks(unit), self.services
        state = self._roster_state(unit)
        readable = services.readable_rules(state)
        route = rules.route(
            tip,
            desks,
            services.geography,
            advice,
            destination_rules=readable,
            priority=priority,
            closed=state.refused,
            synthetic=self.synthetic,
        )
        if not state.closed:
            close_roster(unit, services.destination_rules)
            unit.forget(self._read_roster)
        if route.unknown:
            log.error("a plugin added a destination that belongs to no desk", count=len(route.unknown))
        return route

    def _deliveries(self, unit: UnitOfWork, id_: str, route: rules.Route, *, is_urgent: bool) -> None:
        """Queue the tip for all destinations, whoever gets it: missing rows would tell who must not have it."""
        # What must not have the tip but is on a carrier is sent covers there, since the carrier would see the gap.
        gets = {*route.destinations, *route.covered}
        known = {rule.to for rule in self.services.destination_rules} | {one.destination for one in self._desks(unit)}
        rows = [deliveries.new_row(unit.keys, id_, HERE, unit.now)]
        for to in sorted(one for one in gets | known if Destination(one).sink != DESK_SINK):
            row = deliveries.new_row(unit.keys, id_, to, unit.now, kind="tip" if to in gets else "cover")
            rows.append(row | due_times.when_due(unit, id_, to, is_urgent=is_urgent))
        unit.queue(tables.delivery, rows)

    def _envelope(
        self, unit: UnitOfWork, session: Session, header: Header, route: rules.Route, *, document: bytes, receipt: str
    ) -> Envelope:
        """Return the tip's envelope before its holder's name and the tipster's signatures are added."""
        read = {rule.to: rule.desk for rule in route.destination_rules if rule.recipient}
        return Envelope(
            tip=session.tip,
            desk="",
            identity=session.identity,
            header=header,
            receipt=receipt,
            document_sha256=hashlib.sha256(document).hexdigest(),
            tipster_verifier=verifier_for(session.tipster_key, TIPSTER_USE),
            holders={
                desk: tuple(to for to, its in read.items() if its == desk)
                for desk in dict.fromkeys((*(one.name for one in route.desks), *read.values()))
            },
            answers_to=rules.next_above(route.desks, self.services.geography),
            roster=self._roster_state(unit).head,
            arrived=unit.now // 60 * 60 if header.priority == "urgent" else 0,
        )

    def _seal_envelopes(self, unit: UnitOfWork, envelope: Envelope, route: rules.Route) -> None:
        """Seal the tip's key to its holders. Everybody else gets a decoy, so that all tips look alike."""
        holders = {desk.name: desk.recipient for desk in route.desks}
        holders |= {rule.to: rule.recipient for rule in route.destination_rules if rule.recipient}
        everybody = {desk.name: desk.recipient for desk in self._desks(unit)}
        everybody |= {rule.to: rule.recipient for rule in self.services.destination_rules if rule.recipient}
        contents = {name: encode(addressed(envelope, name), envelopes.PADDED) for name in holders}
        size = max(map(len, contents.values()))
        sealed = {name: encrypt_alike(contents[name].ljust(size), recipient) for name, recipient in holders.items()}
        decoys = [self.decoys.take_of(size) for _ in everybody.keys() - holders.keys()]
        unit.queue(tables.envelope, envelopes.rows_of(unit.keys, sealed, envelope.tip, decoys))

    def _desks(self, unit: UnitOfWork) -> Sequence[Desk]:
        """Return the desks that tips may go to. A new one is as if it were not there until its key changed."""
        return unit.once(self._read_desks)

    def _read_desks(self, unit: UnitOfWork) -> Sequence[Desk]:
        # Held until the commit: a desk that changes its key meanwhile must find this tip's envelope, or come first.
        # So the roster is read after that.
        lock_desks(unit)
        state = self._roster_state(unit)
        return [one for one in Signers(state).desks if one.name not in state.new_desks]

    def _roster_state(self, unit: UnitOfWork) -> RosterState:
        return unit.once(self._read_roster)

    def _read_roster(self, unit: UnitOfWork) -> RosterState:
        return self.services.roster_state(unit)

    def _receipt(self, unit: UnitOfWork, session: Session, tip: Tip, fresh: FreshCode, root: bytes) -> None:
        opened = OpenedReceipt(
            tip=session.tip, number=tip.number, language=tip.language, root=root, identity=fresh.identity
        )
        link = self.identity.link("receipt", session.tip)
        row = {"lookup": fresh.key.lookup, "sealed": fresh.key.seal(opened), "day": unit.day, "link": link}
        unit.queue(tables.receipt, [row])


def _decoy_events(prompts: int, day: int) -> list[dict[str, object]]:
    """Make decoys of event rows, so that the number of rows does not tell which questions were asked."""
    drawn = (random_bytes(_HASH_BYTES) for _ in range(-prompts % _EVENTS))
    return [seen_row(seen_key(day, hashed), day) for hashed in drawn]


def _root(session: Session, envelope: Envelope, verifier: str) -> TipRoot:
    return TipRoot(
        tip=session.tip,
        recipient=session.recipient,
        verifier=verifier,
        holders=name_tags(verifier, envelope.holders),
        roster=envelope.roster,
        excluded=name_tags(session.tip, envelope.header.excluded),
        receipt=envelope.receipt,
        tipster_key=session.tipster_key,
    )


def _header(tip: Tip, screening: Screening, route: rules.Route) -> Header:
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


def _document(
    session: Session, submission: Submission, channel: Literal["chat", "sms", "voice", "web"], now: int
) -> Tip:
    return Tip(
        number=new_number(),
        revision=1,
        flow=session.flow,
        language=submission.language,
        channel=channel,
        category=submission.category,
        received=time_buckets.band(now),
        answers=submission.answers,
        meanings=submission.meanings,
        evidence=submission.evidence,
        consents=submission.consents,
        district=submission.place.district,
        station=submission.place.station,
        accused=submission.accused,
    )
