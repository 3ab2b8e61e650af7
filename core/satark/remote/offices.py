"""Registration: the host stores which desks are in remote offices; an office stores which host it belongs to."""

import time
from typing import Final

from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, func, select, update

from satark.api.observability import Redacted
from satark.api.routing import CaseworkError, Desk, NoSuchDesk
from satark.api.sink import MessageRejected
from satark.remote.link_keys import HostPairing, LinkPublicKeys, OfficePairing
from satark.remote.messages import DirectoryMessage
from satark.remote.office_outbox import host_of
from satark.retention.erasure import is_erased_copy
from satark.roster.chain import Proposal, append, read_state, verify
from satark.roster.entries import Entry, HostNoted, KeyChange
from satark.roster.roster import entries_of, lines_of
from satark.roster.rules import NotAllowed, Unsigned
from satark.routing.desks import add_desk
from satark.routing.rules import encode_rules
from satark.services import Services
from satark.store import bulk, deliveries, envelopes, host_link, tables
from satark.store.erasure_orders import TIP_BYTES
from satark.store.unit_of_work import UnitOfWork

_LATE: Final = 6 * 3600 * 10**9
"""Nanoseconds after which a tip that the host listed should have come, and by which the clocks may differ."""
DAY: Final = 86_400 * 10**9
"""Nanoseconds of a day."""


class Office(Redacted, frozen=True, kw_only=True):
    """A desk's remote office, according to the host."""

    desk: str
    link: LinkPublicKeys
    """With an empty verifier the office gets copies only, and may not answer."""


def register(unit: UnitOfWork, desk: Desk, pairing: OfficePairing) -> None:
    """At the host, in the founding: add a desk that is in a remote office; `desk.via` is the sink that reaches it.

    Raises:
        CaseworkError: the desk exists, its name or level is invalid, or the roster does not allow it.
    """
    add_desk(unit, desk, verifier=pairing.answer_verifier)
    link_office(unit, pairing)


def link_office(unit: UnitOfWork, pairing: OfficePairing) -> None:
    """At the host: store the link keys of a desk's office, and vouch for them: nobody who only writes rows does."""
    row = {"desk": pairing.desk, **asdict(pairing.link), "tag": office_tag(unit.keys, pairing.desk, pairing.link)}
    bulk.upsert(unit.main, tables.office, [row])


def office_tag(keys: Connection | Engine, desk: str, link: LinkPublicKeys) -> bytes:
    """Return what vouches for the link keys of a desk's office."""
    return envelopes.tag(keys, desk, f"office {link.recipient} {link.verifier}")


def apply_key_change(unit: UnitOfWork, desk: str, change: KeyChange) -> bool | None:
    """At the host: seal new tips to a remote desk's new key.

    Returns False if the roster does not allow the change, since the previous key did not sign the new one. Returns None
    if a head must confirm the change, which is proposed.
    """
    listed = read_state(unit.keys).desks.get(desk)
    if listed is None or change.desk != desk:
        return False
    if listed.desk.recipient == change.recipient:
        if listed.verifier != change.verifier:  # a clerk's own: the roster's alone counts
            return False
    else:
        proposal = Proposal(entry=Entry(body=change))
        try:
            append(unit, proposal.entry)
        except Unsigned:
            if proposal.id not in {one.id for one in Proposal.all(unit.main)}:
                proposal.store(unit)
            return None
        except NotAllowed:
            return False
    unit.main.execute(update(tables.desk).where(tables.desk.c.name == desk).values(recipient=change.recipient))
    return True


def office_of(connection: Connection, keys: Connection | Engine, desk: str) -> Office | None:
    """Return a desk's remote office; None if it has none, or if somebody wrote other link keys into its row."""
    row = connection.execute(select(tables.office).where(tables.office.c.desk == desk)).one_or_none()
    if row is None:
        return None
    link = LinkPublicKeys(recipient=row.recipient, verifier=row.verifier)
    return Office(desk=desk, link=link) if row.tag == office_tag(keys, desk, link) else None


