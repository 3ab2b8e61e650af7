"""All hooks, in the order in which they are called. This file and the types that it names suffice to write a plugin.

Hooks are synchronous. Most return objects; any waiting happens in the async methods of those objects. Implement hooks
with `hookimpl` in the module that the plugin's entry point (group `satark`) names. An implementation may take fewer
arguments than listed. pluggy calls the hooks: `tryfirst`, `trylast` and wrappers (`wrapper=True`) work, and the plugin
that was loaded last is asked first.

If a plugin raises during the start, misspells a hook or returns an object that does not fit this API, the start stops
with a message that names the plugin. After the start no plugin can lose a tip: if an optional hook raises, takes longer
than `hook_seconds` or returns another type, it is skipped for that call, and the operator sees the fault with the names
of plugin and hook.
"""

# A hook only has a signature.
# mypy: disable-error-code="empty-body"

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
    """Return providers of text messages. The plugin `sms_ivr` runs their dialogue. Called once, at start."""


@hookspec
def satark_call_providers(settings: Settings, context: ChannelContext) -> Sequence[CallProvider]:
    """Return providers of phone calls. The plugin `sms_ivr` runs their dialogue. Called once, at start."""


@hookspec
def satark_channels(
    settings: Settings,
    sms_providers: Sequence[SmsProvider],
    call_providers: Sequence[CallProvider],
    context: ChannelContext,
) -> Sequence[Channel]:
    """Return the plugin's channels, or [] if the settings configure none. Called once, at start.

    `sms_providers` and `call_providers` are those of all plugins.

    Raise `satark.api.SettingsError` if settings are wrong; `satark check` shows each of its problems.
    """


@hookspec
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Return the plugin's sinks. Called once, at the start of a process that runs the worker role."""


@hookspec
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Return default destinations, which the plugin's own settings configure.

    Called once at start and at every command. A rule is ignored if a `[[destination]]` table names the same
    destination.
    """


@hookspec
def satark_carriers(settings: Settings) -> Sequence[Carrier]:
    """Return carriers, which connect this host to remote offices. Called once, when an office starts."""


@hookspec
def satark_step_types() -> Sequence[StepType]:
    """Return types of questions. Called once, at start. Two step types of the same name stop the start."""


@hookspec
def satark_validators() -> Mapping[str, Validator]:
    """Return checks of answers by the name that a step's `check:` uses. Called once, at start.

    A name used twice stops the start.
    """


@hookspec
def satark_scrubbers() -> Sequence[Scrubber]:
    """Return cleaners of evidence, each for MIME types. Called once, at start. A plugin's cleaner replaces the
    core's."""


@hookspec
def satark_transcribers(settings: Settings) -> Sequence[Transcriber]:
    """Return offline speech recognisers. Called once, at the start of a process that runs the desk role.

    The first one that knows a tip's language drafts transcripts of its recordings, which an officer corrects.
    """


@hookspec
def satark_migrations() -> Sequence[Branch]:
    """Return the Alembic branches of the plugin's tables. Called at every `satark db` command and at start."""


@hookspec
def satark_web_pages(settings: Settings, context: WebContext) -> Sequence[Page]:
    """Return web pages for the public: ASGI applications under a path. Called once, at the start of the web role.

    A path that another plugin or Satark itself already serves stops the start.
    """


@hookspec
def satark_desk_pages(settings: Settings, context: DeskContext) -> Sequence[Page]:
    """Return web pages for officers: ASGI applications under a path. Called once, at the start of the desk role."""


# ----------------------------------------------------------------- a turn: before the core looks


@hookspec(firstresult=True)
def satark_interpret(inbound: Event, step: Step | None, session: Session) -> Event | None:
    """Replace an inbound event: return the event that the core is to handle instead, or None to leave it unchanged.

    Called in the transaction, once a turn, before the step reads the event. Do no I/O: every other tipster waits
    meanwhile. If it fails, the core handles the event unchanged.
    """


@hookspec(firstresult=True)
def satark_render(prompt: Prompt, capabilities: Capabilities, language: str) -> Prompt | None:
    """Fit a prompt to a medium in place of the core, or return None to let the core fit it. Do no I/O.

    If it fails, the core fits the prompt.
    """


# ----------------------------------------------------------------- a tip: who gets it


@hookspec
def satark_screen(tip: Tip) -> Screening | None:
    """Give a confirmed tip a priority or flags, or return None. Called in the transaction, once a tip; do no I/O.

    The tip gets the highest priority and the flags of all plugins. If one fails, the others' results still count.
    """


@hookspec
def satark_route(tip: Tip, desks: Sequence[Desk]) -> RouteAdvice | None:
    """Add destinations or exclude desks. Exclusion always wins. Called in the transaction, once a tip; do no I/O.

    If it fails, the tip goes to the desks that the rules and the other plugins name, with the flag `routing_failed`.
    """


@hookspec
def satark_before_commit(turn: Turn, uow: UnitOfWork) -> None:
    """Add rows to the plugin's tables in the transaction of a turn. Do no I/O except through `uow`.

    If it fails, its own rows are rolled back, and the turn is committed without them.
    """


# ----------------------------------------------------------------- afterwards


@hookspec
def satark_erased(tip: str, uow: UnitOfWork) -> None:
    """Delete a tip's rows from the plugin's own tables, by the tip's id.

    Called when the tip's term is over and it is erased.

    Do no I/O except through `uow`. An exception rolls the erasure back; it is tried again an hour later.
    """


@hookspec
def satark_event(event: LifecycleEvent) -> None:
    """Receive a lifecycle event after the commit. It names no content and no person.

    Every other message waits meanwhile.
    """


@hookspec
def satark_commands(cli: click.Group) -> None:
    """Add subcommands to `satark`. Called once per command. If it fails, the plugin is named, and the others' commands
    still work.
    """


@hookspec
def satark_demo(
    settings: Settings,
    services: Services,
    data_dir: Path,
    sample_week: bool,  # noqa: FBT001 - pluggy passes by position
) -> Sequence[Prepared]:
    """Prepare the data folder of the demo.

    Called at every start of `satark demo`, after the migrations; must be idempotent.

    `sample_week`: fill the desks with tips that stations have worked on.
    Return what a person at the terminal needs to know, such as how to sign in, and the desks that the demo may show.
    """
