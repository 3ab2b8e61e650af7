"""One turn: an event is heard, something is said and asked. A `TurnContext` lives for that turn only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from satark.channel import Event, Media
from satark.choice_tokens import encode_revision
from satark.dialogue.session import GivenAnswer, MediaJob, Session, SessionFile, Turn
from satark.dialogue.steps.contract import Question, Step, View
from satark.dialogue.turn.loaded_flow import LoadedFlow, Progress
from satark.prompt import Choice, Prompt

EDIT_PREFIX = "edit:"
"""Begins the mode of a session that edits one answer."""


class DialogueState(Protocol):
    """What a session is in: the draft, a menu, the mailbox. It puts one question and hears its answers."""

    def enter(self, talk: TurnContext) -> None:
        """Do what comes before the question is put."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Give the question and its id. Changes nothing."""

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Take an event; `code` is the option that it chose, or empty. None: not understood."""

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Take a command in a way of the room's own, or leave it (None) to the common one."""


class BaseState:
    """What most rooms share: nothing before the question, and no commands of their own."""

    def enter(self, talk: TurnContext) -> None:
        """Nothing."""

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """None."""
        del talk, name
        return None


class TurnContext:
    """The working state of one turn: the session as it becomes, and what the turn will carry."""

    __slots__ = (
        "_walk",
        "dropped",
        "kept",
        "now",
        "problems",
        "rooms",
        "said",
        "script",
        "session",
        "settle",
        "source",
        "stays",
    )

    def __init__(
        self, script: LoadedFlow, rooms: Mapping[str, DialogueState], session: Session, source: str, now: int
    ) -> None:
        self.script = script
        self.rooms = rooms
        self.session = session
        self.source = source
        self.now = now
        self.said: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.kept: list[MediaJob] = []
        self.dropped: list[str] = []
        self.settle = False
        self.stays = False
        """Whether the page that was shown may stand again below what is said: it was said above it before."""
        self._walk: Progress | None = None

    @property
    def walk(self) -> Progress:
        """Where the session stands now."""
        if self._walk is None:
            self._walk = self.script.walk(self.session)
        return self._walk

    @property
    def step(self) -> Step | None:
        """The step that is being asked: one that is edited from the review, or the first open one."""
        edited = self.script.flow.by_id.get(self.session.mode.removeprefix(EDIT_PREFIX))
        return edited if edited is not None and edited in self.walk.path else self.walk.step

    def view(self, step: Step | None) -> View:
        """What a step may look at."""
        return self.script.view(self.session, step, self.walk, self.now)

    def change(self, **fields: Any) -> None:
        """Go on with a changed session."""
        self.session = msgspec.structs.replace(self.session, **fields)
        self._walk = None

    def answer(self, name: str, answer: GivenAnswer | None) -> None:
        """Set or take back one answer. Its files that the new one does not keep are erased."""
        old = self.session.answers.get(name)
        answers = dict(self.session.answers)
        if answer is None:
            answers.pop(name, None)
        else:
            answers[name] = answer
        gone = set(old.evidence if old else ()) - set(answer.evidence if answer else ())
        self.change(answers=answers)
        self.drop(gone)

    def drop(self, ordinals: set[str]) -> None:
        """Erase files of this session."""
        gone = [file.ordinal for file in self.session.files if file.ordinal in ordinals]
        if gone:
            self.dropped += gone
            self.change(files=tuple(file for file in self.session.files if file.ordinal not in ordinals))

    @property
    def full(self) -> bool:
        """Whether the tip, or the one whose mailbox is open, has as many files as it may have."""
        box = self.session.mailbox
        return (box.files if box else len(self.session.files)) >= self.script.most_files

    def refuse_file(self) -> None:
        """Say that no more files can be kept."""
        self.said.append(self.script.texts(self.session).counted("files.full", self.script.most_files))

    def keep(self, media: Media, role: str) -> str:
        """Have a file fetched for the tip of this session; give its ordinal. Ordinals are never used twice."""
        ordinal = str(self.session.taken + 1)
        file = SessionFile(ordinal, media.kind, role, self.source)
        self.kept.append(_keep(self.session.tip, self.session.recipient, ordinal, role, media))
        self.change(files=(*self.session.files, file), taken=self.session.taken + 1)
        return ordinal

    def home(self) -> None:
        """Leave whatever menu the session is in, for where it was before."""
        mode = "@mailbox" if self.session.mailbox else "@reach" if self.session.submitted else ""
        self.change(mode=mode)

    def afresh(self, **fields: Any) -> Turn:
        """End the conversation with the first question of a new one: its answer will begin that one."""
        session = self.session
        empty = Session(flow=session.flow, channel=session.channel, tip="", recipient="", identity="")
        fresh = TurnContext(self.script, self.rooms, self.script.begun(empty), self.source, self.now)
        fresh.said = self.said
        return self.turn(None, fresh.ask().prompt, **fields)

    def keep_later(self, media: Media, role: str) -> str:
        """Have a file fetched for the tip of the open mailbox; give its ordinal."""
        box = self.session.mailbox
        if box is None:
            raise AssertionError("no mailbox is open")
        ordinal = str(box.taken + 1)
        self.kept.append(_keep(box.tip, box.recipient, ordinal, role, media))
        self.change(mailbox=msgspec.structs.replace(box, files=box.files + 1, taken=box.taken + 1))
        return ordinal

    def say(self, key: str, **values: Any) -> None:
        """Say something above the next question."""
        self.said.append(self.script.said(self.session, key, **values))

    def refuse(self, key: str, step: Step, **values: Any) -> None:
        """Say why what was answered to a step of a form can't be taken."""
        self.refused(self.script.said(self.session, key, **values), step)

    def refused(self, said: str, step: Step) -> None:
        """Likewise, in words that are there."""
        self.said.append(said)
        self.problems.append((step.id, said))

    def say_again(self) -> None:
        """Say what stood above the question in force, as far as the session has kept it."""
        self.said.append(self.session.said)
        self.stays = True

    @property
    def room(self) -> DialogueState:
        """The room that the session is in."""
        if self.session.mode.startswith("@"):
            return self.rooms[self.session.mode]
        return self.rooms["" if self.session.language else "@language"]

    def ask(self, *, keep: bool = False, **fields: Any) -> Turn:
        """End the turn with the room's question, under what was said."""
        room = self.room
        room.enter(self)
        name, asked = room.question(self)
        # Something new is said above the first page: it must not be turned over unread.
        stays = name == self.session.step and (self.stays or not any(self.said))
        page = self.session.page if stays else 0
        said = "\n\n".join(part for part in self.said if part)
        # A code, and what one opens, is shown once and kept nowhere.
        kept = "" if keep or self.session.submitted or self.session.mailbox else said
        self.change(step=name, page=page, said=kept, revision=self.session.revision + 1)
        prompt = make_prompt(self.script, self.session, name, asked, said=tuple(part for part in self.said if part))
        if self.problems:
            prompt = msgspec.structs.replace(prompt, problems=tuple(self.problems))
        if keep or self.settle:
            prompt = msgspec.structs.replace(prompt, keep=keep, settle=self.settle and not keep)
        return self.turn(self.session, prompt, **fields)

    def end(self, key: str, *, keep: bool = False, **fields: Any) -> Turn:
        """End the conversation with a last word."""
        self.say(key)
        language = self.session.language or self.script.flow.languages[0]
        return self.turn(None, Prompt(text="\n\n".join(self.said), language=language, keep=keep), **fields)

    def turn(self, session: Session | None, prompt: Prompt | None, **fields: Any) -> Turn:
        """Pack the turn up."""
        return Turn(session=session, prompt=prompt, keep=tuple(self.kept), drop=tuple(self.dropped), **fields)


