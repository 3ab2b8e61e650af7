"""The menus beside the flow's own questions: language, cancel, start over, add details, change, and the last word."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from satark.channel import Edited, Event, Media, Pin, Revoked, Tap, Text
from satark.dialogue.flow.commands import MAX_COMMAND_LENGTH
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import go_on, unsay
from satark.dialogue.states.unsolicited import accept_unsolicited, is_story
from satark.dialogue.steps.contract import Option, Question, Step
from satark.dialogue.turn.context import EDIT_PREFIX, BaseState, TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.folding import fold

_PAST: Final = frozenset({"back", "skip", "leave"})


class LanguageMenu(BaseState):
    """Which language to speak. Before it is known the question is put in all of them."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """One offer a language, named in itself."""
        spoken = [talk.script.catalogues[language] for language in talk.script.flow.languages]
        offers = tuple(Option(c.language, c.text("language.name"), words=c.words("language.words")) for c in spoken)
        text = "\n".join(catalogue.text("language.ask") for catalogue in spoken)
        return "@language", Question(text=text, offers=offers, wants="choice")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Take the language, or keep what a tipster tells before choosing one."""
        if code:
            speak(talk, code)
            talk.home()
            return go_on(talk)
        if isinstance(event, Text):
            folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
            greeted = not talk.session.revision or talk.script.words.greets(folded)
            if not is_story(event.body) or talk.script.words.greets(folded):
                return talk.ask() if greeted else None
        if talk.session.submitted or talk.session.mailbox or not isinstance(event, Text | Media | Pin):
            return None
        return talk.ask() if accept_unsolicited(talk, event) else None


def speak(talk: TurnContext, language: str) -> None:
    """Go on in a language. Before anything is answered, what was said in passing is said again in it."""
    if not any(s.id in talk.session.answers for s in talk.walk.path if s.type.part in ASKED_PARTS):
        unsay(talk, -1)
    talk.change(language=language)


class _YesNo(BaseState, ABC):
    """A question before something is done that can't be undone."""

    name = ""
    codes: tuple[str, ...] = ("yes", "no")
    actions: tuple[str, ...] = ()

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """Yes or no, in words that say what happens."""
        texts = talk.script.texts(talk.session)
        keys = tuple((code, f"{self.name}.{code}") for code in self.codes)
        offers = tuple(Option(code, texts.text(key), words=texts.words(f"{key}.words")) for code, key in keys)
        text = texts.text(f"{self.name}.ask")
        return f"@{self.name}", Question(text=text, offers=offers, actions=self.actions, wants="choice")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Do it, or go back to where it was."""
        if code == "yes":
            return self.agreed(talk)
        if code == "no":
            talk.home()
            return go_on(talk)
        if isinstance(event, Media | Pin) or (isinstance(event, Text) and is_story(event.body)):
            talk.home()
            return talk.room.hear(talk, "", event)
        return None

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """To go back, or past it, is a no."""
        return self.hear(talk, "no", Tap("no")) if name in _PAST else None

    @abstractmethod
    def agreed(self, talk: TurnContext) -> Turn:
        """Do it."""


class CancelMenu(_YesNo):
    """Whether to erase the draft."""

    name = "cancel"

    def agreed(self, talk: TurnContext) -> Turn:
        """Erase it and end."""
        return talk.end("cancel.done", erase=True)


class RestartMenu(_YesNo):
    """Whether to erase the draft and begin again; or another language, or channel, for those who have but one key."""

    name = "restart"
    codes = ("no", "language", "yes")
    """What erases comes last: whoever calls again presses 1 or 2 by habit, which chose the language the last time."""
    actions = ("elsewhere",)

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask for the language, or do as asked."""
        if code == "language":
            talk.change(mode="@language")
            return talk.ask()
        return super().hear(talk, code, event)

    def agreed(self, talk: TurnContext) -> Turn:
        """Erase it and put the first question of a new conversation, with keys of its own."""
        talk.say("restart.done")
        return talk.afresh(erase=True)


