#!/usr/bin/env python3
"""Verifies an evidence pack with Python's standard library and `openssl`: `python3 verify_pack.py pack.zip --key KEY`.

The key must come from the desk's office, not from whoever gave you the pack. Exit code 0: verified; 1: altered; 3: not
verified, since nobody signed the pack or nobody says whose key it is. `how-to-verify.txt` lists the comparisons.
"""

import argparse
import hashlib
import json
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

FORMAT: Final = "satark-pack/4"
BASE: Final = "pack/"
"""The folder of the pack in the ZIP: a bag of BagIt (RFC 8493), with the files from the desk in `data/`."""
DATA: Final = "data/"
CUSTODY: Final = f"{DATA}custody.json"
MANIFEST: Final = f"{DATA}manifest.json"
TAGS: Final = ("bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt")
"""The files that make the folder a bag: the last two have the hashes of the files in `data/`, and of the others."""
SIGNATURE: Final = "signature.json"
"""File with the desk's signature of the last list, and so of the name and content of every other file."""
GUIDES: Final = ("how-to-verify.txt", "verify_pack.py")
"""The files of a pack that explain its verification."""
NO_HASH: Final = "0" * 64
PACK_DOMAIN: Final = b"satark/2/pack\0"
"""Prefix of the SHA-256 of the last list in the message that a desk signs."""
_CONTAINER: Final = "the container (the ZIP around the files)"
_REQUIRED_CERTIFICATES: Final = (f"{DATA}certificate-hi.pdf", f"{DATA}certificate-en.pdf")
_is_certificate: Final = re.compile(rf"{DATA}certificate-[a-z]{{2,3}}\.pdf").fullmatch
_STEP, _MAX_NAME, _MAX_PARTS, _MAX_SIZE, _MAX_CONTENT = 1 << 18, 255, 10_000, 0x7FFFFFFF, 64 << 20
"""Bytes that are read at once; most bytes of a name, files, bytes of a file, bytes of a file that is read whole."""
_LOGGED: Final = {"original": ("original",), "scrubbed": ("clean", "muted"), "transcript": ("transcript",)}
"""Role of an item → its exported form, and other forms under which the log may have the item's hash."""
Verifies: TypeAlias = Callable[[str, bytes, bytes], bool]
_RECEIVED: Final = ("sha256", "bytes", "mime", "md5", "problem")
_MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True)
class PackProblem:
    part: str
    what: str

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The desk that signs, as the roster lists it."""

    desk: str
    verifier: str
    """The desk's Ed25519 public key, hex."""
    roster: str
    """Number of the roster's entries and hash of the newest one, `3:9f86…`, when the desk signed."""


@dataclass(frozen=True, kw_only=True)
class PackReport:
    problems: tuple[PackProblem, ...]
    number: str = ""
    items: int = 0
    rows: int = 0
    manifest: str = ""
    """SHA-256 of the manifest, hex, to be compared with the signed certificate."""
    head: str = ""
    exported: str = ""
    """Time of the export (UTC), according to the exporting desk."""
    signer: Signer | None = None
    """The desk that signed the pack; None: the signature is missing or false."""
    is_known: bool = False
    """Whether the signer's key is in the office's key or roster, which did not come with the pack."""
    countersigner: Signer | None = None
    """The desk that countersigned (`satark.custody.countersignature`), if that was checked, and when (UTC)."""
    countersigned: str = ""

    @property
    def exit_code(self) -> int:
        """0: verified; 1: altered; 3: not verified, since nobody signed it or nobody says whose key it is."""
        return 1 if self.problems else 0 if self.signer and self.is_known else 3


def is_signed(key: str, signature: bytes, message: bytes) -> bool:
    """Whether a message's Ed25519 signature was made with this public key (hex), according to the program `openssl`."""
    with tempfile.TemporaryDirectory() as folder:
        der, signed, signs = (Path(folder, name) for name in ("key.der", "message", "signature"))
        der.write_bytes(bytes.fromhex(f"302a300506032b6570032100{key}"))  # RFC 8410, section 4
        signed.write_bytes(message)
        signs.write_bytes(signature)
        named = ["-keyform", "DER", "-inkey", str(der), "-in", str(signed), "-sigfile", str(signs)]
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", *named]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - no shell


