"""Cleans video and sound: ffmpeg copies the coded streams, without re-encoding, into a new container without tags.

It keeps the first video stream, the first audio stream, rotation and time stamps. `stream_metadata` and `audio_frames`
remove metadata inside the coded streams; a file whose sound holds metadata counts as damaged.
"""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from satark_files.limits import Limits
from satark_files.recordings import audio_frames, ffmpeg, preparation, stream_metadata
from satark_files.recordings.ffmpeg import CONTAINERS, Container
from satark_files.recordings.stream_metadata import CodecRules, blank_user_data, find_user_data, rules_for
from satark_files.scrubber import Cleaned, LeftOut, Unclean
from satark_files.sniff import sniff_file

_NO_TAGS = ("-dn", "-sn", "-map_metadata", "-1", "-map_chapters", "-1", "-c", "copy")
_REPRODUCIBLE = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d)\.(\d\d)")
_DECLARING_DURATION = frozenset({"mov", "matroska", "avi", "asf"})
"""Demuxers of containers whose head contains the playing time."""
_SOUND = re.compile(r"  Stream #0:.*: Audio: ")
_TRACKS: tuple[tuple[re.Pattern[str], int, LeftOut], ...] = (
    (re.compile(r"  Stream #0:.*: Video: (?!.*\(attached pic\))"), 1, "picture-tracks"),
    (_SOUND, 1, "sound-tracks"),
    (re.compile(r"  Stream #0:.*: Subtitle: "), 0, "subtitles"),
)
"""For each kind of track: its line in ffmpeg's report, the number to keep, and the name for further ones."""
_ALMOST_COMPLETE = 97
"""Percentage of its time from which a recording counts as complete, since containers round the time."""
_EXPECTED = re.compile(
    r"\S.*| *Metadata:|  Duration: .*|  Stream #0:[01](\[0x\w+\])?(\(und\))?: (Video|Audio): .*"
    r"| +creation_time *: 1970-01-01T00:00:00\.000000Z"
    r"| +Last message repeated \d+ times"
    r"|  (Program 1 ?|No Program)|    Metadata:| +(service_name *: Service01|service_provider *: FFmpeg)"
    r"| +(major_brand *: (isom|M4A |qt  |3g[p2]\w)|minor_version *: \d+|compatible_brands *: [\w ]{4,32})"
    r"| +(vendor_id *: (\[0\]\[0\]\[0\]\[0\]|FFMP)|handler_name *: (Video|Sound)Handler)"
    r"| +(DURATION *: [\d:.]+|encoder *: (Lavf|Lavc \w+|ffmpeg))"
    r"|    Side data:|      ([Dd]isplay ?[Mm]atrix: rotation of .*|CPB properties: .*)|"
    r"      (Content light level metadata: MaxCLL=\d+, MaxFALL=\d+|Mastering display metadata: [a-z_:=(), \d.]+"
    r"|Audio Service Type: [\w -]+"
    r"|Ambient viewing environment: [a-z_:=(), \d.]+|Spherical Mapping: (equirectangular|cubemap) [\d./() -]*)|"
)
"""Matches each line of ffmpeg's report on a file without tags: its defaults, and its log, which is not indented."""
_HASHED = ("-f", "streamhash", "-hash", "murmur3", "pipe:1")
"""Options to hash each stream, which finds ffmpeg's mistakes. A file's maker gains nothing by a hash collision."""
_KEEP_ROTATION = ("-noautorotate",)
_PLAYED_SECONDS = 60
_TELEPHONE = re.compile(rb"Audio: (pcm|adpcm)_")
"""Sound for which MP4 has no place, but which cameras write into MP4 all the same (G.711)."""
_FRAMED = re.compile(rb"\d\dwb[\s\S]{4}\xff[\xf0\xf1\xf8\xf9]")
"""Matches a sound chunk in an AVI file that begins with a header of its own (ADTS)."""
_AS_FRAMED = ("-tag:a", "0x1610")
"""The only tag with which ffmpeg writes such sound; CCTV recorders use the tag of sound without headers."""
_SEARCHED_BYTES = 1 << 20
_NOTHING = b"f172e5acc891f8bf6981a829b5a83a3d"
"""ffmpeg's hash of a stream that has no packet."""
_AMR = b"Audio: amr_"
_PREPARED = ".prepared"
_WITH_CODEC_HEADERS = frozenset({"mov", "matroska"})
"""Demuxers of the containers that keep each codec's own header unchanged."""


