"""The host's services for plugins: the store, the static data, and one context for each role.

Channels get none of these, since they have no access to storage.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine

from satark.api.background import run_in_thread
from satark.api.providers import Transcriber
from satark.api.routing import CoveredRule, Desk, DestinationRule, NoSuchDesk
from satark.api.services import DestinationReader, Drafts, Ingest
from satark.api.services import UnitOfWork as AnyUnitOfWork
from satark.dialogue.flow.loader import Questionnaire
from satark.identity.edge_key import load_edge_key
from satark.roster.chain import append, with_memory
from satark.roster.entries import Entry, HostNoted
from satark.roster.heads import restore
from satark.roster.roster import COPY_NAME, HOST_COPY_NAME, CheckedRoster, HostRoster, Roster
from satark.roster.rules import NotAllowed
from satark.roster.state import RosterState
from satark.routing.authors import Signers
from satark.routing.desks import stored_desks
from satark.settings.settings import Settings
from satark.store import changed_keys, deliveries, due_times, envelopes, tip_counts
from satark.store.breakers import DestinationFault, destination_faults
from satark.store.changed_keys import NoRoom
from satark.store.engines import reading_engine
from satark.store.unit_of_work import UnitOfWork, unit_of_work
from satark.store.workspace import temporary_folder, workspace_dir
from satark.store.write_ahead_log import LogEraser
from satark.store.writer import Writer
from satark_words.geography.geography import Geography

T = TypeVar("T")


class Services:
    """The store and the static data, which every role and every command has.

    Every method blocks: call it from a thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        main: Engine,
        keys: Engine,
        geography: Geography,
        questionnaire: Questionnaire | None = None,
        destination_rules: Sequence[DestinationRule] = (),
    ) -> None:
        self.office_seconds = int(settings.core.office_minutes * 60)
        """Seconds in each of which every remote office gets one delivery or cover; 0: at once."""
        plain = [rule.to for rule in destination_rules if not isinstance(rule, CoveredRule)]
        every = int(settings.core.delivery_minutes * 60)
        # Others read the tip, and need its key.
        woken = {one.to: one.desk for one in destination_rules if one.priority != "normal" and not one.recipient}
        name_key = load_edge_key(settings.name_key_file, create=True, what="name key")
        plain_main = tip_counts.remembering(
            envelopes.with_name_key(main, name_key), settings.epoch_key_file.with_suffix(".tips")
        )
        self.main = due_times.put_off(plain_main, dict.fromkeys(plain, every), self.office_seconds, woken, self.desks)
        self.machines = settings.core.machines
        """How many machines use these databases; 0: unknown."""
        self.data_dir = settings.core.data_dir
        """Folder of this machine's own data: the spool, and copies by which it notices changes of the databases."""
        self.roster = Roster(self.data_dir / COPY_NAME)
        """The desks, keys and officers that may read tips."""
        self.keys = with_memory(envelopes.with_name_key(keys, name_key), self.roster)
        self.files = settings.files
        """The store of files, which all machines share."""
        self.evidence = settings.evidence
        """The sealed files of tips in that store."""
        self.geography = geography
        self.questionnaire = questionnaire or Questionnaire.shipped()
        """The texts that name the questions, options and categories in tips."""
        self.destination_rules = tuple(destination_rules)
        """The rules of the destinations beyond the desks."""
        self.retention = settings.core.retention
        self.host_roster = HostRoster(self.data_dir / HOST_COPY_NAME)
        """At an office: the roster of its host."""
        self._reading, self._reading_keys = reading_engine(self.main), reading_engine(self.keys)

    def secret_key(self, file: str) -> bytes:
        found: bytes = self.keys.get_execution_options()["satark_secret_key"](file)
        return found

    def close(self) -> None:
        """Close the databases' connections. Overwrite SQLite's logs first, since SQLite would only delete them."""
        LogEraser((self.main, self.keys)).erase()
        self.main.dispose()
        self.keys.dispose()

    def read(self, query: Callable[[Connection], T]) -> T:
        with self._reading.connect() as connection:
            return query(connection)

    def read_keys(self, query: Callable[[Connection], T]) -> T:
        with self._reading_keys.connect() as connection:
            return query(connection)

    def desks(self, unit: UnitOfWork | None = None) -> list[Desk]:
        return self.signers(unit).desks

    def desk(self, name: str) -> Desk:
        """Return the desk of this name.

        Raises:
            NoSuchDesk: the rosters list no such desk.
        """
        found = next((one for one in self.desks() if one.name == name), None)
        if found is None:
            raise NoSuchDesk
        return found

    def roster_state(self, unit: UnitOfWork | None = None) -> RosterState:
        """Return the state of the own roster, in a transaction or at present."""
        return self._checked(unit).state

    def readable_rules(self, state: RosterState) -> tuple[DestinationRule, ...]:
        """Return the rules of the destinations that may have tips by this state of the own roster."""
        return self.roster.readable_rules(state, self.destination_rules)

    def signers(self, unit: UnitOfWork | None = None) -> Signers:
        """Return the keys by which desks' messages count, in a transaction or at present."""
        own = self._checked(unit)
        host = self.host_roster.state(unit.main, own) if unit else self.read(lambda c: self.host_roster.state(c, own))
        return Signers(own.state, host)

    def note_host(self, desk: str, identity: str) -> None:
        """At an office: note a new head of the host's roster in the own roster, signed with a desk's key.

        Officers sign the own roster's head, and their browsers keep it.
        """
        own, host = self.roster_state(), self.signers().host
        if host is None or not host.head or own.noted.get(desk) == host.head:
            return
        entry = Entry(body=HostNoted(desk=desk, head=host.head), by=(desk, ""), base=own.head)
        with suppress(NotAllowed):  # somebody else signs in: at the next sign-in
            self.write_now(lambda unit: append(unit, entry.signed_with((desk, ""), identity)))

    def inspect_rosters(self, rules: Sequence[DestinationRule] = ()) -> tuple[str, ...]:
        """Log and return each difference from the rosters; update this machine's copies."""
        desks = self.read(stored_desks)
        problems = self.read_keys(lambda keys: self.roster.inspect(keys, desks, rules))
        return (*problems, *self.read(lambda c: self.host_roster.problems(c, self._checked())))

    def restore_heads(self) -> None:
        """Store signed heads again that this machine knows and the key store lacks: a new machine needs them."""
        if missing := self.read_keys(self.roster.missing_heads):
            self.write_now(lambda unit: restore(unit, missing, self.roster_state(unit)))

    def _checked(self, unit: UnitOfWork | None = None) -> CheckedRoster:
        return self.roster.check(unit.keys, committed=False) if unit else self.read_keys(self.roster.check)

    def add_delivery(self, unit: AnyUnitOfWork, delivery: str, destination: str) -> None:
        deliveries.add(unit, delivery, destination)

    def mark_returned(self, unit: AnyUnitOfWork, sink: str, is_it: Callable[[str], bool], *, reason: str) -> bool:
        id_ = next((one for one in deliveries.delivered_ids(unit.main, sink) if is_it(one.hex())), None)
        if id_ is None:
            return False
        deliveries.mark_returned(unit, id_, reason)
        return True

    @property
    def workspace(self) -> Path:
        """The folder in memory for files in plain text."""
        return workspace_dir(self.data_dir)

    def temporary_folder(self) -> AbstractContextManager[Path]:
        return temporary_folder(self.workspace)

    def write_now(self, write: Callable[[UnitOfWork], T]) -> T:
        """Run a write in its own transaction, in this thread; if tips lack room for it, give it and run it again."""
        try:
            with unit_of_work(self.main, self.keys) as unit:
                return write(unit)
        except NoRoom as lacking:
            size = lacking.size
        self.give_room(size)
        return self.write_now(write)

    def give_room(self, size: int) -> None:
        """Give all tips `size` bytes of room for key changes, some in each transaction, so that turns need not wait."""
        last = ""
        while last := self.write_now(partial(changed_keys.grow, after=last, size=size)):
            pass


