"""The verifier of packs names each manipulation."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satark.custody import chain
from satark.custody.chain import canonical_json
from satark.custody.countersignature import held_against
from satark.custody.manifest import Manifest, PackSigner
from satark.custody.pack import PackLog, WrittenPack
from satark.custody.verify_pack import BASE, CUSTODY, MANIFEST, SIGNATURE, TAGS
from satark.identity.signatures import signing_key, verifier_of
from support.packs import contents, forged_manifest, rewrite, verify_pack

Write = Callable[..., WrittenPack]


def spans(path: Path) -> list[tuple[str, int, int]]:
    """Return (name, offset of the first byte, offset after the last) of every file's content."""
    with zipfile.ZipFile(path) as archive:
        return [
            (
                one.filename.removeprefix(BASE),
                start := one.header_offset + 30 + len(one.filename),
                start + one.file_size,
            )
            for one in archive.infolist()
        ]


@pytest.mark.full("a thousand verifications")
def test_the_file_of_each_altered_byte_is_named(write: Write, path: Path, tmp_path: Path) -> None:
    write(originals=True)
    complete, where = path.read_bytes(), spans(path)
    rng, missed, altered = random.Random(63), [], tmp_path / "altered.zip"
    for _ in range(1000):
        # As often in the small files as in the certificates, which are most of a pack.
        low, high = rng.choice([(start, end) for _, start, end in where] + [(0, len(complete))] * 4)
        at = rng.randrange(low, high)
        altered.write_bytes(complete[:at] + bytes([complete[at] ^ rng.randrange(1, 256)]) + complete[at + 1 :])
        report = "\n".join(map(str, verify_pack(altered).problems))
        name = next((name for name, start, end in where if start <= at < end), "the container")
        if name not in report:
            missed.append((at, name, report))
    assert missed == []