class RemuxScrubber:
    """Cleans video and sound by remuxing."""

    mimes = frozenset(CONTAINERS)
    picture: tuple[str, ...] = ("-map", "0:V:0?")
    sound: tuple[str, ...] = ("-map", "0:a:0?")
    """ffmpeg's options that select the pictures and the sound to keep."""
    looks_for_hidden = True
    """Whether a film may hold frames that a player does not show."""

    def __init__(self) -> None:
        self.ffmpeg = ffmpeg.find_program()

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        container = CONTAINERS[sniff_file(source)]
        described = ffmpeg.describe(self.ffmpeg, container, source)
        if preparation.has_no_sizes(source):
            return self._scrub_prepared(preparation.read_to_end, source, target, limits)
        container = _with_place_for_sound(container, described, source)
        original = described.decode(errors="replace")
        rules = self._rules(described if container.has_video else b"")
        listed = self.looks_for_hidden and container.demuxer == "mov" and _has_picture(original)
        sound = _SOUND.search(original) is not None
        try:
            hashes = self._remux(source, target, container, rules, listed=listed, sound=sound)
        except Unclean:
            if _AMR not in described or source.suffix == _PREPARED:
                raise
            return self._scrub_prepared(preparation.split_frames, source, target, limits)
        if listed and preparation.hides_frames(_packets(target)):
            return self._scrub_prepared(preparation.encode_shown, source, target, limits)
        report = self._check(target, container, rules, hashes)
        if _duration(report) > 1000 * limits.seconds:
            raise Unclean("too-long")
        self._clean_streams(target, container, rules)
        self._decode_start(target, container, limits, video=b",v," in hashes)
        self._leave_muted(target, container)
        timed = _readable(original, report) if container.demuxer in _DECLARING_DURATION else 100
        return Cleaned(
            container.mime,
            readable=min(timed, _almost(preparation.percent_present(source))),
            left_out=_left_out(original),
        )

    def _rules(self, described: bytes) -> CodecRules:
        return rules_for(described)

    def _scrub_prepared(
        self, prepare: Callable[[str, Container, Path, Path], None], source: Path, target: Path, limits: Limits
    ) -> str:
        """Prepare a film and clean it, and report the parts of the original that the copy lacks."""
        container = CONTAINERS[sniff_file(source)]
        prepared = source.with_name(f"{source.name}{_PREPARED}")
        prepare(self.ffmpeg, container, source, prepared)
        made = self.scrub(prepared, target, limits)
        original = ffmpeg.describe(self.ffmpeg, container, source).decode(errors="replace")
        return Cleaned(made, readable=getattr(made, "readable", 100), left_out=_left_out(original))

    def _check(self, target: Path, container: Container, rules: CodecRules, hashes: bytes) -> str:
        """Check that the copy has these streams and no tags; return ffmpeg's report on it."""
        if container.demuxer in _WITH_CODEC_HEADERS:
            stream_metadata.remove_messages(target)
            stream_metadata.blank_comments(target)
        hashes_after, report = self._inspect(target, container, rules.compared)
        if (
            all(line.endswith(_NOTHING) for line in hashes.splitlines())
            or _by_content(hashes_after) != _by_content(hashes)
            or not _has_no_tags(report)
        ):
            raise Unclean("damaged")
        return report

    def _remux(
        self, source: Path, target: Path, container: Container, rules: CodecRules, *, listed: bool, sound: bool
    ) -> bytes:
        """Copy the streams into a new container, and return the hash of each stream that was read.

        `listed`: list the packets of the film, too. `sound`: the film has sound, so write a muted copy, too.
        """
        streams = self.picture * container.has_video + self.sound
        written = (*streams, *_NO_TAGS, *rules.filters, *_REPRODUCIBLE)
        hashed = (*streams, "-c", "copy", *rules.compared, *_HASHED)
        if listed and rules.filters == rules.compared:
            outputs = (*written, *self._at_once(target, container, muted=sound and not rules.has_user_data))
        else:
            outputs = (
                *written,
                *container.write(target),
                *hashed,
                *(preparation.list_packets(_packets(target)) if listed else ()),
            )
        return self._run("error", *_KEEP_ROTATION, *container.read(source), *outputs)[0]

    def _at_once(self, target: Path, container: Container, *, muted: bool) -> tuple[str, ...]:
        """Return the options that write, hash, list and mute after one filtering, which takes most of the time."""
        exact = ("-fflags", "+bitexact")
        film = ("-select", "v")
        branches = (
            container.branch(target, *exact),
            ffmpeg.branch("streamhash", "pipe:1", "-hash", "murmur3"),
            ffmpeg.branch("framecrc", f"file:{_packets(target)}", *film),
            container.branch(_unchecked(target), *exact, *film),
        )
        return ffmpeg.write_branches(*branches[: None if muted else -1])

    def _leave_muted(self, target: Path, container: Container) -> None:
        """Keep the muted copy, which was written with the clean one, if it holds only the film of the clean one."""
        unchecked = _unchecked(target)
        if unchecked.exists():
            hashes = self._inspect(target, container)[0]
            film = b"\n".join(line for line in hashes.splitlines() if b",v," in line)
            with contextlib.suppress(Unclean):
                self._check(unchecked, container, CodecRules(), film)
                unchecked.rename(muted_beside(target))

    def _inspect(self, clean: Path, container: Container, compared: tuple[str, ...] = ()) -> tuple[bytes, str]:
        """Return the hash of every stream of the copy, and ffmpeg's report on it."""
        every = ("-map", "0", "-c", "copy", *compared, *_HASHED)
        hashes, report = self._run("info", *_KEEP_ROTATION, *container.read(clean), *every)
        return hashes, report.decode(errors="replace").partition("Stream mapping:")[0]

    def _clean_streams(self, clean: Path, container: Container, rules: CodecRules) -> None:
        """Remove from the copy the metadata that ffmpeg carries over inside the streams."""
        if rules.has_user_data:
            blank_user_data(clean, find_user_data(self._coded_video(clean, container)))
            if find_user_data(self._coded_video(clean, container)):
                raise Unclean("damaged")
        if container.mime in audio_frames.MIMES:
            clean.write_bytes(audio_frames.frames_only(container.mime, clean.read_bytes()))
        if container.demuxer == "ogg" and _chained_streams(clean) > 1:
            raise Unclean("damaged")
        if container.mime in stream_metadata.MIMES and stream_metadata.holds_metadata(container.mime, clean):
            raise Unclean("damaged")

    def _coded_video(self, clean: Path, container: Container) -> bytes:
        options = ("-map", "0:V:0", "-c", "copy", "-bsf:v", "dump_extra", "-f", "data", "pipe:1")
        return self._run("error", *container.read(clean), *options)[0]

    def _decode_start(self, clean: Path, container: Container, limits: Limits, *, video: bool) -> None:
        """Decode the key frames and the sound of the first minute, which a player plays first."""
        cheaply = ("-discard:v", "nokey", "-skip_frame:v", "nokey", "-max_pixels:v", str(limits.pixels)) * video
        duration = ("-t", str(_PLAYED_SECONDS))
        self._run("error", *cheaply, *duration, *container.read(clean), "-f", "null", "pipe:1")

    def _run(self, level: str, *arguments: str) -> tuple[bytes, bytes]:
        return ffmpeg.run(self.ffmpeg, level, *arguments)