def make_prompt(
    script: LoadedFlow, session: Session, name: str, asked: Question, *, said: tuple[str, ...] = ()
) -> Prompt:
    """Make a prompt of a question and what is said above it: tokens for its choices, labels for its actions."""
    texts = script.texts(session)
    end = encode_revision(session.revision)
    choices = tuple(Choice(f"{name}:{o.code}:{end}", o.label, o.description) for o in asked.offers)
    parts = (*said, asked.text) if asked.text else said
    return Prompt(
        text="\n\n".join(parts),
        parts=parts,
        language=texts.language,
        choices=choices,
        actions=tuple(
            Choice(f"{name}:@{way}:{end}", texts.text(texts.own(f"command.{way}", session.channel)))
            for way in asked.actions
        ),
        turns=tuple(Choice(f"{name}:@{way}:{end}", texts.text(f"command.{way}")) for way in ("more", "less"))
        if choices
        else (),
        menu_label=texts.text("list.open") if choices else "",
        wants=asked.wants,
        page=session.page,
    )


def _keep(tip: str, recipient: str, ordinal: str, role: str, media: Media) -> MediaJob:
    return MediaJob(
        tip=tip,
        recipient=recipient,
        ordinal=ordinal,
        role=role,
        kind=media.kind,
        caption=media.caption,
        ref=media.ref,
    )
