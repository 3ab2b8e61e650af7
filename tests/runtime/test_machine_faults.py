"""A certificate that ends soon, or that no client accepts, is a fault, and so are missing backups."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_server

import pytest

from satark.runtime.machine_faults import ClockWatch, backup_faults, certificate_faults, note_backup
from satark.settings.settings import Settings
from satark.store.unit_of_work import CLOCKS_APART
from satark_testing.waiting import LIMIT_SECONDS
from support.peers.mail import Certificate, self_signed


@contextmanager
def serving(certificate: Certificate) -> Iterator[str]:
    """Take TLS connections; yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LIMIT_SECONDS)

        def work() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection, context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

        thread = threading.Thread(target=work)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    ("days", "code", "words"),
    [(5, "certificate_ends", "ends in 5 days"), (-1, "certificate_wrong", "expired"), (60, "", "")],
)
def test_a_certificate_that_ends_soon_is_a_fault(tmp_path: Path, days: int, code: str, words: str) -> None:
    certificate = self_signed(tmp_path, days=days)
    with serving(certificate) as address:
        found = certificate_faults(address, ssl.create_default_context(cafile=certificate.certificate))
    assert [fault.code for fault in found] == ([code] if code else [])
    assert all(words in str(fault) and "certbot renew" in str(fault) for fault in found)


def test_a_certificate_that_no_authority_signed_is_a_fault(tmp_path: Path) -> None:
    with serving(self_signed(tmp_path)) as address:
        assert [fault.code for fault in certificate_faults(address)] == ["certificate_wrong"]


@pytest.mark.parametrize("address", ["", "http://localhost/"])
def test_an_address_without_a_certificate_is_no_fault(address: str) -> None:
    assert certificate_faults(address) == []


def test_backups_that_are_set_but_never_made_are_a_fault_on_an_old_installation(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, backup_recipients=("age1…",))
    settings.name_key_file.touch()
    assert list(backup_faults(settings)) == []
    os.utime(settings.name_key_file, (time.time() - 3 * 86_400,) * 2)
    assert [one.code for one in backup_faults(settings)] == ["backup_old"]
    assert list(backup_faults(Settings(data_dir=tmp_path))) == [], "who sets no recipient has backups of another kind"
    note_backup(tmp_path)
    assert list(backup_faults(settings)) == []


def test_clocks_that_both_pass_differ_by_no_more_than_claims_allow_for() -> None:
    def codes(off: float) -> list[str]:
        return [one.code for one in ClockWatch(wall=lambda: 1e9 + off).faults(1e9)]

    most = CLOCKS_APART / 2
    assert [codes(off) for off in (most + 1, -most - 1, most)] == [["clock_wrong"], ["clock_wrong"], []]
