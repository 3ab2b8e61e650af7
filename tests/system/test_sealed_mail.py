"""A WhatsApp tip reaches a recipient's GnuPG complete except for recordings, and never the accused station."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from satark.delivery.destination_keys import own_key
from satark_testing.dialogue.walking import Photo
from satark_testing.waiting import until
from satark_testing.whatsapp.citizen import Answers
from support.answers import HINDI
from support.directing import direct
from support.evidence.specimens import specimen
from support.matrix.scenario import to_send
from support.peers.gnupg import Keyring
from support.peers.mail import MailPeer, mail_server, self_signed
from support.peers.pgp_mail import open_mail
from support.processes.forked import set_up_installation

pytestmark = pytest.mark.needs("gpg")

WORDS = "लंका चौराहे के पीछे"
CELLS = {"sp-cell": "sp", "lanka-cell": "lanka"}
ACCUSING: Answers = {
    **HINDI,
    "किस बारे में": ["और विकल्प", "पुलिस भ्रष्टाचार"],
    "किस पर शक": "इसी इलाक़े का थाना",
    "कौन पुलिसकर्मी": "छोड़ें",
}


@pytest.fixture
def keyring() -> Iterator[Keyring]:
    """A keyring with the keys of all recipients."""
    with tempfile.TemporaryDirectory(prefix="satark-gpg-") as home:
        keyring = Keyring(Path(home))
        yield keyring
        keyring.close()


def settings(folder: Path, keyring: Keyring, port: int, certificate: Path) -> dict[str, str]:
    """Return settings with a sealed destination for the SP's office and one for the station's."""
    mailboxes, destination_rules = {}, []
    for name, desk in CELLS.items():
        public = folder / f"{name}.asc"
        public.write_bytes(keyring.make(f"{name}@up.example"))
        mailboxes[name] = {"recipients": f"{name}@up.example", "openpgp_keys": str(public), "language": "en"}
        key = folder / f"{name}.key"
        destination_rules.append(
            {"to": f"email:{name}", "desk": desk, "recipient": own_key(key), "identity_file": str(key)}
        )
    return {
        "SATARK_DATABASE_URL": f"sqlite:///{folder}/main.db",
        "SATARK_EMAIL__HOST": "localhost",
        "SATARK_EMAIL__PORT": str(port),
        "SATARK_EMAIL__SENDER": "satark@tips.example",
        "SATARK_EMAIL__CA_FILE": str(certificate),
        "SATARK_EMAIL__TO": json.dumps(mailboxes),
        "SATARK_DESTINATION": json.dumps(destination_rules),
    }


def files(folder: Path) -> tuple[Photo, Photo]:
    return to_send("photo", ""), Photo(specimen("ogg", folder).read_bytes(), "audio/ogg", "voice")


def sent_to(peer: MailPeer, name: str) -> list[Any]:
    mails = [mail.content for mail in peer.received if mail.recipients == (f"{name}@up.example",)]
    return [message_from_bytes(content, policy=default) for content in mails]


def is_complete(keyring: Keyring, mail: Any) -> bool:
    """Whether a mail has the photo, and says of the voice that it stays. Later files come with a further mail."""
    inner = open_mail(keyring, mail)
    return any(inner.iter_attachments()) and "it never leaves the desk" in inner.get_body(("plain",)).get_content()


@pytest.mark.full("a mail server")
async def test_a_tip_is_mailed_sealed_without_recordings_and_never_to_the_accused_station(
    tmp_path: Path, keyring: Keyring
) -> None:
    peer, certificate = MailPeer(), self_signed(tmp_path)
    photo, voice = files(tmp_path)
    async with mail_server(peer, certificate):
        environment = settings(tmp_path, keyring, peer.port, certificate.certificate)
        async with set_up_installation(tmp_path, environment) as installation:
            installation.make_desk("lanka", "station", "lanka")
            await installation.service.start()
            installation.peer.faults.fail_next(131016, times=3, on="media")  # the files are fetched well after the tip
            extras: Answers = {"क्या हो रहा है\\?": voice, "हो गया": [photo, "हो गया"], "जगह बताइए": WORDS}
            await installation.citizen(1).walk({**HINDI, **extras})
            await until(lambda: any(is_complete(keyring, mail) for mail in sent_to(peer, "sp-cell")))
            *_, mail = sent_to(peer, "sp-cell")
            assert WORDS.encode() not in mail.as_bytes()
            inner = open_mail(keyring, mail)
            (attachment,) = inner.iter_attachments()
            assert attachment.get_content_type() == "image/jpeg"
            text = inner.get_body(("plain",)).get_content()
            assert WORDS in text
            assert "voice: it never leaves the desk: 1" in text
            assert b"OggS" not in b"".join(
                part.get_payload(decode=True) or b"" for part in inner.walk() if not part.is_multipart()
            )
            assert sent_to(peer, "lanka-cell") == [], "the station's desk does not have the tip"
            (tip,) = await installation.tips("sp", at_least=1)
            assert direct(installation, "sp", tip["number"], "lanka") == "", "the station's desk gets a release"

            before = len(sent_to(peer, "sp-cell"))
            await installation.citizen(2).walk({**ACCUSING, "हो गया": [photo, "हो गया"]})
            await until(lambda: len(sent_to(peer, "sp-cell")) > before)
            open_mail(keyring, sent_to(peer, "sp-cell")[before])
            (about,) = [one for one in await installation.tips("sp", at_least=2) if one["number"] != tip["number"]]
            assert direct(installation, "sp", about["number"], "lanka")
            assert sent_to(peer, "lanka-cell") == [], "no release is mailed: a mail holds the tip itself"
    assert sent_to(peer, "lanka-cell") == []
