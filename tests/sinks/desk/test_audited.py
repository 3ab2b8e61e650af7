"""Every act of an officer is recorded: on every route, by every command, and by every method of casework."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from httpx2 import Client
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework, TwoOfficerApproval
from satark.casework.hold_acts import TipKeeping
from satark.identity.edge_key import Identity
from satark.retention.schedule import ensure_key
from satark.services import Services
from satark.store import tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from support.acts import respond
from support.commands import commands_of as desk_commands
from support.desk_reading import acts_seen
from support.tips import SeededTip, seed_file, seed_tip

pytestmark = pytest.mark.slow("every route")

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Unlock = Callable[[str], UnlockedDesk]

WITHOUT_SESSION = {"/sign-in", "/second-factor", "/recover", "/sign-out", "/language"}
"""Routes that do nothing for a signed-in officer. Other tests try sign-in and sign-out."""
VALUES = {
    "ordinal": "1",
    "action": "note",
    "to": "lanka",
    "step": "ask_hold",
    "officer": "sp-2",
    "id": "0" * 16,
    "name": "sp-2",
    "draft": "0",
}
FORM = {"text": "words", "status": "VERIFYING", "to": "dig", "reason": "court", "once": "1", "confirmed": "yes"}
PASSPHRASE = "sp passphrase 1"
SECOND = "brittle-orchard-4711-lantern"
NO_OFFICERS_COMMAND = {("desk", "add")}
"""Commands whose passphrase signs nobody in: `desk add` sets the passphrase of a new desk's first officer."""
READS_NOTHING = {
    "directing", "custody", "may_hear", "may_open_original", "may_read", "unreadable", "log", "response",
    "trail", "desk", "add_step", "tell_of_dispute", "share",
}  # fmt: skip
"""Methods of casework that record no act of their own. Some show nothing that the officer has not opened before. Other
methods use the rest to record their acts.
"""


