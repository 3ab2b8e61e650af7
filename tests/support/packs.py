"""Packs: the verifier as Satark uses it, with signatures checked in this process, and packs that are forged."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from satark.custody import pack
from satark.custody import verify_pack as verifier
from satark.custody.chain import canonical_json
from satark.custody.manifest import Manifest
from satark.custody.verify_pack import BASE, MANIFEST, TAGS, group_digits, tags
from satark.identity.signatures import is_signed

verify_pack: Final = partial(verifier.verify_pack, is_theirs=is_signed)


def contents(path: Path) -> dict[str, bytes]:
    """Return the content of each file of a pack."""
    with zipfile.ZipFile(path) as archive:
        return {name.removeprefix(BASE): archive.read(name) for name in archive.namelist()}


def forged_manifest(inside: dict[str, bytes], **change: Any) -> dict[str, bytes]:
    """Change the manifest, and print its new hash into the certificates."""
    manifest = msgspec.structs.replace(msgspec.json.decode(inside[MANIFEST], type=Manifest), **change)
    forged = canonical_json(manifest)
    old, new = (group_digits(hashlib.sha256(one).hexdigest()).encode() for one in (inside[MANIFEST], forged))
    return {name: content.replace(old, new) for name, content in inside.items()} | {MANIFEST: forged}


def rewrite(path: Path, inside: dict[str, bytes]) -> None:
    """Write a forged pack with matching lists of hashes and container."""
    inside = {name: content for name, content in inside.items() if name not in TAGS}
    inside |= tags({name: hashlib.sha256(content).hexdigest() for name, content in inside.items()})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in inside.items():
            with archive.open(pack.zip_entry(name), "w") as out:
                out.write(content)
    path.write_bytes(target.getvalue())
