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

import msgspec
import pytest

from satark.custody.chain import canonical_json
from satark.custody.manifest import Manifest, PackSigner, sign
from satark.custody.pack import CERTIFICATES, WrittenPack
from satark.custody.verify_pack import CUSTODY, GUIDES, MANIFEST, SEAL, SIGNATURE, as_text
from satark.identity.signatures import signing_key, verifier_of
from support.packs import contents, forged_manifest, rewrite, verify_pack

Write = Callable[..., WrittenPack]
LAST = (CUSTODY, MANIFEST, *CERTIFICATES, SIGNATURE, *GUIDES, SEAL)


def forged(path: Path, key: str) -> dict[str, bytes]:
    """Backdate a pack, and leave its signature out or sign with another key."""
    inside = contents(path)
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
    rewrite(path, forged(path, key))
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
        archive.extract("verify_pack.py", path.parent)
    verify = (sys.executable, "-I", "-S", "verify_pack.py")
    good = run(*verify, path, "--key", signer.verifier, cwd=path.parent)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "VERIFIED"), good.stderr
    assert run(*verify, path, cwd=path.parent).returncode == 3
    complete = bytearray(path.read_bytes())
    complete[complete.index(b"original photo")] ^= 1
    path.write_bytes(complete)
    assert "files/1-original.jpg" in run(*verify, path, "--key", signer.verifier, cwd=path.parent).stdout
    write()
    rewrite(path, forged(path, "AGE-SECRET-KEY-FOREIGN"))
    assert run(*verify, path, "--key", signer.verifier, cwd=path.parent).returncode == 1


@pytest.mark.slow("processes")
def test_the_commands_of_the_page_in_a_pack_verify_its_files_and_its_signature(write: Write, path: Path) -> None:
    write()
    signer = verify_pack(path).signer
    assert signer is not None
    folder = path.parent / "unpacked"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    page = (folder / "how-to-verify.txt").read_text("utf-8")
    commands = [line.strip() for line in page.splitlines() if re.match(r" {5}(bytes|\(printf|sed|echo|openssl)", line)]
    assert len(commands) == 5
    script = "\n".join(["set -e", "sha256sum --quiet -c manifest-sha256.txt", *commands])
    assert run("bash", "-c", script, cwd=folder, KEY=signer.verifier).returncode == 0
    assert run("bash", "-c", script, cwd=folder, KEY="9f" * 32).returncode != 0
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes() + b" ")
    assert run("bash", "-c", script, cwd=folder, KEY=signer.verifier).returncode != 0
