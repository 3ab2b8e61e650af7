"""A pack outside Satark: its proof, the program in it, and the commands of its page."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from satark.custody.chain import canonical_json
from satark.custody.manifest import Manifest, PackSigner
from satark.custody.pack import PackLog, WrittenPack
from satark.custody.verify_pack import BASE, CUSTODY, GUIDES, MANIFEST, SIGNATURE, TAGS, as_text
from satark.identity.signatures import signing_key, verifier_of
from support.packs import contents, forged_manifest, relisted, rewrite, sha256, verify_pack

Write = Callable[..., WrittenPack]


def forged(inside: dict[str, bytes], key: str) -> dict[str, bytes]:
    """Backdate a pack, and leave its signature out or sign with another key."""
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    assert manifest.signer
    foreign = signing_key(key, "satark/1/answers")
    who = replace(manifest.signer, verifier=verifier_of(foreign))
    inside = forged_manifest(inside, utc="2020-01-01T00:00:00Z", signer=who if key else None)
    del inside[SIGNATURE]
    return relisted(inside, PackSigner(who=who, sign=foreign.sign) if key else None)


@pytest.mark.parametrize(("key", "code"), [("", 3), ("AGE-SECRET-KEY-FOREIGN", 3)], ids=["unsigned", "a forger's key"])
def test_a_pack_without_a_known_key_is_not_verified(key: str, code: int, write: Write, path: Path) -> None:
    write()
    honest = verify_pack(path)
    assert honest.signer is not None
    assert honest.exit_code == 3, "the key in the pack vouches for nothing"
    assert verify_pack(path, key=honest.signer.verifier).exit_code == 0
    rewrite(path, forged(contents(path), key))
    report = verify_pack(path)
    assert (report.problems, report.exit_code) == ((), code)
    assert "NOT VERIFIED" in as_text(report)
    assert verify_pack(path, key=honest.signer.verifier).exit_code != 0


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=given)


@pytest.mark.slow("processes")
def test_the_program_in_a_pack_verifies_it_with_only_the_standard_library(write: Write, path: Path) -> None:
    write(originals=True)
    signer = verify_pack(path).signer
    assert signer is not None
    with zipfile.ZipFile(path) as archive:
        archive.extract(f"{BASE}verify_pack.py", path.parent)
    verify = (sys.executable, "-I", "-S", f"{BASE}verify_pack.py")
    good = run(*verify, path, "--key", signer.verifier, cwd=path.parent)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "VERIFIED"), good.stderr
    assert run(*verify, path, cwd=path.parent).returncode == 3
    complete = bytearray(path.read_bytes())
    complete[complete.index(b"original photo")] ^= 1
    path.write_bytes(complete)
    assert "data/1-original.jpg" in run(*verify, path, "--key", signer.verifier, cwd=path.parent).stdout
    write()
    rewrite(path, forged(contents(path), "AGE-SECRET-KEY-FOREIGN"))
    assert run(*verify, path, "--key", signer.verifier, cwd=path.parent).returncode == 1


def flip(inside: dict[str, bytes]) -> dict[str, bytes]:
    return inside | {"data/1-scrubbed.jpg": b"Clean photo"}


def drop_row(inside: dict[str, bytes]) -> dict[str, bytes]:
    log = msgspec.json.decode(inside[CUSTODY], type=PackLog)
    return inside | {CUSTODY: canonical_json(msgspec.structs.replace(log, rows=log.rows[:3] + log.rows[4:]))}


def drop_row_and_rehash(inside: dict[str, bytes]) -> dict[str, bytes]:
    inside = drop_row(inside)
    return forged_manifest(inside, custody=hashlib.sha256(inside[CUSTODY]).hexdigest())


def swap(inside: dict[str, bytes], one: str, other: str) -> dict[str, bytes]:
    return inside | {one: inside[other], other: inside[one]}


def without(inside: dict[str, bytes], gone: str) -> dict[str, bytes]:
    return {name: content for name, content in inside.items() if name != gone}


CERTIFICATE = "data/certificate-en.pdf"
ALTERED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "a byte is flipped": flip,
    "a row is removed": drop_row,
    "a row is removed, and the hash report made anew": drop_row_and_rehash,
    "the date is changed": lambda inside: forged_manifest(inside, utc="2020-01-01T00:00:00Z"),
    "the signature is stripped": lambda inside: without(inside, SIGNATURE),
    "the signature is a stranger's": lambda inside: forged(inside, "AGE-SECRET-KEY-FOREIGN"),
    "a file is removed": lambda inside: without(inside, "data/1-scrubbed.jpg"),
    "a file is added": lambda inside: inside | {"data/letter.pdf": b"x"},
    "a file is added beside data": lambda inside: inside | {"letter.pdf": b"x"},
    "a folder is added": lambda inside: inside | {"data/more/letter.pdf": b"x"},
    "a certificate is changed": lambda inside: inside | {CERTIFICATE: inside[CERTIFICATE] + b"%"},
    "a certificate is removed": lambda inside: without(inside, CERTIFICATE),
    "certificates are exchanged": lambda inside: swap(inside, CERTIFICATE, "data/certificate-hi.pdf"),
    "files are exchanged": lambda inside: swap(inside, "data/1-scrubbed.jpg", "data/4-scrubbed.mp4"),
    "the log is replaced by the page": lambda inside: inside | {CUSTODY: inside[GUIDES[0]]},
    "the page is changed": lambda inside: (
        inside | {GUIDES[0]: inside[GUIDES[0]].replace(b"must say 64", b"may say 64")}
    ),
}


def plant(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"planted")


def link_data(pack: Path, files: int) -> None:
    """Put a link in place of `data/`, with as many planted files as a count of names would miss."""
    (pack / "data").rename(pack.parent.parent / "real")
    (pack / "data").symlink_to("../../real")
    plant(pack, *(f".{number}" for number in range(files)))


def link_pack(pack: Path, _files: int) -> None:
    pack.rename(pack.parent.parent / "real-pack")
    pack.symlink_to("../real-pack")


def link_file(pack: Path, _files: int) -> None:
    (pack / "data/1-scrubbed.jpg").rename(pack.parent.parent / "real")
    (pack / "data/1-scrubbed.jpg").symlink_to("../../../real")


def sign(pack: Path, text: str) -> None:
    signature = pack / SIGNATURE
    signature.write_text(text.replace("SIGNED", signature.read_text()))


def as_it_is(_pack: Path, _files: int) -> None:
    """Change nothing."""


LAID = [".", "./pack", "./pack/data", "pack"]
"""Files in the folder of an honest pack."""
LAID_OUT: dict[str, Callable[[Path, int], object]] = {
    "data is a link": link_data,
    "the pack is a link": link_pack,
    "a folder is added": lambda pack, _: (pack / "data/more").mkdir(),
    "a folder is added beside data": lambda pack, _: (pack / "\u200b").mkdir(),
    "a folder is added beside the pack": lambda pack, _: (pack.parent / "pa\u0441k").mkdir(),
    "a file is added beside the pack": lambda pack, _: plant(pack.parent, "order.txt"),
    "a file in the name of two": lambda pack, _: plant(pack, "a\nb"),
    "a file becomes a link": link_file,
    "two signatures": lambda pack, _: sign(pack, '{"algorithm":"ed25519","signature":"00"} SIGNED'),
    "a note on another line": lambda pack, _: sign(pack, "SIGNED\nThe desk takes this pack back.\n"),
    "a blank line after the signature": lambda pack, _: sign(pack, "SIGNED\n"),
}


def by_the_page(
    path: Path, key: str, number: str, printed: str, lay_out: Callable[[Path, int], object] = as_it_is
) -> bool:
    """Unpack a pack, and return the results of bash, sha256sum and openssl with the commands of the pack's page.

    Args:
        path: of the pack.
        key: the desk's public key, as its office says.
        number: of the tip for which a pack was asked.
        printed: the hash on the signed certificate.
        lay_out: alters the unpacked folder, given it and the number of files in `data/`.
    """
    with zipfile.ZipFile(path) as archive, TemporaryDirectory(dir=path.parent) as folder:
        unpacked = Path(folder, "unpacked")
        archive.extractall(unpacked)
        pack = unpacked / BASE
        page = (pack / GUIDES[0]).read_text("utf-8")
        commands = re.findall(r"^ {5}(?! )(?!KEY=|cd OFFICE)((?:.*\\\n)*.*)", page, re.MULTILINE)
        assert len(commands) == 14, "each command of the page is typed"
        assert " ../" not in "".join(commands), "what lies beside the pack is not its own"
        lay_out(pack, len(list((pack / "data").iterdir())))
        done = run("bash", "-c", "\n".join(["set -e", *commands]), cwd=unpacked, KEY=key)
        listed, said = sorted(done.stdout.splitlines()[:4]), done.stdout.splitlines()[4:]
        hashes = [f'"number":"{number}"', f"{printed}  {MANIFEST}"]
        expected = ["64", "Signature Verified Successfully", "ALL OK", "0", "2", *hashes]
        return (done.returncode, listed, said, done.stderr) == (0, LAID, expected, "")


@pytest.mark.slow("processes")
def test_the_commands_of_the_packs_page_distinguish_an_honest_pack_from_altered_ones(write: Write, path: Path) -> None:
    printed = write().manifest
    honest = verify_pack(path)
    assert honest.signer is not None
    inside, key = contents(path), honest.signer.verifier
    assert by_the_page(path, key, honest.number, printed)
    assert not by_the_page(path, "9f" * 32, honest.number, printed)
    assert not by_the_page(path, f"{key}00", honest.number, printed)
    assert not by_the_page(path, key, "K4Q7-2XPN", printed)
    laid = [what for what, lay_out in LAID_OUT.items() if by_the_page(path, key, honest.number, printed, lay_out)]
    verified = []
    for (what, alter), relist in product(ALTERED.items(), (True, False)):
        rewrite(path, alter(inside), relist=relist)
        if by_the_page(path, key, honest.number, printed) or verify_pack(path, key=key).exit_code == 0:
            verified.append((what, relist))
    assert (laid, verified) == ([], [])


@pytest.mark.slow("processes")
def test_the_signed_certificate_shows_another_true_pack_of_the_desk(write: Write, path: Path) -> None:
    printed = write().manifest
    write(originals=True)
    other = verify_pack(path)
    assert other.signer is not None
    assert by_the_page(path, other.signer.verifier, other.number, other.manifest)
    assert not by_the_page(path, other.signer.verifier, other.number, printed)
    assert verify_pack(path, printed, other.signer.verifier).exit_code == 1


def test_a_pack_is_a_bag(write: Write, path: Path) -> None:
    """RFC 8493, section 2: the declaration, every file of the payload once, and every other file but the last list."""
    write()
    inside = contents(path)
    assert inside["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload, others = ({line[66:]: line[:64] for line in inside[name].decode().splitlines()} for name in TAGS[1:])
    assert payload == {name: sha256(one) for name, one in inside.items() if name.startswith("data/")}
    assert others == {name: sha256(one) for name, one in inside.items() if name not in {*payload, TAGS[2], SIGNATURE}}
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"pack"}, "one folder, the bag"
