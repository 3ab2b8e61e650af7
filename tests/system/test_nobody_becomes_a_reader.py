"""An operator with the command line, both databases and all passphrases but one head's can't read a protected tip.

The attacker has the passphrases of the SP's desk (its head and a clerk) and of a station, runs every command, and
writes whatever they like into both databases. What they lack is the passphrase of the DIG's head. After each attempt a
tip about the SP's office comes, and the tipster of an earlier one writes once more: both open for the DIG, and with no
key that the attacker can have.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update

from satark.api.routing import CaseworkError, Desk, DestinationRule
from satark.api.sealing import CantOpen, new_identity, open_as
from satark.api.tip import Envelope, Message
from satark.cli.main import cli
from satark.ingest.ingest import IngestFailed
from satark.roster.chain import chain_hash
from satark.roster.entries import (
    Closed,
    DeskAdded,
    Entry,
    KeyChange,
    OfficerSet,
    RosterOfficer,
    desk_verifier,
    officer_signer,
)
from satark.roster.roster import COPY_NAME, read_copy, write_copy
from satark.routing.authors import Signers
from satark.routing.desks import stored_desks
from satark.runtime.host import Host
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import tables
from satark_desk import plugin
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import (
    NewDesk,
    NewOfficer,
    WrongPassphrase,
    add_officer,
    make_desk,
    remove_officer,
    rotate,
    unlock,
    unlock_any,
)
from satark_desk.recovery import approve_recovery, ask_for_recovery
from satark_desk.roster_changes import approve
from satark_desk.roster_memory import recall
from satark_desk.tables import officer
from satark_testing.waiting import until
from support.acts import respond
from support.desks import end_founding
from support.roster import trusting
from support.scripted import ScriptedChannel, Tipster, scripted_host
from support.tipsters import ENGLISH

pytestmark = pytest.mark.slow("hosts and offices")

ACCUSING = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)} | {
    "Is a police officer involved": "Yes",
    "Whom do you suspect": "The SP's office",
    "Which officer": "skip",
}
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"
PASSPHRASES = {
    ("sp", "sp-head"): "kupfer wolke 71 anker",
    ("sp", "clerk"): "leiter mond 38 zwiebel",
    ("lanka", "so"): "fenster gabel 54 komet",
}
DIGS = "harfe nebel 92 quitte"


class Attacker:
    """An operator with every passphrase except that of the DIG's head, and with a key of their own."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        self.recipient, self.identity = new_identity()

    def unlock(self, desk: str, name: str) -> UnlockedDesk:
        """Unlock a desk with a passphrase that the attacker has."""
        return unlock(self.services, desk, name, PASSPHRASES[desk, name])

    def run(self, *arguments: str, by: tuple[str, str] | None = None) -> Result:
        """Run `satark` with the passphrase of one of these officers."""
        words = list(arguments)
        if by:
            file = self.folder / f"{by[1]}.txt"
            file.write_text(PASSPHRASES[by] + "\n", "utf-8")
            file.chmod(0o600)
            words += ["--passphrase-file", str(file)]
        return CliRunner().invoke(cli, words)

    def main(self, statement: Any) -> None:
        """Run SQL on the main database."""
        self.services.write_now(lambda unit: unit.main.execute(statement))

    def keys(self, *statements: Any) -> None:
        """Run SQL on the key store."""
        self.services.write_now(lambda unit: [unit.keys.execute(one) for one in statements])

    def desk_row(self, name: str = "watch") -> dict[str, str]:
        """Return the row of a desk at the level of a range, with the attacker's key."""
        return {"name": name, "title": name, "level": "range", "area": "", "recipient": self.recipient, "via": "desk"}

    def identities(self) -> Iterator[str]:
        """Yield every key that the attacker can obtain."""
        yield self.identity
        desks = [row.name for row in self.services.read(lambda c: c.execute(select(tables.desk.c.name)))]
        for passphrase in PASSPHRASES.values():
            for desk in {*desks, "sp", "dig", "lanka", "watch"}:
                try:
                    unlocked = unlock_any(self.services, desk, passphrase)
                except CaseworkError:
                    continue
                yield from (unlocked.identity, unlocked.own_identity)

    def opened(self) -> list[str]:
        """Return the envelopes and messages that any of these keys opens."""
        envelopes = self.services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().all())
        messages = self.services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
        keys = {one for one in self.identities() if one}
        found = [one for key in keys for sealed in envelopes if (one := opens(Envelope, sealed, key))]
        keys |= {line for one in found for line in one.identity.split()}
        said = [one for key in keys for sealed in messages if (one := opens(Message, sealed, key))]
        return [repr(one) for one in (*found, *said)]


