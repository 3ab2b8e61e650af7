"""A plugin's commands, as `satark` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from satark.api.services import COMMAND_HOST
from satark.runtime.commands import CommandHost

if TYPE_CHECKING:
    from types import ModuleType


def commands_of(plugin: ModuleType) -> click.Group:
    """Return a group with the commands that a plugin's module adds."""

    @click.group("satark")
    @click.pass_context
    def group(ctx: click.Context) -> None:
        ctx.meta[COMMAND_HOST] = CommandHost(ctx)

    plugin.satark_commands(group)
    return group
