"""The command `satark whatsapp`: the questionnaire as a form inside WhatsApp, shown and registered at Meta.

Source: Meta's OpenAPI document v23.0, `POST /{WABA-ID}/flows`, `POST /{Flow-ID}/assets`, `POST /{Flow-ID}/publish`:
forms (multipart); an upload answers with `validation_errors`; a published form can't be changed.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Final

import aiohttp
import click
import msgspec

from satark.api import Settings, Transient, command_host
from satark_files.decoding import DECODING_ERRORS
from satark_whatsapp.forms.flow_json import WhatsAppForm, make_form
from satark_whatsapp.graph_api import GraphApi, error_of
from satark_whatsapp.settings import WhatsAppSettings

_OK: Final = 200
_CATEGORIES: Final = '["OTHER"]'


class RegistrationError(Exception):
    """Meta refuses the form. The message says why, in words for the operator."""


class _Problem(msgspec.Struct):
    message: str = ""
    error: str = ""


class _Answer(msgspec.Struct):
    id: str = ""
    success: bool = False
    validation_errors: list[_Problem] = []


def flow_name(questionnaire: str, language: str, flow_json: bytes) -> str:
    """Return the name under which a form is registered. Each wording is a flow of its own, with a unique name."""
    return f"{questionnaire}_{language}_{hashlib.sha256(flow_json).hexdigest()[:8]}"


async def register(graph: GraphApi, business_account: str, name: str, flow_json: bytes, *, publish: bool) -> str:
    """Register a form; return the id that Meta gives it.

    `business_account`: its id at Meta (WABA). A form that is not to be published stays a draft.

    Raises:
        RegistrationError: Meta refuses the form, or can't be reached.
    """
    created = await _post(graph, business_account, "flows", name=name, categories=_CATEGORIES)
    if not created.id:
        raise RegistrationError("Meta answers 'flows' in a shape that is not documented")
    uploaded = await _post(graph, created.id, "assets", file=flow_json, name="flow.json", asset_type="FLOW_JSON")
    if uploaded.validation_errors or not uploaded.success:
        problems = "\n".join(f"  {one.message or one.error}" for one in uploaded.validation_errors)
        raise RegistrationError(f"Meta refuses the form {name} (flow {created.id}):\n{problems}")
    if publish and not (await _post(graph, created.id, "publish")).success:
        raise RegistrationError(f"Meta does not publish the form {name} (flow {created.id})")
    return created.id


async def _post(graph: GraphApi, object_id: str, edge: str, **fields: str | bytes) -> _Answer:
    form = aiohttp.FormData(default_to_multipart=True)
    for field, value in fields.items():
        if isinstance(value, bytes):
            form.add_field(field, value, filename="flow.json", content_type="application/json")
        else:
            form.add_field(field, value)
    answer = await graph.post_form(graph.object_url(object_id, edge), form)
    if isinstance(answer, Transient):
        raise RegistrationError(f"Meta can't be reached ({answer.code}): look at this machine's network")
    if answer.status != _OK:
        raise RegistrationError(_refusal(edge, answer.status, answer.content))
    try:
        return msgspec.json.decode(answer.content, type=_Answer)
    except DECODING_ERRORS:
        raise RegistrationError(f"Meta answers {edge!r} in a shape that is not documented") from None


def _refusal(edge: str, status: int, content: bytes) -> str:
    error = error_of(content)
    code = f"code {error.code}: {error.message or ''}" if error else f"http-{status}"
    hint = "look at the business account's id, and at the token's permission whatsapp_business_management"
    return f"Meta refuses {edge!r} ({code}): {hint}"


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
    """Print the form in LANGUAGE as Flow JSON; below it, on standard error, the questions that stay in the chat."""
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
