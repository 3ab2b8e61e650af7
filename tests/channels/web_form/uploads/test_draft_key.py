"""A manifest opens only with the key of its draft, for its upload."""

from __future__ import annotations

import pickle

import pytest

from satark_web_form.uploads.draft_key import DraftKey, UploadManifest
from support.altering import altered


def test_the_repr_of_a_draft_key_hides_it(key: DraftKey) -> None:
    assert f"{key} {key!r} {[key]}" == "DraftKey(…) DraftKey(…) [DraftKey(…)]"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(ValueError, match="32 bytes"):
        DraftKey(b"short")


def manifest() -> UploadManifest:
    return UploadManifest(identity="AGE-SECRET-KEY-1", recipient="age1", kind="image", max_bytes=9, length=None)


def test_a_manifest_opens_only_for_its_draft_and_upload(key: DraftKey) -> None:
    sealed = key.seal(manifest(), "upload")
    assert key.open(sealed, "upload") == manifest()
    assert b"AGE-SECRET-KEY" not in sealed
    assert key.open(sealed, "another") is None
    assert DraftKey(bytes(32)).open(sealed, "upload") is None
    assert key.open(altered(sealed), "upload") is None
    assert key.open(b"", "upload") is None


def test_a_secret_of_another_length_is_no_key() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DraftKey(bytes(31))
