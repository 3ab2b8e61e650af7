"""Write an upload's stream as sealed segments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from satark_web_form.uploads import segments
from satark_web_form.uploads.draft_key import UploadManifest
from satark_web_form.uploads.upload_errors import UploadRefused


class SegmentWriter:
    """Buffers one upload in memory, and seals it segment by segment."""

    def __init__(self, folder: Path, manifest: UploadManifest, offset: int) -> None:
        self._folder = folder
        self._manifest = manifest
        self._offset = offset
        self._buffer = bytearray()

    async def write(self, stream: AsyncIterator[bytes]) -> int:
        """Write a stream; if it breaks off, write what was received. Return the new offset.

        Raises:
            UploadRefused: `too-large`, or what `segments.write_segment` raises.
        """
        try:
            async for chunk in stream:
                if self._offset + len(self._buffer) + len(chunk) > self._manifest.max_bytes:
                    raise UploadRefused("too-large")
                self._buffer += chunk
                while len(self._buffer) >= segments.SEGMENT_BYTES:
                    await self._seal(segments.SEGMENT_BYTES)
        finally:
            if self._buffer:
                await self._seal(len(self._buffer))
        return self._offset

    async def _seal(self, count: int) -> None:
        content = bytes(self._buffer[:count])
        try:
            await asyncio.to_thread(
                segments.write_segment, self._folder, self._offset, content, self._manifest.recipient
            )
        except BaseException:
            self._buffer.clear()
            raise
        del self._buffer[:count]
        self._offset += count
