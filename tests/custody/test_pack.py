"""Packs: what is in them, and that whatever is done to one is named."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from click.testing import CliRunner

from satark.casework import Agreement, Casework
from satark.casework.pack_export import export_pack
from satark.cli.evidence import evidence
from satark.custody import chain, pack
from satark.custody.chain import canonical
from satark.custody.manifest import Issuer, Manifest
from satark.custody.pack import CERTIFICATES, CUSTODY, MANIFEST, SEAL, Log, Written
from satark.custody.verify_pack import verify_pack
from satark.desk import Desk
from satark.identity.sealing import CantOpen, new_identity
from satark.routing.desks import add_desk
from satark.services import Services
from satark.store import evidence_files
from satark.testing.store import fresh_services
from satark.testing.tips import SeededTip, seed_file, seed_tip

AGREED = Agreement("rao", "khan")
ISSUER = Issuer(name="रमेश सिंह", office="SP office", make="Dell R350", serial="7XK2P93")


class Court(NamedTuple):
    """A desk with a tip, and the two packs that were made of it (making one takes its certificates a second or two)."""

    services: Services
    seeded: SeededTip
    work: Casework
    packs: dict[bool, tuple[bytes, Written]]
    """Whether originals are in it → the pack."""


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    """A tip with a photo, a voice that is written out, and an unclean file."""
    folder = tmp_path_factory.mktemp("court")
    services = fresh_services(folder / "data")
    recipient, identity = new_identity()
    desk = Desk(name="sp", title="SP", level="district", area="", recipient=recipient)
    services.write_now(lambda unit: add_desk(unit, desk))
    seeded = seed_tip(services, [desk], evidence=("1", "2", "3"))
    seed_file(services, seeded, "1", b"original photo", b"clean photo")
    voice: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}
    seed_file(services, seeded, "2", b"their voice", b"their clean voice", disguised=b"disguised", **voice)
    seed_file(services, seeded, "3", b"strange", mime="application/x-strange", kind="document", problem="unknown")
    work = Casework(services, "sp", identity, officer="rao", may_listen=True)
    work.transcribe(work.open(seeded.number), "2", "ट्रक रात को आता है")
    packs = {}
    for agreed in (None, AGREED):
        path = folder / "pack.zip"
        written = export_pack(path, work, work.open(seeded.number), ISSUER, agreed)
        assert path.stat().st_mode & 0o077 == 0
        packs[agreed is not None] = path.read_bytes(), written
    yield Court(services, seeded, work, packs)
    services.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pack.zip"


Write = Callable[..., Written]


@pytest.fixture
def write(court: Court, path: Path) -> Write:
    """Put one of the packs at `path`."""

    def put(agreed: Agreement | None = None) -> Written:
        content, written = court.packs[agreed is not None]
        path.write_bytes(content)
        return written

    return put


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pack_holds_what_may_leave_and_a_court_needs(write: Write, path: Path) -> None:
    written = write()
    inside = contents(path)
    assert list(inside) == ["files/1-scrubbed.jpg", "files/2-transcript.txt", CUSTODY, MANIFEST, *CERTIFICATES, SEAL]
    assert inside["files/1-scrubbed.jpg"] == b"clean photo"
    assert inside["files/2-transcript.txt"].decode() == "ट्रक रात को आता है"
    manifest = json.loads(inside[MANIFEST])
    assert written.manifest == hashlib.sha256(inside[MANIFEST]).hexdigest()
    first = manifest["items"][0]
    assert set(first) == {
        "item_no", "file", "role", "filename", "bytes", "mime", "sha256", "md5", "derived_from", "tool", "utc", "ist",
        "prev_chain_hash",
    }  # fmt: skip
    assert (first["sha256"], first["md5"]) == (
        hashlib.sha256(b"clean photo").hexdigest(),
        hashlib.md5(b"clean photo", usedforsecurity=False).hexdigest(),
    )
    assert [one["file"] for one in manifest["withheld"]] == ["2"]
    assert manifest["official_confidence"] is True
    assert verify_pack(path, written.manifest).problems == ()


def test_originals_are_in_it_where_two_officers_agreed_and_a_voice_never_is(write: Write, path: Path) -> None:
    write(AGREED)
    inside = contents(path)
    assert inside["files/1-original.jpg"] == b"original photo"
    assert inside["files/3-original.bin"] == b"strange"
    assert not any(b"voice" in content for name, content in inside.items() if name.startswith("files/"))
    items = json.loads(inside[MANIFEST])["items"]
    assert [(one["file"], one["role"], one["derived_from"]) for one in items] == [
        ("1", "original", 0), ("1", "scrubbed", 1), ("2", "transcript", 0), ("3", "original", 0),
    ]  # fmt: skip
    log = json.loads(inside[CUSTODY])["rows"]
    assert {row["entry"].get("second") for row in log if row["entry"]["act"] == "exported"} == {None, "khan"}
    assert verify_pack(path).problems == ()


def test_it_tells_no_time_to_the_second_at_which_anything_came(write: Write, path: Path) -> None:
    write(AGREED)
    rows = json.loads(contents(path)[CUSTODY])["rows"]
    assert {row["entry"].get("at", "") for row in rows if not row["entry"].get("desk")} == {""}


@pytest.mark.parametrize("what", ["altered", "erased"])
def test_a_file_that_was_altered_gets_into_no_pack(what: str, court: Court, path: Path) -> None:
    (sealed,) = court.services.evidence_dir.glob(f"{evidence_files.name(court.seeded.id, '1')}.clean.age")
    whole = sealed.read_bytes()
    if what == "erased":
        sealed.unlink()
    else:
        sealed.write_bytes(whole[:-1] + b"\0")
    with pytest.raises((CantOpen, FileNotFoundError)):
        export_pack(path, court.work, court.work.open(court.seeded.number), ISSUER)
    sealed.write_bytes(whole)
    assert list(path.parent.glob("pack.zip*")) == []


def spans(path: Path) -> list[tuple[str, int, int]]:
    """(name, first byte, byte after the last) of every file's content."""
    with zipfile.ZipFile(path) as archive:
        return [
            (one.filename, start := one.header_offset + 30 + len(one.filename), start + one.file_size)
            for one in archive.infolist()
        ]


