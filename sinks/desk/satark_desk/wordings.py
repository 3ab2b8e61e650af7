"""Wordings: sentences that the officers of a desk often write to tipsters.

They are sealed under a key that is derived from the desk's private key: nobody else can write or read one.

Everybody at the desk uses them, for every tip. So a wording must contain nothing about a tip, and above all nothing
about a tipster.
"""

import hashlib
import secrets
from typing import Final, Literal, TypeAlias

import msgspec
from sqlalchemy import delete, select, update

from satark.api import CaseworkError, Redacted
from satark.casework import MAX_TEXT, Services, UnitOfWork, open_box, seal_box
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import wording
from satark_desk.web.page_text import officers_languages

MOST: Final = 50
"""Most wordings of a desk."""
LONGEST_NAME: Final = 60
"""Most characters of a name."""
_PADDED: Final = 4096
"""Size in bytes to which every wording is padded before it is sealed. A thousand characters of any script fit."""

WordingProblem: TypeAlias = Literal["name", "text", "language", "many"]
"""Reason why a wording is not saved; its text on the pages is `wordings.problem.<code>`."""


class WordingRefused(CaseworkError):  # noqa: N818 - it reads as what it says
    """A wording is not saved."""

    def __init__(self, problem: WordingProblem) -> None:
        super().__init__(problem)
        self.problem: WordingProblem = problem


class Wording(Redacted, frozen=True, kw_only=True):
    """A text that an officer picks while writing to a tipster."""

    id: str = ""
    """16 hexadecimal digits; empty before it is saved."""
    language: str
    name: str
    text: str


def wordings_of(services: Services, by: UnlockedDesk) -> list[Wording]:
    """Return the wordings of a desk, by language and name.

    A wording that does not open was altered, and is left out.
    """
    rows = services.read(lambda c: c.execute(select(wording).where(wording.c.desk == by.desk.name)).all())
    found = (_opened(row.id, row.sealed, by.identity) for row in rows)
    return sorted((one for one in found if one), key=lambda one: (one.language, one.name.casefold(), one.id))


def save(services: Services, by: UnlockedDesk, new: Wording) -> str:
    """Save a wording for everybody at the desk; return its id.

    Raises:
        WordingRefused: the name or the text is empty or too long, or the desk has `MOST` wordings.
    """
    if new.language not in officers_languages():
        raise WordingRefused("language")
    if not 0 < len(new.name) <= LONGEST_NAME or not new.name.isprintable():
        raise WordingRefused("name")
    if not 0 < len(new.text) <= MAX_TEXT:
        raise WordingRefused("text")
    if len(wordings_of(services, by)) >= MOST:
        raise WordingRefused("many")
    id_ = secrets.token_hex(8)
    row = {"desk": by.desk.name, "id": id_, "sealed": _sealed(msgspec.structs.replace(new, id=id_), by.identity)}
    services.write_now(lambda unit: unit.insert(wording, [row]))
    return id_


def remove(services: Services, by: UnlockedDesk, id_: str) -> None:
    """Remove a wording.

    Raises:
        CaseworkError: the desk has no wording with this id.
    """
    this = (wording.c.desk == by.desk.name) & (wording.c.id == id_)
    if not services.write_now(lambda unit: unit.main.execute(delete(wording).where(this)).rowcount):
        raise CaseworkError("the desk has no wording with this id")


def renew(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    """Seal a desk's wordings to its new key, in the transaction that changes the key."""
    for row in unit.main.execute(select(wording).where(wording.c.desk == desk)).all():
        found = _opened(row.id, row.sealed, old)
        if found:
            this = (wording.c.desk == desk) & (wording.c.id == row.id)
            unit.main.execute(update(wording).where(this).values(sealed=_sealed(found, new)))


def _sealed(one: Wording, identity: str) -> bytes:
    return seal_box(_key(identity), msgspec.json.encode(one).ljust(_PADDED), one.id.encode())


def _opened(id_: str, sealed: bytes, identity: str) -> Wording | None:
    plain = open_box(_key(identity), sealed, id_.encode())
    return msgspec.json.decode(plain, type=Wording) if plain else None


def _key(identity: str) -> bytes:
    return hashlib.sha256(b"satark/1/wording\0" + identity.encode()).digest()