def verify_pack(path: Path, printed: str = "", key: str = "", *, is_theirs: Verifies = is_signed) -> PackReport:
    """Verify a pack. An `OSError` means that the pack can't be read, or that there is no program `openssl`.

    `printed`: the manifest's SHA-256 on a signed certificate, which detects a pack made anew; `key`: the desk's, hex.
    """
    with path.open("rb") as file:
        try:
            verifier = _PackVerifier(file, is_theirs)
        except (ValueError, struct.error):
            return PackReport(problems=(PackProblem(_CONTAINER, "it was packed anew or cut short, or is no pack"),))
        report = verifier.report()
    wrong = [PackProblem(MANIFEST, "its hash is not the one on the certificate: this is another pack")]
    wrong *= bool(printed) and printed.replace(" ", "").lower() != report.manifest
    if key and report.signer and key.lower() != report.signer.verifier:
        wrong.append(PackProblem(SIGNATURE, "another key made it"))
    return replace(report, problems=(*report.problems, *wrong), is_known=bool(key and report.signer))


class _Part(NamedTuple):
    """The position of a file's content in the pack, and its hash."""

    start: int
    size: int
    sha256: str


def _read_parts(file: BinaryIO) -> tuple[dict[str, _Part], bool]:
    """Return the files of a pack, one after the other, and whether every byte around them is as in any pack.

    The records are those of APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16.
    """
    parts: dict[str, _Part] = {}
    at, count, directory, is_as_written = 0, 0, b"", True
    while (header := file.read(30))[:4] == b"PK\3\4" and count < _MAX_PARTS:
        size, length = struct.unpack_from("<L4xH", header, 18)
        name, start = file.read(length), at + 30 + length
        if header[8:10] != b"\0\0" or length > _MAX_NAME or size > _MAX_SIZE:  # files of a pack are not compressed
            raise ValueError
        digest, crc, left = hashlib.sha256(), 0, size
        while left:
            if not (chunk := file.read(min(left, _STEP))):
                raise ValueError
            digest.update(chunk)
            crc, left = zlib.crc32(chunk, crc), left - len(chunk)
        flags = 0 if name.isascii() else 0x800
        facts = struct.pack("<4H3LH", flags, 0, 0, 33, crc, size, size, length)
        far = struct.pack("<2HQ", 1, 8, at) if at > _MAX_SIZE else b""
        version, offset = (45, 0xFFFFFFFF) if far else (20, at)
        directory += struct.pack("<4s2BH", b"PK\1\2", version, 3, version) + facts
        directory += struct.pack("<4H2L", len(far), 0, 0, 0, 0o600 << 16, offset) + name + far
        inside = name.decode().removeprefix(BASE)
        is_as_written &= header == b"PK\3\4\x14\0" + facts + b"\0\0" and inside not in parts
        is_as_written &= name.decode() == BASE + inside
        parts[inside] = _Part(start, size, digest.hexdigest())
        at, count = start + size, count + 1
    if not count:
        raise ValueError
    far = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), at)
    far += struct.pack("<4sLQL", b"PK\6\7", 0, at + len(directory), 1)
    sizes = (len(directory), min(at, 0xFFFFFFFF), 0)
    ending = far * (at > _MAX_SIZE) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, *sizes)
    file.seek(at)
    return parts, is_as_written and file.read(len(directory + ending) + 1) == directory + ending


