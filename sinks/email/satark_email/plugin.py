"""The plugin `email`: scheduled notifications, and tips encrypted to OpenPGP keys."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from satark.api import Prepared, SettingProblem, Settings, SettingsError, Sink, WorkerContext, hookimpl
from satark_email.settings import EmailSettings

if TYPE_CHECKING:
    from pysequoia import Cert


@hookimpl
def satark_sinks(settings: Settings, context: WorkerContext) -> Sequence[Sink]:
    """Hand over the sink `email`, if it is configured."""
    section = settings.section("email", EmailSettings)
    if section is None:
        return []
    try:
        from satark_email.sink import EmailSink  # noqa: PLC0415 - aiosmtplib and pysequoia are an extra
    except ModuleNotFoundError:
        message = "needs the extra: pip install 'satark[email]'"
        raise SettingsError([SettingProblem.of("email.host", message)]) from None
    problems = [*_file_problems(section), *_unknown_destinations(section, context)]
    keys = _keys(section, problems)
    if problems:
        raise SettingsError(problems)
    return [EmailSink(context, section, keys)]


@hookimpl
def satark_demo(settings: Settings) -> Sequence[Prepared]:
    """Say when the demo sends notifications, if a mail server is configured."""
    section = settings.section("email", EmailSettings)
    if section is None or not section.recipients:
        return []
    server = f"{section.host}:{section.port}"
    return [Prepared(line=f"e-mail: notifications {section.schedule_text}, with tips or without, through {server}")]


@hookimpl
def satark_commands(cli: click.Group) -> None:
    from satark_email.bounces import email_group  # noqa: PLC0415 - servers never need the commands

    cli.add_command(email_group)


def _keys(section: EmailSettings, problems: list[SettingProblem]) -> dict[str, list[Cert]]:
    from satark_email.openpgp import CantOpen, load_certificates  # noqa: PLC0415 - pysequoia is an extra

    keys = {}
    for name, destination in section.to.items():
        if destination.openpgp_keys is not None:
            try:
                keys[name] = load_certificates(destination.openpgp_keys)
            except CantOpen as error:
                hint = "ask its owner for the output of: gpg --armor --export ADDRESS"
                problems.append(SettingProblem(f"email.to.{name}.openpgp_keys", "SATARK_EMAIL__TO", str(error), hint))
    return keys


def _file_problems(section: EmailSettings) -> Iterator[SettingProblem]:
    password, authorities = section.password_file, section.ca_file
    if password is not None:
        try:
            if stat.S_IMODE(password.stat().st_mode) & 0o077:
                message = f"{password} can be read by others: chmod 600 it"
                yield SettingProblem.of("email.password_file", message)
        except OSError:
            yield SettingProblem.of("email.password_file", f"{password} can't be read")
    if authorities is not None and not authorities.is_file():
        yield SettingProblem.of("email.ca_file", f"{authorities} can't be read")


def _unknown_destinations(section: EmailSettings, context: WorkerContext) -> Iterator[SettingProblem]:
    for rule in context.destination_rules:
        name = rule.name
        if rule.sink == "email" and section.destination(name) is None:
            message = f"no addresses are configured for {rule.to}"
            yield SettingProblem(
                f"destination {rule.to}: to", "SATARK_EMAIL__TO", message, f"add a table [email.to.{name}]"
            )
