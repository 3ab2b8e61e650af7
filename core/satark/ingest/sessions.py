"""Session store: opens and seals the drafts of conversations."""

import time
from collections.abc import Iterable, Mapping
from typing import Final

import anyio.to_thread
import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from satark.api.flow import FormView
from satark.api.inbound import Address
from satark.api.observability import log
from satark.api.prompt import Prompt
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.session import Session
from satark.identity import time_buckets
from satark.identity.edge_key import BrokenSeal, Handle, Identity, open_for, seal_for
from satark.services import Services
from satark.settings.core import Core
from satark.store import conversations
from satark.store.conversations import ConversationRow
from satark.store.flows import Flows
from satark_files.decoding import DECODING_ERRORS
from satark_words.reading import Reading

FORMAT: Final = 2
"""Raise this number if an older version can't read the changed `Session`: it then leaves such sessions alone.

While machines are upgraded one after the other, both versions read the same conversations.
"""
_MAP: Final = 0x80
"""Smallest first byte of a session of format 1, which has no number before its map."""
_HEAD: Final = bytes([FORMAT]) if FORMAT > 1 else b""
_encode_session = msgspec.msgpack.Encoder().encode
_decode_session = msgspec.msgpack.Decoder(Session).decode


class NewerSession(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A newer version of Satark wrote this session. This version neither reads nor changes it."""


def encode_session(session: Session) -> bytes:
    return _HEAD + _encode_session(session)


def decode_session(data: bytes) -> Session:
    """Read the bytes of a session.

    Raises:
        NewerSession: a newer version wrote the session.
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError: the session is damaged, or its format is unknown.
    """
    if not data or data[0] >= _MAP:
        return _decode_session(data)
    if data[0] > FORMAT:
        raise NewerSession
    return _decode_session(data[1:])


class Due(msgspec.Struct, frozen=True, array_like=True):
    """Unix times at which a conversation is due. They are stored sealed, since they tell when the sender last wrote."""

    expires: int
    asks: int | None = None
    """When to ask the tipster about a complete draft that they did not send."""


_encode_due = msgspec.msgpack.Encoder().encode
_decode_due = msgspec.msgpack.Decoder(Due).decode


class SessionStore:
    """Reads and seals sessions. A draft that does not open counts as no session: the conversation begins anew.

    A draft that a newer version wrote is left to that version.
    """

    def __init__(self, identity: Identity, settings: Core) -> None:
        self._identity = identity
        self._settings = settings

    def open(self, row: ConversationRow | None) -> Session | None:
        """Open the session of a conversation; None: there is no session, or it does not open.

        Raises:
            NewerSession: a newer version wrote the session, so nothing may replace it.
        """
        if row is None or not row.draft:
            return None
        try:
            return decode_session(self._identity.open_draft(row.id, row.draft))
        except (BrokenSeal, *DECODING_ERRORS):
            return None

    def open_newest(self, row: ConversationRow) -> Session | None:
        """Open the session of a locked conversation. An old draft in a newer one's place counts as erased.

        Raises:
            NewerSession: as `open` does.
        """
        session, counts = self.open(row), self._identity.epochs.drafts
        if session is None:
            return None
        if session.writes < counts.of(row.id):
            log.error("an earlier draft was put in a newer one's place: it counts as erased")
            return Session(flow=session.flow, channel=session.channel, tip="", recipient="", identity="", lapsed=True)
        counts.note(row.id, session.writes)
        return session

    def look(self, connection: Connection, pseudonyms: Iterable[bytes]) -> Session | None:
        """Open the session of a sender, without locking anything."""
        known = tuple(pseudonyms)
        homes, _ = conversations.find(connection, self._identity, [known])
        session = self.open(conversations.read(connection, homes.values()).get(homes[known[0]]))
        return session if session is not None and session.tip else None

    def seal(self, id_: bytes, session: Session, account: str, address: Address, now: int) -> Mapping[str, object]:
        """Make the row of a conversation: the sealed session, the sealed reply handle, and when it expires."""
        if not session.tip:
            return self.seal_lapsed(id_, session, now)
        handle = Handle(account, address.reveal(), session.language, now, bool(session.aloud))
        minutes = self._settings.reach_minutes if session.submitted else self._settings.session_hours * 60
        due = Due(now + int(minutes * 60), self._asks_at(session, now))
        return self._row(id_, session, self._identity.seal_handle(handle, id_), due)

    def due(self, id_: bytes, sealed: bytes) -> Due:
        """Open the due times of a conversation. If they do not open, the conversation is due at once."""
        try:
            return _decode_due(self._identity.open(sealed, id_ + b"due"))
        except (BrokenSeal, *DECODING_ERRORS):
            return Due(0)

    def seal_lapsed(self, id_: bytes, session: Session, now: int) -> Mapping[str, object]:
        """Make the row that remains after an unsent draft was erased. It has no address."""
        return self._row(id_, session, b"", Due(now + int(self._settings.lapsed_hours * 3600)))

    def seal_asked(self, row: ConversationRow, session: Session) -> Mapping[str, object]:
        """Make the row of a conversation that was asked about its draft. It is asked once, and expires as before."""
        return self._row(row.id, session, row.handle, Due(self.due(row.id, row.due).expires))

    def seal_changed(self, row: ConversationRow, session: Session) -> Mapping[str, object]:
        """Make the row of a conversation whose session changed without a turn. Everything else stays."""
        return self._row(row.id, session, row.handle, self.due(row.id, row.due))

    def _row(self, id_: bytes, session: Session, handle: bytes, due: Due) -> Mapping[str, object]:
        return {
            "id": id_,
            "draft": self._identity.seal_draft(id_, encode_session(session)),
            "handle": handle,
            "due": self._identity.seal(_encode_due(due), id_ + b"due"),
            "ends_by": time_buckets.band_end(due.expires),
        }

    def _asks_at(self, session: Session, now: int) -> int | None:
        hours, term = self._settings.unsent_question_hours, self._settings.session_hours
        if not hours or not session.complete or not session.may_remind:
            return None
        return now + int((term - min(hours, term / 2)) * 3600)


def with_receipt(session: Session, prompt: Prompt, sender: Address) -> Session:
    """Keep the prompt that shows a receipt in the session, so that the sender, and nobody else, can see it again."""
    return msgspec.structs.replace(session, receipt=seal_for(sender, _encode_parts(prompt.parts)))


_encode_parts = msgspec.msgpack.Encoder().encode
_decode_parts = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class Drafts:
    """Opens the draft of a sender whose address is known."""

    def __init__(self, *, flows: Flows, identity: Identity, sessions: SessionStore, services: Services) -> None:
        self._flows = flows
        self._identity = identity
        self._sessions = sessions
        self._services = services

    async def look(self, account: str, sender: Address) -> FormView | None:
        """Return the form view of a sender's conversation; None if there is no conversation.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer, or a newer version wrote the draft. In both
            cases the page says "try again", in the second until this process is upgraded too.
        """
        pseudonym = self._identity.pseudonym(account, sender)
        return await anyio.to_thread.run_sync(self._services.read, lambda found: self._look(found, pseudonym, sender))

    def read(self, connection: Connection, account: str, sender: Address, words: str) -> Reading | None:
        """Read a text at a conversation's current question, for the demo's page. None: no conversation. Blocks."""
        session = self._sessions.look(connection, [self._identity.pseudonym(account, sender)])
        return self._flows.engine(connection, session.flow).read(session, words) if session else None

    @property
    def engine(self) -> Engine:
        return self._flows.current

    def blank(self, channel: str, language: str = "") -> FormView:
        """Return the unanswered form of a channel. If `language` is empty, the form is in the flow's first language."""
        engine = self._flows.current
        session = engine.begin(channel=channel, tip="", recipient="", identity="")
        if language:
            session = msgspec.structs.replace(session, language=language)
        return engine.form(session, int(time.time()))

    def _look(self, connection: Connection, pseudonym: bytes, sender: Address) -> FormView | None:
        try:
            session = self._sessions.look(connection, [pseudonym])
            if session is None:
                return None
            view = self._flows.engine(connection, session.flow).form(session, int(time.time()))
            if not session.receipt:
                return view
            return msgspec.structs.replace(view, receipt=_decode_parts(open_for(sender, session.receipt)))
        except (NewerSession, FlowError):
            raise SQLAlchemyError("a newer version wrote the draft") from None
