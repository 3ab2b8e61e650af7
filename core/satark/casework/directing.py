"""Directing: gives a tip, or a release of it, to another desk and its destinations, and takes it back."""

from collections.abc import Callable, Mapping

import msgspec

from satark.api.routing import LEVELS, Desk, DestinationRule, NoSuchDesk
from satark.api.sealing import new_identity
from satark.api.tip import CaseStep, Envelope, Release
from satark.audit.acts import MAX_DETAIL
from satark.casework.desk_act import ActRefused
from satark.casework.opened_tip import OpenTip
from satark.casework.tip_cache import TipCache
from satark.casework.work import PostedMessage
from satark.remote.messages import DirectedDesk, DirectedDestination
from satark.remote.office_outbox import host_destination_rules
from satark.roster.chain import lock
from satark.roster.entries import PROBE_DESK
from satark.roster.state import RosterState
from satark.routing.authors import Signers
from satark.routing.releases import hash_of_release
from satark.routing.rules import delivered_to, is_accused, matching_rules
from satark.routing.sent import addressed, first_key, sent_with_release
from satark.routing.tip_keys import remember, renew_tip_key
from satark.services import Services
from satark.store import deliveries, envelopes, threads
from satark.store.delivery_marks import Kind
from satark.store.unit_of_work import UnitOfWork


