"""One turn: the engine advances a session by one event, and `TurnRunner` carries out the turn's requests."""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

import msgspec

from satark.api.channel import Channel, ErasingChannel
from satark.api.inbound import Moved
from satark.api.prompt import Prompt
from satark.api.sealing import key_of
from satark.custody.log import announce, erase_files
from satark.dialogue.engine import Engine
from satark.dialogue.session import MediaJob, Session, Turn
from satark.identity.edge_key import Identity
from satark.identity.random_bytes import random_bytes
from satark.identity.signatures import name_of, verifier_for
from satark.ingest.event import InboundEvent, TurnResult
from satark.ingest.handoff_codes import HandoffCodes, brought
from satark.ingest.mailbox_store import Mailboxes
from satark.ingest.sessions import with_receipt
from satark.ingest.submission import Submissions
from satark.outbox.outbox import Outbox, message
from satark.plugins.loader import Plugins
from satark.routing.renewals import tip_verifier
from satark.routing.sent import TIPSTER_USE
from satark.routing.tip_keys import decode_root
from satark.store import evidence_files, provider_messages
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage, news_queue
from satark.store.unit_of_work import UnitOfWork
from satark_age.age import new_identity, write_identity

_FORM_TOKEN_BYTES: Final = 18


@dataclass(slots=True, eq=False, repr=False)
class Conversation:
    id: bytes
    handle: bytes
    session: Session | None
    is_missing: bool = False
    """Whether there should be a session: somebody deleted or altered its rows."""
    prompts: list[Prompt] = field(default_factory=list)
    """The prompts of the replies, fitted to the channel: the newest question, and the prompts that must arrive."""
    calls: list[OutboxMessage] = field(default_factory=list)
    """Calls that are no replies: a last message on the channel that the session left, and deletions."""
    provider_message_ids: list[str] = field(default_factory=list)
    """The provider's ids of the messages that came in."""
    event: InboundEvent | None = None
    """The newest event that was ingested; None before the first."""
    result: TurnResult | None = None
    """The result of the newest event. It contains the conversation's replies."""


