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
from satark.custody.manifest import Manifest, PackSigner, sign
from satark.custody.verify_pack import BASE, MANIFEST, SIGNATURE, TAGS, group_digits, tags
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


def relisted(inside: dict[str, bytes], signer: PackSigner | None = None) -> dict[str, bytes]:
    """Make the lists of hashes of a pack anew; with a signer, sign them."""
    files = {name: content for name, content in inside.items() if name not in {*TAGS, SIGNATURE}}
    lists = tags({name: sha256(content) for name, content in files.items()})
    signature = {SIGNATURE: inside[SIGNATURE]} if SIGNATURE in inside else {}
    if signer:
        signature = {SIGNATURE: canonical_json(sign(signer, sha256(lists[TAGS[-1]])))}
    return files | lists | signature


def rewrite(path: Path, inside: dict[str, bytes], *, signer: PackSigner | None = None, relist: bool = True) -> None:
    """Write a forged pack with a matching container and, unless it is to keep the lists of hashes, matching lists."""
    inside = relisted(inside, signer) if relist else inside
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in inside.items():
            with archive.open(pack.zip_entry(name), "w") as out:
                out.write(content)
    path.write_bytes(target.getvalue())


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a content, hex."""
    return hashlib.sha256(content).hexdigest()
