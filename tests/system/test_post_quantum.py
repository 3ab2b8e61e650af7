"""Everything that stores a recipient accepts the 1,959 characters of a post-quantum key.

Without it switched on, it is refused where it is entered, in words, and nothing is cut.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError

from satark.api import sealing
from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.api.sink import MessageRejected
from satark.remote.frames import FRAME_SIZE, WIRE_SIZE
from satark.remote.link_keys import LinkKey, LinkPublicKeys, OfficePairing, PairingError
from satark.remote.messages import NewKey, OfficeAnswer, decode_answer, encode
from support.post_quantum import LONG_KEYS

ROOT = Path(__file__).parents[2]
LONG = LONG_KEYS.recipient_of(LONG_KEYS.generate())
REFUSED = "this version can't encrypt to post-quantum recipients yet"
HOLDERS = (
    "tests/api/test_sealing.py",
    "tests/identity/test_receipts.py",
    "tests/store/test_sealed_files.py",
    "tests/routing/test_desks.py",
    "tests/routing/test_destinations.py",
    "tests/api/test_routing.py",
    "tests/remote",
    "tests/casework/test_casework.py",
    "tests/custody/test_log.py",
    "tests/delivery/test_reader.py",
    "tests/cli/test_destination.py",
    "tests/channels/web_form/uploads/test_upload_store.py",
    "tests/sinks/desk/test_officers.py",
    "tests/sinks/police_system/test_transports.py",
)
"""The tests of every column, file, setting and message that holds a recipient."""
STORING = "not age_command and not sqlite and not concurrent and not refus and not repeated and not interrupted"
"""Selects those tests that store something. SQLite is left out, since its columns have no maximum length."""
STANZA_BYTES = 1600
"""Bytes that a post-quantum recipient adds to an age file: 1,120 and 32 bytes in base64, and a line for each."""


@pytest.mark.full("two hundred other tests")
def test_every_column_file_setting_and_message_accepts_post_quantum_keys() -> None:
    switched_on = ["-p", "support.post_quantum", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *switched_on, "-k", STORING, *HOLDERS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:]


def test_a_setting_refuses_a_post_quantum_key_with_an_explanation() -> None:
    with pytest.raises(ValidationError, match=REFUSED):
        DestinationRule(to="rabbitmq:x", recipient=LONG)


def test_a_pairing_file_with_a_post_quantum_key_is_refused_with_an_explanation() -> None:
    recipient, _ = new_identity()
    link = LinkPublicKeys(recipient=LONG, verifier="0" * 64)
    pairing = OfficePairing(desk="sp", recipient=recipient, answer_verifier="0" * 64, link=link)
    with pytest.raises(PairingError, match=REFUSED):
        OfficePairing.read(msgspec.json.encode(pairing).decode())


@pytest.mark.parametrize("recipient", [LONG, "x", ""])
def test_an_office_cannot_change_to_a_key_that_the_host_cannot_seal_to(recipient: str) -> None:
    key = NewKey(recipient=recipient, answer_verifier="0" * 64, proof="")
    answer = OfficeAnswer(id=bytes(16), desk="sp", tip="", sealed=b"", internal=False, new_key=key)
    with pytest.raises(MessageRejected):
        decode_answer(encode(answer))


def test_a_post_quantum_stanza_fits_into_a_frame(tmp_path: Path) -> None:
    key = LinkKey.load(tmp_path / "link.key")
    sealed = max(len(sealing.encrypt(bytes(FRAME_SIZE), key.public_keys.recipient)) for _ in range(50))
    assert sealed + STANZA_BYTES + 4 < WIRE_SIZE
