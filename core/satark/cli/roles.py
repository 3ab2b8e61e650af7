"""The option `--role`, shared by several commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from satark.runtime.host import ROLES
from satark.settings.core import Role

F = TypeVar("F", bound=Callable[..., Any])


class Roles(click.ParamType[tuple[Role, ...]]):
    """Parameter type: roles separated by commas."""

    name = "roles"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Role, ...]:
        """Parse the roles and put them into a fixed order."""
        named = value if isinstance(value, tuple) else tuple(part.strip() for part in value.split(","))
        for role in named:
            if role not in ROLES:
                self.fail(f"{role!r} is not one of {', '.join(ROLES)}", param, ctx)
        return tuple(role for role in ROLES if role in named)


def roles_option(text: str) -> Callable[[F], F]:
    """Add the option `--role`; its default is every role."""
    return click.option("--role", "roles", type=Roles(), default=",".join(ROLES), show_default=True, help=text)