def test_a_thousand_random_mutations_are_named(write: Write, path: Path, tmp_path: Path) -> None:
    write(AGREED)
    whole, where = path.read_bytes(), spans(path)
    chance, missed, altered = random.Random(63), [], tmp_path / "altered.zip"
    for _ in range(1000):
        # As often within what is small as within the certificates, which are most of a pack.
        low, high = chance.choice([(start, end) for _, start, end in where] + [(0, len(whole))] * 4)
        at = chance.randrange(low, high)
        altered.write_bytes(whole[:at] + bytes([whole[at] ^ chance.randrange(1, 256)]) + whole[at + 1 :])
        said = "\n".join(map(str, verify_pack(altered).problems))
        name = next((name for name, start, end in where if start <= at < end), "the container")
        if name not in said:
            missed.append((at, name, said))
    assert missed == []


def named(path: Path, content: bytes) -> str:
    """What the verifier says of a pack that holds this."""
    path.write_bytes(content)
    return "\n".join(map(str, verify_pack(path).problems))


@pytest.mark.parametrize("flip", [0x01, 0x40, 0x80, 0xFF])
def test_whatever_byte_of_the_container_is_altered_is_named(flip: int, write: Write, path: Path) -> None:
    write()
    whole, where = path.read_bytes(), spans(path)
    inside = {at for _, start, end in where for at in range(start, end)}
    missed = [
        at
        for at in range(len(whole))
        if at not in inside
        and "the container" not in named(path, whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :])
    ]
    assert missed == []


ENDING = "<4s4H2LH"
"""The end record: signature, two disks, entries here and in all, bytes and place of the list, bytes of a comment."""


@pytest.mark.parametrize("place", range(1, 8))
@pytest.mark.parametrize(
    "value", [0, 1, 22, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
)
def test_an_end_record_that_lies_is_named(place: int, value: int, write: Write, path: Path) -> None:
    write()
    whole = path.read_bytes()
    fields = list(struct.unpack(ENDING, whole[-22:]))
    told = value & (0xFFFFFFFF if place in {5, 6} else 0xFFFF)
    if fields[place] == told:
        return
    fields[place] = told
    assert "the container" in named(path, whole[:-22] + struct.pack(ENDING, *fields))


def listed(name: bytes, at: int, size: int, *, flags: int = 0, extra: bytes = b"") -> bytes:
    """An entry of a list of files."""
    lengths = (len(name), len(extra), 0)
    return (
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, flags, 0, 0, 33, 0, size, size, *lengths, 0, 0, 0, at)
        + name
        + extra
    )


