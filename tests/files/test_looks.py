"""How a picture looks: a copy of it looks alike, another picture does not."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from satark.casework.related.index import are_alike
from satark_files.looks import looks_of
from support.evidence.pipeline_driver import PipelineDriver, chunks


def picture(seed: int) -> Image.Image:
    """A picture of some shapes."""
    chance, image = random.Random(seed), Image.new("RGB", (640, 480), "#888")
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, w, h = (chance.randrange(20, 400) for _ in range(4))
        draw.rectangle((x, y, x + w // 2, y + h // 2), fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


def sent_on(image: Image.Image) -> Image.Image:
    """The picture as a messenger passes it on: smaller, and saved again with loss."""
    small = image.resize((image.width * 2 // 5, image.height * 2 // 5))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=40)
    return Image.open(data)


@pytest.mark.slow("a third of a second of a processor")
def test_a_picture_that_was_sent_on_looks_like_the_original() -> None:
    for seed in range(25):
        original = picture(seed)
        for copy in (sent_on(original), ImageEnhance.Brightness(sent_on(sent_on(original))).enhance(1.1)):
            assert are_alike(looks_of(original), looks_of(copy))


def test_other_pictures_do_not_look_alike_and_a_plain_one_is_like_none() -> None:
    every = [looks_of(picture(seed)) for seed in range(60)]
    assert not any(are_alike(one, other) for at, one in enumerate(every) for other in every[:at])
    plain = looks_of(Image.new("RGB", (64, 64), "#fff"))
    assert not are_alike(plain, plain)


@pytest.mark.parametrize(("name", "has_looks"), [("jpg", True), ("heic", True), ("pdf", False), ("opus", False)])
async def test_the_pipeline_reads_how_pictures_look(
    name: str,
    has_looks: bool,  # noqa: FBT001 - pytest's
    make: Callable[[str], Path],
    driver: PipelineDriver,
) -> None:
    file = await driver.process(chunks(make(name).read_bytes(), 10**7))
    assert bool(file.looks) is has_looks
