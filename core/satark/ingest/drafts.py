"""Unfinished tips, for pages of our own that show where a conversation stands. They can be looked at, not changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from satark.dialogue.session import decode_session
from satark.identity.edge_key import BrokenSeal
from satark.store import conversations

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.channel import Address
    from satark.dialogue.session import Session
    from satark.dialogue.sheet import Sheet
    from satark.identity.edge_key import Identity
    from satark.services import Services
    from satark.store.flows import Flows


class Drafts:
    """Opens the draft of a sender whose address is known."""

    def __init__(self, *, flows: Flows, identity: Identity, services: Services) -> None:
        self._flows = flows
        self._identity = identity
        self._services = services

    async def look(self, account: str, sender: Address) -> Sheet | None:
        """Show where a sender's conversation stands; None where there is none (any more).

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        pseudonym = self._identity.pseudonym(account, sender)
        return await anyio.to_thread.run_sync(self._services.read, lambda found: self._look(found, pseudonym))

    def blank(self, channel: str, language: str = "") -> Sheet:
        """Show the form of a channel before anything is answered; in the flow's first language before one is chosen."""
        engine = self._flows.current
        session = engine.begin(channel=channel, tip="", recipient="", identity="")
        if language:
            session = msgspec.structs.replace(session, language=language)
        return engine.sheet(session, int(time.time()))

    def _look(self, connection: Connection, pseudonym: bytes) -> Sheet | None:
        homes, _ = conversations.find(connection, [(pseudonym,)])
        row = conversations.read(connection, homes.values()).get(homes[pseudonym])
        session = self._open(row) if row and row.draft else None
        if session is None:
            return None
        return self._flows.engine(connection, session.flow).sheet(session, int(time.time()))

    def _open(self, row: conversations.ConversationRow) -> Session | None:
        try:
            return decode_session(self._identity.open_draft(row.id, row.draft))
        except (BrokenSeal, msgspec.MsgspecError):
            return None
