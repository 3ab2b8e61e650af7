"""Dispatch an inbound event to its handler."""

from __future__ import annotations

from satark.api.channel import CompleteTip, Edited, Event, FormPage, Media, Pin, Revoked, Tap, Text, Unsupported
from satark.dialogue.events.aloud import keep_recording
from satark.dialogue.events.commands import not_understood
from satark.dialogue.events.complete_tip import complete_tip_of, submit_complete_tip
from satark.dialogue.events.corrections import handle_edited, handle_revoked
from satark.dialogue.events.dangers import hear_dangers_beside, tell_desk_of_dangers
from satark.dialogue.events.form_pages import handle_form_page
from satark.dialogue.events.taps import handle_tap
from satark.dialogue.events.text_messages import handle_text
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.session import Turn
from satark.dialogue.turn.context import TurnContext


def handle_event(context: TurnContext, event: Event) -> Turn:
    """Handle one event. Every event is answered; nothing that anybody can send raises."""
    event = complete_tip_of(context.loaded, event) or event
    hear_dangers_beside(context, event)
    return tell_desk_of_dangers(context, event, _handle(context, event))


def _handle(context: TurnContext, event: Event) -> Turn:
    match event:
        case Tap():  # first, since most events are taps
            return handle_tap(context, event)
        case Text():
            return handle_text(context, event)
        case CompleteTip():
            return submit_complete_tip(context, event) or _handle(context, event.typed or event.content)
        case FormPage():
            return handle_form_page(context, event)
        case Media() | Pin():
            return _handle_sent(context, event)
        case Edited():
            return handle_edited(context, event)
        case Revoked():
            return handle_revoked(context, event)
        case _:
            return _handle_unsupported(context, event)


def _handle_sent(context: TurnContext, event: Media | Pin) -> Turn:
    if isinstance(event, Media) and context.files_full:
        context.refuse_file()
        return context.ask()
    if turn := keep_recording(context, event):
        return turn
    return context.state.handle_event(context, "", event) or not_understood(context)


def _handle_unsupported(context: TurnContext, event: Event) -> Turn:
    key = f"unsupported.{event.what}" if isinstance(event, Unsupported) else ""
    return not_understood(context, key if key in REQUIRED_TEXTS else "unsupported")
