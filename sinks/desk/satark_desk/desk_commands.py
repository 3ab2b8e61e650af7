"""The commands `satark desk …` and `satark officer …`."""

from pathlib import Path

import click

from satark.api import LEVELS, STATUSES, Level, Status
from satark.casework import (
    MAX_TEXT,
    RECOVERY,
    ROLES,
    ActRefused,
    Casework,
    DeskAct,
    DeskActs,
    Issuer,
    OpenTip,
    Right,
    Role,
    Services,
    TwoOfficerApproval,
    export_pack,
)
from satark_desk import file_exports as exports
from satark_desk import original_requests
from satark_desk.command_context import (
    FILE,
    at_desk,
    desk_settings,
    desk_table,
    from_input,
    on_tip,
    open_services,
    print_json,
    tip_table,
    tip_to_json,
    unlocked_desk,
)
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import (
    NewDesk,
    NewOfficer,
    add_officer,
    listeners_of,
    make_desk,
    officers_of,
    remove_officer,
    rotate,
    unlock_any,
)
from satark_desk.passphrases import new_passphrase
from satark_desk.provision import read_passphrase
from satark_desk.roster_changes import Submitted
from satark_desk.web.page_text import PageText

role_option = click.option(
    "--role", type=click.Choice(ROLES), default="officer", show_default=True, help="What they may do at the desk."
)


@click.group("desk")
def desk_group() -> None:
    """Desks: the offices that receive tips."""


@desk_group.command("add")
@click.argument("name")
@click.option("--title", default="", help="The name of the office, as officers see it.")
@click.option("--level", type=click.Choice(LEVELS), default="district", show_default=True)
@click.option("--area", default="", help="Code of its unit in the geography; none: all units.")
@click.option("--officer", default="", help="Name of its first officer; none: the desk's name.")
@click.option("--passphrase-file", type=FILE, help="File whose first line is the officer's passphrase.")
@click.option("--recovery", is_flag=True, help="Make a second head, whose passphrase is for a safe; it is shown once.")
def add(
    *, name: str, title: str, level: Level, area: str, officer: str, passphrase_file: Path | None, recovery: bool
) -> None:
    """Create the desk NAME with a new key and its first officer.

    With one officer a desk loses all its tips when that officer loses the passphrase. So add a second one, or let
    --recovery make a head `recovery`: print its passphrase, and keep it in a sealed envelope in a safe. Everybody sees
    it in the roster, and its every sign-in in the audit log.
    """
    with open_services() as services:
        passphrase = read_passphrase(passphrase_file) if passphrase_file else new_passphrase()
        officer = officer or name
        new = NewDesk(
            name=name,
            title=title or name,
            level=level,
            area=area,
            officer=officer,
            passphrase=passphrase,
            temporary=True,
            recovery=new_passphrase() if recovery else "",
        )
        submitted = make_desk(services, new)
        if submitted is None:
            _report_new_officer(officer, name, None if passphrase_file else passphrase)
            _report_recovery(name, new.recovery)
        else:
            report_submitted(submitted, f"desk {name}")
            _report_passphrase(None if passphrase_file else passphrase)


@desk_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(*, as_json: bool) -> None:
    """List the desks and their officers."""
    with open_services() as services:
        desks = services.desks()
        officers = services.read(lambda c: {desk.name: officers_of(c, desk.name) for desk in desks})
        listeners = {desk.name: listeners_of(services, desk.name) for desk in desks}
        if as_json:
            for desk in desks:
                fields = {"name": desk.name, "title": desk.title, "level": desk.level, "area": desk.area}
                people = {"officers": officers[desk.name], "listeners": listeners[desk.name]}
                print_json({**fields, "recipient": desk.recipient, **people})
        else:
            click.echo(desk_table(desks, officers))


@desk_group.command("rotate")
@at_desk
def rotate_(desk: str, passphrase_file: Path) -> None:
    """Give DESK a new key. Officers keep their passphrases, and must sign in again."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        submitted = rotate(services, unlocked)
        report_submitted(submitted, f"a new key of desk {desk}", f"desk {desk} has a new key")


@desk_group.command("tips")
@at_desk
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the whole tip.")
def tips(desk: str, passphrase_file: Path, *, as_json: bool) -> None:
    """List the tips of DESK, the newest first."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        casework = unlocked.casework(services)
        if as_json:
            for tip in casework.export_list():
                print_json(tip_to_json(tip))
        else:
            click.echo(tip_table(casework.summaries()))
        if unreadable := casework.cache.unreadable:
            click.echo(f"tips that can't be opened: {unreadable}; tell whoever runs the service", err=True)


