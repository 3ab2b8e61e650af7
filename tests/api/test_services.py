"""A command finds the host's services, and these fulfil the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from satark.api.prompt import Choice, ReceiptPicture
from satark.api.services import COMMAND_HOST, ChannelContext, CommandHost, command_host
from satark.cli.main import cli
from satark.runtime.channel_context import ChannelContext as HostsContext
from satark.runtime.command_host import CommandHost as HostsCommandHost
from satark.settings.settings import Settings


def host(folder: Path, **more: Any) -> CommandHost:
    ctx = click.Context(cli)
    ctx.meta["satark.settings.settings"] = Settings(data_dir=folder, plugins=(), **more)
    ctx.meta[COMMAND_HOST] = HostsCommandHost(ctx)
    return command_host(ctx)


def test_a_plugins_command_gets_the_hosts_services(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["voice", "lines"], env={"SATARK_DATA_DIR": str(tmp_path), "SATARK_PLUGINS": '["sms_ivr"]'}
    )
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 200


def test_the_questionnaire_in_use_comes_with_its_texts_and_prompts(tmp_path: Path) -> None:
    lent = host(tmp_path)
    flow = lent.flow()
    assert set(flow.languages) <= set(lent.catalogues().languages)
    prompts = dict(lent.every_prompt("sms"))
    assert {prompt.language for prompt in prompts.values()} == set(flow.languages)
    assert lent.geography().districts
    assert lent.settings.core.data_dir == tmp_path


def test_a_broken_questionnaire_is_reported_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text("steps: [{type: riddle}]")
    lent = host(tmp_path, flow=tmp_path / "flow.yaml")
    with pytest.raises(click.ClickException, match="riddle"):
        lent.flow()


def test_a_store_that_was_not_set_up_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="satark db upgrade"), host(tmp_path).open_services():
        pass


@pytest.mark.slow("a third of a second of a processor")
def test_a_channel_gets_texts_voice_notes_and_pictures_from_the_host(tmp_path: Path) -> None:
    lent: ChannelContext = HostsContext(Settings(data_dir=tmp_path, languages=("hi",)))
    assert lent.catalogues().languages == ("hi",)
    assert not lent.voice_notes.ready
    picture = ReceiptPicture(code="8391 4460 7012 5538", caption="Keep it.", button=Choice("a:b:1", "🔊"))
    assert lent.draw_receipt(picture).startswith(b"\x89PNG")