def a_zip(content: bytes, entries: Sequence[bytes], *, comment: bytes = b"", zip64: int | None = None) -> bytes:
    """A ZIP whose list says whatever one likes. `zip64`: bytes of the list, as a second end record tells them."""
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
    "a file lies at the end of the world": a_zip(
        b"x" * 99, [listed(b"a", 0xFFFFFFFF, 0xFFFFFFFF, extra=struct.pack("<HH", 1, 24) + LONG)]
    ),
    "ten thousand names lie over one large file": a_zip(
        bytes(10_000_000), [listed(b"%d" % one, 0, 9_999_000) for one in range(10_000)]
    ),
    "a second end record lies": a_zip(b"x" * 99, [listed(b"a", 0, 1)], zip64=2**63),
    "a name has a NUL in it": a_zip(b"x" * 99, [listed(b"seal.json\0.exe", 0, 1)]),
    "a name is no UTF-8": a_zip(b"x" * 99, [listed(b"\xff\xfe", 0, 1, flags=0x800)]),
    "a name is a surrogate": a_zip(b"x" * 99, [listed(b"\xed\xa0\x80", 0, 1, flags=0x800)]),
    "a name leads elsewhere": a_zip(b"x" * 99, [listed(b"../../etc/passwd", 0, 1)]),
    "a name is as long as can be, and longer once it is written": a_zip(
        bytes(70_000), [listed(b"\xe9" * 0xFFFF, 0, 1)]
    ),
    "a name is a folder's": a_zip(b"x" * 99, [listed(b"files/", 0, 1)]),
    "there is no name": a_zip(b"x" * 99, [listed(b"", 0, 1)]),
    "a name stands there twice": a_zip(b"x" * 199, [listed(b"a", 0, 1), listed(b"a", 99, 1)]),
    "a file is said to be encrypted": a_zip(b"x" * 99, [listed(b"a", 0, 1, flags=1)]),
    "there is nothing": a_zip(b"", []),
    "there is only a comment": a_zip(b"", [], comment=b"PK\5\6" * 9),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pack_is_told_from_a_whole_one(content: bytes, path: Path) -> None:
    assert named(path, content) != ""


def test_a_list_of_files_longer_than_any_pack_s_is_not_read(path: Path) -> None:
    entries = [listed(b"%d" % one, 0, 0) for one in range(500_000)]
    tracemalloc.start()
    path.write_bytes(a_zip(b"", entries))
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert verify_pack(path).problems != ()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 8_000_000


def test_a_file_of_three_gigabytes_is_no_pack_s(path: Path) -> None:
    size = 3_000_000_000
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        ending = a_zip(b"", [listed(b"a", 0, size - 99)])
        file.write(ending[:-22] + struct.pack(ENDING, *struct.unpack(ENDING, ending[-22:])[:6], size, 0))
    assert "the container" in "\n".join(map(str, verify_pack(path).problems))


@pytest.mark.parametrize("name", [CUSTODY, MANIFEST, SEAL])
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
def test_what_a_pack_says_of_itself_can_be_anything(name: str, content: bytes, write: Write, path: Path) -> None:
    write()
    inside = contents(path)
    rewrite(path, {**inside, name: content})
    assert name == SEAL or name in "\n".join(map(str, verify_pack(path).problems))


def test_many_files_and_many_rows_are_held_together_in_one_go(write: Write, path: Path) -> None:
    """Twenty thousand items against thirty thousand rows, each with each, would take hours."""
    write()
    inside = contents(path)
    relog(inside, lambda rows: rows.extend(rows[-1:] * 30_000))
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    nowhere = msgspec.structs.replace(manifest.items[0], prev_chain_hash="0" * 64)
    inside[MANIFEST] = canonical(msgspec.structs.replace(manifest, items=(nowhere,) * 20_000))
    rewrite(path, inside)
    assert "files/1-scrubbed.jpg: the custody log does not say that it was exported" in named(path, path.read_bytes())


def test_a_name_in_a_pack_neither_breaks_its_line_nor_steers_a_terminal(write: Write, path: Path) -> None:
    write()
    rewrite(path, {**contents(path), "a\nthe pack of tip 1 is whole\x1b[2A": b"x"})
    said = CliRunner().invoke(evidence, ["verify", str(path)], color=True)
    assert said.exit_code == 1
    assert "a\ufffdthe pack of tip 1 is whole\ufffd[2A: it is in the pack" in said.output
    assert "\x1b" not in said.output


@pytest.mark.parametrize("cut", [0, 1, 22, 100, 5000])
def test_a_pack_that_is_cut_short_or_longer_is_named(cut: int, write: Write, path: Path) -> None:
    write()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut] if cut else whole + b"\0")
    assert verify_pack(path).problems != ()
    path.write_bytes(whole[:cut])
    assert verify_pack(path).problems != ()


