"""The menus beside the flow's own questions: language, cancel, restart, file origins, details, change, contact."""

from abc import ABC, abstractmethod
from typing import Final

from satark.api.flow import Option, Question, Step
from satark.api.inbound import Event, Media, Pin, Tap, Text
from satark.dialogue.flow.command_words import MAX_COMMAND_LENGTH
from satark.dialogue.flow.consent_words import ACTS
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.states.draft import go_on, reopen_review, unsay
from satark.dialogue.states.mailbox import add_to_tip, tell_erased
from satark.dialogue.states.stories import accept_unsolicited, is_story, untold
from satark.dialogue.turn.consent import UNSENT, ask_for_word
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.dialogue.turn.session_changes import EDIT_PREFIX, KEEP
from satark.dialogue.turn.summary import identifying_words, summary_without_identity, take_out_identity
from satark_words.tokens import fold

ALOUD: Final = "aloud"
"""The option beside the languages that turns reading aloud on."""

_WAYS_BACK: Final = frozenset({"back", "skip", "leave"})
_REFUSES: Final = frozenset({"no", "skip", "leave", "forget"})
"""Commands that mean "no, erase my number" with some likelihood, after the receipt."""
_TAKE_BACK: Final = frozenset({"cancel", "delete", "clear"})
"""Commands that ask, after the receipt, for what can't be done any more."""
_LATE: Final = frozenset({"edit", "back"})
"""Commands that come too late, after the receipt: the tip is sent."""
_LEAVES_MENU: Final = frozenset({"leave", "back", "skip", "done", "no"})


def open_menu(context: TurnContext, name: str) -> Turn:
    """Ask the question of a menu. The menus `cancel` and `restart` ask before something that can't be undone."""
    context.change(state=f"@{name}")
    return context.ask()


class LanguageMenu(BaseState):
    """Asks for the language. Before a language is chosen, the question is in all languages."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Offer the languages, each named in itself."""
        spoken = [context.loaded.catalogues[language] for language in context.loaded.flow.languages]
        options = tuple(Option(c.language, c.text("language.name"), words=c.words("language.words")) for c in spoken)
        text = "\n".join(each.text(each.own("language.ask", context.session.channel)) for each in spoken)
        if context.session.speaks and not context.session.aloud:
            options += (Option(ALOUD, "🔊 " + " / ".join(c.text("aloud.name") for c in spoken[:2])),)
        return "@language", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Set the language; keep a story that a tipster tells before choosing one."""
        if code == ALOUD:
            context.change(aloud="chosen")
            return context.ask()
        if code:
            set_language(context, code)
            context.leave_menu()
            if context.session.held:
                context.suggest(KEEP)
            return go_on(context)
        if isinstance(event, Text):
            folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
            greets = context.loaded.commands.is_greeting(folded)
            if greets or not is_story(event.body):
                return context.ask() if greets or not context.session.revision else None
        if context.session.submitted or context.session.mailbox or not isinstance(event, Text | Media | Pin):
            return None
        return context.ask() if accept_unsolicited(context, event) else None


LANGUAGE: Final = LanguageMenu()


def set_language(context: TurnContext, language: str) -> None:
    """Continue in a language. If nothing is answered yet, say the flow's introductory texts again in this language."""
    answered = context.session.answers
    if not any(step.id in answered for step in context.progress.path if step.type.part in ASKED_PARTS):
        unsay(context, -1)
    context.change(language=language)


class _YesNo(BaseState, ABC):
    """A yes-or-no question before something that can't be undone."""

    name = ""
    codes: tuple[str, ...] = ("yes", "no")
    actions: tuple[str, ...] = ()

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask whether to carry out the act, in words that say its effect."""
        options = tuple(context.option(self.name, code) for code in self.codes)
        text = context.catalogue.text(f"{self.name}.ask")
        return f"@{self.name}", Question(text=text, options=options, actions=self.actions, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Carry out the menu's act, or return to the question before the menu."""
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
        """Read a command that leads back as no."""
        return self.handle_event(context, "no", Tap("no")) if name in _WAYS_BACK else None

    @abstractmethod
    def agreed(self, context: TurnContext) -> Turn:
        """Carry out the menu's act."""