def opens(kind: Any, sealed: bytes, identity: str) -> Any:
    try:
        return open_as(kind, sealed, identity)
    except CantOpen:
        return None


class Place:
    """A host with its sealed desks, and the attacker."""

    def __init__(self, host: Host, channel: ScriptedChannel, folder: Path) -> None:
        self.host, self.channel = host, channel
        self.attacker = Attacker(host.services, folder)

    @property
    def dig(self) -> UnlockedDesk:
        """The DIG's desk, unlocked by its head."""
        return unlock(self.host.services, "dig", "dig-head", DIGS)

    async def tip(self, address: str) -> tuple[Tipster, str]:
        """Submit a tip about the SP's office; return its tipster, and the text of the receipt."""
        assert self.host.ingest_runtime is not None
        tipster = Tipster(self.host.ingest_runtime, self.channel, address)
        return tipster, await tipster.walk(ACCUSING, RECEIPT)


@asynccontextmanager
async def place(folder: Path, *more: NewOfficer | NewDesk) -> AsyncIterator[Place]:
    """Yield a sealed host. `more`: further officers of the DIG, and further desks, of the founding."""
    channel = ScriptedChannel()
    host = scripted_host(Settings(data_dir=folder / "data"), channel, plugin=plugin)
    async with host.running():
        await until(lambda: channel.opened)
        found(host.services, more)
        yield Place(host, channel, folder)


def found(services: Services, more: Iterable[NewOfficer | NewDesk]) -> None:
    """Add the desks and officers, end the founding, and have the heads sign in: each desk changes its key."""
    for name, level, area, head, passphrase in (
        ("sp", "district", "", "sp-head", PASSPHRASES["sp", "sp-head"]),
        ("dig", "range", "", "dig-head", DIGS),
        ("lanka", "station", "lanka", "so", PASSPHRASES["lanka", "so"]),
    ):
        new = NewDesk(name=name, title=name, level=level, area=area, officer=head, passphrase=passphrase)  # type: ignore[arg-type]
        make_desk(services, new)
    sp = unlock(services, "sp", "sp-head", PASSPHRASES["sp", "sp-head"])
    clerk = NewOfficer(name="clerk", passphrase=PASSPHRASES["sp", "clerk"], rights=("listen", "release"))
    add_officer(services, sp, clerk)
    for one in more:
        if isinstance(one, NewDesk):
            make_desk(services, one)
        else:
            add_officer(services, unlock(services, "dig", "dig-head", DIGS), one)
    heads = {"sp": "sp-head", "lanka": "so"}
    end_founding(services, lambda desk: unlock(services, desk, heads[desk], PASSPHRASES[desk, heads[desk]]), *heads)
    unlock(services, "dig", "dig-head", DIGS)
    for one in more:
        if isinstance(one, NewDesk):
            unlock(services, one.name, one.officer, one.passphrase)


def insert_a_desk(at: Attacker) -> None:
    at.main(tables.desk.insert().values(at.desk_row()))


def give_the_digs_row_another_key(at: Attacker) -> None:
    at.main(update(tables.desk).where(tables.desk.c.name == "dig").values(recipient=at.recipient))


