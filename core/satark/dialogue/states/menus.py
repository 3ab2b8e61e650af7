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

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """One option a language, named in itself."""
        spoken = [context.loaded.catalogues[language] for language in context.loaded.flow.languages]
        options = tuple(Option(c.language, c.text("language.name"), words=c.words("language.words")) for c in spoken)
        text = "\n".join(catalogue.text("language.ask") for catalogue in spoken)
        return "@language", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Take the language, or keep what a tipster tells before choosing one."""
        if code:
            speak(context, code)
            context.leave_menu()
            return go_on(context)
        if isinstance(event, Text):
            folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
            greeted = not context.session.revision or context.loaded.commands.greets(folded)
            if not is_story(event.body) or context.loaded.commands.greets(folded):
                return context.ask() if greeted else None
        if context.session.submitted or context.session.mailbox or not isinstance(event, Text | Media | Pin):
            return None
        return context.ask() if accept_unsolicited(context, event) else None


def speak(context: TurnContext, language: str) -> None:
    """Go on in a language. Before anything is answered, what was said in passing is said again in it."""
    if not any(s.id in context.session.answers for s in context.progress.path if s.type.part in ASKED_PARTS):
        unsay(context, -1)
    context.change(language=language)


class _YesNo(BaseState, ABC):
    """A question before something is done that can't be undone."""

    name = ""
    codes: tuple[str, ...] = ("yes", "no")
    actions: tuple[str, ...] = ()

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Yes or no, in words that say what happens."""
        texts = context.catalogue
        keys = tuple((code, f"{self.name}.{code}") for code in self.codes)
        options = tuple(Option(code, texts.text(key), words=texts.words(f"{key}.words")) for code, key in keys)
        text = texts.text(f"{self.name}.ask")
        return f"@{self.name}", Question(text=text, options=options, actions=self.actions, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Do it, or go back to where it was."""
        if code == "yes":
            return self.agreed(context)
        if code == "no":
            context.leave_menu()
            return go_on(context)
        if isinstance(event, Media | Pin) or (isinstance(event, Text) and is_story(event.body)):
            context.leave_menu()
            return context.state.handle_event(context, "", event)
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """To go back, or past it, is a no."""
        return self.handle_event(context, "no", Tap("no")) if name in _PAST else None

    @abstractmethod
    def agreed(self, context: TurnContext) -> Turn:
        """Do it."""


class CancelMenu(_YesNo):
    """Whether to erase the draft."""

    name = "cancel"

    def agreed(self, context: TurnContext) -> Turn:
        """Erase it and end."""
        return context.end("cancel.done", erase=True)


class RestartMenu(_YesNo):
    """Whether to erase the draft and begin again; or another language, or channel, for those who have but one key."""

    name = "restart"
    codes = ("no", "language", "yes")
    """What erases comes last: whoever calls again presses 1 or 2 by habit, which chose the language the last time."""
    actions = ("elsewhere",)

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask for the language, or do as question."""
        if code == "language":
            context.change(state="@language")
            return context.ask()
        return super().handle_event(context, code, event)

    def agreed(self, context: TurnContext) -> Turn:
        """Erase it and put the first question of a new conversation, with keys of its own."""
        context.say("restart.done")
        return context.restart(erase=True)


class OriginMenu(_YesNo):
    """Whether the police may know where and when files were taken that say so themselves. All but a yes means no."""

    name = "origin"
    codes = ("no", "yes")

    def agreed(self, context: TurnContext) -> Turn:
        """Remember it, and go on to where it was."""
        context.change(told=(*context.session.origin_disclosed, *context.session.origin_asked))
        context.leave_menu()
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """To be done with it means no, too."""
        return self.handle_event(context, "no", Tap("no")) if name in {*_PAST, "done", "no", "unknown"} else None


class _Pick(BaseState, ABC):
    """A menu of steps."""

    name = ""

    @abstractmethod
    def steps(self, context: TurnContext) -> list[Step]:
        """The steps to choose from."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """One option a step, by its name."""
        texts = context.catalogue
        options = tuple(Option(step.id, texts.text(f"{step.id}.name")) for step in self.steps(context))
        text = texts.text(f"{self.name}.ask" if options else f"{self.name}.none")
        return f"@{self.name}", Question(text=text, options=options, actions=("leave",), wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask the step that was picked; keep what else is sent."""
        if code:
            self.picked(context, code)
            return context.ask()
        context.leave_menu()
        return context.state.handle_event(context, "", event)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Every way out leads back to where it was."""
        if name in {"leave", "back", "skip", "done", "no"}:
            context.leave_menu()
            return go_on(context)
        return None

    @abstractmethod
    def picked(self, context: TurnContext, step: str) -> None:
        """Have the step question."""


class DetailsMenu(_Pick):
    """Which further details to tell."""

    name = "details"

    def steps(self, context: TurnContext) -> list[Step]:
        """The optional steps that are not answered."""
        known = context.session.answers
        return [step for step in context.loaded.steps if step.detail and step.id not in known]

    def picked(self, context: TurnContext, step: str) -> None:
        """Put it on the path."""
        context.change(state="", picked_details=(*context.session.picked_details, step))


class ChangeMenu(_Pick):
    """Which answer to change."""

    name = "change"

    def steps(self, context: TurnContext) -> list[Step]:
        """The answered steps on the path."""
        known = context.session.answers
        return [step for step in context.progress.path if step.type.part in ASKED_PARTS and step.id in known]

    def picked(self, context: TurnContext, step: str) -> None:
        """Ask it again; its answer stays until there is a new one."""
        context.change(state=f"{EDIT_PREFIX}{step}")


class ContactMenu(BaseState):
    """After the receipt: whether the tipster may be reached here. Whatever else they send counts as no."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """No, which is the default, or yes; and no with all messages taken back, where the channel can do that."""
        texts = context.catalogue
        codes = ("no", "yes", "erase") if context.session.erasable else ("no", "yes")
        options = tuple(
            Option(code, texts.text(f"reach.{code}"), words=texts.words(f"reach.{code}.words")) for code in codes
        )
        text = context.text("reach.ask")
        if context.session.erasable:
            text = f"{text} {context.text('reach.erase.ask')}"
        return "@reach", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Keep or forget the way to reach them."""
        if code:
            return context.end(f"reach.{code}.done", reach=code == "yes", delete_messages=code == "erase")
        if isinstance(event, Edited | Revoked):
            return None
        return context.end("reach.late", reach=False)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Begin afresh, or forget; the rest means no."""
        if name in {"help", "repeat", "language", "status", "reply"}:
            return None
        if name == "restart":
            return context.restart(reach=False)
        return context.end("reach.no.done", reach=False)


def confirm(context: TurnContext, name: str) -> Turn:
    """Ask before something is done that can't be undone."""
    context.change(state=f"@{name}")
    return context.ask()


LANGUAGE: Final = LanguageMenu()
