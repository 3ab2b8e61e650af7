"""Satark's dependencies are pinned, have allowed licences, are listed, and are checked for known flaws."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT7

from support.supply.audit import AuditFailed, in_words, read_report
from support.supply.licences import is_allowed, licence_of, read_allowed
from support.supply.lock import cut_lock, needed_to_run, read_lock
from support.supply.sbom import make_sbom

pytestmark = pytest.mark.slow("a run of pytest")

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_locked_package_is_pinned_by_hash_and_has_a_licence_that_is_allowed() -> None:
    allowed, packages = read_allowed(), [package for package in read_lock() if package.here]
    assert len(packages) > 100
    found = {package.name: licence_of(package.name, allowed) for package in packages}
    assert {name: licence for name, licence in found.items() if not is_allowed(licence, allowed)} == {}


def test_the_list_of_licences_names_no_package_that_is_not_locked() -> None:
    assert set(read_allowed().packages) <= {package.name for package in read_lock()}


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_one_licence_of_an_or_and_every_licence_of_an_and_must_be_allowed(expression: str, good: bool) -> None:  # noqa: FBT001
    assert is_allowed(expression, read_allowed()) is good


def test_runtime_packages_are_distinguished_from_development_tools() -> None:
    needed = needed_to_run()
    assert {"starlette", "cryptography", "sqlalchemy", "asyncssh", "cffi"} <= needed
    assert not {"pytest", "ruff", "mypy", "atheris", "mutmut", "satark"} & needed


def test_the_server_lock_pins_runtime_packages_and_no_development_tool(tmp_path: Path) -> None:
    needed = needed_to_run()
    (tmp_path / "server.lock").write_text(cut_lock(needed))
    # Some have one entry for each Python.
    assert read_lock(tmp_path / "server.lock") == [package for package in read_lock() if package.name in needed]


def test_the_web_node_lock_omits_packages_for_files_and_printing() -> None:
    left_out = needed_to_run() - needed_to_run(without=("evidence", "printing"))
    assert left_out >= {"imageio-ffmpeg", "pikepdf", "lxml", "pypdfium2", "pi-heif", "fpdf2", "fonttools", "uharfbuzz"}
    assert not left_out & {"starlette", "pillow", "sqlalchemy", "psycopg", "asyncssh"}


def test_an_incomplete_server_lock_is_refused() -> None:
    with pytest.raises(ValueError, match="no entry for no-such-package"):
        cut_lock(["anyio", "no-such-package"])


@pytest.mark.slow("writes the whole bill")
def test_the_bill_of_materials_lists_every_locked_package_and_is_valid() -> None:
    packages = read_lock()
    text = make_sbom(packages, needed_to_run(), read_allowed())
    assert text == make_sbom(packages, needed_to_run(), read_allowed())
    bom = json.loads(text)
    schemas = files("cyclonedx.schema._res")
    schema = json.loads(schemas.joinpath("bom-1.6.SNAPSHOT.schema.json").read_text())
    others = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    store = {name: json.loads(schemas.joinpath(name).read_text()) for name in others}
    registry = _registry(schema["$id"], store)
    jsonschema.Draft7Validator(schema, registry=registry).validate(bom)
    assert {(one["name"], one["version"]) for one in bom["components"]} == {(p.name, p.version) for p in packages}
    by_name = {one["name"]: one for one in bom["components"]}
    assert by_name["cryptography"]["scope"] == "required"
    assert by_name["pytest"]["scope"] == "excluded"
    assert len(by_name["cryptography"]["hashes"]) > 3
    assert bom["metadata"]["component"]["name"] == "satark"


def test_a_line_without_a_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("anyio==4.1.0\n")
    with pytest.raises(ValueError, match="anyio is not pinned"):
        read_lock(tmp_path / "lock")


def test_a_known_flaw_fails_and_is_named() -> None:
    flaw = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
    other = {"name": "y", "version": "2", "vulns": []}
    words, code = in_words(read_report(json.dumps({"dependencies": [flaw, other], "fixes": []})))
    assert code == 1
    assert "2 packages were checked, 1 known flaws" in words
    assert "x 1: PYSEC-1, mended in 1.1" in words


def test_an_unreachable_advisory_database_is_reported_without_failure() -> None:
    skipped = {"name": "x", "skip_reason": "Dependency not found on PyPI"}
    for report in (
        read_report(json.dumps({"dependencies": [skipped]})),
        read_report("", "requests.exceptions.ConnectionError: Max retries exceeded"),
    ):
        words, code = in_words(report)
        assert (code, "not reachable" in words, "no package was checked" in words) == (0, True, True)


def test_a_package_that_was_not_checked_is_named() -> None:
    checked, skipped = {"name": "x", "version": "1", "vulns": []}, {"name": "y", "skip_reason": "not found"}
    assert in_words(read_report(json.dumps({"dependencies": [checked, skipped]}))) == (
        "1 packages were checked, 0 known flaws\nnot checked: y",
        0,
    )


def test_any_other_failure_of_pip_audit_is_an_error() -> None:
    with pytest.raises(AuditFailed, match="no such file"):
        read_report("", "Traceback\nFileNotFoundError: no such file")


def _registry(base: str, store: Mapping[str, Any]) -> Registry[Any]:
    made: Registry[Any] = Registry()
    return made.with_resources(
        [(f"{base.rpartition('/')[0]}/{name}", DRAFT7.create_resource(contents)) for name, contents in store.items()]
    )
