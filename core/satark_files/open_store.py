"""Opens the store of files that an address names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from satark_files.extra_packages import needing
from satark_files.file_store import FileStore, FolderStore


def open_store(url: str, data_dir: Path, proxy_url: str = "") -> FileStore:
    """Open the store at `s3://bucket/folder` or `file:///folder`; with an empty address, the data folder.

    `proxy_url`: the proxy through which a bucket is reached; empty: none.

    Raises:
        MissingPackage: the extra `s3` is not installed.
        StorageDown: what the environment says of the service can't be used.
        ValueError: the address is of another kind.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc:
        with needing("s3"):
            from satark_files.bucket_store import BucketStore  # noqa: PLC0415 - an extra
        return BucketStore.at(url, data_dir, proxy_url)
    if url and not (parts.scheme == "file" and parts.path):
        raise ValueError("must be s3://bucket/folder or file:///folder")
    return FolderStore(Path(unquote(parts.path)) if url else data_dir)
