"""Common mistakes of plugin authors and operators: `satark check` and `satark serve` name each in one line.

Each is a change of a project that `satark plugin new` made, or of its settings.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from click.testing import CliRunner

from satark.cli import serve
from satark.cli.check import _warnings, find_problems
from satark.cli.main import cli
from satark.cli.plugin import write_project
from satark.runtime import compose
from satark.runtime.host import ROLES, Host
from satark.settings.settings import Settings
from support.commands import run

pytestmark = pytest.mark.slow("a database, two plugins and a start for each mistake")

PROJECTS: Final = {"beacon": "channel", "shelf": "sink"}
SETTINGS: Final = """
data_dir = "data"
public_url = "https://tips.example"
plugins = ["beacon", "shelf", "web_form", "desk"]

[beacon]
url = "http://127.0.0.1:9"
secret = "a-secret-of-the-tests-0123"

[shelf]
folder = "shelf"

[[destination]]
to = "shelf:main"
desk = "sp"
"""
HOOK: Final = "@hookimpl\ndef satark_channels(settings: Settings)"
METHOD: Final = "    def parse(self, raw: RawRequest) -> Batch:"
SYNCHRONOUS: Final = "    def {}(self, {}) -> None:\n        pass\n\n    async def _"


class Mistake(NamedTuple):
    """A change of a file, and its error message."""

    file: str
    old: str
    new: str
    said: str
    """A regular expression for the whole line."""
    warns: bool = False
    """Whether it stops no start."""


def channel(old: str, new: str, said: str) -> Mistake:
    return Mistake("satark_beacon/channel.py", old, new, f"plugin 'beacon', satark_channels: BeaconChannel .*{said}")


def hook(old: str, new: str, said: str) -> Mistake:
    return Mistake("satark_beacon/plugin.py", old, new, f"plugin 'beacon'.*{said}")


def sink(old: str, new: str, said: str) -> Mistake:
    return Mistake("satark_shelf/sink.py", old, new, f"plugin 'shelf', satark_sinks: ShelfSink .*{said}")


def setting(old: str, new: str, said: str, *, warns: bool = False) -> Mistake:
    return Mistake("satark.toml", old, new, said, warns)


MISTAKES: Final = {
    "a hook without @hookimpl": hook(HOOK, HOOK.removeprefix("@hookimpl\n"), "satark_channels is no hook yet: put @"),
    "a misspelt hook": hook("def satark_channels(", "def satark_chanels(", "did you mean satark_channels"),
    "a misspelt argument": hook(
        "(settings: Settings)", "(setting: Settings)", "has no argument 'setting': it takes settings, sms_p"
    ),
    "an asynchronous hook": hook("def satark_channels", "async def satark_channels", "hooks are synchronous"),
    "a hook that returns one object": hook("else [BeaconChannel(section)]", "else BeaconChannel(section)", "a list"),
    "a hook that returns nothing": hook("return [] if", "[] if", "returned NoneType from satark_channels: return a "),
    "a hook that fails": hook("[] if section is None else", "[1 / 0] or", "failed in satark_channels: ZeroDivision"),
    "a misspelt import": hook("import Settings, hookimpl", "import Setings, hookimpl", "is broken: .*Setings"),
    "a package that is not installed": hook(
        "from satark.api", "import kafka_x\nfrom satark.api", "needs kafka_x.*inst"
    ),
    "another API": hook("requires_api = 1", "requires_api = 2", "needs version 2 of satark.api.* install a"),
    "a method left out": channel("async def discard", "async def throw_away", "it has no `discard`"),
    "an asynchronous parse": channel(METHOD, METHOD.replace("def", "async def"), "`parse` must be `def`, not `async"),
    "a synchronous send": channel(
        "    async def send(",
        SYNCHRONOUS.format("send", "call: Call, call_id: str") + "send(",
        "`send` must be `async def`",
    ),
    "another argument": channel("(self, raw: RawRequest, outcome: Outcome)", "(self, raw: RawRequest)", "raw, outcome"),
    "an account of another name": channel('ACCOUNT = "beacon:main"', 'ACCOUNT = "gateway:main"', "'beacon:…'"),
    "an account without an id": channel('ACCOUNT = "beacon:main"', 'ACCOUNT = "beacon"', "'beacon:…'"),
    "no account": channel("accounts = (ACCOUNT,)", "accounts = ()", "`accounts` are empty"),
    "a text for a tuple": channel("accounts = (ACCOUNT,)", "accounts = ACCOUNT", "`accounts` are no list of names"),
    "capabilities as a dict": channel("capabilities = Capabilities(", "capabilities = dict(", "no Capabilities"),
    "a path without a slash": channel('path="/beacon', 'path="beacon', "'beacon/webhook' must begin with /"),
    "a method in lower case": channel('("POST",)', '("post",)', "methods .* upper case"),
    "a header in upper case": channel(
        'methods=("POST",)', 'methods=("POST",), signature_header="X-Signature"', "'X-Signature' must be in lower case"
    ),
    "no body at all": channel("limit=WEBHOOK_BYTES", "limit=0", "limit .* above 0"),
    "an address of Satark's": Mistake(
        "satark_beacon/channel.py", "/beacon/webhook", "/healthz", "plugin 'beacon' claims the address /healthz, and .*"
    ),
    "an address of another plugin's page": Mistake(
        "satark_beacon/channel.py",
        "/beacon/webhook",
        "/",
        "plugin 'web_form' claims the address /, and plugin 'beacon'",
    ),
    "the name of another channel": Mistake(
        "satark_beacon/channel.py",
        'name = "beacon"\n    accounts = (ACCOUNT,)',
        'name = "web_form"\n    accounts = ("web_form:1",)',
        "channel 'web_form' is offered twice: disable one",
    ),
    "a sink that does not wait": sink(
        "    async def deliver(",
        SYNCHRONOUS.format("deliver", "delivery: Delivery") + "deliver(",
        "`deliver` must be `async def`",
    ),
    "a sink without close": sink("async def close", "async def shut", "it has no `close`"),
    "a sink of another name": Mistake(
        "satark_shelf/sink.py",
        'name = "shelf"',
        'name = "rack"',
        "destination shelf:main: to .*no loaded plugin",
        warns=True,
    ),
    "a misspelt plugin": setting('["beacon"', '["becon"', "plugin 'becon' is not installed.*did you mean beacon"),
    "a plugin that is not named": setting(
        '["beacon", ', "[", r"\[beacon\] is set, but `plugins` .*add \"beacon\"", warns=True
    ),
    "a required setting left out": setting('url = "http://127.0.0.1:9"\n', "", "beacon.url .*: is missing"),
    "a misspelt setting": setting(
        "public_url", "publik_url", "publik_url .*did you mean SATARK_PUBLIC_URL", warns=True
    ),
    "a destination without a desk": setting('desk = "sp"', "", "destination shelf:main: desk .*is missing", warns=True),
    "a desk that does not exist": setting(
        'desk = "sp"', 'desk = "ps"', "there is no desk 'ps'.*satark desk list", warns=True
    ),
}


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects in one folder that is on the path as if they were installed, their settings and a database."""
    folder = tmp_path_factory.mktemp("projects")
    for name, kind in PROJECTS.items():
        write_project(kind, name, folder / name)
        (folder / name / f"satark_{name}").rename(folder / f"satark_{name}")
        about = folder / f"satark_{name}-0.1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: satark-{name}\nVersion: 0.1.0\n")
        (about / "entry_points.txt").write_text(f"[satark]\n{name} = satark_{name}.plugin\n")
    (folder / "satark.toml").write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SATARK_PLUGINS", '["desk"]')
        (folder / "passphrase").touch(0o600)
        (folder / "passphrase").write_text("a passphrase of the tests 0123")
        run("db", "upgrade")
        for name, level in (("sp", "district"), ("dig", "range")):
            run("desk", "add", name, "--level", level, "--passphrase-file", "passphrase")
        Host(Settings()).services.close()  # it makes the edge key
    return folder