class _PackVerifier:
    """Verifies a file that begins as a pack does."""

    def __init__(self, file: BinaryIO, is_theirs: Verifies) -> None:
        self._file, self._is_theirs = file, is_theirs
        self._problems: list[PackProblem] = []
        self._parts, is_as_written = _read_parts(file)
        if not is_as_written:
            self._add(_CONTAINER, "it was altered, or is not in the format of packs")

    def report(self) -> PackReport:
        self._checked(TAGS[1], self._check_tags)
        manifest, log = self._loaded(MANIFEST, "items"), self._loaded(CUSTODY, "rows")
        signer = None
        if manifest:
            for check in (self._check_items, self._check_certificates, self._check_order):
                self._checked(MANIFEST, check, manifest)
            signer = self._checked(SIGNATURE, self._signer, manifest)
        if log:
            self._checked(CUSTODY, self._check_chain, log)
        if manifest and log:
            self._checked(CUSTODY, self._check_custody, manifest, log)
            self._checked(MANIFEST, self._check_received, manifest, log)
        return PackReport(
            problems=tuple(dict.fromkeys(self._problems)),
            number=str(manifest.get("number", "")),
            items=len(manifest.get("items", ())),
            rows=len(log.get("rows", ())),
            manifest=self._sha256(MANIFEST),
            head=str(manifest.get("head", "")),
            exported=str(manifest.get("utc", "")),
            signer=signer,
        )

    def _add(self, part: str, what: str) -> None:
        self._problems.append(PackProblem(part, what))

    def _checked(self, part: str, check: Callable[..., Any], *arguments: Any) -> Any:
        """Run a check. If the part is malformed, report it as altered."""
        with suppress(*_MALFORMED):
            return check(*arguments)
        self._add(part, "it was altered: it is not in the format of packs")
        return None

    def _sha256(self, name: str) -> str:
        return self._parts[name].sha256 if name in self._parts else ""

    def _content(self, name: str) -> bytes:
        part = self._parts.get(name, _Part(0, 0, ""))
        self._file.seek(part.start)
        return self._file.read(min(part.size, _MAX_CONTENT))

    def _loaded(self, name: str, listing: str) -> dict[str, Any]:
        """Return the content of a JSON file that has a list of this name; report a file without it."""
        with suppress(*_MALFORMED):
            value = json.loads(content := self._content(name))
            if canonical(value) == content and isinstance(value[listing], list):
                return dict(value)
        self._add(name, "it is missing, or was altered: it is not in the format of packs")
        return {}

    def _check_tags(self) -> None:
        actual = {name: part.sha256 for name, part in self._parts.items() if name not in {*TAGS, SIGNATURE}}
        sealed: dict[str, str] = {}
        for name, content in tags(actual).items():
            if self._content(name) != content:
                self._add(name, "it is missing, or was altered")
            lines = self._content(name).decode("utf-8", "replace").splitlines()
            sealed |= {line[66:]: line[:64] for line in lines if name != TAGS[0] and line[66:] not in TAGS}
        for name in sorted(sealed.keys() | actual.keys()):
            if sealed.get(name) != actual.get(name):
                self._add(name, "it was altered, added or removed, or its line in a list of hashes was")

    def _check_items(self, manifest: Mapping[str, Any]) -> None:
        if manifest["format"] != FORMAT:
            self._add(MANIFEST, "it is not in the format of packs")
        listed = {item["filename"]: (item["sha256"], item["bytes"]) for item in manifest["items"]}
        for name, facts in (listed | {guide: tuple(manifest["guides"][guide]) for guide in GUIDES}).items():
            part = self._parts.get(name)
            if part is None or facts != (part.sha256, part.size):
                self._add(name, f"it is missing, or is not the file that {MANIFEST} lists")
        for name in sorted(self._parts.keys() - set(pack_order(manifest))):
            self._add(name, f"it is in the pack, but {MANIFEST} does not list it")

    def _check_certificates(self, manifest: Mapping[str, Any]) -> None:
        listed = manifest["certificates"]
        for name in sorted({*_REQUIRED_CERTIFICATES, *listed}):
            if name not in self._parts or name not in listed or not _is_certificate(name):
                self._add(name, f"it is missing, or {MANIFEST} does not list it")
            elif (unprinted := blanked(self._content(name), self._sha256(MANIFEST))) is None:
                self._add(name, f"it does not print the hash of {MANIFEST}: it is of another pack")
            elif hashlib.sha256(unprinted).hexdigest() != listed[name]:
                self._add(name, f"it is not the certificate that {MANIFEST} lists")

    def _check_order(self, manifest: Mapping[str, Any]) -> None:
        expected = [name for name in pack_order(manifest) if name in self._parts]
        found = [name for name in self._parts if name in set(expected)]
        if found != expected:
            misplaced = next((name for name, right in zip(found, expected, strict=False) if name != right), MANIFEST)
            self._add(misplaced, "it does not stand in its place: files of the pack were reordered")

    def _signer(self, manifest: Mapping[str, Any]) -> Signer | None:
        """Return the desk that the manifest names, if the signature is that desk's."""
        if manifest["signer"] is None:
            return None
        signer, signature = Signer(**manifest["signer"]), self._content(SIGNATURE)
        message = PACK_DOMAIN + bytes.fromhex(self._sha256(TAGS[-1]))
        given = json.loads(signature)["signature"]
        is_as_written = signature == canonical({"algorithm": "ed25519", "signature": bytes.fromhex(given).hex()})
        if is_as_written and self._is_theirs(signer.verifier, bytes.fromhex(given), message):
            return signer
        self._add(SIGNATURE, f"it is not the signature of the desk {signer.desk} on {TAGS[-1]}")
        return None

    def _check_chain(self, log: Mapping[str, Any]) -> None:
        before = bytes.fromhex(log["start"])
        for number, row in enumerate(log["rows"], 1):
            part = f"{CUSTODY}, row {number}"
            if row["seq"] != number:
                self._add(part, f"it is out of order, or rows are missing or inserted: its number is {row['seq']}")
            entry, sealed = bytes.fromhex(row["entry_sha256"]), bytes.fromhex(row["sealed_sha256"])
            if row["entry"] is None and sealed != hashlib.sha256().digest():
                self._add(part, "its entry was removed")
            elif row["entry"] is not None and hashlib.sha256(canonical(row["entry"])).digest() != entry:
                self._add(part, "its entry was altered")
            place = f"{row['seq']}/{row['file']}/{row['day']}/".encode()
            if hashlib.sha256(before + place + entry + sealed).hexdigest() != row["hash"]:
                self._add(part, "it was altered, or does not follow from the previous row")
            before = bytes.fromhex(row["hash"])

    def _check_custody(self, manifest: Mapping[str, Any], log: Mapping[str, Any]) -> None:
        """Compare the files with the received and derived files in the log."""
        rows = log["rows"]
        if self._sha256(CUSTODY) != manifest["custody"]:
            self._add(CUSTODY, f"it is not the log that {MANIFEST} names")
        if not rows or rows[-1]["hash"] != manifest["head"]:
            self._add(CUSTODY, f"it does not end where {MANIFEST} says: rows were cut off or added")
        logged = {(row["file"], row["entry"].get("form"), row["entry"].get("sha256")) for row in rows if row["entry"]}
        left = [(one, row) for one, row in pairwise(rows) if row["entry"] and row["entry"]["action"] == "exported"]
        exports = {(row["file"], row["entry"].get("form"), one["hash"]) for one, row in left}
        for item in manifest["items"]:
            if not any((item["file"], form, item["sha256"]) in logged for form in _LOGGED[item["role"]]):
                self._add(item["filename"], "the custody log has no such file")
            if (item["file"], _LOGGED[item["role"]][0], item["prev_chain_hash"]) not in exports:
                self._add(item["filename"], "the custody log does not record its export")

    def _check_received(self, manifest: Mapping[str, Any], log: Mapping[str, Any]) -> None:
        """Compare the lists of received files and of files that could not be cleaned with the log."""
        entries = [(row["file"], row["entry"]) for row in log["rows"] if row["entry"]]
        reasons = {file: entry.get("reason", "") for file, entry in entries if entry["action"] == "uncleaned"}
        logged = {
            file: {"bytes": 0, "md5": "", "mime": "", "problem": reasons.get(file, ""), "sha256": ""} | entry
            for file, entry in entries
            if entry["action"] == "received"
        }
        listed = [*manifest["originals"], *manifest["withheld"]]
        if sorted(one["file"] for one in listed) != sorted(logged):
            self._add(MANIFEST, "it does not list each file once that the custody log has, and no other file")
        counts = [len(_RECEIVED)] * len(manifest["originals"]) + [3] * len(manifest["withheld"])
        for one, count in zip(listed, counts, strict=True):
            if any(one[field] != logged.get(one["file"], one)[field] for field in _RECEIVED[:count]):
                self._add(MANIFEST, f"it lists file {one['file']} otherwise than the custody log does")


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and without spaces, in UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def tags(digests: Mapping[str, str]) -> dict[str, bytes]:
    """Return the content of `TAGS`, given each other file's SHA-256. `sha256sum -c` reads the lists."""
    lines = {name: f"{digest}  {name}\n".encode() for name, digest in digests.items()}
    payload = b"".join(line for name, line in lines.items() if name.startswith(DATA))
    made = {TAGS[0]: b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", TAGS[1]: payload}
    lines |= {name: f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode() for name, content in made.items()}
    return made | {TAGS[2]: b"".join(line for name, line in lines.items() if not name.startswith(DATA))}


def pack_order(manifest: Mapping[str, Any]) -> list[str]:
    """Return the names of a pack's files, in the pack's order."""
    signature = [SIGNATURE] if manifest["signer"] else []
    files = [item["filename"] for item in manifest["items"]]
    return [*files, CUSTODY, MANIFEST, *sorted(manifest["certificates"]), *GUIDES, *TAGS, *signature]


def group_digits(digest: str) -> str:
    """Return a hash value in groups of sixteen digits, so that it can be compared and lines can break."""
    return " ".join(digest[at : at + 16] for at in range(0, len(digest), 16))


def blanked(certificate: bytes, manifest_sha256: str) -> bytes | None:
    """Return a certificate with zeros in place of the manifest's hash (hex); None if it does not print that hash."""
    printed, zeros = group_digits(manifest_sha256).encode(), group_digits(NO_HASH).encode()
    return certificate.replace(printed, zeros) if printed in certificate and zeros not in certificate else None


def as_text(report: PackReport) -> str:
    """Return the result of a verification in words."""
    signer, other, lines = report.signer, report.countersigner, [f"- {one}" for one in report.problems]
    why = "the pack was altered, or somebody else signed it"
    if not report.problems:
        lines = [f"the pack of tip {report.number} is intact: {report.items} files, {report.rows} custody rows"]
        lines += [f"manifest {report.manifest}   (compare it with the signed certificate)", f"custody  {report.head}"]
        lines += [f"signed   by the desk {signer.desk}, key {signer.verifier}"] if signer else []
        lines += [f"         by the roster {signer.roster}   (does the office's roster have it?)"] if signer else []
        lines += [f"         at {report.countersigned} by the desk {other.desk}, key {other.verifier}"] if other else []
        why = "whose key is it? The office's key or roster must say so" if signer else "no desk signed it"
    return "\n".join([*map(printable, lines), f"NOT VERIFIED: {why}" if report.exit_code else "VERIFIED"])


def printable(text: str) -> str:
    """Replace characters that start a new line or control the terminal, since a forger may have chosen the names."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _main() -> int:
    parser = argparse.ArgumentParser(description="Verify an evidence pack.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--key", default="", help="the desk's public key, from its office")
    parser.add_argument("--manifest", default="", help="the hash on the signed certificate")
    given = parser.parse_args()
    report = verify_pack(given.pack, given.manifest, given.key)
    print(as_text(report))  # noqa: T201 - it is a command of its own
    return report.exit_code


if __name__ == "__main__":
    sys.exit(_main())
