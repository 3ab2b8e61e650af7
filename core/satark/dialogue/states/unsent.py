"""After the one neutral question about a draft that is complete but was not sent: any answer leads to the review."""

from __future__ import annotations

from typing import Final

from satark.api.channel import Event, Media, Pin, Text
from satark.api.flow import Question
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import go_on
from satark.dialogue.states.unsolicited import accept_unsolicited
from satark.dialogue.turn.context import BaseState, TurnContext
from satark_words.reading import Asked, Kind

UNSENT: Final = "@unsent"
"""Name of the state."""
_CARRIED_OUT: Final = frozenset({"cancel", "delete", "forget", "status", "reply", "language", "elsewhere"})


class UnsentState(BaseState):
    """Waits for a sign of life. The question betrays nothing, so no answer to it can mean "send it"."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Ask whether to go on."""
        return UNSENT, Question(text=context.text("unsent.ask"), wants="text")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Show the review; keep what is told."""
        del code
        context.leave_menu()
        context.say("unsent.again")
        if isinstance(event, Media | Pin) or (isinstance(event, Text) and _tells(context, event.body)):
            accept_unsolicited(context, event)
        return go_on(context)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Show the review, unless the command is about something else."""
        return None if name in _CARRIED_OUT else self.handle_event(context, "", Text(""))


def _tells(context: TurnContext, body: str) -> bool:
    """Whether a text tells more of the tip, rather than answering."""
    reading = context.loaded.reader.read(body, Asked(name="review", asks="review"))
    return reading.story and reading.kind in {Kind.CONTENT, Kind.DANGER}