class CancelMenu(_YesNo):
    """Asks whether to erase the draft."""

    name = "cancel"
    codes = ("no", "yes")
    """The first option keeps the draft, since the same key sends the tip at the review before."""

    def agreed(self, context: TurnContext) -> Turn:
        return context.end("cancel.done", erase=True)


class RestartMenu(_YesNo):
    """Asks whether to erase the draft and begin again.

    It also offers another language or channel, since callers have one key for all three.
    """

    name = "restart"
    codes = ("no", "language", "yes")
    """The option that erases comes last: callers who chose a language with 1 or 2 may press it again by habit."""
    actions = ("elsewhere",)

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask for the language, or handle the event like other yes-or-no menus."""
        return open_menu(context, "language") if code == "language" else super().handle_event(context, code, event)

    def agreed(self, context: TurnContext) -> Turn:
        """Erase the draft, and ask the first question of a new conversation, which has keys of its own."""
        context.say("restart.done")
        return context.restart(erase=True)


class OriginMenu(_YesNo):
    """Asks whether the police may know where and when files were taken. Everything but a yes means no."""

    name = "origin"
    codes = ("no", "yes")

    def agreed(self, context: TurnContext) -> Turn:
        """Mark the origins as disclosed, and return to the question before the menu."""
        session = context.session
        context.change(origin_disclosed=(*session.origin_disclosed, *session.origin_asked))
        context.leave_menu()
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Read every command that leaves the menu as no."""
        return self.handle_event(context, "no", Tap("no")) if name in {*_WAYS_BACK, "done", "no", "unknown"} else None


class _StepMenu(BaseState, ABC):
    """A menu of steps."""

    name = ""

    @abstractmethod
    def steps(self, context: TurnContext) -> list[Step]:
        """List the steps to choose from."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        texts = context.catalogue
        options = tuple(Option(step.id, texts.text(f"{step.id}.name")) for step in self.steps(context))
        text = texts.text(f"{self.name}.ask" if options else f"{self.name}.none")
        return f"@{self.name}", Question(text=text, options=options, actions=("leave",), wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Ask the chosen step. Pass any other event on to the question before the menu."""
        if code:
            self.picked(context, code)
            return context.ask()
        context.leave_menu()
        return context.state.handle_event(context, "", event)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Return to the question before the menu on any command that leaves."""
        if name in _LEAVES_MENU:
            context.leave_menu()
            return go_on(context)
        return None

    @abstractmethod
    def picked(self, context: TurnContext, step: str) -> None:
        """Ask the chosen step."""


class DetailsMenu(_StepMenu):
    """Asks which further details to tell."""

    name = "details"

    def steps(self, context: TurnContext) -> list[Step]:
        """List the questions that were left open, then the optional steps that are not answered."""
        known = context.session.answers
        return [*untold(context), *(step for step in context.loaded.steps if step.detail and step.id not in known)]

    def picked(self, context: TurnContext, step: str) -> None:
        """Ask the question that was left open, or put the chosen detail on the path."""
        if step in context.session.answers:
            context.change(state=f"{EDIT_PREFIX}{step}")
        else:
            context.change(state="", picked_details=(*context.session.picked_details, step))


class ChangeMenu(_StepMenu):
    """Asks which answer to change."""

    name = "change"

    def steps(self, context: TurnContext) -> list[Step]:
        known = context.session.answers
        return [step for step in context.progress.path if step.type.part in ASKED_PARTS and step.id in known]

    def picked(self, context: TurnContext, step: str) -> None:
        """Ask the chosen step again; its answer stays until there is a new one."""
        context.change(state=f"{EDIT_PREFIX}{step}")


class ContactMenu(BaseState):
    """Asks after the receipt whether the tipster may be contacted here. Everything but a yes means no."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Offer no (the default) and yes. If the channel can delete its messages, also offer "no, and delete them"."""
        erasable = context.session.erasable
        codes = ("no", "yes", "erase") if erasable else ("no", "yes")
        options = tuple(context.option("reach", code) for code in codes)
        text = context.text("reach.ask")
        if erasable:
            text = f"{text} {context.text('reach.erase.ask')}"
        return "@reach", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Keep or forget the way to contact the tipster. Anything told now is added to the tip just sent."""
        sent = context.session.sent
        if code == "yes" and sent and sent.erased:
            return tell_erased(context, sent.number)
        if code:
            return context.end(f"reach.{code}.done", reach=code == "yes", delete_messages=code == "erase")
        if isinstance(event, Media | Pin) or (isinstance(event, Text) and is_story(event.body)):
            return add_to_tip(context, event)
        return None

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Restart, forget, or say which words refuse. A command that would change the tip comes too late."""
        if name == "restart":
            return context.restart()
        if name in _TAKE_BACK:
            context.say("cancel.sent")
        if name in context.consent and "reach" in ACTS.get(name, ()):
            return context.end("reach.no.done", reach=False)
        if name in _REFUSES:
            return ask_for_word(context, self.question(context)[1], "no")
        if name in _LATE:
            context.say("edit.late")
        return context.ask() if name in {*_TAKE_BACK, *_LATE} else None


