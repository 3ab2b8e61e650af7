"""The roster on the web: each officer signs changes in their own session, and every desk sees every change."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from httpx2 import Client
from sqlalchemy import delete, select, update

from satark.api import CaseworkError
from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.roster.chain import Proposal, append_withdrawal
from satark.roster.entries import DeskAdded, DestinationSet
from satark.roster.roster import COPY_NAME, HEADS_NAME
from satark.routing.desks import close_roster
from satark.routing.tip_keys import remember
from satark.services import Services
from satark.store.tables import desk as desk_table
from satark.store.tables import roster, roster_head, roster_proposal
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, set_role
from satark_desk.recovery import ask_for_recovery
from satark_desk.roster_changes import RosterAttachment, approve, submit, submit_unsigned
from satark_desk.tables import officer as officer_table
from support.desks import end_founding
from support.roster import trusting

Browser = Callable[..., Client]
PAGE = "/desk/roster"
ROOT = Path(__file__).parents[4]
TEXTS = "sinks/desk/satark_desk/web/texts"


@pytest.fixture
def sealed(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> None:
    """Add a second officer to the SP's desk, and seal the roster."""
    new = NewOfficer(name="second", passphrase="second passphrase 77", rights=("release",))
    add_officer(services, unlocked("sp"), new)
    end_founding(services, unlocked)


def officer(browser: Browser, name: str, passphrase: str) -> Client:
    client = browser()
    form = {"desk": "sp", "officer": name, "passphrase": passphrase}
    assert client.post("/desk/sign-in", data=form).url.path == "/desk/"
    return client


def confirmed(client: Client, action: str, **form: str) -> str:
    page = client.post(f"{PAGE}/{action}", data=form)
    assert page.status_code == 200
    named = dict(re.findall(r'name="(lost)" value="([^"]*)"', page.text))
    return client.post(f"{PAGE}/{action}", data={**form, **named, "confirmed": "yes", "once": action + str(form)}).text


def names(services: Services, desk: str) -> list[str]:
    return sorted(services.roster_state().desks[desk].officers)


@pytest.mark.usefixtures("sealed")
def test_an_officer_is_proposed_by_the_head_and_added_when_another_signs(services: Services, browser: Browser) -> None:
    head = browser("sp")
    page = confirmed(head, "add", name="third", role="officer", release="yes")
    assert "Passphrase for the first sign-in" in page
    assert names(services, "sp") == ["second", "sp-1"]
    (id_,) = {part.split('"')[0] for part in page.split('name="id" value="')[1:]}
    assert names(services, "sp") == ["second", "sp-1"], "the head signs once"
    second = officer(browser, "second", "second passphrase 77")
    assert "third" in second.get(PAGE).text
    assert "carried out" in confirmed(second, "approve", id=id_)
    assert names(services, "sp") == ["second", "sp-1", "third"]


