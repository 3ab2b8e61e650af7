"""The context of one turn: the state of its session, the texts to say, and the end of the turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from satark.api.flow import Option, Question, Step
from satark.api.inbound import Event
from satark.api.prompt import Prompt
from satark.dialogue.session import Session, Turn
from satark.dialogue.turn import accusations
from satark.dialogue.turn.loaded_flow import LoadedFlow, make_prompt, may_offer
from satark.dialogue.turn.session_changes import KEEP, SessionChanges
from satark_words.catalogues import Catalogue
from satark_words.graphemes import truncate
from satark_words.reading import Danger, DangerKind

_ACTS = frozenset({"submission", "erase", "reach", "delete_messages"})
"""Fields of `Turn` for acts that can't be undone."""


class DialogueState(Protocol):
    """A state of the dialogue: the draft, a menu, the mailbox. A state asks one question and handles the answers."""

    def enter(self, context: TurnContext) -> None:
        """Do what has to happen before the question is asked."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Return the question and its id, without the part that `complete` adds. Changes nothing."""

    def complete(self, context: TurnContext, question: Question) -> Question:
        """Add what is needed only when the question is asked, such as the review's summary. Changes nothing."""

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Handle an event; `code` is the chosen option, or empty. Return None if the event is not understood."""

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Handle a command in this state's own way. Return None to leave it to the common handlers."""