class Directing:
    """Directs the tips of one desk, and withdraws directions."""

    def __init__(
        self, services: Services, desk: str, identity: str, cache: TipCache, add_step: Callable[..., PostedMessage]
    ) -> None:
        """`identity`: the desk's opened key, then its former keys, one a line. `add_step`: that of `Casework`."""
        self._services = services
        self._desk = desk
        self._identity = identity
        self._cache = cache
        self._add_step = add_step

    def allowed_targets(self, tip: OpenTip) -> list[Desk]:
        """Return the desks that this tip may be directed to, without those that it accuses or routing excluded.

        A desk with only a release directs the tip to nobody.
        """
        if tip.envelope.tip_recipient:
            return []
        desks = self._services.signers().of(tip.envelope).sealable
        return [desk for desk in desks if desk.name != self._desk and self._may_have(desk, tip)]

    def direct(
        self,
        unit: UnitOfWork,
        tip: OpenTip,
        to_desk: str,
        instruction: str,
        due: int,
        *,
        answers: Mapping[str, str] | None = None,
        rewording: str = "",
    ) -> PostedMessage:
        """Give another desk the tip; with `answers`, only a release: these answers and the rewording.

        Raises:
            NoSuchDesk: there is no such desk, or it must not have this tip.
            ActRefused: the desk has the tip's key and so gets no release, or had the key until a moment ago.
        """
        # Read in this transaction, so that the desk's key can't change before the envelope is stored.
        signers = self._services.signers(unit).of(tip.envelope)
        host, desks = signers.host, {desk.name: desk for desk in signers.sealable}
        desk = desks.get(to_desk)
        if desk is None or desk.name == self._desk or not self._may_have(desk, tip):
            raise NoSuchDesk
        reader = self._cache.reader.present_reader(unit, tip)
        tip, access = msgspec.structs.replace(tip, envelope=reader.envelope), reader.access
        had_tip, has_tip = (desk.name in one.holders for one in (tip.access, access))
        given = access.releases.get(desk.name)
        if (had_tip and not has_tip) or (has_tip and answers is not None):
            raise ActRefused("gives")
        release: Release | None = None
        envelope: Envelope | None = tip.envelope
        if answers is not None:
            released = _released(tip, given.key if given else new_identity()[1], desk.name)
            # That of a release has the desk's former keys, which open what was written before it changed its key.
            keeps = given and host is None and envelopes.find(unit.keys, tip.id, desk.name)
            hashed = given.envelope if given and keeps else hash_of_release(released)
            holding = b"".join(sorted(envelopes.releasing(unit.keys, tip.id, access.holders, len(desks) + 1)))
            key, given_answers = released.identity, dict(answers)
            release = Release(key=key, envelope=hashed, holders=holding, text=rewording, answers=given_answers)
            envelope = None if keeps else released
        has_key = release is None and access.may_give(self._desk, desk.name)
        destinations = self._destinations(self._readable_rules(unit, host), tip, desk.name, has_key=has_key)
        step = CaseStep(
            kind="directed",
            to=desk.name,
            due=due if self._is_below(signers, desk) else 0,
            release=release,
            destinations=tuple(one.to for one in destinations if one.recipient),
        )
        if host is not None:
            directed_to = _directed(desk, envelope, destinations, is_release=release is not None)
        else:
            directed_to = None
            self._hand_over(unit, tip, desk, envelope, is_release=release is not None)
            self._deliver(unit, tip, destinations, is_release=release is not None)
        act = ("directed", desk.name)
        return self._add_step(unit, tip, step, f"→ {desk.title}: {instruction}", act, directed_to=directed_to)

    def share(self, unit: UnitOfWork, tip: OpenTip) -> None:
        """Give a tip to this desk's destinations that read tips of its present priority and did not get it when sent.

        Only the host gives an office's tips to destinations.
        """
        threads.lock(unit, tip.id)
        reader = self._cache.reader.present_reader(unit, tip)
        if tip.envelope.tip_recipient or self._services.signers(unit).of(tip.envelope).host:
            return
        tip = msgspec.structs.replace(tip, envelope=reader.envelope)
        every = self._destinations(self._readable_rules(unit, None), tip, self._desk, has_key=True)
        if due := tuple(one for one in every if one.recipient and one.to not in reader.access.readers):
            self._deliver(unit, tip, due)
            names = tuple(one.to for one in due)
            step = CaseStep(kind="shared", to=self._desk, destinations=names)
            self._add_step(unit, tip, step, ", ".join(names), ("shared", ", ".join(names)[:MAX_DETAIL]))

    def withdraw(self, unit: UnitOfWork, tip: OpenTip, desk: str, reason: str) -> PostedMessage:
        """Take a tip back from a desk and its destinations.

        A desk that had the tip's key may still know it, and whoever writes to the databases could delete the withdrawal
        from the thread. So the tip gets a new key for all new messages.

        Raises:
            ActRefused: this machine is a remote office, or a desk in doubt would not get the tip's new key.
        """
        if self._services.signers(unit).of(tip.envelope).host:
            raise ActRefused("withdraw.office")
        if self._services.roster_state(unit).lacks_heads:
            raise ActRefused("withdraw.heads")
        lock(unit)
        threads.lock(unit, tip.id)
        destinations = [rule.to for rule in self._services.destination_rules if rule.desk == desk]
        envelopes.drop(unit, tip.id, [desk, *destinations])
        state = self._services.roster_state(unit)
        present = self._cache.reader.present_envelope(unit, tip.envelope)
        newest, rules = self._identity.partition("\n")[0], self._services.destination_rules
        renewed = renew_tip_key(unit, state, present, newest, rules, without=desk)
        remember(unit, self._desk, newest, renewed)
        return self._add_step(unit, tip, CaseStep(kind="withdrawn", to=desk), reason, ("withdrawn", desk))

    def _hand_over(
        self, unit: UnitOfWork, tip: OpenTip, desk: Desk, envelope: Envelope | None, *, is_release: bool
    ) -> None:
        if envelope:
            sealed = envelopes.seal(addressed(envelope, desk.name), desk.recipient)
            envelopes.store(unit, tip.id, desk.name, sealed, is_release=is_release)
        kind: Kind = "release" if is_release else "tip"
        deliveries.add(unit, tip.id, delivered_to(desk.destination), again=True, kind=kind)

    def _deliver(
        self, unit: UnitOfWork, tip: OpenTip, destinations: tuple[DirectedDestination, ...], *, is_release: bool = False
    ) -> None:
        for one in destinations:
            if one.envelope:
                envelopes.store(unit, tip.id, one.to, one.envelope)
            kind: Kind = "release" if is_release else "tip"
            deliveries.add(unit, tip.id, one.to, again=True, is_urgent=tip.header.priority == "urgent", kind=kind)

    def _is_below(self, signers: Signers, desk: Desk) -> bool:
        own = next((one for one in signers.desks if one.name == self._desk), None)
        return own is not None and LEVELS.index(desk.level) < LEVELS.index(own.level)

    def _readable_rules(self, unit: UnitOfWork, host: RosterState | None) -> tuple[DestinationRule, ...]:
        services = self._services
        if host:
            return services.roster.readable_rules(host, host_destination_rules(unit.main))
        return services.readable_rules(services.roster_state(unit))

    def _destinations(
        self, every: tuple[DestinationRule, ...], tip: OpenTip, desk: str, *, has_key: bool
    ) -> tuple[DirectedDestination, ...]:
        """Seal the tip's key to a desk's chosen destinations; with a release, only to those that read no tips."""
        header = tip.header
        rules = matching_rules(every, tip.tip, header.priority, desks={desk}, excluded=header.excluded)
        sealed = []
        for rule in (one for one in rules if has_key or not one.recipient):
            envelope = addressed(tip.envelope, rule.to)
            key = envelopes.seal(envelope, rule.recipient) if rule.recipient else b""
            sealed.append(DirectedDestination(to=rule.to, recipient=rule.recipient, envelope=key))
        return tuple(sealed)

    def _may_have(self, desk: Desk, tip: OpenTip) -> bool:
        if tip.envelope.tip_recipient or desk.name == PROBE_DESK:
            return False
        return desk.name not in tip.header.excluded and not is_accused(tip.tip, desk, self._services.geography)


def _directed(
    desk: Desk, envelope: Envelope | None, destinations: tuple[DirectedDestination, ...], *, is_release: bool
) -> DirectedDesk:
    """Return an office's request to the host to store the envelopes of the directed desk."""
    sealed = envelopes.seal(addressed(envelope, desk.name), desk.recipient) if envelope else b""
    told = DirectedDesk(desk=desk.name, recipient=desk.recipient, envelope=sealed, is_release=is_release)
    return msgspec.structs.replace(told, destinations=destinations)


def _released(tip: OpenTip, key: str, desk: str) -> Envelope:
    """Return the envelope for a desk with only a release, which writes to no tipster and knows no language."""
    recipient, verifier = first_key(tip.envelope)
    return msgspec.structs.replace(
        tip.envelope,
        desk=desk,
        identity=key,
        receipt="",
        tip_recipient=recipient,
        tip_verifier=verifier,
        holders={},
        answers_to={},
        changes=(),
        points=(),
        arrived=0,
        sent=sent_with_release(tip.envelope),
        header=msgspec.structs.replace(tip.header, language=""),
    )