def muted_beside(clean: Path) -> Path:
    """Return the path of a film's muted copy, if it was made with the clean copy."""
    return clean.with_name(f"{clean.name}.muted")


def _unchecked(clean: Path) -> Path:
    return clean.with_name(f"{clean.name}.unchecked")


def _with_place_for_sound(container: Container, described: bytes, source: Path) -> Container:
    """Return the container of the copy: MP4 and AVI have no place for some sound that cameras write into them."""
    if container.demuxer == "mov" and _TELEPHONE.search(described):
        return CONTAINERS["video/quicktime"]
    if container.demuxer == "avi" and b"Audio: aac" in described:
        with source.open("rb") as file:
            if _FRAMED.search(file.read(_SEARCHED_BYTES)):
                return msgspec.structs.replace(container, options=_AS_FRAMED)
    return container


def _has_picture(report: str) -> bool:
    return any(_TRACKS[0][0].match(line) for line in report.splitlines())


def _packets(target: Path) -> Path:
    return target.with_name(f"{target.name}.packets")


def _has_no_tags(report: str) -> bool:
    """Whether ffmpeg reports no tag, chapter, attachment or data stream."""
    return all(_EXPECTED.fullmatch(line) for line in report.splitlines())


def _duration(report: str) -> int:
    found, units = _DURATION.search(report), (3_600_000, 60_000, 1000, 10)
    return sum(int(part) * unit for part, unit in zip(found.groups(), units, strict=True)) if found else 0


def _readable(original: str, copy: str) -> int:
    """Return the percentage of its time that a recording still plays."""
    expected, found = _duration(original), _duration(copy)
    return _almost(100 * found // expected if expected and found else 100)


def _almost(percent: int) -> int:
    return percent if percent < _ALMOST_COMPLETE else 100


def _left_out(report: str) -> list[LeftOut]:
    """Return the parts of a recording besides the first picture track and the first sound track."""
    lines = report.splitlines()
    counted = [(sum(bool(track.match(line)) for line in lines), most, name) for track, most, name in _TRACKS]
    return [name for count, most, name in counted if count > most]


def _by_content(hashes: bytes) -> list[bytes]:
    """Return the type and hash of each stream without its number, since containers may order tracks differently."""
    return sorted(line.partition(b",")[2] for line in hashes.splitlines())


def _chained_streams(clean: Path) -> int:
    """Count the comment headers of an Ogg file: ffmpeg copies those of all but the first stream of a chain."""
    content = clean.read_bytes()
    return max(content.count(head) for head in (b"OpusTags", b"\x03vorbis", b"\x81theora"))
