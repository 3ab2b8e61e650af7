"""A pack outside Satark: what vouches for it, the program in it, and the commands of the page in it."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from satark.custody.chain import canonical_json
from satark.custody.manifest import Manifest, PackSigner, sign
from satark.custody.pack import PackLog, WrittenPack
from satark.custody.verify_pack import BASE, CUSTODY, GUIDES, MANIFEST, SIGNATURE, TAGS, as_text
from satark.identity.signatures import signing_key, verifier_of
from support.packs import contents, forged_manifest, rewrite, verify_pack

Write = Callable[..., WrittenPack]


def forged(inside: dict[str, bytes], key: str) -> dict[str, bytes]:
    """Backdate a pack, and leave its signature out or sign with another key."""
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    assert manifest.signer
    foreign = signing_key(key, "satark/1/answers")
    who = replace(manifest.signer, verifier=verifier_of(foreign))
    inside = forged_manifest(inside, utc="2020-01-01T00:00:00Z", signer=who if key else None)
    del inside[SIGNATURE]
    if key:
        signed = canonical_json(
            sign(PackSigner(who=who, sign=foreign.sign), hashlib.sha256(inside[MANIFEST]).hexdigest())
        )
        names = list(inside)
        at = names.index(GUIDES[0])
        inside = {name: inside[name] for name in names[:at]} | {SIGNATURE: signed} | {n: inside[n] for n in names[at:]}
    return inside


@pytest.mark.parametrize(("key", "code"), [("", 3), ("AGE-SECRET-KEY-FOREIGN", 3)], ids=["unsigned", "a forger's key"])
def test_a_pack_that_nobody_vouches_for_is_not_verified(key: str, code: int, write: Write, path: Path) -> None:
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
def test_the_program_in_a_pack_verifies_it_with_the_standard_library_alone(write: Write, path: Path) -> None:
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


ALTERED: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "a byte is flipped": flip,
    "a row is removed": drop_row,
    "a row is removed, and the hash report made anew": drop_row_and_rehash,
    "the date is changed": lambda inside: forged_manifest(inside, utc="2020-01-01T00:00:00Z"),
    "the signature is stripped": lambda inside: {name: one for name, one in inside.items() if name != SIGNATURE},
    "the signature is a stranger's": lambda inside: forged(inside, "AGE-SECRET-KEY-FOREIGN"),
}


def by_the_page(path: Path, key: str) -> bool:
    """Unpack a pack, and say what bash, sha256sum and openssl make of it by the commands of the page in it."""
    with zipfile.ZipFile(path) as archive, TemporaryDirectory(dir=path.parent) as unpacked:
        archive.extractall(unpacked)
        folder = Path(unpacked) / BASE
        page = (folder / GUIDES[0]).read_text("utf-8")
        command = r"^(?:1\. Files +(?=sha)| {5}(?=(?:bytes\(\)|\(printf|sed|echo|openssl|for|do) ))((?:.*\\\n)?.*)"
        commands = re.findall(command, page, re.MULTILINE)
        assert len(commands) == 8, "each command of the page is typed"
        script = "\n".join(["set -e", *commands])
        done = run("bash", "-c", script, cwd=folder, KEY=key)
        return done.returncode == 0 and "not listed" not in done.stdout


@pytest.mark.slow("processes")
def test_the_commands_of_the_page_in_a_pack_tell_an_honest_pack_from_altered_ones(write: Write, path: Path) -> None:
    write()
    signer = verify_pack(path).signer
    assert signer is not None
    inside = contents(path)
    assert by_the_page(path, signer.verifier)
    assert not by_the_page(path, "9f" * 32)
    verified = []
    for what, alter in ALTERED.items():
        rewrite(path, alter(inside))
        if by_the_page(path, signer.verifier) or verify_pack(path, key=signer.verifier).exit_code == 0:
            verified.append(what)
    assert verified == []


def test_a_pack_is_a_bag(write: Write, path: Path) -> None:
    """RFC 8493, section 2: the declaration, every file of the payload once, and every other file but the last list."""
    write()
    inside = contents(path)
    assert inside["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload, others = ({line[66:]: line[:64] for line in inside[name].decode().splitlines()} for name in TAGS[1:])
    assert payload == {name: sha256(one) for name, one in inside.items() if name.startswith("data/")}
    assert others == {name: sha256(one) for name, one in inside.items() if name not in {*payload, TAGS[2]}}
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"pack"}, "one folder, the bag"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
