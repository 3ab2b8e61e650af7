"""Every hook, in the order things happen. A plugin can be written from this file and the types that it names.

Hooks are synchronous, few, and hand over objects; all waiting happens in the methods of those objects. Implement them
with `hookimpl` in the module that the plugin's entry point (group `satark`) names. An implementation may take
fewer arguments than listed. They are called as pluggy calls them: `tryfirst`, `trylast` and wrappers (`wrapper=True`)
work, and the plugin that was loaded last is asked first.

At the start, a plugin that raises, misspells a hook or hands over what does not fit the contract stops it by name.
Afterwards no plugin costs a tip: an optional hook that raises, takes longer than `hook_seconds` or returns another
type is skipped for that call, and the operator is shown the fault with the names of plugin and hook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from satark.api.channel import Channel
    from satark.api.flow import Session, Step, StepType, Turn, Validator
    from satark.api.inbound import Event
    from satark.api.observability import LifecycleEvent
    from satark.api.prompt import Capabilities, Prompt
    from satark.api.providers import CallProvider, SmsProvider, Transcriber
    from satark.api.routing import Desk, DestinationRule, RouteAdvice, Screening
    from satark.api.services import (
        Branch,
        ChannelContext,
        DeskContext,
        Prepared,
        Services,
        UnitOfWork,
        WebContext,
        WorkerContext,
    )
    from satark.api.settings import Settings
    from satark.api.sink import Carrier, Sink
    from satark.api.tip import Tip
    from satark.api.web import Page
    from satark_files.scrubber import Scrubber

__all__ = ["hookimpl"]

hookspec = pluggy.HookspecMarker("satark")
hookimpl = pluggy.HookimplMarker("satark")
"""Marks a function or method of a plugin as the implementation of one of these hooks."""

# ----------------------------------------------------------------- start: what there is


@hookspec
def satark_sms_providers(settings: Settings) -> Sequence[SmsProvider]:
    """Hand over a provider of text messages, for the plugin `sms_ivr`, which holds the dialogue. Once, at start."""
    raise AssertionError


@hookspec
def satark_call_providers(settings: Settings) -> Sequence[CallProvider]:
    """Hand over a provider of phone calls, for the plugin `sms_ivr`, which holds the dialogue. Once, at start."""
    raise AssertionError


@hookspec
def satark_channels(
    settings: Settings,
    sms_providers: Sequence[SmsProvider],
    call_providers: Sequence[CallProvider],
    context: ChannelContext,
) -> Sequence[Channel]:
    """Hand over the plugin's channels. Once, at start; return [] where the settings configure none.

    `sms_providers` and `call_providers` are those that all plugins offer.

    Raise `satark.api.SettingsError` for settings that are wrong: `satark check` shows every one of them.
    """
    raise AssertionError


@hookspec
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Hand over the plugin's sinks. Once, at the start of a process that runs the worker role."""
    raise AssertionError


@hookspec
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Hand over default destinations: those that the plugin's own settings configure.

    Once, at start and at every command. One to a destination that a `[[destination]]` names is left out.
    """
    raise AssertionError


@hookspec
def satark_carriers(settings: Settings) -> Sequence[Carrier]:
    """Hand over carriers: ways to reach offices of their own. Once, where an office starts."""
    raise AssertionError


@hookspec
def satark_step_types() -> Sequence[StepType]:
    """Hand over step types: a schema and pure `ask` and `accept`. Once, at start; a repeated name is refused."""
    raise AssertionError


@hookspec
def satark_validators() -> Mapping[str, Validator]:
    """Hand over named checks of typed answers, for a step's `check:`. Once, at start; a repeated name is refused."""
    raise AssertionError


@hookspec
def satark_scrubbers() -> Sequence[Scrubber]:
    """Hand over evidence cleaners by MIME type. Once, at start; a plugin's cleaner goes before the core's."""
    raise AssertionError