def copy_recipient(services: Services, desk: str) -> Office | None:
    """Return the recipient of a desk's copies: the desk's own key, so that only its officers open them.

    None if there is no such desk.
    """
    found = next((one for one in services.signers().sealable if one.name == desk), None)
    if found is None:
        return None
    return Office(desk=desk, link=LinkPublicKeys(recipient=found.recipient, verifier=""))


def resend(unit: UnitOfWork, desk: str) -> int:
    """At the host: send all tips of a desk to its office once more, with their files; return how many tips.

    Raises:
        NoSuchDesk: the desk is not in a remote office.
    """
    if office_of(unit.main, unit.keys, desk) is None:
        raise NoSuchDesk
    # The rows stay: by those of tips that the desk lost since, erasures know what lies at its office.
    unit.main.execute(update(tables.sent_transfer).where(tables.sent_transfer.c.desk == desk).values(chunks=0))
    tips = envelopes.tips_of(unit.keys, desk)
    for tip in tips:
        deliveries.add_revision(unit, tip, offices_only=True)
    return len(tips)


def join(unit: UnitOfWork, pairing: HostPairing) -> None:
    """At an office: store the host of this pairing as the office's host.

    Raises:
        CaseworkError: the office belongs to another host.
    """
    present = host_of(unit.main)
    if present is not None and present != pairing.link:
        raise CaseworkError("this office belongs to another host already")
    if present is None:
        row = {
            **asdict(pairing.link),
            "directory": time.time_ns() - DAY,  # one more without a list is a fault; what is older was made before
            "destination_rules": encode_rules(()),
            "roster": b"",
            "tips": b"",
        }
        tag = host_link.tag_of(unit.main, pairing.link.recipient, pairing.link.verifier, pairing.roster)
        unit.insert(tables.host_link, [{**row, "paired": pairing.roster, "tag": tag}])
        if not read_state(unit.keys).closed:  # else officers note it at the next sign-in
            append(unit, Entry(body=HostNoted(desk="", head=pairing.roster)))


def store_directory(unit: UnitOfWork, directory: DirectoryMessage, services: Services) -> None:
    """At an office: replace the host's roster, destinations and list of tips by those of a newer directory.

    A longer roster is newer whatever the clocks say. A time in this office's future counts at neither end: one minute
    of a wrong clock at the host would keep every later list out.

    Raises:
        MessageRejected: the directory's roster contradicts the office's.
    """
    link, latest = tables.host_link, time.time_ns() + _LATE
    known = host_link.read(unit.main, lock=True)
    if known is None:
        return
    values: dict[str, int | bytes] = {}
    if directory.version <= latest and not directory.version <= known.directory <= latest:
        values = {"directory": directory.version, "tips": directory.tips}
    if values or len(directory.roster) > len(entries_of(known.roster)):
        values |= {"destination_rules": directory.destination_rules, "roster": lines_of(directory.roster)}
        unit.main.execute(update(link).values(values))
        state = services.signers(unit).host
        if state is None or verify(directory.roster).state.head not in state.positions:
            raise MessageRejected("roster")


def days_without_list(services: Services) -> int:
    """At an office: return since how many days no list of its tips has come; 0 at the host, which gets none."""
    link = services.read(host_link.read)
    # A time in the future is not trusted either: who withholds lists would have until then.
    return 0 if link is None else abs(time.time_ns() - link.directory) // DAY


def count_unconfirmed(services: Services, days: int) -> int:
    """At an office: return how many answers and new keys of its desks wait for the host's confirmation for days."""
    waiting = tables.office_outbox.c
    late = (waiting.state == "due", waiting.position <= time.time_ns() - days * DAY)
    return services.read(lambda c: c.execute(select(func.count()).where(*late)).scalar_one())


def count_withheld(services: Services) -> int:
    """At an office: return how many of the host's tips have not come, hours after the host listed them."""
    row = services.read(host_link.read)
    if row is None or abs(time.time_ns() - row.directory) < _LATE:
        return 0
    listed = {one.hex() for at in range(0, len(row.tips), TIP_BYTES) if any(one := row.tips[at : at + TIP_BYTES])}
    lacking = listed.difference(services.read(lambda c: c.execute(select(tables.tip.c.id)).scalars().all()))
    return services.read_keys(lambda keys: sum(not is_erased_copy(keys, one) for one in lacking))