@desk_group.command("respond")
@on_tip
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), required=True)
@click.option("--message", default="", help="Text to the tipster; - reads it from standard input.")
@click.option("--question", is_flag=True, help="The message asks for an answer; NEED_INFO implies it.")
def respond(*, desk: str, number: str, passphrase_file: Path, status: Status, message: str, question: bool) -> None:
    """Set the status of tip NUMBER, with a message or a question to the tipster. All other work is done on the pages.

    CLOSED closes it with the outcome "other", and the message as the account of what was done.
    """
    text = from_input(message.strip(), whole=True)
    if question and not text:
        raise click.UsageError("--question needs a --message")
    act = DeskAct(name="status", status=status, text=text, question=question)
    if status == "CLOSED":
        act = DeskAct(name="close", outcome="other", text=text, reason=text)
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        casework, settings = unlocked.casework(services), desk_settings()
        tip = casework.open(number)
        try:
            DeskActs(services, casework, settings.clocks()).perform(tip, act)
        except ActRefused as refused:
            page = PageText("en", services.geography, settings.utc_offset_hours, services.questionnaire)
            raise click.ClickException(page(f"problem.{refused.problem}", n=MAX_TEXT)) from None
        present = casework.open(tip.id).status
        click.echo(f"{number}: {status}" if present == status else f"{number}: asked to close; it is {present}")


@desk_group.command("evidence")
@on_tip
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--originals", is_flag=True, help="The files as received; needs two officers.")
@click.option("--second-passphrase-file", type=FILE, help="Another officer's passphrase, for --originals.")
def evidence(
    *, desk: str, number: str, folder: Path, passphrase_file: Path, second_passphrase_file: Path | None, originals: bool
) -> None:
    """Write the files of tip NUMBER into FOLDER: the clean copies, or the originals."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        casework = unlocked.casework(services)
        tip = casework.open(number)
        approval = approved_originals(services, unlocked, casework, tip, second_passphrase_file) if originals else None
        for file in exports.export(casework, tip, folder, approval):
            click.echo(file)
        for warning in exports.video_warnings(tip):
            click.echo(warning, err=True)
        for voice in () if approval else tip.voices:
            click.echo(f"file {voice.ordinal} is the tipster's own voice: it can be heard at the desk only", err=True)


@click.group("officer")
def officer_group() -> None:
    """Officers: who can unlock a desk."""


@officer_group.command("add")
@at_desk
@click.argument("name")
@click.option("--new-passphrase-file", type=FILE, help="File whose first line is the new officer's passphrase.")
@role_option
@click.option("--may-listen", is_flag=True, help="They may hear tipsters' voices, disguised.")
@click.option("--may-release", is_flag=True, help="They may open originals, with a second officer.")
def officer_add(
    *,
    desk: str,
    name: str,
    passphrase_file: Path,
    new_passphrase_file: Path | None,
    role: Role,
    may_listen: bool,
    may_release: bool,
) -> None:
    """Add the officer NAME to DESK, with the passphrase of an officer of the desk.

    Once the roster is sealed, this proposes it: a head must sign, and one more officer.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        passphrase = read_passphrase(new_passphrase_file) if new_passphrase_file else new_passphrase()
        rights = chosen_rights(may_listen=may_listen, may_release=may_release)
        new = NewOfficer(name=name, passphrase=passphrase, role=role, rights=rights, temporary=True)
        submitted = add_officer(services, unlocked, new)
        shown = None if new_passphrase_file else passphrase
        if submitted.done:
            _report_new_officer(name, desk, shown)
        else:
            report_submitted(submitted, f"officer {name} of desk {desk}")
            _report_passphrase(shown)


@officer_group.command("remove")
@at_desk
@click.argument("name")
def officer_remove(desk: str, name: str, passphrase_file: Path) -> None:
    """Remove the officer NAME from DESK and change its key, with the passphrase of another officer.

    A head alone removes an officer; removing a head needs one more officer.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        submitted = remove_officer(services, unlocked, name)
        done = f"officer {name} is removed; desk {desk} has a new key"
        report_submitted(submitted, f"the removal of officer {name} from desk {desk}", done)


def approved_originals(
    services: Services, unlocked: UnlockedDesk, casework: Casework, tip: OpenTip, second_file: Path | None
) -> TwoOfficerApproval:
    """Return the approval of two officers: the second gives a passphrase here, or has approved on the tip's page."""
    if second_file is not None:
        second = unlock_any(services, unlocked.desk.name, read_passphrase(second_file))
        approval = original_requests.approve_at_once(services, unlocked, second, tip)
    else:
        approved = original_requests.approval_of(services, unlocked, tip)
        if approved is None:
            raise click.UsageError(
                "--originals needs a second officer: give --second-passphrase-file, or ask for them on the tip's page"
            )
        approval = approved
    exports.note_opened(casework, tip, approval)
    return approval