class BaseState:
    """Base class of most states: no action before the question, nothing to complete, and no commands of their own."""

    def enter(self, context: TurnContext) -> None:
        """Do nothing."""

    def complete(self, context: TurnContext, question: Question) -> Question:
        """Return the question unchanged."""
        del context
        return question

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Return None: the common handlers handle every command."""
        del context, name
        return None


class TurnContext(SessionChanges):
    """The working state of one turn: the changed session and the content of the turn to be made."""

    __slots__ = (
        "_numbers",
        "_shown",
        "consent",
        "dangers",
        "debounce",
        "newly_accused",
        "numbers_stay",
        "on_page",
        "page_stays",
        "police_words",
        "problems",
        "replied",
        "said",
        "states",
        "wished",
    )

    def __init__(
        self, loaded: LoadedFlow, states: Mapping[str, DialogueState], session: Session, source: str, now: int
    ) -> None:
        super().__init__(loaded, session, source, now)
        if session.replied:
            self.change(replied="")
        self.states = states
        self.said: list[str] = []
        self.replied = session.replied
        """`Session.replied` before this turn."""
        self.problems: list[tuple[str, str]] = []
        self.dangers: tuple[str, ...] = ()
        """Kinds of danger that this turn's event surely tells of."""
        self._numbers: list[str] = []
        self._shown: set[str] = set()
        """Kinds of danger in which this turn has said whom to call."""
        self.consent: frozenset[str] = frozenset()
        """The act that this turn's event consents to, and the fields of `Turn` that the act may set; see `consent`."""
        self.debounce = False
        self.newly_accused = False
        """Whether this turn's words accuse an office that may have the tip that is sent already."""
        self.numbers_stay = False
        """Whether no number of this turn's words is taken for a receipt's code."""
        self.on_page = False
        """Whether this turn's words are from a form's page, which has a field of its own for the receipt's code."""
        self.wished = False
        """Whether this turn's words wish which police read the tip."""
        self.police_words: list[str] = []
        """The elements of `said` that the police wrote."""
        self.page_stays = False
        """Whether the current page stays: this turn says only texts that stood above the question before."""

    @property
    def state(self) -> DialogueState:
        """The dialogue state that the session is in."""
        session = self.session
        if session.state.startswith("@"):
            return self.states[session.state]
        return self.states["" if session.language else "@language"]

    @property
    def catalogue(self) -> Catalogue:
        """The texts in the session's language."""
        return self.loaded.catalogue(self.session)

    def whole_question(self) -> tuple[str, Question]:
        """Return the state's complete question and its id."""
        state = self.state
        name, question = state.question(self)
        return name, state.complete(self, question)

    def text(self, key: str, **values: Any) -> str:
        """Return a text in the session's language; see `LoadedFlow.text`."""
        return self.loaded.text(self.session, key, **values)

    def refusal(self, key: str) -> str:
        """Return a check's text about an answer. If a plugin's text is missing, return a general one."""
        return self.text(key if key in self.catalogue else "not_understood")

    def option(self, menu: str, code: str) -> Option:
        """Return an option of a menu. Its label is the text `<menu>.<code>`; its words are `<menu>.<code>.words`."""
        texts, key = self.catalogue, f"{menu}.{code}"
        return Option(code, texts.text(texts.own(key, self.session.channel)), words=texts.words(f"{key}.words"))

    def say(self, key: str, **values: Any) -> None:
        """Say a text above the next question."""
        self.said.append(self.text(key, **values))

    def note_dangers(self, dangers: Iterable[Danger], words: str) -> None:
        """Say whom to call in dangers that words tell of, in their language and the session's. A sure one is urgent.

        All words that are told come here: whom they accuse is noted too.
        """
        self.newly_accused |= accusations.hear(self, words)
        self.wished |= accusations.wishes_readers(self, words)
        new = {danger.kind: danger for danger in dangers if danger.kind not in self._shown}
        told = [kind for kind in new if kind != DangerKind.LIFE or len(new) == 1]  # every other text has 112 too
        for language in dict.fromkeys((self.loaded.language_of(words), self.session.language)) if told else ():
            texts = self.loaded.catalogue(msgspec.structs.replace(self.session, language=language))
            if language:
                self.say_numbers(texts.text(texts.own(f"danger.{kind}", self.session.channel)) for kind in told)
        self._shown |= new.keys()
        self.dangers += tuple(kind for kind, danger in new.items() if danger.sure)
        heard = (*self.session.told_dangers, *((kind, self.source) for kind in self.dangers))
        self.change(told_dangers=tuple(dict.fromkeys(heard)))

    def quote_held(self) -> str:
        """Return the beginning of each text that is held."""
        return "\n".join(truncate(words, 80) for _, words in self.session.held)

    def drop_held(self, *, erased: object = False) -> None:
        """Drop the held words; say so, unless everything is erased."""
        if self.session.held and not erased:
            self.say("suggested.left", label=self.quote_held())
            self.change(held=())

    def say_who_is_kept_out(self) -> None:
        """Say which accused office the tip is kept from or not, if it can be sent, or after a wish about it."""
        is_asked = self.step is not None and self.step.type.part not in {"review", "submit"}
        if (self.wished or not is_asked) and (key := accusations.text_of_readers(self, wished=self.wished)):
            self.say(key)

    def say_numbers(self, numbers: Iterable[str]) -> None:
        """Say whom to call. These numbers stay above the question of an open mailbox."""
        new = list(numbers)
        self._numbers += new
        self.said += new

    @property
    def shown_dangers(self) -> tuple[str, ...]:
        """The kinds of danger in which this turn said whom to call."""
        return tuple(sorted(self._shown))

    def hear_dangers(self, words: str) -> None:
        """Search words for dangers alone; otherwise as `note_dangers`."""
        self.note_dangers(self.loaded.reader.dangers(self.analysis(words)), words)

    def repeat_said(self) -> None:
        """Say again the texts above the current question, as far as the session has them."""
        self.said.append(self.session.said)

    def turn_page(self, step: int, *, whole: bool = False) -> Turn:
        """Show another page of the choices, or another part of the prompt; with `whole`, also the texts above."""
        is_number = self.session.chosen_by.isdecimal()
        self.change(chosen_by="" if is_number else self.session.chosen_by, page=self.session.page + step)
        self.page_stays = not any(self.said)
        if whole or self.session.options_sent is not None:
            self.repeat_said()
        return self.ask()

    def refuse_file(self) -> None:
        """Say that the tip can't have more files."""
        self.said.append(self.catalogue.counted("files.full", self.loaded.max_files))

    def refuse_answer(self, step: Step, said: str) -> None:
        """Say why an answer on a form's page is refused, and list it as a problem of its step."""
        if said not in self.said:
            self.said.append(said)
        self.problems.append((step.id, said))

    def ask(self, *keys: str, must_arrive: bool = False, **fields: Any) -> Turn:
        """End the turn with the state's question, below said texts and `keys`. `must_arrive`: as in `Prompt`."""
        self.said += map(self.text, keys)
        if self.session.lapsed:
            self.say("lapsed")
            self.change(lapsed=False)
        if self.session.may_be_lost:
            self.say("may_be_lost")
            self.change(may_be_lost=False)
        accusations.settle(self)
        may_end = self.session.state == "@reach" or (self.session.state in {"", "@identity"} and self.is_complete)
        if self.session.held and may_end:
            self.suggest(KEEP)  # so that no summary is sent, and no conversation ends, while words are held unseen
        if not (self.page_stays and self.session.said):
            self.say_who_is_kept_out()
            self.state.enter(self)
        name, question = self.whole_question()
        offers_form = may_offer(self.session, self.progress)
        if offers_form:
            self.change(form_offered=self.session.language)
            # What is asked beside the form is understood as the first words of a chat.
            question = msgspec.structs.replace(question, text=self.catalogue.text("form.offer"), options=(), actions=())
        said = tuple(dict.fromkeys(filter(None, self.said)))
        self._remember_question(name, said, must_arrive=must_arrive)
        prompt = make_prompt(self.loaded, self.session, name, question, said=said)
        if offers_form:
            prompt = msgspec.structs.replace(
                prompt, form=self.session.form_token, menu_label=self.catalogue.text("form.open")
            )
        if self.police_words:
            prompt = msgspec.structs.replace(prompt, police_words=tuple(self.police_words))
        if self.problems:
            prompt = msgspec.structs.replace(prompt, problems=tuple(self.problems))
        arrives = must_arrive or bool(self._shown)  # numbers to call are said even if something newer is said
        if arrives or self.debounce:
            prompt = msgspec.structs.replace(prompt, must_arrive=arrives, debounce=self.debounce and not arrives)
        return self.turn(self.session, prompt, **fields)

    def _remember_question(self, name: str, said: tuple[str, ...], *, must_arrive: bool) -> None:
        # Something new is said above the first page, so that it is not turned over unread.
        page_stays = name == self.session.step and self.page_stays
        # A code, and what a code opens, is shown once and stored nowhere. Numbers to call stay above a mailbox.
        secret = must_arrive or self.session.submitted or self.session.mailbox
        numbers = self._numbers or ([self.session.said] if self.session.mailbox and not must_arrive else [])
        self.change(
            step=name,
            page=self.session.page if page_stays else 0,
            said="\n\n".join(numbers if secret else said),
            revision=(self.session.revision or self.session.first_revision) + 1,
            complete=not self.session.submitted and self.is_complete,
        )

    def end(
        self, key: str, *, values: Mapping[str, str] | None = None, must_arrive: bool = False, **fields: Any
    ) -> Turn:
        """End the conversation with a last word, which may name `values`."""
        self.drop_held(erased=fields.get("erase"))
        self.say(key, **(values or {}))
        language = self.session.language or self.loaded.flow.languages[0]
        prompt = Prompt(
            text="\n\n".join(self.said), language=language, must_arrive=must_arrive or bool(self._shown),
            aloud=bool(self.session.aloud), police_words=tuple(self.police_words),
        )  # fmt: skip
        return self.turn(None, prompt, **fields)

    def restart(self, **fields: Any) -> Turn:
        """End the conversation, and ask the first question of a new one. The new one begins with the answer."""
        self.drop_held(erased=fields.get("erase"))
        old = self.session
        empty = Session(
            flow=old.flow, language=self.loaded.flow.only_language, channel=old.channel, tip="", recipient="",
            identity="", speaks=old.speaks, aloud=old.aloud,
        )  # fmt: skip
        fresh = TurnContext(self.loaded, self.states, empty, self.source, self.now)
        fresh.said = self.said
        return self.turn(None, fresh.ask().prompt, **fields)

    def turn(self, session: Session | None, prompt: Prompt | None, **fields: Any) -> Turn:
        """Make the turn.

        Raises: AssertionError: the turn would do something that can't be undone without the event's consent.
        """
        acts = {name for name in _ACTS.intersection(fields) if fields[name] or name == "reach"}
        if not acts <= self.consent:
            raise AssertionError(f"no consent to {sorted(acts - self.consent)}")
        return Turn(
            session=session,
            prompt=prompt,
            media_jobs=tuple(self.media_jobs),
            dropped_files=tuple(self.dropped_files),
            **fields,
        )
