"""Unfinished tips, for pages that show where a conversation stands. Read only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from satark.dialogue.flow.definition import FlowError
from satark.dialogue.session import NewerSession

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.api.channel import Address
    from satark.dialogue.engine import Engine
    from satark.dialogue.rendering.form_view import FormView
    from satark.identity.edge_key import Identity
    from satark.ingest.sessions import SessionStore
    from satark.services import Services
    from satark.store.flows import Flows
    from satark_words.reading import Reading


class Drafts:
    """Opens the draft of a sender whose address is known."""

    def __init__(self, *, flows: Flows, identity: Identity, sessions: SessionStore, services: Services) -> None:
        self._flows = flows
        self._identity = identity
        self._sessions = sessions
        self._services = services

    async def look(self, account: str, sender: Address) -> FormView | None:
        """Return the sheet of a sender's conversation; None where there is none (any more).

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer, or a newer version wrote the draft: then the
                page says the same, "try again", until this process is upgraded too.
        """
        pseudonym = self._identity.pseudonym(account, sender)
        return await anyio.to_thread.run_sync(self._services.read, lambda found: self._look(found, pseudonym))

    def read(self, connection: Connection, account: str, sender: Address, words: str) -> Reading | None:
        """Read a text where a sender's conversation stands; None where they have none. Blocks. For the demo's page."""
        session = self._sessions.look(connection, [self._identity.pseudonym(account, sender)])
        return self._flows.engine(connection, session.flow).read(session, words) if session else None

    @property
    def engine(self) -> Engine:
        """The engine of the current flow."""
        return self._flows.current

    def blank(self, channel: str, language: str = "") -> FormView:
        """Return the unanswered form of a channel; in the flow's first language where none is given."""
        engine = self._flows.current
        session = engine.begin(channel=channel, tip="", recipient="", identity="")
        if language:
            session = msgspec.structs.replace(session, language=language)
        return engine.form(session, int(time.time()))

    def _look(self, connection: Connection, pseudonym: bytes) -> FormView | None:
        try:
            session = self._sessions.look(connection, [pseudonym])
            if session is None:
                return None
            return self._flows.engine(connection, session.flow).form(session, int(time.time()))
        except (NewerSession, FlowError):
            raise SQLAlchemyError("a newer version wrote the draft") from None
