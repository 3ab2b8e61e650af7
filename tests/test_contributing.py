"""Files for contributors' tools parse, and the commands and files that they name exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
HOOKS = [
    hook for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"] for hook in repo["hooks"]
]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
GUIDES = (ROOT / "CONTRIBUTING.md", ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md", *FORMS)


def targets() -> set[str]:
    """Return what `make` can be asked for."""
    return set(re.findall(r"^([\w./-]+):(?!=)", MAKEFILE.replace("$(READY)", ".venv/ready"), re.MULTILINE))


def checklist(page: Path) -> list[str]:
    """Return what stands on a page as a list of boxes to tick, each as one line."""
    return [" ".join(item.split()) for item in re.findall(r"^- \[ \] (.+(?:\n  .+)*)", page.read_text(), re.MULTILINE)]


@pytest.mark.slow("a process")
def test_make_without_a_target_lists_every_command() -> None:
    shown = subprocess.run([shutil.which("make") or ""], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^  make ([\w-]+) +\S", shown, re.MULTILINE)
    assert sorted(listed) == sorted(targets() - {".PHONY", ".venv/ready"})


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_every_make_command_that_a_guide_names_exists(page: Path) -> None:
    named = set(re.findall(r"`make ([\w./-]+)", page.read_text()))
    assert named <= targets()


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERBS = {"build", "docs", "full", "lint", "outside", "quick", "test"}
PYTHONS = "python:${{ matrix.python }}-trixie"
"""The image of what runs on the oldest and on the newest Python."""


def jobs() -> list[dict[str, Any]]:
    """Return every job of every workflow."""
    return [job for file in WORKFLOWS for job in yaml.safe_load(file.read_text())["jobs"].values()]


def test_the_workflows_call_the_verbs_of_the_makefile_and_nothing_else() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    called = set()
    for job in jobs():
        assert job["container"]["image"] in {container["image"], PYTHONS}
        checkout, packages, command = job["steps"]
        assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
        assert packages == {"run": container["onCreateCommand"]}
        verb = command["run"].removeprefix("make ")
        called |= set(job["strategy"]["matrix"]["verb"]) if verb == "${{ matrix.verb }}" else {verb}
    assert called == VERBS
    assert called <= targets()


def test_the_workflows_may_only_read() -> None:
    assert [yaml.safe_load(file.read_text())["permissions"] for file in WORKFLOWS] == [{"contents": "read"}] * 2


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_every_hook_before_a_commit_runs_a_tool_of_the_project(hook: dict[str, Any]) -> None:
    program, *arguments = hook["entry"].split()
    if program == "make":
        assert arguments[-1] in targets()
    else:
        assert program.startswith(".venv/bin/")
        assert (ROOT / program).exists()


def test_the_quick_tests_run_before_a_commit_and_every_test_in_ci() -> None:
    command = r"^(\w+): .*\n\t@(?:\$\(IN_MEMORY\) )?\$\(PYTEST\) .* -m \"?([\w ]+?)\"? \$\(ARGS\)$"
    chosen = dict(re.findall(command, MAKEFILE, re.MULTILINE))
    assert chosen == {"quick": "not slow and not full", "test": "not full", "full": "full"}
    assert "make --silent quick" in [hook["entry"] for hook in HOOKS]
    run = re.findall(r"^(?:make|tests) (quick|test|full)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert run == ["quick", "test", "full"]


def test_the_hooks_take_everything_from_this_repository() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {repository["repo"] for repository in repositories} == {"local"}


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.name)
def test_an_issue_form_asks_for_something_and_warns_nobody_away(form: Path) -> None:
    parts = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= parts.keys()
    fields = [field for field in parts["body"] if field["type"] != "markdown"]
    assert any(field.get("validations", {}).get("required") for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)


def test_a_leak_is_not_reported_in_public() -> None:
    config = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml").read_text())
    assert config["blank_issues_enabled"] is False
    assert any("security" in link["url"] for link in config["contact_links"])


def test_a_pull_request_has_the_questions_of_the_contributing_page() -> None:
    asked = checklist(ROOT / "CONTRIBUTING.md")
    assert asked
    assert checklist(ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md") == asked


def test_the_container_has_the_same_tools_as_ci() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"].removeprefix("make ") in targets()
    for command in (container["onCreateCommand"], (ROOT / ".ci" / "run").read_text()):
        assert "<.ci/packages" in command
    assert container["forwardPorts"] == [int(re.findall(r"^PORT \?= (\d+)", MAKEFILE, re.MULTILINE)[0])]
    assert [
        line for line in (ROOT / ".ci" / "packages").read_text().splitlines() if not re.fullmatch(r"[a-z0-9.+-]+", line)
    ] == []