@pytest.mark.usefixtures("sealed")
def test_a_proposal_replaced_after_its_page_was_shown_is_not_signed(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    shown = set_role(services, unlocked("sp"), "second", "officer", ("listen",)).id
    mole = add_officer(services, unlocked("sp"), NewOfficer(name="mole", passphrase="zitrone gabel 61 wolf")).id
    dig = browser("dig")
    assert "second" in dig.post(f"{PAGE}/approve", data={"id": shown}).text
    rows = services.read(lambda c: {row.id: row for row in c.execute(select(roster_proposal)).all()})
    other = {"entry": rows[mole[:16]].entry, "attachment": rows[mole[:16]].attachment}
    swapped = update(roster_proposal).where(roster_proposal.c.id == shown[:16]).values(**other)
    services.write_now(lambda unit: unit.main.execute(swapped))
    answer = dig.post(f"{PAGE}/approve", data={"id": shown, "confirmed": "yes", "once": "1"})
    assert answer.status_code == 422
    assert names(services, "sp") == ["second", "sp-1"]


@pytest.mark.usefixtures("sealed")
def test_every_desk_is_shown_a_change_until_the_desk_has_seen_it(services: Services, browser: Browser) -> None:
    dig = browser("dig")
    dig.get(PAGE)
    assert "Who may read has changed" not in dig.get("/desk/").text
    confirmed(browser("sp"), "remove", name="second")
    assert "Who may read has changed" in dig.get("/desk/").text
    assert "Officer second was removed from desk sp" in dig.get(PAGE).text
    assert "Who may read has changed" not in dig.get("/desk/").text


@pytest.mark.usefixtures("sealed")
def test_renewed_keys_of_tips_are_no_news(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    dig = browser("dig")
    before = dig.get(PAGE).text
    key = unlocked("sp").identity
    services.write_now(lambda unit: remember(unit, "sp", key, [bytes(112)]))
    assert "Who may read has changed" not in dig.get("/desk/").text
    assert dig.get(PAGE).text.count("<li") == before.count("<li")
    confirmed(browser("sp"), "remove", name="second")
    assert "New entries: 1" in dig.get("/desk/").text


LOST = "isn&#39;t the one that officers signed"


@pytest.mark.usefixtures("sealed")
def test_a_browser_reveals_a_cut_roster_on_every_page_until_the_heads_agree(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    own = unlocked("sp").own_identity
    keys = services.read(lambda c: c.execute(select(officer_table.c.desk_key, officer_table.c.name)).all())
    services.write_now(lambda unit: append_withdrawal(unit, "ab" * 16, ("sp", "sp-1"), own))
    dig, sp = browser("dig"), browser("sp")
    assert LOST not in dig.get("/desk/").text + sp.get("/desk/").text
    cut(services, {row.name: row.desk_key for row in keys})
    form = {"desk": "dig", "officer": "dig-1", "passphrase": "dig passphrase 1"}
    assert LOST not in browser("sp").get("/desk/").text, "everything here was rolled back"
    assert LOST in dig.post("/desk/sign-in", data=form).text
    assert LOST in dig.get("/desk/account").text
    sp = browser("sp")
    assert LOST in sp.get("/desk/").text
    second = officer(browser, "second", "second passphrase 77")
    assert "heads of desks must sign it first" in confirmed(second, "agree", id="")
    confirmed(dig, "agree", id="")
    assert LOST in dig.get("/desk/").text, "one head is not enough"
    confirmed(sp, "agree", id="")
    assert LOST not in dig.get("/desk/").text + sp.get("/desk/").text
    assert LOST not in dig.post("/desk/sign-in", data=form).text, "this browser has the present head now"


def cut(services: Services, keys: dict[str, bytes]) -> None:
    """Delete the newest entry and every head that officers signed: in rows, beside the keys, on the machine's disk."""
    newest = services.roster_state().position
    services.write_now(lambda unit: unit.keys.execute(delete(roster).where(roster.c.position == newest)))
    services.write_now(lambda unit: unit.keys.execute(delete(roster_head)))
    for name, key in keys.items():
        row = update(officer_table).where(officer_table.c.name == name).values(desk_key=key)
        services.write_now(lambda unit, one=row: unit.main.execute(one))  # type: ignore[misc]
    copy = services.data_dir / COPY_NAME
    copy.unlink()
    copy.with_name(HEADS_NAME).unlink()
    vars(services.roster).update(vars(trusting(copy, services)))


def test_a_desk_that_somebody_wrote_into_the_database_alarms_every_desk(services: Services, browser: Browser) -> None:
    client = browser("sp")
    assert "tampered" not in client.get("/desk/").text
    row = {"name": "watch", "title": "watch", "level": "range", "area": "", "recipient": "age1x", "via": "desk"}
    services.write_now(lambda unit: unit.insert(desk_table, [row]))
    assert "tampered" in client.get("/desk/").text


def test_only_heads_with_no_desk_above_them_are_shown_deleted_tips_on_every_page(
    services: Services, browser: Browser
) -> None:
    dig, sp = browser("dig"), browser("sp")
    (services.data_dir / "tips.kept").write_text("[0, 3]")
    for page in ("", "roster", "account"):
        assert "Tips that were deleted, though no rule said so: 3" in dig.get(f"/desk/{page}").text
        assert "were deleted" not in sp.get(f"/desk/{page}").text
    (services.data_dir / "tips.kept").write_text("[3, 0]")
    assert "were deleted" not in dig.get("/desk/").text


def test_an_auditor_sees_who_may_read_and_no_tip(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    new = NewOfficer(name="auditor", passphrase="auditor passphrase 5", role="auditor")
    add_officer(services, unlocked("sp"), new)
    client = browser()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "auditor", "passphrase": "auditor passphrase 5"})
    assert client.get("/desk/", follow_redirects=False).headers["location"] == "/desk/audit"
    assert client.get("/desk/tips/K111-1111", follow_redirects=False).headers["location"] == "/desk/audit"
    page = client.get(PAGE).text
    assert "Who may read" in page
    assert "roster/add" not in page
    confirmed_add = client.post(f"{PAGE}/add", data={"name": "x", "confirmed": "yes", "once": "1"})
    assert confirmed_add.url.path == PAGE
    assert names(services, "sp") == ["auditor", "sp-1"]


@pytest.mark.usefixtures("sealed")
def test_an_officer_who_signs_a_new_key_is_told_so_and_types_the_code_of_its_officer(
    services: Services, browser: Browser
) -> None:
    asked = ask_for_recovery(services, "sp", "second", "the head knows this one 4")
    head, dig = browser("sp"), browser("dig")
    head.post("/desk/recoveries", data={"officer": "second", "code": asked.code})
    (id_,) = re.findall(r'name="id" value="(\w+)"><button>', dig.get(PAGE).text)
    page = dig.post(f"{PAGE}/approve", data={"id": id_}).text
    says = "Officer second of desk sp gets a new key, asked for by sp-1"
    key = f'Fingerprint: <code translate="no">{asked.fingerprint}</code>'
    assert f"<strong>{says}</strong><br>{key}" in page
    assert 'name="code"' in page
    assert "Approve only if the officer tells you the code themselves" in page
    for code in ("", "0000-0000"):
        form = {"id": id_, "code": code, "confirmed": "yes", "once": f"once {code}"}
        refused = dig.post(f"{PAGE}/approve", data=form)
        assert (refused.status_code, "type the code" in refused.text) == (422, True)
    assert "carried out" in confirmed(dig, "approve", id=id_, code=asked.code)
    assert f"<strong>{says}</strong><br>{key}" in browser("sp").get(PAGE).text, "the list of changes says so too"


REASONS = sorted(
    {
        reason
        for folder in ("core/satark/roster", "sinks/desk/satark_desk")
        for file in (ROOT / folder).rglob("*.py")
        for reason in re.findall(r'reason="(\w+)"\)', file.read_text("utf-8"))
    }
)


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_of_a_refusal_has_words(reason: str, language: str) -> None:
    assert f'msgid "roster.refused.{reason}"\nmsgstr "' in (ROOT / TEXTS / f"{language}.po").read_text("utf-8")


@pytest.mark.slow("every refusal")
@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    ("action", "name", "why"),
    [
        ("add", "second", "डेस्क में इस नाम का अधिकारी पहले से है।"),
        ("remove", "nobody", "डेस्क में इस नाम का कोई अधिकारी नहीं है।"),
        ("remove", "sp-1", "अधिकारी को डेस्क का कोई दूसरा अधिकारी ही हटा सकता है।"),
        ("role", "sp-1", "डेस्क का आख़िरी प्रमुख हटाया नहीं जा सकता"),
    ],
)
def test_a_refused_change_is_explained_in_the_officers_language(
    browser: Browser, action: str, name: str, why: str
) -> None:
    client = browser("sp")
    client.post("/desk/language", data={"language": "hi"})
    form = {"name": name, "role": "officer", "confirmed": "yes", "once": "1"}
    page = client.post(f"{PAGE}/{action}", data=form)
    assert page.status_code == 422
    assert why in page.text


MUST_CHANGE = "The key of your desk must change"


def test_a_head_whose_sign_in_could_not_change_a_known_key_is_told_until_it_changes(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    """Whoever owns the database adds a byte to the roster's last row at each sign-in, and takes it away again."""
    added = add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase="second passphrase 77"))
    assert added.done
    end_founding(services, unlocked, "dig")
    founded = services.desk("sp").recipient

    def alter(entry: bytes) -> None:
        newest = services.roster_state().position
        row = update(roster).where(roster.c.position == newest).values(entry=entry)
        services.write_now(lambda unit: unit.keys.execute(row))

    last = services.read_keys(lambda c: c.execute(select(roster.c.entry).order_by(roster.c.position.desc())).scalar())
    assert last
    for _ in range(2):
        alter(last + b" ")
        head = browser("sp")
        alter(last)
        assert MUST_CHANGE in head.get("/desk/").text
        assert services.desk("sp").recipient == founded
    clerk = officer(browser, "second", "second passphrase 77")
    assert MUST_CHANGE not in clerk.get("/desk/").text
    assert MUST_CHANGE not in browser("sp").get("/desk/").text
    assert services.desk("sp").recipient != founded


