"""Acts in the audit log for sign-ins and sign-outs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from httpx2 import Client

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from support.desk_reading import acts_seen

Browser = Callable[..., Client]
Unlock = Callable[[str], UnlockedDesk]
PASSPHRASE = "sp passphrase 1"


def signed_in(browser: Browser) -> Client:
    """Sign the SP's first officer in, without opening a page."""
    client = browser()
    form = {"desk": "sp", "officer": "sp-1", "passphrase": PASSPHRASE}
    assert client.post("/desk/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def test_sign_ins_and_failed_sign_ins_and_sign_outs_are_recorded(
    services: Services, browser: Browser, unlocked: Unlock
) -> None:
    client = signed_in(browser)
    for _ in range(3):
        browser().post("/desk/sign-in", data={"desk": "sp", "officer": "sp-1", "passphrase": "wrong"})
    browser().post("/desk/sign-in", data={"desk": "nowhere", "officer": "x", "passphrase": "wrong"})
    client.post("/desk/sign-out")
    kinds = [
        (read.act.kind, read.act.officer, read.act.detail, read.flaw) for read in acts_seen(services, unlocked("dig"))
    ]
    assert kinds == [
        ("signed_out", "sp-1", "", ""),
        ("sign_in_failed", "sp-1", "2", "unsigned"),
        ("sign_in_failed", "sp-1", "1", "unsigned"),
        ("signed_in", "sp-1", "web", ""),
    ]


def test_strangers_who_invent_officers_do_not_fill_the_log(
    services: Services, browser: Browser, unlocked: Unlock
) -> None:
    signed_in(browser)
    for number in range(9):
        form = {"desk": "sp", "officer": f"nobody-{number}", "passphrase": "wrong"}
        browser().post("/desk/sign-in", data=form)
    acts = [(read.act.officer, read.act.detail) for read in acts_seen(services, unlocked("dig"))]
    assert acts == [("", "8"), ("", "4"), ("", "2"), ("", "1"), ("sp-1", "web")]


def test_a_wrong_passphrase_of_a_command_is_recorded(
    services: Services, run: Callable[..., Result], unlocked: Unlock, passphrase_file: Callable[[str], Path]
) -> None:
    assert run("desk", "tips", "sp", "--passphrase-file", passphrase_file("not a passphrase")).exit_code == 1
    unlocked("sp").casework(services).trail.signed_in()
    _, read = acts_seen(services, unlocked("dig"))
    assert (read.act.kind, read.act.desk, read.act.officer, read.flaw) == ("sign_in_failed", "sp", "", "unsigned")