class OriginMenu(_YesNo):
    """Whether the police may know where and when files were taken that say so themselves. All but a yes means no."""

    name = "origin"
    codes = ("no", "yes")

    def agreed(self, talk: TurnContext) -> Turn:
        """Remember it, and go on to where it was."""
        talk.change(told=(*talk.session.told, *talk.session.asking))
        talk.home()
        return go_on(talk)

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """To be done with it means no, too."""
        return self.hear(talk, "no", Tap("no")) if name in {*_PAST, "done", "no", "unknown"} else None


class _Pick(BaseState, ABC):
    """A menu of steps."""

    name = ""

    @abstractmethod
    def steps(self, talk: TurnContext) -> list[Step]:
        """The steps to choose from."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """One offer a step, by its name."""
        texts = talk.script.texts(talk.session)
        offers = tuple(Option(step.id, texts.text(f"{step.id}.name")) for step in self.steps(talk))
        text = texts.text(f"{self.name}.ask" if offers else f"{self.name}.none")
        return f"@{self.name}", Question(text=text, offers=offers, actions=("leave",), wants="choice")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask the step that was picked; keep what else is sent."""
        if code:
            self.picked(talk, code)
            return talk.ask()
        talk.home()
        return talk.room.hear(talk, "", event)

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Every way out leads back to where it was."""
        if name in {"leave", "back", "skip", "done", "no"}:
            talk.home()
            return go_on(talk)
        return None

    @abstractmethod
    def picked(self, talk: TurnContext, step: str) -> None:
        """Have the step asked."""


class DetailsMenu(_Pick):
    """Which further details to tell."""

    name = "details"

    def steps(self, talk: TurnContext) -> list[Step]:
        """The optional steps that are not answered."""
        known = talk.session.answers
        return [step for step in talk.script.steps if step.detail and step.id not in known]

    def picked(self, talk: TurnContext, step: str) -> None:
        """Put it on the path."""
        talk.change(mode="", queue=(*talk.session.queue, step))


class ChangeMenu(_Pick):
    """Which answer to change."""

    name = "change"

    def steps(self, talk: TurnContext) -> list[Step]:
        """The answered steps on the path."""
        known = talk.session.answers
        return [step for step in talk.walk.path if step.type.part in ASKED_PARTS and step.id in known]

    def picked(self, talk: TurnContext, step: str) -> None:
        """Ask it again; its answer stays until there is a new one."""
        talk.change(mode=f"{EDIT_PREFIX}{step}")


class ContactMenu(BaseState):
    """After the receipt: whether the tipster may be reached here. Whatever else they send counts as no."""

    def question(self, talk: TurnContext) -> tuple[str, Question]:
        """No, which is the default, or yes; and no with all messages taken back, where the channel can do that."""
        texts = talk.script.texts(talk.session)
        codes = ("no", "yes", "erase") if talk.session.erasable else ("no", "yes")
        offers = tuple(
            Option(code, texts.text(f"reach.{code}"), words=texts.words(f"reach.{code}.words")) for code in codes
        )
        text = talk.script.said(talk.session, "reach.ask")
        if talk.session.erasable:
            text = f"{text} {talk.script.said(talk.session, 'reach.erase.ask')}"
        return "@reach", Question(text=text, offers=offers, wants="choice")

    def hear(self, talk: TurnContext, code: str, event: Event) -> Turn | None:
        """Keep or forget the way to reach them."""
        if code:
            return talk.end(f"reach.{code}.done", reach=code == "yes", take_back=code == "erase")
        if isinstance(event, Edited | Revoked):
            return None
        return talk.end("reach.late", reach=False)

    def command(self, talk: TurnContext, name: str) -> Turn | None:
        """Begin afresh, or forget; the rest means no."""
        if name in {"help", "repeat", "language", "status", "reply"}:
            return None
        if name == "restart":
            return talk.afresh(reach=False)
        return talk.end("reach.no.done", reach=False)


def confirm(talk: TurnContext, name: str) -> Turn:
    """Ask before something is done that can't be undone."""
    talk.change(mode=f"@{name}")
    return talk.ask()


LANGUAGE: Final = LanguageMenu()