@pytest.fixture
def tip(services: Services, desk: FindDesk) -> SeededTip:
    """A tip of the SP and the DIG, with a photo and the tipster's own voice."""
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    seeded = seed_tip(services, [desk("sp"), desk("dig")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original", b"clean", preview=b"small", preview_mime="image/webp")
    voice: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}
    seed_file(services, seeded, "2", b"voice", b"clean voice", disguised=b"disguised", **voice)
    return seeded


def act_count(services: Services) -> int:
    query = select(func.count()).select_from(tables.custody).where(tables.custody.c.tip == "officers")
    return services.read(lambda c: c.execute(query).scalar_one())


def signed_in(browser: Browser) -> Client:
    """Sign the SP's first officer in, without opening a page."""
    client = browser()
    form = {"desk": "sp", "officer": "sp-1", "passphrase": PASSPHRASE}
    assert client.post("/desk/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def officers_routes(site: Starlette) -> Iterator[Route]:
    (mount,) = site.routes
    assert isinstance(mount, Mount)
    for route in mount.routes:
        if isinstance(route, Route) and route.path not in WITHOUT_SESSION:
            yield route


def test_every_route_records_an_act_whatever_it_answers(
    services: Services, site: Starlette, browser: Browser, tip: SeededTip
) -> None:
    silent = []
    tried = 0
    for route in officers_routes(site):
        for number in (tip.number, "4K7Q-2XPM"):
            path = route.path.format(**{**VALUES, "number": number})
            for method in sorted((route.methods or set()) - {"HEAD"}):
                client = signed_in(browser)
                before = act_count(services)
                client.request(method, f"/desk{path}", data=FORM if method == "POST" else None)
                tried += 1
                if act_count(services) == before:
                    silent.append(f"{method} {path}")
    assert silent == []
    assert tried > 20


@pytest.mark.parametrize("path", ["", "/note", "/note?draft=0", "/close?draft=0&poll=1"])
def test_an_officer_who_looks_for_a_tip_that_they_lack_is_recorded_on_each_of_its_pages(
    path: str, browser: Browser, tip: SeededTip, services: Services, unlocked: Unlock
) -> None:
    client = signed_in(browser)
    client.get(f"/desk/tips/{tip.number}")
    assert client.get(f"/desk/tips/4K7Q-2XPM{path}").status_code == 404
    assert [one.act.detail for one in acts_seen(services, unlocked("sp"), kind="refused")] == ["4K7Q-2XPM"]


class Recogniser:
    """A speech recogniser that hears one word."""

    name = "recogniser"
    languages = frozenset({"hi"})

    def transcribe(self, recording: Path, language: str) -> str:
        assert recording.exists()
        return language


def commands_of(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))
        if any(parameter.name == "passphrase_file" for parameter in command.params):
            yield (*path, name), command


def arguments_of(command: click.Command, tip: SeededTip, files: dict[str, Path], folder: Path) -> list[str]:
    """Return valid arguments for a command: a value for every required parameter."""
    values = {
        "desk": "sp", "number": tip.number, "folder": folder / "files", "pack": folder / "pack.zip", "name": "sp-2",
        "passphrase_file": files["first"], "second_passphrase_file": files["second"], "status": "ACTED",
        "reason": "court", "instruction": "act", "to_desk": "dig", "new_passphrase_file": files["new"],
        "officer": "sp-2", "id": "0" * 16, "id_": "0" * 16, "proposal": "0" * 16, "code": "1234", "role": "officer",
        "file": files["first"], "target": folder / "target", "kind": "aside", "numbers": tip.number,
        "language": "en", "text": "words",
    }  # fmt: skip
    words: list[str] = []
    for parameter in command.params:
        if not parameter.required and parameter.name not in {"passphrase_file", "new_passphrase_file"}:
            continue
        value = str(values.get(parameter.name or "", "0" * 16))
        words += [value] if isinstance(parameter, click.Argument) else [parameter.opts[0], value]
    return words


def test_every_command_of_an_officer_leaves_an_act(
    services: Services, unlocked: Unlock, tip: SeededTip, passphrase_file: Callable[[str], Path], tmp_path: Path
) -> None:
    from satark_desk import plugin  # noqa: PLC0415

    add_officer(services, unlocked("sp"), NewOfficer(name="sp-9", passphrase=SECOND))
    files = {
        "first": passphrase_file(PASSPHRASE),
        "second": passphrase_file(SECOND),
        "new": passphrase_file("lantern-4711-orchard-brittle"),
    }
    group = desk_commands(plugin)
    tried, silent = [], []
    for path, command in commands_of(group):
        if path in NO_OFFICERS_COMMAND:
            continue
        before = act_count(services)
        words = [*path, *arguments_of(command, tip, files, tmp_path)]
        result: Result = CliRunner().invoke(group, words)
        assert result.exit_code != 2, (words, result.output)
        tried.append(" ".join(path))
        if act_count(services) == before:
            silent.append(" ".join(path))
    assert silent == []
    assert {"desk tips", "desk evidence", "desk respond", "evidence export", "audit show"} <= set(tried)


def test_listing_tips_as_json_is_one_act_on_every_tip(
    services: Services, run: Callable[..., Result], unlocked: Unlock, tip: SeededTip
) -> None:
    assert run("desk", "tips", "sp", "--json", by="sp").exit_code == 0
    kinds = [read.act.kind for read in acts_seen(services, unlocked("dig"), tip=tip.number)]
    assert kinds == ["exported_list"]


def test_every_public_method_of_casework_leaves_an_act(services: Services, unlocked: Unlock, tip: SeededTip) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="sp-9", passphrase=SECOND, rights=("listen",)))
    officer = unlock(services, "sp", "sp-9", SECOND)
    opened = unlocked("sp").casework(services).open(tip.number)
    approval = TwoOfficerApproval("sp-1", "sp-9", may_listen=True)
    calls: dict[str, Callable[[Casework], object]] = {
        "summaries": lambda work: work.summaries(),
        "note_listed": lambda work: work.note_listed(),
        "keepings": lambda work: work.keepings(),
        "find": lambda work: work.find("शराब"),
        "related_tips": lambda work: work.related_tips(opened),
        "open": lambda work: work.open(tip.number),
        "export_list": lambda work: list(work.export_list()),
        "transcribe": lambda work: work.transcribe(opened, "2", "text"),
        "post": lambda work: respond(work, opened, status="ACTED"),
        "note": lambda work: work.note(opened, "note"),
        "evidence": lambda work: work.evidence(opened, "1"),
        "preview": lambda work: work.preview(opened, "1"),
        "listen": lambda work: work.listen(opened, "2"),
        "draft_transcript": lambda work: work.draft_transcript(opened, "2"),
        "original_of": lambda work: work.original_of(opened, "1", approval),
        "export": lambda work: work.export(opened, [("1", "clean")]),
    }
    public = {name for name, _ in inspect.getmembers(Casework) if not name.startswith("_")}
    assert public - READS_NOTHING == calls.keys()
    silent = []
    for name, call in calls.items():
        before = act_count(services)
        call(officer.casework(services, [Recogniser()]))
        if act_count(services) == before:
            silent.append(name)
    assert silent == []
    ensured = TipKeeping(services, officer.casework(services))
    before = act_count(services)
    ensured.ask(opened, "ask_hold", "court")
    assert act_count(services) == before + 1


def test_only_desks_are_told_which_officer_wrote_to_a_tipster(
    services: Services, unlocked: Unlock, tip: SeededTip
) -> None:
    from satark.api.sealing import open_as  # noqa: PLC0415

    work = unlocked("sp").casework(services)
    respond(work, work.open(tip.number), status="ACTED", text="धन्यवाद")
    (row,) = services.read(lambda c: c.execute(select(tables.message)).all())
    seen = open_as(Message, row.sealed, tip.receipt_identity)
    assert (seen.text, b"sp-1" in seen.officer) == ("धन्यवाद", False)
    with pytest.raises(Exception, match="does not open"):
        open_as(str, seen.officer, tip.receipt_identity)
    dig = unlocked("dig").casework(services)
    assert [posted.officer for posted in dig.open(tip.number).thread] == ["sp-1"]
