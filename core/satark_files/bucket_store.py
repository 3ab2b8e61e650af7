"""The store of files in a bucket of a service that speaks S3. Its client, obstore, is the extra `s3`.

The service notes the second at which it took each file, and nobody can make it forget that.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, cast

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, GenericError
from obstore.store import S3Store

from satark_files.file_store import FileStore, Part, StorageDown, Stored, at_once

_PATIENCE: Final[Any] = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
_STEP: Final = 8 << 20
"""Bytes of one request of a large file; S3 takes no fewer than 5 MB."""


class BucketStore(FileStore):
    """The files of a bucket, or of a folder of it.

    `scratch`: a folder of this machine, where sealed files are kept without a name until they are sent. `prefix`:
    beginning of the names of all files.
    """

    def __init__(self, bucket: S3Store, scratch: Path, prefix: str = "") -> None:
        self._bucket = bucket
        self._scratch = scratch
        self._prefix = prefix

    @classmethod
    def at(cls, url: str, scratch: Path, proxy_url: str = "") -> BucketStore:
        """Return the store at `s3://bucket/folder`, reached through a proxy if one is named.

        Region, keys and the service's address come from the environment (`AWS_…`) or from the machine's role.
        """
        plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        client: Any = {"timeout": "30s", "connect_timeout": "5s", "allow_http": plain}
        client |= {"proxy_url": proxy_url} if proxy_url else {}
        with _answers():
            bucket = S3Store.from_url(url.rstrip("/"), client_options=client, retry_config=_PATIENCE)
        return cls(bucket, scratch)

    def below(self, prefix: str) -> BucketStore:
        return BucketStore(self._bucket, self._scratch, f"{self._prefix}{prefix}/")

    def begin(self, name: str) -> Part:
        return Part(name, self._file())

    def finish(self, *parts: Part) -> None:
        """Send the parts, each as a whole, and check that the service has all of each."""
        try:
            list(at_once(self._send, parts))
        finally:
            for part in parts:
                part.discard()

    def _send(self, part: Part) -> None:
        size = part.file.seek(0, io.SEEK_END)
        part.file.seek(0)
        with _answers():
            obstore.put(self._bucket, self._prefix + part.name, part.file, chunk_size=_STEP, max_concurrency=2)
        if self.size(part.name) != size:
            raise StorageDown("a file was not taken completely")

    def put(self, name: str, content: bytes, *, new: bool = False) -> None:
        with _answers():
            obstore.put(self._bucket, self._prefix + name, content, mode="create" if new else "overwrite")

    def open(self, name: str) -> BinaryIO:
        """Fetch a file, and open the copy, which has no name."""
        with _answers():
            found = obstore.get(self._bucket, self._prefix + name)
            file = self._file()
            file.writelines(map(bytes, found))
        file.seek(0)
        return file

    def read(self, name: str, start: int = 0, most: int = -1) -> bytes:
        part: Any = {"range": (start, start + most) if most >= 0 else {"offset": start}}
        with _answers():
            try:
                return bytes(obstore.get(self._bucket, self._prefix + name, options=part).bytes())
            except GenericError as error:
                if "416 Range Not Satisfiable" not in str(error):
                    raise
                return b""  # nothing is left from there on

    def size(self, name: str) -> int | None:
        try:
            with _answers():
                return obstore.head(self._bucket, self._prefix + name)["size"]
        except FileNotFoundError:
            return None

    def files(self, below: str = "") -> Iterator[Stored]:
        with _answers():
            for found in obstore.list(self._bucket, self._prefix + below or None):
                for one in found:
                    name = one["path"].removeprefix(self._prefix)
                    yield Stored(name, one["size"], one["last_modified"].timestamp())

    def remove(self, names: Iterable[str]) -> None:
        with _answers():
            obstore.delete(self._bucket, [self._prefix + name for name in names])

    def _file(self) -> BinaryIO:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cast("BinaryIO", TemporaryFile(dir=self._scratch))


@contextmanager
def _answers() -> Iterator[None]:
    """Turn the client's exceptions into errors of files, without file names, which tell of tips."""
    try:
        yield
    except AlreadyExistsError:
        raise FileExistsError("there is such a file") from None
    except FileNotFoundError:
        raise FileNotFoundError("there is no such file") from None
    except (BaseError, ValueError) as error:
        raise StorageDown(f"the store does not answer, or refuses ({type(error).__name__})") from None