_UNCLEAR: Final = frozenset({"skip", "done", "leave", "delete", "clear", "forget"})
"""Commands that may mean the words that identify the tipster, or the whole tip."""


class IdentityMenu(BaseState):
    """Asks whether to send the tip without the words that may identify the tipster, or with them.

    It shows these words and the rest of the tip. If the rest is too long to show, the review comes before sending.
    """

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Show the words and the rest of the tip, and offer to send only the rest, or all."""
        words = ", ".join(f"«{one}»" for one in identifying_words(context))
        said = "\n\n".join((*context.said, context.text("identity.ask", words=words, summary="")))
        rest, is_whole = summary_without_identity(context, len(said))
        text = context.text("identity.ask" if is_whole else "identity.only", words=words, summary=rest)
        codes = ("send", "all", "change") if is_whole else ("remove", "keep", "change")
        options = tuple(context.option("identity", code) for code in codes)
        return "@identity", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Send the tip without the words or with them, leave them in, or choose an answer to change; keep new words."""
        if not code:
            if isinstance(event, Media | Pin) or (isinstance(event, Text) and is_story(event.body)):
                return context.ask() if accept_unsolicited(context, event) else None
            return self.handle_command(context, "delete")
        if code == "change":
            return open_menu(context, "change")
        if code in {"send", "remove"}:
            take_out_identity(context)
        if code == "remove":
            context.say("identity.removed")
        context.change(identity_decided=(*context.session.identity_decided, *identifying_words(context)))
        context.leave_menu()
        if code in {"send", "all"}:
            reopen_review(context, GivenAnswer("send", context.source))
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Erase the words, or leave them in, without sending. If it may mean the whole tip, do nothing yet, and ask."""
        if name in {"remove", "keep"}:
            return self.handle_event(context, name, Tap(name))
        if name not in _UNCLEAR:
            return None
        context.say("identity.unclear", label=context.text("command.cancel"))
        return context.ask()


_CARRIED_OUT: Final = frozenset({"cancel", "delete", "forget", "status", "reply", "language", "elsewhere"})


class UnsentState(BaseState):
    """Waits for any answer to a neutral question about an unsent draft. No answer to it sends the draft."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask whether to continue the draft."""
        return UNSENT, Question(text=context.text("unsent.ask"), wants="text")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Show the review; keep anything that the event tells."""
        del code
        context.leave_menu()
        context.say("unsent.again")
        if isinstance(event, Media | Pin):
            accept_unsolicited(context, event)
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Show the review, unless the command is about something else."""
        return None if name in _CARRIED_OUT else self.handle_event(context, "", Text(""))
