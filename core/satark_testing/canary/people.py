"""Two tipsters, who send the same two tips on every medium."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from PIL import Image

from satark_testing.canary.telling import World
from satark_testing.dialogue.walking import Photo, receipt_in, tip_number_in
from satark_testing.installation import MatrixInstallation
from satark_testing.matrix.drivers import Driver, FormDriver
from satark_testing.twilio.people import code_in
from satark_words.catalogues import Catalogue, Catalogues

_PLACE: Final = "लंका"
_CRY: Final = "बचाओ, वह मुझे चाकू से मार रहा है"
_UNAVAILABLE: Final = 2
"""Meta's error code for a temporary failure."""


class Secrets(msgspec.Struct, frozen=True):
    """The secrets in which the worlds differ. Each has two values."""

    tipsters: tuple[dict[str, str], dict[str, str]]
    contents: tuple[TipContent, TipContent]
    accused: tuple[str, str] = ("station", "district")
    """Options of the question about the involved office. Each excludes another desk, and leads to equally much."""

    @classmethod
    def make(cls) -> Secrets:
        """Make secrets. The second tip is longer, but by less than the padding of drafts."""
        sentence = "रात में हथियार बिकते हैं"
        contents = (TipContent.make(f"{sentence} {{}}", 6400), TipContent.make(f"{sentence} {{}} {{}} {{}} {{}}", 9600))
        return cls((make_tipster(), make_tipster()), contents)

    @property
    def identifiers(self) -> dict[str, str | bytes]:
        """Every identifier of both sides, by a name that begins with its kind."""
        return {
            f"{name} {side}": value
            for side in (0, 1)
            for name, value in {**self.tipsters[side], **self.contents[side].identifiers}.items()
        }


class Visitor:
    """One tipster in one world."""

    def __init__(self, matrix: MatrixInstallation, secrets: Secrets, world: World) -> None:
        self._matrix, self._texts = matrix, Catalogues.of("satark.dialogue")["hi"]
        self._tipster = secrets.tipsters[world.sender]
        self._content = secrets.contents[world.words]
        self._accused = secrets.accused[world.desk]
        self.numbers: list[str] = []
        """The numbers of the tips, in the order in which they were sent."""
        self.codes: list[str] = []
        """The codes of their receipts."""
        self.cookies: list[str] = []

    async def send_tips(self, media: Sequence[str]) -> None:
        """Send a tip on each medium, one after the other."""
        for medium in media:
            await self._send_tip(medium)

    async def leave_drafts(self, media: Sequence[str]) -> None:
        """Leave a draft on each medium but the phone; make Meta unavailable, so that a reply waits."""
        for medium in media:
            if medium != "voice":
                await self._leave(await self._begin(medium))
        self._matrix.installation.peer.faults.fail_next(_UNAVAILABLE, 1000)
        await self._matrix.citizen(self._tipster).say(self._content.words)

    async def _send_tip(self, medium: str) -> None:
        """Send a tip with a file. On WhatsApp, agree to be reached, and tell the desk of a danger afterwards."""
        driver = await self._begin(medium)
        await self._choose(driver, "police", "yes")
        await self._choose(driver, "police_unit", self._accused)
        await driver.command("skip", self._texts)
        if "send" in driver.can:
            kind = "image" if medium in ("sms", "web_form") else "document"
            await driver.send(Photo(self._content.photo, "image/jpeg", kind, name=self._tipster["file name"]))
        else:
            await driver.speak(self._content.recording)
        await driver.command("done", self._texts)
        await self._choose(driver, "review", "send")
        code = receipt_in(driver.last_answer) or code_in(driver.last_answer)
        self.codes.append(code)
        self.numbers.append(tip_number_in(driver.last_answer))
        if medium != "voice":  # nobody is called back
            await self._choose(driver, "reach", "yes" if medium == "whatsapp" else "no")
        if medium == "whatsapp":
            for words in ("status", code, f"{self._content.words} {_CRY}", "status"):
                await driver.type(words)
        await self._leave(driver)

    async def _begin(self, medium: str) -> Driver:
        """Answer the first questions: language, category, what happened, where."""
        driver = self._matrix.driver(medium, self._tipster)
        await driver.greet()
        await driver.choose(self._texts.text("language.name"), self._texts)
        await self._choose(driver, "category", "ARMS")
        for words in (self._content.words, _PLACE):
            await (driver.type(words) if "type" in driver.can else driver.speak(self._content.recording))
        return driver

    async def _choose(self, driver: Driver, question: str, option: str) -> None:
        """Choose an option by its label: the channel's own, if it has one."""
        worded = self._texts.reworded("satark.dialogue", driver.channel)
        labels = [_label(texts, question, option, driver.channel) for texts in (self._texts, worded) if texts]
        offered = (one for one in labels if re.search(rf" {re.escape(one)}$", driver.last_answer, re.MULTILINE))
        await driver.choose(next(offered, labels[0]), self._texts)

    async def _leave(self, driver: Driver) -> None:
        if isinstance(driver, FormDriver):
            self.cookies += driver.cookies.values()
        await driver.leave()


