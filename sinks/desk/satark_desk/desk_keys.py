"""A desk's private key, sealed to each of its officers; and an unlocked desk."""

from collections.abc import Sequence

import msgspec

from satark.api import CantOpen, Desk, Redacted, Transcriber, new_identity, open_as, seal
from satark.casework import Casework, Right, Role, Services, TipCache, Viewer
from satark_desk.passphrases import wrap
from satark_desk.read_state import seen_threads


class DeskKey(Redacted, frozen=True, kw_only=True):
    """A desk's private key as it is sealed to an officer. Opening the copy checks desk and officer."""

    desk: str
    officer: str
    identity: str
    """The desk's private key. While the key is being changed: the new and the previous key, one per line."""
    note: str = ""
    """The note of a head of the roster that an officer signed. Nobody who writes to the databases can change it."""


class UnlockedDesk(msgspec.Struct, frozen=True):
    """A desk, unlocked by an officer's passphrase."""

    desk: Desk
    officer: str
    identity: str
    """The desk's private key; empty for an auditor, who has none."""
    role: Role
    rights: tuple[Right, ...]
    own_identity: str
    """The officer's own private key."""
    temporary: bool = False
    """Whether somebody else knows the passphrase. If so, the officer must set a new one before any other page opens."""

    @property
    def may_listen(self) -> bool:
        """Whether the officer may hear tipsters' voices."""
        return "listen" in self.rights

    @property
    def may_release(self) -> bool:
        """Whether the officer may open originals, with a second officer."""
        return "release" in self.rights

    def casework(
        self, services: Services, transcribers: Sequence[Transcriber] = (), cache: TipCache | None = None
    ) -> Casework:
        """Return the desk's casework for this officer.

        An auditor's casework opens no tip. `cache`: the tips that the desk's officers have opened already; None: open
        the tips again.
        """
        return Casework(
            services,
            self.desk.name,
            self.identity,
            officer=self.officer,
            may_listen=self.may_listen,
            transcribers=transcribers,
            own_identity=self.own_identity,
            cache=cache,
            seen=lambda envelope: services.read(lambda c: seen_threads(c, self.desk.name, envelope)),
        )

    def viewer(self, services: Services) -> Viewer:
        """Return the officer as a reader of the audit log."""
        return Viewer.of(
            services,
            desk=self.desk.name,
            officer=self.officer,
            role=self.role,
            identity=self.identity,
            own_identity=self.own_identity,
        )

    def __repr__(self) -> str:
        return f"UnlockedDesk({self.desk.name}, {self.officer})"


def new_officer_key(desk: str, name: str, passphrase: str) -> tuple[str, dict[str, object]]:
    """Make a key pair for an officer, encrypted with a passphrase.

    Returns:
        The private key, and the columns of the officer's row that depend on it, without the column of the desk's key.
    """
    recipient, own = new_identity()
    wrapped = wrap(own, passphrase, key_context(desk, name))
    return own, {"recipient": recipient, **msgspec.structs.asdict(wrapped)}


def seal_desk_key(desk: str, name: str, identity: str, recipient: str, note: str = "") -> bytes:
    """Seal a desk's private key to an officer, with the note of a head of the roster."""
    return seal(DeskKey(desk=desk, officer=name, identity=identity, note=note), recipient)


def open_desk_key(sealed: bytes, desk: str, name: str, own: str) -> DeskKey | None:
    """Open an officer's copy of a desk's private key; None if the copy is another officer's or was altered."""
    try:
        key = open_as(DeskKey, sealed, own)
    except CantOpen:
        return None
    return key if (key.desk, key.officer) == (desk, name) else None


def key_context(desk: str, name: str) -> str:
    """Return the context of an officer's private key. The key can be decrypted in this officer's row only."""
    return f"satark/1/officer/{desk}/{name}"
