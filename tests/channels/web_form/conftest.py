"""A service in the test's process, with the form and two desks, and a browser without JavaScript."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image
from sqlalchemy import Connection, func, select

from satark.store import tables
from satark_testing.dialogue.walking import Photo
from satark_testing.waiting import until
from support.evidence.images import exif, photo
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService, form_service


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Use one event loop per module, since its tests share a service."""
    return "asyncio"


@pytest.fixture(scope="module")
async def served(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FormService]:
    """Serve the form. Delay tickets are valid at once."""
    section = {
        "proof_wait_seconds": 0,
        "proof_waits_per_minute": 10_000,
        "free_drafts_per_minute": 10_000,
        "free_uploads_per_minute": 10_000,
        "onion_url": "http://satark2345.onion",
    }
    async with form_service(tmp_path_factory.mktemp("form"), section) as service:
        yield service


@pytest.fixture
async def citizen(served: FormService) -> AsyncIterator[FormCitizen]:
    """Return a citizen with a browser without JavaScript, in English."""
    async with FormCitizen(served.url, "en") as citizen:
        yield citizen


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """Return a small photo."""
    file = io.BytesIO()
    Image.effect_noise((160, 120), 80).convert("RGB").save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
async def located(citizen: FormCitizen, served: FormService) -> FormCitizen:
    """Return a citizen at the review, with a photo whose location has been found."""
    before = served.host.services.read(_files_with_origin)
    await citizen.begin()
    for step in ("category", "what", "place", "police"):
        await citizen.answer(SHORT[step])
    out = io.BytesIO()
    photo().save(out, "JPEG", exif=exif())
    await citizen.press("Continue", {}, [Photo(out.getvalue())])
    await until(lambda: served.host.services.read(_files_with_origin) > before, every=0.1)
    return citizen


def _files_with_origin(connection: Connection) -> int:
    return connection.execute(select(func.count()).where(tables.file.c.record_with_origin != b"")).scalar_one()