def rewrite(path: Path, inside: dict[str, bytes]) -> None:
    """Write a pack anew as a forger would, with a seal and a container that fit."""
    inside = {name: content for name, content in inside.items() if name != SEAL}
    inside[SEAL] = pack.seal_of({name: hashlib.sha256(content).hexdigest() for name, content in inside.items()})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in inside.items():
            with archive.open(pack.entry_in(name), "w") as out:
                out.write(content)
    path.write_bytes(target.getvalue())


def relog(inside: dict[str, bytes], change: Callable[[list[Any]], Any], *, renumber: bool = False) -> None:
    """Change the rows of the log, and have the manifest name the log as it is then."""
    log = msgspec.json.decode(inside[CUSTODY], type=Log)
    rows = list(log.rows)
    change(rows)
    if renumber:
        rows = [msgspec.structs.replace(row, seq=place) for place, row in enumerate(rows, 1)]
    inside[CUSTODY] = canonical(msgspec.structs.replace(log, rows=tuple(rows)))
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    digest = hashlib.sha256(inside[CUSTODY]).hexdigest()
    inside[MANIFEST] = canonical(msgspec.structs.replace(manifest, custody=digest, head=rows[-1].hash))


def swap(rows: list[Any]) -> None:
    rows[2], rows[3] = rows[3], rows[2]


def retell(rows: list[Any]) -> None:
    entry = msgspec.structs.replace(rows[3].entry, officer="nobody")
    rows[3] = msgspec.structs.replace(rows[3], entry=entry, entry_sha256=chain.commitment(entry).hex())


FORGERIES: list[tuple[str, Callable[[list[Any]], Any], str]] = [
    ("rows change places", swap, "custody.json, row 3"),
    ("a row is taken out", lambda rows: rows.pop(3), "custody.json, row 4"),
    ("a row is put in twice", lambda rows: rows.insert(3, rows[3]), "custody.json, row 5"),
    ("an entry is told otherwise", retell, "custody.json, row 4"),
    ("the last rows are cut off", lambda rows: rows.pop(), "does not say that it was exported"),
]


@pytest.mark.parametrize("renumber", [False, True])
@pytest.mark.parametrize("forgery", FORGERIES, ids=[row[0] for row in FORGERIES])
def test_a_forged_log_is_named_even_if_all_around_it_fits(
    forgery: tuple[str, Callable[[list[Any]], Any], str], write: Write, path: Path, *, renumber: bool
) -> None:
    write(AGREED)
    inside = contents(path)
    relog(inside, forgery[1], renumber=renumber)
    rewrite(path, inside)
    assert forgery[2] in "\n".join(map(str, verify_pack(path).problems))


def test_a_file_that_is_exchanged_is_named_even_if_manifest_and_seal_are_too(write: Write, path: Path) -> None:
    written = write(AGREED)
    inside = contents(path)
    inside["files/1-original.jpg"] = b"another photo."
    manifest = msgspec.json.decode(inside[MANIFEST], type=Manifest)
    digest = hashlib.sha256(b"another photo.").hexdigest()
    items = tuple(msgspec.structs.replace(one, sha256=digest) if one.item_no == 1 else one for one in manifest.items)
    inside[MANIFEST] = canonical(msgspec.structs.replace(manifest, items=items))
    rewrite(path, inside)
    said = [str(problem) for problem in verify_pack(path, written.manifest).problems]
    assert "files/1-original.jpg: the custody log knows no such file" in said
    assert "manifest.json: its hash is not the one that the certificate shows: this is another pack" in said


@pytest.mark.parametrize("name", [CUSTODY, MANIFEST, SEAL, CERTIFICATES[0], "files/1-scrubbed.jpg"])
def test_what_is_taken_out_or_put_in_is_named(name: str, write: Write, path: Path) -> None:
    write()
    inside = contents(path)
    rewrite(path, {one: content for one, content in inside.items() if one != name})
    problems = verify_pack(path).problems
    assert name == SEAL or any(name in str(problem) for problem in problems)
    rewrite(path, {**inside, "files/extra.txt": b"x"})
    assert any("files/extra.txt" in str(problem) for problem in verify_pack(path).problems)


def test_whatever_calls_itself_a_pack_gets_an_answer(path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 10_000_000)
        archive.writestr(MANIFEST, b"[" * 100_000)
    for content in (b"", b"PK", b"\x89PNG" * 100, target.getvalue()):
        path.write_bytes(content)
        assert verify_pack(path).problems != ()