@hookspec
def satark_transcribers(settings: Settings) -> Sequence[Transcriber]:
    """Hand over offline speech recognisers. Once, at the start of a process that runs the desk role.

    The first that knows a tip's language drafts what is said in its recordings, for an officer to correct.
    """
    raise AssertionError


@hookspec
def satark_migrations() -> Sequence[Branch]:
    """Hand over Alembic branches of the plugin's own tables. At every `satark db` command and at start."""
    raise AssertionError


@hookspec
def satark_web_pages(settings: Settings, context: WebContext) -> Sequence[Page]:
    """Hand over pages for the public: ASGI applications under a path. Once, at the start of the web role.

    A path that another plugin or Satark itself serves stops the start.
    """
    raise AssertionError


@hookspec
def satark_desk_pages(settings: Settings, context: DeskContext) -> Sequence[Page]:
    """Hand over pages for officers: ASGI applications under a path. Once, at the start of the desk role."""
    raise AssertionError


# ----------------------------------------------------------------- a turn: before the core looks


@hookspec(firstresult=True)
def satark_interpret(inbound: Event, step: Step | None, session: Session) -> Event | None:
    """Read an event otherwise than the core would: return the event that it stands for, or None to leave it.

    Runs in the transaction, once a turn, before the step sees the event. No I/O: every other tipster waits meanwhile.
    Where it fails, the event is taken as it came.
    """
    raise AssertionError


@hookspec(firstresult=True)
def satark_render(prompt: Prompt, capabilities: Capabilities, language: str) -> Prompt | None:
    """Fit a prompt to a medium otherwise than the core would, or return None for the core's way. No I/O.

    Where it fails, the core fits the prompt.
    """
    raise AssertionError


# ----------------------------------------------------------------- a tip: who gets it


@hookspec
def satark_screen(tip: Tip) -> Screening | None:
    """Look at a confirmed tip and give it a priority or flags. In the transaction, once a tip; no I/O.

    The highest priority of all plugins stands; flags add up. Where it fails, the others' answers count.
    """
    raise AssertionError


@hookspec
def satark_route(tip: Tip, desks: Sequence[Desk]) -> RouteAdvice | None:
    """Add destinations, or exclude desks. In the transaction, once a tip; no I/O. Exclusion always wins.

    Where it fails, the tip goes to the desks that the rules and the other plugins name, with the flag `routing_failed`.
    """
    raise AssertionError


@hookspec
def satark_before_commit(turn: Turn, uow: UnitOfWork) -> None:
    """Add rows of the plugin's own to the transaction of a turn. No I/O but `uow`.

    Where it fails, its own rows are undone, and the turn is committed without them.
    """
    raise AssertionError


# ----------------------------------------------------------------- afterwards


@hookspec
def satark_erased(tip: str, uow: UnitOfWork) -> None:
    """Delete what the plugin's own tables have of a tip, by its id: its term is over, and all of it is being erased.

    No I/O but `uow`; what it raises undoes the erasure, which is tried again an hour later.
    """
    raise AssertionError


@hookspec
def satark_event(event: LifecycleEvent) -> None:
    """Hear what happened, after the commit: a count, never content or identity. Every other message waits meanwhile."""
    raise AssertionError


@hookspec
def satark_commands(cli: click.Group) -> None:
    """Add subcommands to `satark`. Once, whenever the command runs. A plugin that fails is named; the others' work."""
    raise AssertionError


@hookspec
def satark_demo(
    settings: Settings,
    services: Services,
    data_dir: Path,
    sample_week: bool,  # noqa: FBT001 - pluggy passes by position
) -> Sequence[Prepared]:
    """Prepare a demo's data folder. At every start of `satark demo`, after the migrations; idempotent.

    `sample_week`: the desks are to be filled with tips, and stations are to work on them.
    Return what a person at the terminal needs to know, such as how to sign in, and the desks that the demo may show.
    """
    raise AssertionError
