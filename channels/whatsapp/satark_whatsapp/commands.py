"""The command `satark whatsapp`: the questionnaire as a form inside WhatsApp."""

import asyncio
import json
from collections.abc import Mapping

import click
import msgspec

from satark.api import Settings, command_host
from satark_whatsapp.forms.flow_json import WhatsAppForm, make_form
from satark_whatsapp.forms.registration import RegistrationError, flow_name, register
from satark_whatsapp.graph_api import GraphApi
from satark_whatsapp.settings import WhatsAppSettings


@click.group("whatsapp")
def whatsapp_group() -> None:
    """WhatsApp."""


@whatsapp_group.group("form")
def form_group() -> None:
    """Make and register the questionnaire as a form inside WhatsApp (a WhatsApp Flow)."""


@form_group.command()
@click.argument("language")
@click.pass_context
def show(ctx: click.Context, language: str) -> None:
    """Print the form in LANGUAGE as Flow JSON; below it, on standard error, what stays in the chat."""
    _, forms = _forms(ctx)
    form = _only(forms, (language,))[language]
    click.echo(json.dumps(form.document, ensure_ascii=False, indent=2))
    click.echo(f"asked in the chat: {', '.join(form.in_chat) or 'nothing'}", err=True)


@form_group.command()
@click.argument("business_account")
@click.option("--language", "languages", multiple=True, help="Only in this language; may be given several times.")
@click.option("--draft", is_flag=True, help="Leave it a draft, to be tried by testers.")
@click.pass_context
def publish(ctx: click.Context, business_account: str, languages: tuple[str, ...], *, draft: bool) -> None:
    """Register the form at Meta, in every language, for BUSINESS_ACCOUNT, and print the setting that offers it.

    What is published can't be changed at Meta: another wording is registered as another form. The access token needs
    the permission whatsapp_business_management.
    """
    name, forms = _forms(ctx)
    wanted = {
        language: (flow_name(name, language, body), body)
        for language, form in _only(forms, languages).items()
        for body in [msgspec.json.encode(form.document)]
    }
    try:
        ids = asyncio.run(_register(_settings(command_host(ctx).settings), business_account, wanted, publish=not draft))
    except RegistrationError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"SATARK_WHATSAPP__FORMS='{json.dumps(ids)}'")
    if draft:
        click.echo("SATARK_WHATSAPP__FORMS_MODE=draft")


def _settings(settings: Settings) -> WhatsAppSettings:
    section = settings.section("whatsapp", WhatsAppSettings)
    if section is None:
        raise click.ClickException("WhatsApp is not configured: `satark check` names what is missing")
    return section


async def _register(
    settings: WhatsAppSettings, business_account: str, wanted: Mapping[str, tuple[str, bytes]], *, publish: bool
) -> dict[str, str]:
    graph = GraphApi(settings)
    await graph.open()
    try:
        return {
            language: await register(graph, business_account, name, body, publish=publish)
            for language, (name, body) in wanted.items()
        }
    finally:
        await graph.close()


def _forms(ctx: click.Context) -> tuple[str, dict[str, WhatsAppForm]]:
    """Make the form in every language of the questionnaire; return the questionnaire's name too."""
    host = command_host(ctx)
    flow, catalogues, geography = host.flow(), host.catalogues(), host.geography()
    try:
        return flow.name, {one: make_form(flow, catalogues[one], geography) for one in flow.languages}
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def _only(forms: Mapping[str, WhatsAppForm], languages: tuple[str, ...]) -> dict[str, WhatsAppForm]:
    """Return the forms in these languages; if no language is named, all forms."""
    for language in languages:
        if language not in forms:
            raise click.ClickException(f"the questionnaire does not speak {language!r}, only {', '.join(forms)}")
    return {language: form for language, form in forms.items() if not languages or language in languages}