def propose_a_desk_and_sign_it_with_every_passphrase(at: Attacker) -> None:
    said = at.run("desk", "add", "watch", "--level", "range", by=("sp", "sp-head")).stdout
    (code,) = re.findall(r"this code, .*: (\S+)", said)
    (id_,) = re.findall(r"^proposed.* (\w+): ", at.run("roster", "show").stdout, re.MULTILINE)
    file = at.folder / "code"
    file.touch(0o600)
    file.write_text(code, "utf-8")
    for member in PASSPHRASES:
        at.run("roster", "approve", member[0], id_, "--code-file", str(file), by=member)
    (needs,) = re.findall(rf"{id_}: (?s:.*?); needs (.*)", at.run("roster", "show").stdout)
    assert "dig" in needs


def append_an_entry_that_the_sps_desk_signed(at: Attacker) -> None:
    state = at.services.roster_state()
    entry = Entry(body=own_desk(at), base=state.head)
    for desk, name in PASSPHRASES:
        entry = entry.signed_with((desk, name), at.unlock(desk, name).own_identity)
    add_row(at, entry.encode())
    at.main(tables.desk.insert().values(at.desk_row()))


def found_the_roster_anew(at: Attacker) -> None:
    at.keys(delete(tables.roster))
    at.run("desk", "add", "watch", "--level", "range", by=("sp", "sp-head"))
    at.main(tables.desk.insert().prefix_with("OR IGNORE").values(at.desk_row("watch2")))


def cut_the_roster_before_it_was_sealed(at: Attacker) -> None:
    closed = len(split(at.services.read_keys(at.services.roster.stored_entries))[0])
    at.keys(delete(tables.roster).where(tables.roster.c.position > closed))
    at.run("desk", "add", "watch", "--level", "range", by=("sp", "sp-head"))