def other_certificate(rng: random.Random, inside: dict[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Change a byte of a certificate, or cut it."""
    name = rng.choice([name for name in inside if name.startswith("data/certificate-")])
    content, at = inside[name], rng.randrange(len(inside[name]))
    changed = content[:at] + bytes([content[at] ^ rng.randrange(1, 256)]) + content[at + 1 :]
    return {**inside, name: rng.choice((changed, content[:at]))}, name


def other_signature(rng: random.Random, inside: dict[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Change the desk's signature, or leave it out."""
    content = inside[SIGNATURE]
    at = rng.randrange(len(content))
    changed = content[:at] + bytes([content[at] ^ rng.randrange(1, 128)]) + content[at + 1 :]
    return {**inside, SIGNATURE: rng.choice((changed, b""))}, SIGNATURE


def other_original(rng: random.Random, inside: dict[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Change the manifest's facts about a received file, drop the file, or invent a reason why it was not cleaned."""
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    originals = list(manifest.originals)
    at = rng.randrange(len(originals))
    digest = f"{rng.getrandbits(256):064x}"
    change: dict[str, Any] = rng.choice(({"sha256": digest}, {"md5": digest[:32]}, {"bytes": 1}, {"problem": "empty"}))
    originals[at : at + 1] = rng.choice(([], [msgspec.structs.replace(originals[at], **change)]))
    return forged_manifest(inside, originals=tuple(originals)), "file"


@pytest.mark.parametrize("mutate", [other_certificate, other_signature, other_original])
def test_each_of_250_mutations_is_named_though_seal_and_container_match(
    mutate: Callable[[random.Random, dict[str, bytes]], tuple[dict[str, bytes], str]], write: Write, path: Path
) -> None:
    write(originals=True)
    inside = contents(path)
    rng, missed = random.Random(15), []
    for number in range(250):
        forged, named_as = mutate(rng, inside)
        rewrite(path, forged)
        report = "\n".join(map(str, verify_pack(path).problems))
        if named_as not in report:
            missed.append((number, report))
    assert missed == []


def test_any_two_exchanged_files_are_named(write: Write, path: Path) -> None:
    write(originals=True)
    inside, missed = contents(path), []
    for first, second in combinations(
        list(inside)[:-4], 2
    ):  # the lists and their signature are written last in any case
        places = {first: second, second: first}
        rewrite(path, {name: inside[name] for name in (places.get(name, name) for name in inside)})
        if "does not stand in its place" not in "\n".join(map(str, verify_pack(path).problems)):
            missed.append((first, second))
    assert missed == []


def test_a_forged_manifest_bears_no_signature(write: Write, path: Path) -> None:
    write()
    rewrite(path, forged_manifest(contents(path), number="K4Q7-2XPN"))
    report = verify_pack(path)
    assert report.signer is None
    assert [problem.part for problem in report.problems] == [SIGNATURE]


def test_a_pack_signed_again_under_another_key_does_not_match_the_roster(
    exported: Any, write: Write, path: Path
) -> None:
    roster = exported.services.read_keys(exported.services.roster.stored_entries)
    write()
    report = held_against(verify_pack(path), roster)
    assert report.signer is not None
    assert (report.signer.desk, report.problems, report.exit_code) == ("sp", (), 0)
    assert [problem.part for problem in held_against(report, [b"{}"]).problems] == ["the roster", *[SIGNATURE] * 2]
    assert "by another roster" in "\n".join(map(str, held_against(report, roster[:-1]).problems))
    foreign = signing_key("AGE-SECRET-KEY-FOREIGN", "satark/1/answers")
    inside = forged_manifest(contents(path), signer=replace(report.signer, verifier=verifier_of(foreign)))
    signer = PackSigner(who=report.signer, sign=foreign.sign)
    rewrite(path, inside, signer=signer)
    assert verify_pack(path).problems == ()
    assert [problem.part for problem in held_against(verify_pack(path), roster).problems] == [SIGNATURE]


def named(path: Path, content: bytes) -> str:
    """Return the verifier's problems with a pack of this content."""
    path.write_bytes(content)
    return "\n".join(map(str, verify_pack(path).problems))


@pytest.mark.parametrize(
    "flip", [0xFF, *(pytest.param(flip, marks=pytest.mark.full("every byte again")) for flip in (0x01, 0x40, 0x80))]
)
def test_an_altered_byte_of_the_container_is_named(flip: int, write: Write, path: Path) -> None:
    write()
    complete, where = path.read_bytes(), spans(path)
    inside = {at for _, start, end in where for at in range(start, end)}
    missed = [
        at
        for at in range(len(complete))
        if at not in inside
        and "the container" not in named(path, complete[:at] + bytes([complete[at] ^ flip]) + complete[at + 1 :])
    ]
    assert missed == []


ENDING = "<4s4H2LH"
"""The end record: signature, two disks, entries here and in all, size and offset of the central directory, comment."""


def test_a_false_end_record_is_named(write: Write, path: Path) -> None:
    write()
    complete, missed = path.read_bytes(), []
    values = (0, 1, 22, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    for place, value in product(range(1, 8), values):
        fields = list(struct.unpack(ENDING, complete[-22:]))
        forged = value & (0xFFFFFFFF if place in {5, 6} else 0xFFFF)
        if fields[place] != forged:
            fields[place] = forged
            if "the container" not in named(path, complete[:-22] + struct.pack(ENDING, *fields)):
                missed.append((place, value))
    assert missed == []


def listed(name: bytes, at: int, size: int, *, flags: int = 0, extra: bytes = b"") -> bytes:
    """Return an entry of a central directory."""
    lengths = (len(name), len(extra), 0)
    return (
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, flags, 0, 0, 33, 0, size, size, *lengths, 0, 0, 0, at)
        + name
        + extra
    )


def a_zip(content: bytes, entries: Sequence[bytes], *, comment: bytes = b"", zip64: int | None = None) -> bytes:
    """Return a ZIP file with any central directory. `zip64`: its size according to a second end record."""
    entire = b"".join(entries)
    far = b""
    if zip64 is not None:
        count = len(entries)
        far = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, zip64, len(content))
        far += struct.pack("<4sLQL", b"PK\6\7", 0, len(content) + len(entire), 1)
    counts = (len(entries) & 0xFFFF,) * 2
    end = struct.pack(ENDING, b"PK\5\6", 0, 0, *counts, len(entire), len(content), len(comment))
    return content + entire + far + end + comment


LONG = (2**64 - 1).to_bytes(8, "little") * 3
HOSTILE: dict[str, bytes] = {
    "a file begins before the pack": a_zip(b"x" * 99, [listed(b"a", 0xFFFFFFFF, 1)]),
    "a file is larger than the pack": a_zip(b"x" * 99, [listed(b"a", 0, 0xFFFFFFFE)]),
    "a file lies beyond any disk": a_zip(
        b"x" * 99, [listed(b"a", 0xFFFFFFFF, 0xFFFFFFFF, extra=struct.pack("<HH", 1, 24) + LONG)]
    ),
    "ten thousand names lie over one large file": a_zip(
        bytes(10_000_000), [listed(b"%d" % one, 0, 9_999_000) for one in range(10_000)]
    ),
    "a second end record lies": a_zip(b"x" * 99, [listed(b"a", 0, 1)], zip64=2**63),
    "a name has a NUL in it": a_zip(b"x" * 99, [listed(b"manifest.json\0.exe", 0, 1)]),
    "a name is no UTF-8": a_zip(b"x" * 99, [listed(b"\xff\xfe", 0, 1, flags=0x800)]),
    "a name is a surrogate": a_zip(b"x" * 99, [listed(b"\xed\xa0\x80", 0, 1, flags=0x800)]),
    "a name leads elsewhere": a_zip(b"x" * 99, [listed(b"../../etc/passwd", 0, 1)]),
    "a name is as long as can be, and longer once it is written": a_zip(
        bytes(70_000), [listed(b"\xe9" * 0xFFFF, 0, 1)]
    ),
    "a name is a folder's": a_zip(b"x" * 99, [listed(b"data/", 0, 1)]),
    "there is no name": a_zip(b"x" * 99, [listed(b"", 0, 1)]),
    "a name stands there twice": a_zip(b"x" * 199, [listed(b"a", 0, 1), listed(b"a", 99, 1)]),
    "a file is report to be encrypted": a_zip(b"x" * 99, [listed(b"a", 0, 1, flags=1)]),
    "there is nothing": a_zip(b"", []),
    "there is only a comment": a_zip(b"", [], comment=b"PK\5\6" * 9),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pack_is_reported(content: bytes, path: Path) -> None:
    assert named(path, content) != ""


def test_a_file_of_three_gigabytes_is_refused(path: Path) -> None:
    size = 3_000_000_000
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        ending = a_zip(b"", [listed(b"a", 0, size - 99)])
        file.write(ending[:-22] + struct.pack(ENDING, *struct.unpack(ENDING, ending[-22:])[:6], size, 0))
    assert "the container" in "\n".join(map(str, verify_pack(path).problems))


@pytest.mark.parametrize("name", [CUSTODY, MANIFEST, TAGS[1]])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"rows":' * 50_000,
        b'{"x":' + b"[" * 100_000,
        b"\xff",
        b'"\\ud800"',
        b'{"files":1}',
    ],
    ids=["nothing", "null", "deep", "deep objects", "deep and unknown", "no UTF-8", "a surrogate", "another kind"],
)
def test_any_content_of_manifest_log_and_seal_is_handled(name: str, content: bytes, write: Write, path: Path) -> None:
    write()
    inside = contents(path)
    rewrite(path, {**inside, name: content})
    assert name in TAGS or name in "\n".join(map(str, verify_pack(path).problems))


def test_many_files_and_many_rows_take_one_pass(write: Write, path: Path) -> None:
    """Comparing each of twenty thousand items with each of thirty thousand rows would take hours."""
    write()
    inside = contents(path)
    forge_log(inside, lambda rows: rows.extend(rows[-1:] * 30_000))
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    nowhere = msgspec.structs.replace(manifest.items[0], prev_chain_hash="0" * 64)
    inside[MANIFEST] = canonical_json(msgspec.structs.replace(manifest, items=(nowhere,) * 20_000))
    rewrite(path, inside)
    assert "data/1-scrubbed.jpg: the custody log does not record its export" in named(path, path.read_bytes())


@pytest.mark.parametrize("cut", [0, 1, 22, 100, 5000])
def test_a_shortened_or_extended_pack_is_reported(cut: int, write: Write, path: Path) -> None:
    write()
    complete = path.read_bytes()
    path.write_bytes(complete[: len(complete) - cut] if cut else complete + b"\0")
    assert verify_pack(path).problems != ()
    path.write_bytes(complete[:cut])
    assert verify_pack(path).problems != ()


def forge_log(inside: dict[str, bytes], change: Callable[[list[Any]], Any], *, renumber: bool = False) -> None:
    """Change the rows of the log, and update the manifest to match."""
    log = msgspec.json.decode(inside[CUSTODY], type=PackLog)
    rows = list(log.rows)
    change(rows)
    if renumber:
        rows = [msgspec.structs.replace(row, seq=place) for place, row in enumerate(rows, 1)]
    inside[CUSTODY] = canonical_json(msgspec.structs.replace(log, rows=tuple(rows)))
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    digest = hashlib.sha256(inside[CUSTODY]).hexdigest()
    inside[MANIFEST] = canonical_json(msgspec.structs.replace(manifest, custody=digest, head=rows[-1].hash))


def swap_rows(rows: list[Any]) -> None:
    rows[2], rows[3] = rows[3], rows[2]


def change_officer(rows: list[Any]) -> None:
    entry = msgspec.structs.replace(rows[3].entry, officer="nobody")
    rows[3] = msgspec.structs.replace(rows[3], entry=entry, entry_sha256=chain.commitment(entry).hex())


FORGERIES: list[tuple[str, Callable[[list[Any]], Any], str]] = [
    ("rows change places", swap_rows, "custody.json, row 3"),
    ("a row is removed", lambda rows: rows.pop(3), "custody.json, row 4"),
    ("a row is inserted twice", lambda rows: rows.insert(3, rows[3]), "custody.json, row 5"),
    ("an entry is changed", change_officer, "custody.json, row 4"),
    ("the last rows are cut off", lambda rows: rows.pop(), "does not record its export"),
]


@pytest.mark.parametrize("renumber", [False, True])
@pytest.mark.parametrize("forgery", FORGERIES, ids=[row[0] for row in FORGERIES])
def test_a_forged_log_is_named_even_if_manifest_seal_and_container_match(
    forgery: tuple[str, Callable[[list[Any]], Any], str], write: Write, path: Path, *, renumber: bool
) -> None:
    write(originals=True)
    inside = contents(path)
    forge_log(inside, forgery[1], renumber=renumber)
    rewrite(path, inside)
    assert forgery[2] in "\n".join(map(str, verify_pack(path).problems))


def test_a_replaced_file_is_named_even_if_manifest_and_seal_match(write: Write, path: Path) -> None:
    written = write(originals=True)
    inside = contents(path)
    inside["data/1-original.jpg"] = b"another photo."
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    digest = hashlib.sha256(b"another photo.").hexdigest()
    items = tuple(msgspec.structs.replace(one, sha256=digest) if one.item_no == 1 else one for one in manifest.items)
    inside[MANIFEST] = canonical_json(msgspec.structs.replace(manifest, items=items))
    rewrite(path, inside)
    report = [str(problem) for problem in verify_pack(path, written.manifest).problems]
    assert "data/1-original.jpg: the custody log has no such file" in report
    assert "data/manifest.json: its hash is not the one on the certificate: this is another pack" in report


@pytest.mark.parametrize("name", [CUSTODY, MANIFEST, *TAGS, "data/certificate-hi.pdf", "data/1-scrubbed.jpg"])
def test_a_removed_or_added_file_is_named(name: str, write: Write, path: Path) -> None:
    write()
    inside = contents(path)
    rewrite(path, {one: content for one, content in inside.items() if one != name})
    problems = verify_pack(path).problems
    assert name in TAGS or any(name in str(problem) for problem in problems)
    rewrite(path, {**inside, "data/extra.txt": b"x"})
    assert any("data/extra.txt" in str(problem) for problem in verify_pack(path).problems)


def test_a_file_that_is_no_pack_is_reported(path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 10_000_000)
        archive.writestr(MANIFEST, b"[" * 100_000)
    for content in (b"", b"PK", b"\x89PNG" * 100, target.getvalue()):
        path.write_bytes(content)
        assert verify_pack(path).problems != ()