def _report_new_officer(officer: str, desk: str, passphrase: str | None) -> None:
    click.echo(f"officer {officer} of desk {desk} is added; at the first sign-in they set a passphrase of their own")
    _report_passphrase(passphrase)


def _report_recovery(desk: str, passphrase: str) -> None:
    if passphrase:
        click.echo(f"passphrase of the head `{RECOVERY}`, for a safe, shown only once: {passphrase}")
    else:
        text = "if its one officer loses the passphrase, all its tips are lost; add another: satark officer add"
        click.echo(f"desk {desk}: {text} {desk} --help", err=True)


def report_submitted(submitted: Submitted, what: str, done: str = "") -> None:
    """Print `done` if a change is carried out, else the signatures that the proposed change still needs."""
    if done and submitted.done:
        click.echo(done)
        return
    click.echo(f"the roster is sealed: {what} is proposed as {submitted.id}")
    if submitted.fingerprint:
        click.echo(f"compare this fingerprint, by telephone, with whoever signs: {submitted.fingerprint}")
    if submitted.code:
        click.echo(f"tell whoever signs this code, by telephone; it is shown only once: {submitted.code}")
    if submitted.missing:
        click.echo(f"it needs the signature of {submitted.missing}: satark roster approve DESK {submitted.id}")
    else:
        click.echo("all have signed; it is carried out when an officer of the desk next signs in")


def chosen_rights(*, may_listen: bool, may_release: bool) -> tuple[Right, ...]:
    """Return the rights that the options of a command give."""
    chosen: tuple[tuple[Right, bool], ...] = (("listen", may_listen), ("release", may_release))
    return tuple(right for right, given in chosen if given)


def _report_passphrase(passphrase: str | None) -> None:
    if passphrase:
        click.echo(f"passphrase, shown only once: {passphrase}")


@click.group("evidence")
def evidence_group() -> None:
    """Evidence packs for a court."""


@evidence_group.command("export")
@on_tip
@click.argument("pack", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--originals", is_flag=True, help="Include the files as received; needs two officers.")
@click.option("--second-passphrase-file", type=FILE, help="Another officer's passphrase, for --originals.")
@click.option("--name", default="", help="Who will sign Part A; none: left blank.")
@click.option("--office", default="", help="Their office; none: the desk's title.")
@click.option("--place", default="", help="Where they will sign; none: the setting `desk.place`.")
def export(
    *,
    desk: str,
    number: str,
    pack: Path,
    passphrase_file: Path,
    originals: bool,
    second_passphrase_file: Path | None,
    name: str,
    office: str,
    place: str,
) -> None:
    """Write tip NUMBER's evidence into PACK, a ZIP file: clean copies, hash report, custody log, certificates.

    The certificates under section 63(4) of the Bharatiya Sakshya Adhiniyam, 2023 are in Hindi and in English, to be
    signed by hand. A pack never contains a tipster's own voice, only its transcript.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        casework = unlocked.casework(services)
        tip = casework.open(number)
        approval = approved_originals(services, unlocked, casework, tip, second_passphrase_file) if originals else None
        written = export_pack(pack, casework, tip, _issuer(unlocked, name, office, place), approval)
    click.echo(f"{pack}: {written.items} files, certificates in Hindi and English")
    click.echo(f"manifest {written.manifest}")
    click.echo(f"custody  {written.head}")
    for warning in exports.video_warnings(tip):
        click.echo(warning, err=True)


@evidence_group.command("countersign")
@at_desk
@click.argument("pack", type=click.Path(dir_okay=False, path_type=Path))
def countersign(*, desk: str, pack: Path, passphrase_file: Path) -> None:
    """State, in a file beside PACK, that DESK has it now: PACK is of another desk, and was not altered.

    Nobody can date the pack back then without both desks. `satark evidence verify` reads the file with
    --countersignature.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        stated = unlocked.casework(services).trail.countersign(pack)
    click.echo(f"{stated}: keep it with the pack")


def _issuer(unlocked: UnlockedDesk, name: str, office: str, place: str) -> Issuer:
    desk = desk_settings()
    return Issuer(
        name=name,
        office=office or unlocked.desk.title,
        place=place or desk.place,
        make=desk.server_make,
        color=desk.server_color,
        serial=desk.server_serial,
        device=desk.server_id,
    )