def split(entries: Sequence[bytes]) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Return the entries of the founding, and those from its end on."""
    at = next(at for at, one in enumerate(entries) if isinstance(Entry.decode(one).body, Closed))
    return entries[:at], entries[at:]


def rewrite_the_roster_with_another_key_for_the_dig(at: Attacker) -> None:
    checked = at.services.read_keys(at.services.roster.check)
    at.keys(delete(tables.roster))
    for entry in filter(None, checked.chain.entries):
        add_row(at, with_another_key_for_the_dig(at, entry).encode())
    give_the_digs_row_another_key(at)


def with_another_key_for_the_dig(at: Attacker, entry: Entry) -> Entry:
    if not isinstance(entry.body, DeskAdded) or entry.body.desk.name != "dig":
        return entry
    dig = msgspec.structs.replace(entry.body.desk, recipient=at.recipient)
    body = msgspec.structs.replace(entry.body, desk=dig, verifier=desk_verifier(at.identity))
    return msgspec.structs.replace(entry, body=body)


def change_the_digs_key_with_the_sps_signatures(at: Attacker) -> None:
    listed = at.services.roster_state().desks["dig"].desk.recipient
    body = KeyChange(
        desk="dig", replaces=listed, recipient=at.recipient, verifier=desk_verifier(at.identity)
    ).proved_by(at.identity)
    entry = Entry(body=body, base=at.services.roster_state().head)
    head = at.unlock("sp", "sp-head")
    add_row(at, entry.signed_with(("sp", "sp-head"), head.own_identity).encode())
    give_the_digs_row_another_key(at)
    assert at.run("desk", "rotate", "dig", by=("sp", "sp-head")).exit_code == 1


def put_an_officer_of_the_sp_into_the_digs_desk(at: Attacker) -> None:
    row = at.services.read(lambda c: c.execute(select(officer).where(officer.c.name == "sp-head")).one())
    at.main(officer.insert().values({**row._mapping, "desk": "dig"}))
    with pytest.raises(WrongPassphrase):
        unlock(at.services, "dig", "sp-head", PASSPHRASES["sp", "sp-head"])
    assert at.run("officer", "add", "dig", "mole", by=("sp", "sp-head")).exit_code == 1


def add_an_officer_to_the_dig_by_a_forged_entry(at: Attacker) -> None:
    state = at.services.roster_state()
    mole = RosterOfficer(
        name="mole", recipient=at.recipient, signer=officer_signer(at.identity), role="head", rights=("listen",)
    )
    entry = Entry(body=OfficerSet(desk="dig", officer=mole), base=state.head)
    for desk, name in PASSPHRASES:
        entry = entry.signed_with((desk, name), at.unlock(desk, name).own_identity)
    add_row(at, entry.encode())


def recover_the_digs_head(at: Attacker) -> None:
    code = ask_for_recovery(at.services, "dig", "dig-head", "an attackers own phrase 17").code
    for desk, name in PASSPHRASES:
        with pytest.raises(CaseworkError):
            approve_recovery(at.services, at.unlock(desk, name), "dig-head", code)


def direct_tips_to_a_destination_of_their_own(at: Attacker) -> None:
    rule = DestinationRule(to="email:mole", desk="dig", recipient=at.recipient)
    at.services.destination_rules = (*at.services.destination_rules, rule)


ATTEMPTS: list[Callable[[Attacker], None]] = [
    insert_a_desk,
    give_the_digs_row_another_key,
    propose_a_desk_and_sign_it_with_every_passphrase,
    append_an_entry_that_the_sps_desk_signed,
    found_the_roster_anew,
    cut_the_roster_before_it_was_sealed,
    rewrite_the_roster_with_another_key_for_the_dig,
    change_the_digs_key_with_the_sps_signatures,
    put_an_officer_of_the_sp_into_the_digs_desk,
    add_an_officer_to_the_dig_by_a_forged_entry,
    recover_the_digs_head,
    direct_tips_to_a_destination_of_their_own,
]


def own_desk(at: Attacker) -> DeskAdded:
    return DeskAdded(desk=Desk(**at.desk_row()), verifier=desk_verifier(at.identity))  # type: ignore[arg-type]


def add_row(at: Attacker, entry: bytes) -> None:
    rows = at.services.read_keys(lambda c: c.execute(select(tables.roster).order_by(tables.roster.c.position)).all())
    before = ""
    for row in rows:
        before = chain_hash(before, row.entry)
    hash_ = bytes.fromhex(chain_hash(before, entry))
    at.keys(tables.roster.insert().values(position=len(rows) + 1, entry=entry, hash=hash_))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_settings: None) -> None:
    """Point the commands at the host's data folder."""
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: one.__name__)
async def test_no_attack_lets_the_attacker_read_a_tip(attempt: Callable[[Attacker], None], tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        tipster, before = await town.tip("9140112233")
        attempt(town.attacker)
        await town.tip("9140112244")
        await write_more(tipster, before)
        assert town.attacker.opened() == []
        tips = town.dig.casework(town.host.services).summaries()
        assert len(tips) == 2


def restarted(at: Attacker) -> None:
    """Have the process lose its memory, as a restart does. If the copy is missing, the attacker forges it, too."""
    vars(at.services.roster).update(vars(trusting(at.folder / "data" / COPY_NAME, at.services)))


def cut_rows_and_copy(at: Attacker) -> None:
    """Take the entry that ended the founding out of the key store and of this machine's copy, and add a desk."""
    copy = at.folder / "data" / COPY_NAME
    founding, (_, *later) = split(read_copy(copy))
    at.keys(delete(tables.roster))
    for entry in (*founding, *later):
        add_row(at, entry)
    write_copy(copy, [*founding, *later])
    restarted(at)
    found_a_desk(at)


def rewrite_rows_and_copy(at: Attacker) -> None:
    """Rewrite the whole roster, with the attacker's desk before the entry that ends the founding."""
    founding, later = split(read_copy(at.folder / "data" / COPY_NAME))
    at.keys(delete(tables.roster))
    for entry in (*founding, Entry(body=own_desk(at)).encode(), *later):
        add_row(at, entry)
    at.main(tables.desk.insert().values(at.desk_row()))
    (at.folder / "data" / COPY_NAME).unlink()
    restarted(at)


def restore_rows_and_copy_of_the_founding(at: Attacker) -> None:
    """Restore rows and copy to the time of only the SP's desk; add the other desks and one more without signatures."""
    first, *_ = entries = read_copy(at.folder / "data" / COPY_NAME)
    at.keys(delete(tables.roster))
    add_row(at, first)
    write_copy(at.folder / "data" / COPY_NAME, [first])
    restarted(at)
    add_row(at, Entry(body=own_desk(at)).encode())
    for entry in entries[1:]:
        add_row(at, entry)
    at.main(tables.desk.insert().values(at.desk_row()))


def found_a_desk(at: Attacker) -> None:
    at.run("desk", "add", "watch2", "--level", "range", by=("sp", "sp-head"))
    at.main(tables.desk.insert().values(at.desk_row()))
    add_row(at, Entry(body=own_desk(at)).encode())


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("forgotten", [False, True], ids=["signed", "deleted and remembered"])
@pytest.mark.parametrize(
    "attempt",
    [cut_rows_and_copy, rewrite_rows_and_copy, restore_rows_and_copy_of_the_founding],
    ids=lambda one: one.__name__,
)
async def test_an_attacker_who_writes_rows_and_copy_adds_no_reader_without_officers_signatures(
    attempt: Callable[[Attacker], None], *, forgotten: bool, tmp_path: Path
) -> None:
    async with place(tmp_path) as town:
        services = town.host.services
        tipster, before = await town.tip("9140112233")
        noted = recall(services, town.dig).noted
        assert "nothing" not in CliRunner().invoke(cli, ["roster", "verify"]).stdout
        if forgotten:
            town.attacker.keys(delete(tables.roster_head))
        attempt(town.attacker)
        if forgotten:  # the head of the DIG signs in with the browser of the day before
            assert recall(services, unlock(services, "dig", "dig-head", DIGS), noted).is_lost
        await town.tip("9140112244")
        with pytest.raises(IngestFailed):  # the provider sends it again until the heads agreed
            await write_more(tipster, before)
        assert town.attacker.opened() == []
        assert len(town.dig.casework(services).summaries()) == 2
        shown = CliRunner().invoke(cli, ["roster", "verify"])
        assert shown.exit_code == 1
        assert "which an officer signed" in shown.stdout
        assert "nothing is sealed to what is new: watch" in shown.stdout


@pytest.mark.usefixtures("environment")
async def test_the_attackers_keys_are_detected_when_they_open_a_tip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place(tmp_path) as town:
        tipster, before = await town.tip("9140112233")
        await write_more(tipster, before)
        assert town.attacker.opened() == []
        town.attacker.identity = town.dig.identity
        assert {one.partition("(")[0] for one in town.attacker.opened()} == {"Envelope", "Message"}


@pytest.mark.usefixtures("environment")
async def test_without_the_roster_a_forged_desk_in_the_database_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place(tmp_path) as town:
        await town.tip("9140112233")
        for what in ("desks", "sealable"):
            monkeypatch.setattr(Signers, what, property(lambda _: town.host.services.read(stored_desks)))
        insert_a_desk(town.attacker)
        await town.tip("9140112244")
        assert town.attacker.opened() != []


@pytest.mark.usefixtures("environment")
async def test_a_new_desk_key_is_sealed_to_officers_in_the_roster_not_in_the_database(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        tipster, before = await town.tip("9140112233")
        at = town.attacker
        dig = town.dig
        at.main(update(officer).where(officer.c.desk == "dig").values(recipient=at.recipient))
        rotate(town.host.services, dig)
        (row,) = town.host.services.read(lambda c: c.execute(select(officer).where(officer.c.desk == "dig")).all())
        assert opens(dict, row.desk_key, at.identity) is None
        await write_more(tipster, before)
        assert at.opened() == []


@pytest.mark.usefixtures("environment")
async def test_messages_are_not_sealed_to_a_key_forged_in_the_tips_row(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        tipster, before = await town.tip("9140112233")
        at = town.attacker
        at.main(update(tables.tip).values(recipient=at.recipient))
        await tipster.say("he keeps it in the shed")
        await write_more(tipster, before)
        work = town.dig.casework(town.host.services)
        (summary,) = work.summaries()
        respond(work, work.open(summary.id), status="NEED_INFO", text="When was it?")
        assert at.opened() == []
        thread = work.open(summary.id).thread
        told = ["he keeps it in the shed", "he was there again at night", "When was it?"]
        assert [one.message.text for one in thread] == told
        await tipster.say("Hi", code_in(before))
        assert "When was it?" in tipster.text


@pytest.mark.usefixtures("environment")
async def test_a_removed_officer_with_an_old_copy_of_the_database_reads_no_new_tip(tmp_path: Path) -> None:
    async with place(tmp_path, NewOfficer(name="leaver", passphrase="sommer glas 66 turm")) as town:
        services = town.host.services
        tipster, receipt = await town.tip("9140112233")
        leaver = unlock(services, "dig", "leaver", "sommer glas 66 turm")
        stale = {bytes(row[0]) for row in stale_envelopes(tmp_path)}
        keys = {leaver.identity, leaver.own_identity}
        opened = [one for key in keys for sealed in stale if (one := opens(Envelope, sealed, key))]
        assert [one.desk for one in opened] == ["dig"], "they could read what was there"
        keys |= {line for one in opened for line in one.identity.split()}

        assert remove_officer(services, town.dig, "leaver").done
        work = town.dig.casework(services)
        (summary,) = work.summaries()
        respond(work, work.open(summary.id), status="NEED_INFO", text="When was it?")
        await write_more(tipster, receipt)
        await town.tip("9140112244")

        messages = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
        envelopes = services.read_keys(lambda c: c.execute(select(tables.envelope.c.sealed)).scalars().all())
        assert len(messages) == 2
        assert not any(opens(Message, sealed, key) for key in keys for sealed in messages)
        assert not any(opens(Envelope, sealed, key) for key in keys for sealed in envelopes)
        with pytest.raises(WrongPassphrase):
            unlock(services, "dig", "leaver", "sommer glas 66 turm")
        thread = town.dig.casework(services).open(summary.id).thread
        assert [one.message.text for one in thread] == ["When was it?", "he was there again at night"]


def stale_envelopes(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "data" / "keys.db") as connection:
        return connection.execute("SELECT sealed FROM envelope").fetchall()


@pytest.mark.usefixtures("environment")
async def test_an_old_signed_roster_entry_cannot_be_replayed(tmp_path: Path) -> None:
    async with place(tmp_path) as town:
        services = town.host.services
        await town.tip("9140112233")
        submitted = add_officer(services, town.dig, NewOfficer(name="leaver", passphrase="sommer glas 66 turm"))
        assert not submitted.done
        approve(services, town.attacker.unlock("sp", "sp-head"), submitted.id)
        added = services.read_keys(services.roster.check).chain.entries
        unlock(services, "dig", "dig-head", DIGS)  # carries it out
        (entry,) = services.read_keys(services.roster.check).chain.entries[len(added) :]
        assert entry is not None
        assert remove_officer(services, town.dig, "leaver").done
        add_row(town.attacker, entry.encode())
        checked = services.read_keys(services.roster.check)
        assert sorted(checked.state.desks["dig"].officers) == ["dig-head"]
        assert any("forged or not allowed" in problem for problem in checked.problems)


def code_in(receipt: str) -> str:
    code = re.search(RECEIPT, receipt)
    assert code
    return code.group()


async def write_more(tipster: Tipster, receipt: str) -> None:
    await tipster.say("Hi", code_in(receipt))
    await tipster.say("he was there again at night")
