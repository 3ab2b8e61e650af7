"""Drives the evidence pipeline in tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from satark.api.sealing import new_identity
from satark.evidence.pipeline import ProcessedFile, process_file
from satark.store.sealed_files import SealedForm, StoredForm, open_sealed, stored_form
from satark_files.file_store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits
    from satark_files.sandbox.sandbox import Sandbox


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """Stream data in chunks of this size."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


class PipelineDriver:
    """Processes files of one tip with a key of its own, and opens the results."""

    def __init__(self, folder: Path, sandbox: Sandbox, workspace: Path, limits: Limits) -> None:
        self.folder, self.sandbox, self.workspace, self.limits = folder, sandbox, workspace, limits
        self.store = FolderStore(folder)
        self.recipient, self.identity = new_identity()

    async def process(
        self,
        stream: AsyncIterator[bytes],
        declared_mime: str = "",
        sandbox: Sandbox | None = None,
        *,
        name: str = "1",
        voice: bool = False,
    ) -> ProcessedFile:
        """Process a file."""
        return await process_file(
            stream,
            recipient=self.recipient,
            store=self.store,
            name=name,
            declared_mime=declared_mime,
            limits=self.limits,
            sandbox=sandbox or self.sandbox,
            workspace=self.workspace,
            voice=voice,
        )

    def original(self, expected_sha256: str = "", *, name: str = "1") -> bytes:
        """Open the original of a file."""
        return self.open(self.form("original", name), expected_sha256)

    def clean(self, expected_sha256: str = "", *, name: str = "1") -> bytes:
        """Open the clean copy of a file."""
        return self.open(self.form("clean", name), expected_sha256)

    def form(self, form: SealedForm, name: str = "1") -> StoredForm:
        """Return where a sealed form of a file is."""
        return stored_form(self.store, name, form)

    def open(self, sealed: StoredForm, expected_sha256: str = "") -> bytes:
        """Open any sealed file."""
        return b"".join(open_sealed(sealed, self.identity, self.workspace, expected_sha256))

    async def wait_until_writing(self) -> None:
        """Wait until a part is being written."""
        while self.files != ["1.original.age.part"]:  # noqa: ASYNC110 - the file system sends no event
            await asyncio.sleep(0.01)

    @property
    def files(self) -> list[str]:
        """The names of all files in the folder."""
        return sorted(path.name for path in self.folder.rglob("*"))