@dataclass(kw_only=True, eq=False, repr=False)
class TurnRunner:
    """Runs turns, one event each, inside the transaction of a batch."""

    identity: Identity
    flows: Flows
    plugins: Plugins
    submissions: Submissions
    mailboxes: Mailboxes
    handoff_codes: HandoffCodes
    outbox: Outbox

    @cached_property
    def _has_commit_hook(self) -> bool:
        return self.plugins.implements("satark_before_commit")

    def run(
        self, unit: UnitOfWork, event: InboundEvent, conversation: Conversation, origin: Conversation | None
    ) -> TurnResult:
        """Run the turn of one event, which changes the session and the replies of its sender's conversation.

        `origin`: the conversation of the handoff code in the event, if any.
        """
        begins = conversation.session is None or not conversation.session.tip
        result = TurnResult(conversation=conversation.id)
        if not isinstance(event.event, Moved):
            moved = conversation.session is not None and conversation.session.channel != event.channel.name
            session = self._refresh(unit, self._session(unit, conversation, event), event)
            notices = evidence_files.pending_file_notices(unit.main, session.tip) if session.files else ()
            engine = self._engine(unit, session)
            # Not asked here yet: what other events of the same transaction asked, and what another medium asked.
            unseen = moved or (bool(conversation.prompts) and not event.channel.capabilities.inline)
            turn = engine.advance(session, event.event, event.source, unit.now, notices, unseen=unseen)
            if notices and turn.prompt is not None:
                evidence_files.clear_file_notices(unit, session.tip)
            turn = self._answer_requests(
                unit, turn, event=event, conversation=conversation, origin=origin, result=result
            )
            if turn.erase or turn.dropped_files:
                result.erased += erase_files(unit, session.tip, None if turn.erase else turn.dropped_files)
            if turn.media_jobs:
                home = {"conversation": conversation.id, "senders": event.pseudonyms}
                jobs = [
                    msgspec.structs.replace(job, verifier=_verifier(job, session, turn), **home)
                    for job in turn.media_jobs
                ]
                evidence_files.add(unit, jobs, self.identity)
                box = session.mailbox or session.sent
                for job in jobs:
                    if box and job.tip == box.tip:
                        announce(unit, job.tip, job.recipient, [job.ordinal])
                result.files = True
            if self._has_commit_hook:
                self.plugins.before_commit(turn, unit)
            self._carry_out(unit, turn, event, conversation, result)
            if begins:
                self._tell_missed_news(unit, event, conversation, result)
        if event.inbound.provider_message_id:
            conversation.provider_message_ids.append(event.inbound.provider_message_id)
        conversation.event, conversation.result = event, result
        return result

    def _carry_out(
        self, unit: UnitOfWork, turn: Turn, event: InboundEvent, conversation: Conversation, result: TurnResult
    ) -> None:
        """Carry out a turn's requests beyond its session and files: messages, deletions, reply handles."""
        session = turn.session or conversation.session
        if turn.post is not None and session is not None and (box := session.mailbox or session.sent):
            self.mailboxes.post(unit, box, turn.post)
        if turn.delete_messages:
            deletions = self._delete_messages(unit, conversation, event)
            conversation.calls += deletions
            result.outgoing += deletions
        if turn.reach is False:
            self.mailboxes.forget(unit, event, session)
        elif turn.reach and session is not None:
            self.mailboxes.reach(unit, event, session)
        conversation.session = session = turn.session
        shown = turn.prompt and self.outbox.fit(turn.prompt, event.channel)
        if session is not None and shown is not None:
            capabilities = event.channel.capabilities
            sent = shown.options_sent if capabilities.kind == "sms" else None
            # A chat keeps what was said on the screen; nothing stays here that no further part needs.
            said = session.said if capabilities.inline or sent is not None else ""
            if (said, sent) != (session.said, session.options_sent):
                conversation.session = msgspec.structs.replace(session, said=said, options_sent=sent)
        if shown is not None:
            # Within one batch only the newest question matters; what must arrive (a receipt) stays.
            conversation.prompts = [prompt for prompt in conversation.prompts if prompt.must_arrive] + [shown]

    def _tell_missed_news(
        self, unit: UnitOfWork, event: InboundEvent, conversation: Conversation, result: TurnResult
    ) -> None:
        """If a conversation begins, tell its sender of news that an earlier notice failed to tell."""
        for link, handle in self.mailboxes.missed_news(unit, event):
            notice = self.flows.current.news_notice(handle.language)
            told = self.outbox.compose(notice, handle, news_queue(link))
            conversation.calls += told
            result.outgoing += told

    def _session(self, unit: UnitOfWork, conversation: Conversation, event: InboundEvent) -> Session:
        """Return the conversation's session; a new one if there is none, or if a complete tip follows another."""
        session = conversation.session
        if session is not None and not session.tip:
            return msgspec.structs.replace(self._begin(unit, event), lapsed=True)
        if session is None and (conversation.is_missing or self.identity.epochs.tells_loss(unit.now)):
            return msgspec.structs.replace(self._begin(unit, event), may_be_lost=True)
        if session is None or self._engine(unit, session).begins_anew(session, event.event):
            # What was held for the tip before is named as left out.
            return msgspec.structs.replace(self._begin(unit, event), held=session.held if session else ())
        if session.channel != event.channel.name:
            session = self._engine(unit, session).move(session, self._begin(unit, event))
        return session

    def _begin(self, unit: UnitOfWork, event: InboundEvent) -> Session:
        capabilities, tipster_key = event.channel.capabilities, random_bytes(16).hex()
        return self.flows.current.begin(
            channel=event.channel.name,
            tip=name_of(verifier_for(tipster_key, TIPSTER_USE)),
            recipient="", identity=write_identity(new_identity()), erasable=_can_erase(type(event.channel)),
            reachable=capabilities.reachable, speaks=capabilities.voice_notes, forms=capabilities.forms,
            form_token=random_bytes(_FORM_TOKEN_BYTES).hex() if capabilities.forms else "",
            tipster_key=tipster_key, calls=capabilities.calls,
        )  # fmt: skip

    def _is_above_range(self, unit: UnitOfWork) -> bool:
        return any(desk.level == "state" for desk in self.submissions.services.signers(unit).sealable)

    def _refresh(self, unit: UnitOfWork, session: Session, event: InboundEvent) -> Session:
        """Update a session with the state that its files reached since its last turn.

        When a spooled event is ingested, the tipster has left and can't be asked about a file. Tipsters were told that
        Satark records the tip without them, so no question may delay it.
        """
        if session.files and not session.submitted:
            with_origin = () if event.late else evidence_files.ordinals_with_origin(unit.main, session.tip)
            uncleaned = evidence_files.uncleaned_files(unit.main, session.tip)
            contents = evidence_files.contents(unit.main, session.tip)
            session = msgspec.structs.replace(
                session, files_with_origin=with_origin, files_uncleaned=uncleaned, contents=contents
            )
        if session.mailbox is not None:
            session = msgspec.structs.replace(session, mailbox=self.mailboxes.refreshed(unit, session.mailbox))
        if session.sent is not None:
            session = msgspec.structs.replace(session, sent=self.mailboxes.refreshed(unit, session.sent))
        return session

    def _answer_requests(
        self,
        unit: UnitOfWork,
        turn: Turn,
        *,
        event: InboundEvent,
        conversation: Conversation,
        origin: Conversation | None,
        result: TurnResult,
    ) -> Turn:
        """Carry out the requests whose result the turn's answer shows: to submit, to open a mailbox, to hand off."""
        if turn.session is None:
            return turn
        if turn.submission is not None:
            turn = self._submit(unit, turn, event, result)
        if turn.open_mailbox and turn.session is not None:
            mailbox = self.mailboxes.open(unit, event.code)
            result.wrong_code = mailbox is None
            result.forged = mailbox is not None and mailbox.forged
            if mailbox is None and (told := turn.otherwise):
                return self._answer_requests(
                    unit, told, event=event, conversation=conversation, origin=origin, result=result
                )
            turn = _second(turn, self._engine(unit, turn.session).show_mailbox(turn.session, mailbox, unit.now))
        if turn.issue_handoff_code and turn.session is not None:
            turn = _second(turn, self._depart(unit, turn.session, event, conversation))
        if turn.redeem_handoff_code and turn.session is not None:
            turn = _second(turn, self._arrive(unit, turn.session, event, origin, result))
        return turn

    def _submit(self, unit: UnitOfWork, turn: Turn, event: InboundEvent, result: TurnResult) -> Turn:
        session, submission = turn.session, turn.submission
        if session is None or submission is None:
            return turn
        recipient, key = key_of(session.identity)
        session = msgspec.structs.replace(session, recipient=recipient)
        receipt = self.submissions.submit(unit, session, submission, event.channel.capabilities.kind, key)
        if submission.evidence:
            evidence_files.disclose_origin(unit, session.tip, submission.origin_disclosed, session.tipster_key)
        result.submitted = True
        shown = self._engine(unit, session).show_receipt(session, receipt, unit.now)
        if event.channel.capabilities.kind == "web" and shown.session and shown.prompt:
            kept = with_receipt(shown.session, shown.prompt, event.inbound.senders[0])
            shown = msgspec.structs.replace(shown, session=kept)
        return _second(turn, shown)

    def _depart(self, unit: UnitOfWork, session: Session, event: InboundEvent, conversation: Conversation) -> Turn:
        leaving, code = self.handoff_codes.give(unit, conversation.id, session)
        minutes = round(self.handoff_codes.minutes)
        return self._engine(unit, session).show_handoff_code(leaving, code, minutes, unit.now)

    def _arrive(
        self, unit: UnitOfWork, session: Session, event: InboundEvent, origin: Conversation | None, result: TurnResult
    ) -> Turn:
        """Move a handoff code's session here. The conversation that had the session gets a last message and ends."""
        coming = brought(origin.session, event) if origin else None
        result.wrong_code = coming is None
        if origin is None or coming is None:
            return self._engine(unit, session).resume(session, None, unit.now)
        self.handoff_codes.drop(unit, coming)
        engine = self._engine(unit, coming)
        handle = self.identity.open_handle(origin.handle, origin.id)
        last = self.outbox.compose(engine.handed_off_notice(coming), handle, origin.id)
        origin.calls += last
        origin.session = None
        result.stored[origin.id] = self.identity.epochs.drafts.after(origin.id)
        result.outgoing += last
        return engine.resume(session, coming, unit.now)

    def _delete_messages(
        self, unit: UnitOfWork, conversation: Conversation, event: InboundEvent
    ) -> list[OutboxMessage]:
        channel, inbound = event.channel, event.inbound
        if not isinstance(channel, ErasingChannel):
            return []
        found = provider_messages.ids_of(unit, conversation.id, self.identity)
        calls = channel.erase(
            [*found, *filter(None, [inbound.provider_message_id])], inbound.account, inbound.senders[0]
        )
        return [message(conversation.id, call, must_arrive=True) for call in calls]

    def _engine(self, unit: UnitOfWork, session: Session) -> Engine:
        return self.flows.engine(unit.main, session.flow).among(lambda: unit.once(self._is_above_range))


@cache
def _can_erase(channel: type[Channel]) -> bool:
    # To look through a protocol's methods takes 10 µs.
    return issubclass(channel, ErasingChannel)


def _verifier(job: MediaJob, before: Session, turn: Turn) -> str:
    """Return the verifier of a file's tip, from the receipt or from a draft's key."""
    boxes = (box for one in (turn.session, before) if one for box in (one.mailbox, one.sent))
    root = next((box.root for box in boxes if box and box.tip == job.tip), b"")
    return decode_root(root).verifier if root else tip_verifier(before.identity)


def _second(first: Turn, second: Turn) -> Turn:
    """Combine the two halves of a turn: the second one's session and prompt, and the other requests of both."""
    return msgspec.structs.replace(
        second,
        media_jobs=first.media_jobs + second.media_jobs,
        dropped_files=first.dropped_files + second.dropped_files,
        erase=first.erase or second.erase,
        post=second.post or first.post,
        reach=first.reach if second.reach is None else second.reach,
    )