class ProcessServices(Services):
    """The services of a running process, which also write with the process's next group commit."""

    def __init__(self, services: Services, writer: Writer) -> None:
        vars(self).update(vars(services))  # the same engines, keys and roster: nothing is opened a second time
        self.writer = writer

    async def write(self, write: Callable[[UnitOfWork], T]) -> T:
        try:
            return await self.writer.write(write)
        except NoRoom as lacking:
            await run_in_thread(self.give_room, lacking.size)
        return await self.write(write)


class DeskContext(ProcessServices):
    """The services that a process of the desk role offers to officers' pages."""

    def __init__(
        self,
        services: Services,
        writer: Writer,
        *,
        transcribers: Sequence[Transcriber] = (),
        has_fault: Callable[[], bool] = lambda: False,
        reader: Callable[[str], DestinationReader],
    ) -> None:
        super().__init__(services, writer)
        self.transcribers = tuple(transcribers)
        """Offline speech recognisers."""
        self.has_fault = has_fault
        """Returns whether this machine has a fault; the log and `/readyz` tell which."""
        self.reader = reader
        """Returns the reader of the destination with this name, which uses this machine's key of the destination."""

    def destination_faults(self, desk: str) -> list[DestinationFault]:
        """Return the destinations of a desk that are down or have dead letters."""
        return self.read(lambda c: destination_faults(c, desk, self.destination_rules))


class WebContext(ProcessServices):
    """The services that a process of the web role offers to pages for tipsters."""

    def __init__(self, services: Services, writer: Writer, *, ingest: Ingest, drafts: Drafts) -> None:
        super().__init__(services, writer)
        self.ingest = ingest
        """Ingests what a page received."""
        self.drafts = drafts
        """Shows the state of unfinished tips."""