def _label(texts: Catalogue, question: str, option: str, channel: str) -> str:
    key = f"{question}.{option}"
    return texts.text(texts.own(key if key in texts else f"option.{option}", channel))


_DIGITS: Final = "789"
"""The digits of numbers. No port, day or usual size has only these digits, so five of them do not occur by chance."""
_CONSONANTS: Final = "bdfgjklmpqrtvwxz"
_random: Final = random.SystemRandom()
_SLICES: Final = (0.4, 0.6, 0.8)
_SLICE_BYTES: Final = 24
IN_PARTS: Final = frozenset(
    {"phone", "wa_id", "BSUID", "Telegram id", "user name", "profile name", "user agent", "device tag"}
)
"""The kinds of identifiers whose parts identify a person as well."""


def make_tipster() -> dict[str, str]:
    """Make a tipster's identifiers on every medium: kind → identifier."""
    return {
        "phone": digits(12, "919"),
        "wa_id": digits(12, "919"),
        "BSUID": digits(17),
        "Telegram id": digits(10),
        "user name": word("{}"),
        "profile name": word("{} {}"),
        "IP address": f"2001:db8:{':'.join(f'{_random.randrange(0x1000, 0xFFFF):x}' for _ in range(4))}::1",
        "user agent": word("{}/9.8 (Linux; {} Build/{})"),
        "file name": word("{}.jpg"),
    }


class TipContent(msgspec.Struct, frozen=True):
    """What a tip tells: words, or a recording in their place, and a photo."""

    words: str
    recording: bytes
    device: str
    """The device's name in the photo's Exif block."""
    photo: bytes

    @classmethod
    def make(cls, sentence: str, size: int) -> TipContent:
        """Make a tip from a sentence with fields for made-up words. `size`: of its recording, in bytes."""
        device = word("Phone {}")
        recording = b"\0recording" + _random.randbytes(size)  # of no known type: sealed without being cleaned
        return cls(word(sentence), recording, device, _photo(device, size // 100))

    @property
    def identifiers(self) -> dict[str, str | bytes]:
        """The identifiers by kind: the words, slices of the files, and the device."""
        files = {"picture": self.photo, "voice": self.recording}
        return {"words": self.words, "device tag": self.device} | {
            f"{kind} {int(at * 10)}": data[int(len(data) * at) :][:_SLICE_BYTES]
            for kind, data in files.items()
            for at in _SLICES
        }


def digits(count: int, prefix: str = "") -> str:
    """Make a number, such as a mobile number without a plus sign."""
    return prefix + "".join(_random.choices(_DIGITS, k=count - len(prefix)))


def word(pattern: str) -> str:
    """Fill the fields of a pattern with made-up words."""
    return pattern.format(*("".join(_random.choices(_CONSONANTS, k=9)) for _ in range(pattern.count("{}"))))


def kind_of(name: str) -> str:
    """Return the kind of an identifier: its name without the numbers."""
    return name.rstrip("0123456789 ")


def _photo(device: str, side: int) -> bytes:
    """Make a JPEG whose Exif block names the device."""
    picture, exif = Image.frombytes("RGB", (side, side), _random.randbytes(side * side * 3)), Image.Exif()
    exif[0x0110], out = device, io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=90)
    return out.getvalue()
