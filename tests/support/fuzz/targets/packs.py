"""Evidence packs that a stranger gives to the verifier.

Faults: an exception; an altered pack that is not reported; a repair of an altered file.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.casework.casework import Casework
from satark.casework.pack_export import export_pack
from satark.custody.chain import canonical_json
from satark.custody.manifest import Issuer, Manifest
from satark.custody.pack import zip_entry
from satark.custody.verify_pack import BASE, MANIFEST, group_digits
from satark.roster.entries import desk_verifier
from satark.routing.desks import add_desk
from support.fuzz.target import Fault
from support.packs import relisted, sha256, verify_pack
from support.store import fresh_services
from support.tips import seed_file, seed_tip

_ISSUER: Final = Issuer(name="रमेश सिंह", office="SP office", make="Dell R350", serial="7XK2P93")
_CERTIFICATE: Final = b"%PDF-1.7 certificate "


class PacksTarget:
    """The verifier of evidence packs, which gets a small pack and the fuzzer's mutations of it."""

    words: Sequence[str] = (
        "manifest.json", "custody.json", "data/1-scrubbed.jpg", "certificate-hi.pdf", "PK\x03\x04",
        "PK\x01\x02", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", '"rows":[', '"entry":null', '"seq":1', '"format":',
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self._path = folder / "altered.zip"
        self._packs = (_small_pack(folder / "data"),)

    def seeds(self) -> Sequence[bytes]:
        """Return a complete pack, and packs with a missing file, with an additional file, and with invalid content."""
        parts = _parts(self._packs[0])
        without = {name: content for name, content in parts.items() if not name.startswith("data/")}
        return [*self._packs, _zip(without), _zip({**parts, "data/2-x.bin": b"x"}), _zip({})]

    def try_one(self, data: bytes) -> None:
        """Verify a pack. Only the unchanged pack may be found complete."""
        self._path.write_bytes(data)
        report = verify_pack(self._path)
        if not report.problems and data not in self._packs:
            raise Fault("an altered pack was found whole")
        if report.problems and data in self._packs:
            raise Fault("an untouched pack was found altered")
        "\n".join(map(str, report.problems)).encode()

    def close(self) -> None:
        """Do nothing: the caller deletes the folder."""


def _small_pack(folder: Path) -> bytes:
    """Export a pack of a tip with one file. Placeholders replace the certificates, which are most of a pack."""
    services = fresh_services(folder)
    recipient, identity = new_identity()
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=recipient)
    services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(identity)))
    seeded = seed_tip(services, [desk], evidence=("1",))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    work = Casework(services, "sp", identity, officer="rao")
    export_pack(folder / "pack.zip", work, work.open(seeded.number), _ISSUER, None)
    signer = work.trail.pack_signer()
    services.close()
    assert signer
    parts = _with_placeholders(_parts((folder / "pack.zip").read_bytes()))
    return _zip(relisted(parts, signer))


def _with_placeholders(parts: dict[str, bytes]) -> dict[str, bytes]:
    """Replace the certificates by a line with the manifest's hash, as certificates have it, and update the manifest."""
    names = [name for name in parts if name.startswith("data/certificate-")]
    blank = sha256(_CERTIFICATE + group_digits("0" * 64).encode())
    manifest = msgspec.json.decode(parts[MANIFEST], type=Manifest)
    bound = canonical_json(msgspec.structs.replace(manifest, certificates=dict.fromkeys(names, blank)))
    certificate = _CERTIFICATE + group_digits(sha256(bound)).encode()
    return {**parts, MANIFEST: bound, **dict.fromkeys(names, certificate)}


def _parts(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name.removeprefix(BASE): archive.read(name) for name in archive.namelist()}


def _zip(parts: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            with archive.open(zip_entry(name), "w") as out:
                out.write(content)
    return made.getvalue()
