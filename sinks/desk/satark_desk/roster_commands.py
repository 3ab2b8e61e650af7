"""The commands `satark roster propose`, `approve`, `text` and `sign`: changes of who may read."""

from pathlib import Path

import click
import msgspec

from satark.casework import DeskAdded, DestinationSet, Entry, KeyGiven, Proposal, Role, Signature, spell_out
from satark_desk.command_context import FILE, at_desk, open_services, passphrase_option, unlocked_desk
from satark_desk.desk_commands import chosen_rights, report_submitted, role_option
from satark_desk.officers import set_role
from satark_desk.provision import read_passphrase
from satark_desk.roster_changes import RosterAttachment, Submitted, add_signature, approve, check_code, submit
from satark_files.decoding import DECODING_ERRORS

code_option = click.option(
    "--code-file", type=FILE, help="For a new key or desk: file whose first line is the code that you were told."
)


@click.group("roster")
def roster_group() -> None:
    """Who may read, and who said so."""


@roster_group.group("propose")
def propose_group() -> None:
    """Propose a change; `desk add`, `officer add` and `officer remove` propose those, once the roster is sealed."""


@propose_group.command("role")
@at_desk
@click.argument("name")
@role_option
@click.option("--may-listen", is_flag=True, help="They may hear tipsters' voices, disguised.")
@click.option("--may-release", is_flag=True, help="They may open originals, with a second officer.")
def propose_role(
    *, desk: str, name: str, passphrase_file: Path, role: Role, may_listen: bool, may_release: bool
) -> None:
    """Propose a role and rights for the officer NAME of DESK; omitted rights are removed."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        rights = chosen_rights(may_listen=may_listen, may_release=may_release)
        _report(set_role(services, unlocked, name, role, rights), f"{role} {name} of desk {desk}")


@propose_group.command("destination")
@click.argument("desk")
@click.argument("to")
@click.option("--recipient", default="", help="age recipient of the destination's key; none: it reads no more.")
@click.option("--verifier", default="", help="Its public key for what the destination writes; none: it only reads.")
@passphrase_option
def propose_destination(*, desk: str, to: str, recipient: str, verifier: str, passphrase_file: Path) -> None:
    """Propose that the destination TO (such as `email:control-room`) reads tips of DESK."""
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        body = DestinationSet(to=to, desk=desk, recipient=recipient, verifier=verifier)
        _report(submit(services, unlocked, body, RosterAttachment()), f"destination {to} of desk {desk}")


@roster_group.command("approve")
@click.argument("desk")
@click.argument("proposal")
@click.option("--passphrase-file", type=FILE, help="File whose first line is the passphrase of an officer of DESK.")
@click.option("--signature-file", type=FILE, help="What `satark roster sign` printed in the office of DESK.")
@code_option
def approve_(
    *, desk: str, proposal: str, passphrase_file: Path | None, signature_file: Path | None, code_file: Path | None
) -> None:
    """Sign PROPOSAL as an officer of DESK; `satark roster show` says what it is and whose signatures it needs."""
    if (passphrase_file is None) == (signature_file is None):
        raise click.UsageError("give either --passphrase-file or --signature-file")
    if passphrase_file is not None:
        with unlocked_desk(desk, passphrase_file) as (services, unlocked):
            code = _read_code(services.read(lambda c: Proposal.find(c, proposal)).entry, code_file)
            _report(approve(services, unlocked, proposal, code), f"proposal {proposal}")
    elif signature_file is not None:
        with open_services() as services:
            signature = _read_signature(signature_file)
            found = services.read(lambda c: Proposal.find(c, proposal))
            signed = msgspec.structs.replace(found, entry=found.entry.signed_by(signature))
            _report(add_signature(services, None, signed), f"proposal {proposal}")


@roster_group.command("text")
@click.argument("proposal")
def text(proposal: str) -> None:
    """Print PROPOSAL for an office elsewhere, whose head signs it with `satark roster sign`."""
    with open_services() as services:
        click.echo(services.read(lambda c: Proposal.find(c, proposal)).entry.encode().decode())


@roster_group.command("sign")
@at_desk
@click.argument("file", type=FILE)
@code_option
def sign(*, desk: str, file: Path, passphrase_file: Path, code_file: Path | None) -> None:
    """At an office: sign the proposal in FILE with the key of DESK, and print the signature for the host."""
    with unlocked_desk(desk, passphrase_file) as (_, unlocked):
        if unlocked.role != "head":
            raise click.ClickException("a head of the desk signs")
        try:
            entry = Entry.decode(file.read_text("utf-8").strip())
        except ValueError:
            raise click.ClickException("the file holds no proposal of `satark roster text`") from None
        code = _read_code(entry, code_file)
        click.echo(f"you sign {entry.id}: {spell_out(entry.body)}", err=True)
        click.echo(msgspec.json.encode(entry.signed_with((desk, ""), unlocked.identity, code).signatures[-1]).decode())


def _read_code(entry: Entry, file: Path | None) -> str:
    body = entry.body
    code = read_passphrase(file) if file else ""
    if isinstance(body, DeskAdded) and not code:
        raise click.ClickException("sign a new desk with --code-file, whose code whoever proposed it tells you")
    check_code(entry, code)
    if isinstance(body, KeyGiven) and not code:
        name, key, by = body.officer.name, body.officer.fingerprint, entry.by[1]
        raise click.ClickException(
            f"this gives officer {name} of desk {body.desk} a new key ({key}), asked for by {by}: sign it with "
            f"--code-file, whose code {name} tells you, face to face or by a voice that you know"
        )
    return code


def _read_signature(file: Path) -> Signature:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Signature)
    except DECODING_ERRORS:
        raise click.ClickException("the file holds no signature of `satark roster sign`") from None


def _report(submitted: Submitted, what: str) -> None:
    report_submitted(submitted, what, f"{what}: signed by all, and carried out")
