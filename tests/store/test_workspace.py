"""The workspace: in memory, private to this user, and empty after every use."""

from pathlib import Path

import pytest

from satark.store import workspace as workspaces


def test_the_workspace_is_in_memory_and_private(tmp_path: Path, workspace: Path) -> None:
    assert workspace.parent == workspaces.SHARED_MEMORY
    assert workspace.stat().st_mode & 0o777 == 0o700
    assert workspaces.workspace_dir(tmp_path) == workspace
    other = workspaces.workspace_dir(tmp_path / "other")
    other.rmdir()
    assert other != workspace


def test_without_shared_memory_the_workspace_is_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspaces, "SHARED_MEMORY", tmp_path / "no")
    assert workspaces.workspace_dir(tmp_path / "data") == tmp_path / "data" / "work"


def test_a_workspace_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "SHARED_MEMORY", tmp_path)
    workspaces.workspace_dir(tmp_path).chmod(0o755)
    with pytest.raises(PermissionError):
        workspaces.workspace_dir(tmp_path)


def test_a_symbolic_link_instead_of_the_workspace_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "SHARED_MEMORY", tmp_path)
    place = workspaces.workspace_dir(tmp_path)
    place.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        workspaces.workspace_dir(tmp_path)


def test_a_temporary_folder_is_removed_after_an_error(workspace: Path) -> None:
    def fail() -> None:
        with workspaces.temporary_folder(workspace) as folder:
            (folder / "plain").write_text("words")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(workspace.iterdir()) == []
