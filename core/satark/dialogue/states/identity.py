"""Before the review: words that may identify the tipster are shown, and taken out with one tap."""

from __future__ import annotations

from typing import Final

from satark.api.channel import Event, Tap
from satark.api.flow import Question
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.identity import identifying_words, take_out_identity

_CODES: Final = ("remove", "keep", "change")
_LEAVES: Final = frozenset({"skip", "done", "leave"})


class IdentityMenu(BaseState):
    """Whether words that may identify the tipster are taken out of the tip."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Show the words, and offer to take them out."""
        options = tuple(context.option("identity", code) for code in _CODES)
        words = ", ".join(f"«{one}»" for one in identifying_words(context))
        text = context.catalogue.text("identity.ask", words=words)
        return "@identity", Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Take the words out, leave them in, or choose the answer to change."""
        if not code:
            return None
        if code == "change":
            context.change(state="@change")
            return context.ask()
        if code == "remove":
            take_out_identity(context)
            context.say("identity.removed")
        context.change(identity_decided=(*context.session.identity_decided, *identifying_words(context)))
        context.leave_menu()
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Leave the words in where the tipster goes on without an answer."""
        return self.handle_event(context, "keep", Tap("keep")) if name in _LEAVES else None
