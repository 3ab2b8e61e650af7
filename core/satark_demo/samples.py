"""Sample photos and a sample recording, for visitors without a camera or a microphone.

The photos are drawn here and carry the EXIF metadata that real phones write.
"""

import io
import math
import wave
from collections.abc import Callable, Mapping
from types import MappingProxyType

from PIL import ExifTags, Image, ImageDraw

_SIZE = (960, 720)
_LATITUDE = (25.0, 17.0, 21.0)
_LONGITUDE = (83.0, 0.0, 25.0)

SPOKEN = "spoken"
"""The name of the sample recording."""
_RATE = 8000
_VOWELS = ((700.0, 1220.0), (300.0, 2100.0), (320.0, 800.0))
"""The formants of the vowels a, i and u, in hertz."""

Draw = Callable[[ImageDraw.ImageDraw], None]


def names() -> list[str]:
    """Return the names of the sample photos."""
    return list(_PICTURES)


def photograph(name: str) -> bytes:
    """Return a JPEG whose EXIF holds a place (Assi Ghat), the time, and the phone's model, serial number and owner.

    Raises:
        KeyError: there is no sample photo of this name.
    """
    draw = _PICTURES[name]
    picture = Image.linear_gradient("L").resize(_SIZE)
    image = Image.merge("RGB", [picture.point([int(v * f) for v in range(256)]) for f in (0.30, 0.36, 0.55)])
    draw(ImageDraw.Draw(image))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, exif=_phone_exif())
    return out.getvalue()


def spoken() -> bytes:
    """Return a two-second WAV file of three synthesized vowels, in place of a spoken answer."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(b"".join(_sample(n).to_bytes(2, "little", signed=True) for n in range(2 * _RATE)))
    return out.getvalue()


def _sample(number: int) -> int:
    """Return one sample of a voice at 120 Hz. Its overtones are loudest at the two formants of a vowel."""
    time = number / _RATE
    first, second = _VOWELS[int(time * 1.5) % len(_VOWELS)]
    tones = (
        (n * 120, 1 / (1 + abs(n * 120 - first) / 90) + 0.5 / (1 + abs(n * 120 - second) / 120)) for n in range(1, 16)
    )
    swell = math.sin(math.pi * (time * 1.5 % 1)) ** 0.5
    return int(2500 * swell * sum(loud * math.sin(math.tau * hertz * time) for hertz, loud in tones))


def _phone_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Demo Telephone"
    exif[ExifTags.Base.Model] = "DT-9 of Ramesh"
    exif[ExifTags.Base.Artist] = "Ramesh, Assi"
    taken = exif.get_ifd(ExifTags.IFD.Exif)
    taken[ExifTags.Base.DateTimeOriginal] = "2026:11:20 22:41:07"
    taken[ExifTags.Base.BodySerialNumber] = "SN-4471-0925"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", _LATITUDE
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", _LONGITUDE
    return exif


def _pickup(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 560, 960, 720), fill="#2b2a28")
    draw.polygon(
        [(150, 560), (150, 420), (330, 420), (400, 320), (560, 320), (590, 420), (820, 430), (820, 560)], "#dfe3e6"
    )
    draw.polygon([(345, 415), (410, 335), (545, 335), (568, 415)], "#5b7488")
    for x in (270, 690):
        draw.ellipse((x - 62, 498, x + 62, 622), fill="#16181a")
        draw.ellipse((x - 26, 534, x + 26, 586), fill="#a7adb2")
    draw.rectangle((790, 470, 828, 500), fill="#ffd76a")
    draw.rectangle((600, 500, 650, 540), fill="#c9a227")


def _bottles(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 540, 960, 720), fill="#6b4a2f")
    for index in range(7):
        x = 120 + index * 110
        draw.rounded_rectangle((x, 330, x + 70, 560), 16, fill=("#3f7d4f", "#8a5a2b")[index % 2])
        draw.rectangle((x + 24, 260, x + 46, 340), fill=("#356b44", "#744b24")[index % 2])
        draw.rectangle((x + 6, 420, x + 64, 490), fill="#efe6d2")


_PICTURES: Mapping[str, Draw] = MappingProxyType({"pickup": _pickup, "bottles": _bottles})