@pytest.mark.usefixtures("sealed")
def test_the_proposer_and_each_signer_are_shown_the_same_fingerprint(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk], run: Callable[..., Result]
) -> None:
    shown = re.compile(r"(?:[0-9a-f]{4} ){4}[0-9a-f]{4}")
    page = confirmed(browser("sp"), "add", name="third", role="officer")
    told = shown.findall(page[page.index("Compare this fingerprint") :][:200])
    recipient = new_identity()[0]
    for arguments in (
        ("desk", "add", "watch", "--level", "range"),
        ("roster", "propose", "destination", "sp", "email:cell", "--recipient", recipient),
        ("officer", "add", "sp", "fourth"),
    ):
        said = run(*arguments, by="" if arguments[0] == "desk" else "sp").stdout
        (line,) = (one for one in said.splitlines() if "compare this fingerprint, by telephone" in one)
        told += shown.findall(line)
    assert len({*told}) == 4
    dig = browser("dig")
    for one in services.read(Proposal.all):
        page = dig.post(f"{PAGE}/approve", data={"id": one.id}).text
        (seen,) = shown.findall(page)
        told.remove(seen)
        assert f'Fingerprint: <code translate="no">{seen}</code>' in page
        assert "compare the fingerprint" in page
    assert told == []


def test_a_new_desks_level_area_and_name_are_lines_before_its_quoted_title(
    services: Services, browser: Browser, run: Callable[..., Result]
) -> None:
    services.write_now(lambda unit: close_roster(unit, ()))
    title = "Thana Lanka 2 (lanka2, Police station) was added, with: so"
    said = run("desk", "add", "rural", "--level", "district", "--area", "jaunpur", "--title", title).stdout
    assert "the roster" in said
    run("desk", "add", "everybody", "--level", "range", "--title", title)
    head = browser("sp")
    page = head.get(PAGE).text
    (proposals,) = re.findall(r'<section aria-labelledby="proposals">(.*?)</section>', page, re.DOTALL)
    text = re.sub("<[^>]+>", "", proposals.replace("<br>", "\n").replace("</strong>", "\n"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for name, area in (("rural", "Jaunpur (jaunpur)"), ("everybody", "everywhere")):
        first = lines.index(f"Desk {name} was added")
        assert lines[first + 1].startswith("Level: the ")
        assert lines[first + 2 : first + 4] == [f"Area: {area}", f"Officers: {name}"]
        assert lines[first + 4].startswith("Fingerprint: ")
        assert lines[first + 5 : first + 7] == [f"Title, as proposed: “{title}”", "Signed by: nobody yet"]
    (id_, *_) = re.findall(r'name="id" value="(\w+)"><button>', head.get(PAGE).text)
    asked = head.post(f"{PAGE}/approve", data={"id": id_}).text
    assert f"“<bdi>{title}</bdi>”" in asked
    assert "tells you its code themselves" in asked
    assert "this is not the code of the desk" in confirmed(head, "approve", id=id_, code="0000-0000")


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    ("recipient", "says"),
    [
        (new_identity()[0], "Destination email:all reads the tips of every desk"),
        ("", "Destination email:all no longer reads the tips of any desk"),
    ],
)
def test_a_destination_of_every_desk_is_said_to_be_so(
    services: Services, browser: Browser, unlocked: Callable[[str], UnlockedDesk], recipient: str, says: str
) -> None:
    submit(services, unlocked("sp"), DestinationSet(to="email:all", desk="", recipient=recipient), RosterAttachment())
    assert says in browser("dig").get(PAGE).text


def test_a_desk_of_an_area_that_the_geography_lacks_is_neither_proposed_nor_signed(
    services: Services, unlocked: Callable[[str], UnlockedDesk], run: Callable[..., Result]
) -> None:
    services.write_now(lambda unit: close_roster(unit, ()))
    refused = run("desk", "add", "rural", "--area", "nowhere")
    assert (refused.exit_code, "the geography has no district 'nowhere'" in refused.stderr) == (1, True)
    desk = Desk(name="rural", title="Rural", level="district", area="nowhere", recipient=new_identity()[0])
    made = submit_unsigned(services, DeskAdded(desk=desk, verifier="00"), RosterAttachment())
    with pytest.raises(CaseworkError, match="nowhere"):
        approve(services, unlocked("sp"), made.id)