@pytest.fixture
def installed(projects: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The projects, imported anew."""
    monkeypatch.chdir(projects)
    monkeypatch.syspath_prepend(projects)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(compose, "check_isolation", lambda settings: None)
    yield projects
    for module in [one for one in sys.modules if one.startswith(tuple(f"satark_{name}" for name in PROJECTS))]:
        del sys.modules[module]


_OF_NO_PLUGIN = ("desk ", "voice notes ", "languages ", "no copy ", "somebody else knows ")
"""Beginnings of warnings about a new installation."""


def said_by_check() -> list[str]:
    """Return the problems, each with its hint in one line, and a plugin's warnings if there is no problem."""
    found = [str(problem).replace("\n    ", ": ") for problem in find_problems(ROLES)]
    return found or [line for line in _warnings() if not line.startswith(_OF_NO_PLUGIN)]


def said_by_serve(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what `serve` says, or that it starts."""

    def starts(*_: object) -> None:
        raise SystemExit(3)

    monkeypatch.setattr(serve, "check_port", starts)
    result = CliRunner().invoke(cli, ["serve"])
    return ["it starts"] if result.exit_code == 3 else result.output.splitlines()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_in_one_line_by_check_and_at_the_start(
    installed: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    mistake = MISTAKES[name]
    file = installed / mistake.file
    source = file.read_text()
    assert source.count(mistake.old) >= 1
    file.write_text(source.replace(mistake.old, mistake.new, 1))
    try:
        check, start = said_by_check(), said_by_serve(monkeypatch)
    finally:
        file.write_text(source)
    assert len(check) == 1
    assert re.search(mistake.said, check[0])
    assert "\n" not in check[0]
    if mistake.warns:
        assert start == ["it starts"]
    else:
        assert re.search(mistake.said, ": ".join(start))


def test_the_projects_without_a_mistake_start(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said_by_serve(monkeypatch) == ["it starts"]
    assert said_by_check() == []


def test_there_are_enough() -> None:
    assert len(MISTAKES) >= 20
