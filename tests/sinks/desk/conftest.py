"""Fixtures: a store with three desks and their officers, the command line, and the pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from httpx2 import Client
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.routing import Desk, Level
from satark.api.tip import Envelope, Evidence, Header, Tip
from satark.casework import Casework, Clocks, DeskAct, DeskActs, OpenTip
from satark.roster.state import RosterState
from satark.routing.authors import Signers, ThreadReader
from satark.services import DeskContext, Services
from satark_desk import plugin
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewDesk, NewOfficer, add_officer, make_desk, unlock
from satark_desk.second_factors import add_factor, new_totp, new_totp_secret
from satark_desk.settings import DeskSettings
from satark_desk.web.app import build
from satark_files.origin import Origin
from support.commands import commands_of
from support.desk_reading import code_at
from support.site_client import site_client
from support.store import desk_context, fresh_services, opened_services
from support.tips import seed_tip

PASSPHRASES = {"sp": "sp passphrase 1", "dig": "dig passphrase 1", "lanka": "lanka passphrase 1"}
DESKS: tuple[tuple[str, Level, str], ...] = (
    ("sp", "district", ""),
    ("dig", "range", ""),
    ("lanka", "station", "lanka"),
)
"""Name, level and area of each desk."""


@pytest.fixture
def titles() -> Mapping[str, str]:
    """The title of each desk, as pages show it."""
    return {name: f"{name} title" for name in PASSPHRASES}


@pytest.fixture(scope="session")
def prepared_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return the data folder of a store whose desks have these titles.

    It is made once; tests copy it and never open it.
    """

    @cache
    def make(*titles: str) -> Path:
        data_dir = tmp_path_factory.mktemp("prepared") / "data"
        services = fresh_services(data_dir, plugin.satark_migrations())
        for (name, level, area), title in zip(DESKS, titles, strict=True):
            new = NewDesk(
                name=name, title=title, level=level, area=area, officer=f"{name}-1", passphrase=PASSPHRASES[name]
            )
            make_desk(services, new)
        services.close()
        return data_dir

    return make


@pytest.fixture
def services(
    prepared_store: Callable[..., Path], titles: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """A store of the test's own at `SATARK_DATA_DIR`, with the desks `sp`, `dig` and `lanka` (a station)."""
    data_dir = tmp_path / "data"
    shutil.copytree(prepared_store(*(titles[name] for name, _, _ in DESKS)), data_dir)
    monkeypatch.setenv("SATARK_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')
    services = opened_services(data_dir)
    yield services
    services.main.dispose()
    services.keys.dispose()


@pytest.fixture
def either_store(tmp_path: Path, databases: Any) -> Iterator[Services]:
    """A store on either database, with the desk `sp` and its officers `a` and `b`."""
    services = fresh_services(
        tmp_path / "data", plugin.satark_migrations(), database_url=databases.main, keys_url=databases.keys
    )
    first, second = "first passphrase", "another passphrase"
    make_desk(services, NewDesk(name="sp", title="SP", level="district", area="", officer="a", passphrase=first))
    add_officer(services, unlock(services, "sp", "a", first), NewOfficer(name="b", passphrase=second))
    yield services
    services.main.dispose()
    services.keys.dispose()


@pytest.fixture
def unlocked(services: Services) -> Callable[[str], UnlockedDesk]:
    """Unlock a desk with its first officer's passphrase."""
    return lambda desk: unlock(services, desk, f"{desk}-1", PASSPHRASES[desk])


@pytest.fixture
def desk(unlocked: Callable[[str], UnlockedDesk]) -> Callable[[str], Desk]:
    """Look up a desk by its name."""
    return lambda name: unlocked(name).desk


@pytest.fixture
def casework(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> Callable[[str], Casework]:
    """Open a desk's casework by its name."""
    return lambda desk: unlocked(desk).casework(services)


@pytest.fixture
def opened() -> Callable[..., OpenTip]:
    """Make an opened tip that no store has, with this place, and with a photo if the photo's origin is given."""

    def make(
        place: object, origin: Origin | None = None, district: str = "varanasi", station: str = "lanka"
    ) -> OpenTip:
        about: Any = {"number": "K4Q7-2XPM", "revision": 1, "language": "en", "category": "ARMS", "received": ""}
        answers = {"what": "x", "place": place}
        tip = Tip(flow="", channel="chat", answers=answers, district=district, station=station, **about)
        photo = Evidence(
            ordinal="1", role="evidence", kind="image", mime="image/jpeg", bytes=1, sha256="0" * 64, origin=origin
        )
        envelope = Envelope(tip="1", desk="sp", identity="", header=Header(**about))
        return OpenTip(
            id="1",
            envelope=envelope,
            tip=tip,
            thread=(),
            reader=ThreadReader(envelope, Signers(RosterState())),
            evidence=(photo,),
        )

    return make


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a file with a passphrase on its first line."""

    def write(passphrase: str) -> Path:
        file = tmp_path / f"{abs(hash(passphrase))}.txt"
        file.write_text(passphrase + "\nanything else\n", "utf-8")
        file.chmod(0o600)
        return file

    return write


@pytest.fixture
def context(services: Services) -> DeskContext:
    """The context that the host gives to the desk's pages."""
    return desk_context(services)


@pytest.fixture
def site(context: DeskContext) -> Starlette:
    """The desk's pages, mounted where the host mounts them."""
    return Starlette(routes=[Mount("/desk", build(context, DeskSettings(page_size=5)))])


@pytest.fixture
def browser(site: Starlette) -> Iterator[Callable[..., Client]]:
    """Start an HTTP client; if a desk is named, sign in the desk's first officer."""
    headers = {"sec-fetch-site": "same-origin", "accept-language": "en"}

    def start(desk: str = "") -> Client:
        client = clients.enter_context(site_client(site, "http://desk.example", headers))
        if desk:
            form = {"desk": desk, "officer": f"{desk}-1", "passphrase": PASSPHRASES[desk]}
            assert client.post("/desk/sign-in", data=form).url.path == "/desk/"
        return client

    with ExitStack() as clients:
        yield start


@pytest.fixture
def run(services: Services, passphrase_file: Callable[[str], Path]) -> Callable[..., Result]:
    """Run `satark` with these arguments; `by` adds the passphrase of that desk's first officer; `text` is the input."""
    cli = commands_of(plugin)

    def invoke(*arguments: object, by: str = "", text: str | None = None) -> Result:
        words = [str(argument) for argument in arguments]
        if by:
            words += ["--passphrase-file", str(passphrase_file(PASSPHRASES[by]))]
        return CliRunner().invoke(cli, words, input=text, catch_exceptions=False)

    return invoke


@pytest.fixture
def secret(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> str:
    """The secret of the authenticator app of the officer `sp-1`. No code of the present minutes was used."""
    secret, now = new_totp_secret(), 1_800_000_000
    new = new_totp(unlocked("sp"), secret, code_at(secret, now), now=now)
    assert new is not None
    add_factor(services, unlocked("sp"), new, name="phone", now=now)
    return secret


@pytest.fixture
def hidden(services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> None:
    """Tips at the SP: a flood of six that the queue shows as one row, and a set-aside prank that the queue hides."""
    prank = seed_tip(services, [desk("sp")], answers={"what": "hello hello hello"})
    told = "Every evening they play cards for money on the steps of the ghat"
    for _ in range(6):
        seed_tip(services, [desk("sp")], answers={"what": told})
    work = casework("sp")
    act = DeskAct(name="status", status="SET_ASIDE", text="a prank")
    DeskActs(services, work, Clocks()).perform(work.open(prank.id), act)
