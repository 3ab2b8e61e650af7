"""Checks the documentation against the code: generated parts, names and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reference

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
WIDTH = 100
GENERATED = [page for page in PAGES if "<!-- generated:" in page.read_text()]


def relative(path: Path) -> str:
    """Return a path relative to the repository."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", GENERATED, ids=relative)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text()
    assert text == reference.current(text), "run: python docs/reference.py"


def test_every_generated_part_is_used_once() -> None:
    places = re.findall(r"<!-- generated: (\w+) -->", "".join(page.read_text() for page in GENERATED))
    assert sorted(places) == sorted(reference.WRITERS)


# ----------------------------------------------------------------- links


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_prose_wraps_at_a_hundred_characters(page: Path) -> None:
    written = re.sub(r"<!-- generated: .*?<!-- end -->", "", prose(page), flags=re.DOTALL)
    wrapped = (line for line in written.splitlines() if not re.match(r" *(\||#|<|!\[|\[[^]]+\]:)", line))
    assert [line for line in wrapped if len(line) > WIDTH and " " in line.strip()] == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_has_a_target(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if "://" not in link]
    for link in links:
        target, _, anchor = link.partition("#")
        linked = page.parent / target if target else page
        assert linked.exists(), link
        assert not anchor or anchor in anchors(linked), link


# ----------------------------------------------------------------- promises and the tree

PRIVACY_PAGES = [
    DOCS / "privacy.md",
    DOCS / "threat-model.md",
    DOCS / "evidence.md",
    ROOT / "SECURITY.md",
    ROOT / "README.md",
]
PROMISES = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", "".join(page.read_text() for page in PRIVACY_PAGES))
ABSOLUTE = re.compile(r"\b(?:never|always|cannot|can't|can not)\b", re.IGNORECASE)


def test_privacy_names_tests() -> None:
    assert PROMISES


@pytest.mark.parametrize(("file", "name"), sorted(set(PROMISES)))
def test_the_test_behind_a_promise_exists(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "row",
    re.findall(
        r"^\| (?!promise|---)(.+) \|$", (DOCS / "privacy.md").read_text().partition("## Promises")[2], re.MULTILINE
    ),
)
def test_a_promise_names_its_tests(row: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", row)


@pytest.mark.parametrize("page", PRIVACY_PAGES, ids=relative)
def test_never_always_and_cannot_stand_beside_the_name_of_a_test(page: Path) -> None:
    for block in re.split(r"\n\n|\n(?=[|#]|- )", prose(page)):
        words = re.sub(r"`[^`]*`", "", block)
        promised = ABSOLUTE.search(words)
        assert not promised or re.search(r"`tests/[\w/]+\.py::test_\w+`", block), (
            f"{promised[0]!r} needs the name of a test beside it, or another word: {block[:200]}"
        )


def tree() -> list[str]:
    """Return the paths of the annotated tree in architecture.md; folders end in a slash."""
    (block,) = re.findall(r"^```tree\n(.*?)^```", (DOCS / "architecture.md").read_text(), re.DOTALL | re.MULTILINE)
    parents: list[str] = []
    paths = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 4
        name = line.split()[0]
        parents[depth:] = [name]
        paths.append("".join(parents))
    return paths


def test_every_path_of_the_annotated_tree_exists() -> None:
    assert [path for path in tree() if not (ROOT / path).exists()] == []


def test_the_annotated_tree_shows_every_module_and_package_of_the_core() -> None:
    core = ROOT / "core" / "satark"
    modules = {relative(path) for path in core.glob("*.py") if path.name != "__init__.py"}
    packages = {f"{relative(path.parent)}/" for path in core.glob("*/__init__.py")}
    assert sorted((modules | packages) - set(tree())) == []


CHANGES = re.findall(
    r"^\| (?!to change|---)(.+?) \| (.+) \|$",
    (DOCS / "architecture.md").read_text().partition("## Where do I change")[2].partition("## The tree")[0],
    re.MULTILINE,
)


NEEDS_NO_ROW = re.compile(r"/(__init__|plugin|tables)\.py$|/(migrations|testing)/|/scaffold/|^core/satark/[^/]+\.py$")
"""Entry points, plugins' tables, migrations, what tests use, and the contract, which a page lists."""


def test_at_least_three_hundred_changes_have_a_first_file() -> None:
    assert len(CHANGES) >= 300


def test_every_module_is_the_first_file_of_some_change() -> None:
    named = {file for _, files in CHANGES for file in re.findall(r"`(.+?)`", files)}
    modules = {relative(path) for folder in ("core", "channels", "sinks") for path in (ROOT / folder).rglob("*.py")}
    left = [one for one in sorted(modules - named) if not NEEDS_NO_ROW.search(one)]
    assert left == [], "add a row to 'where do I change …' in docs/architecture.md"


STEPS = re.findall(r"^\| \d+ \| `([^`]+)` `([^`]+)` \|", (DOCS / "performance.md").read_text("utf-8"), re.MULTILINE)


def test_a_message_is_followed_from_socket_to_socket() -> None:
    assert len(STEPS) >= 14


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_each_step_of_a_message_is_where_the_page_says(file: str, name: str) -> None:
    source = (ROOT / file).read_text("utf-8")
    assert re.search(rf"^(class|def|    def) {name}\b", source, re.MULTILINE)


def test_the_files_of_every_change_are_there() -> None:
    named = {change: re.findall(r"`(.+?)`", files) for change, files in CHANGES}
    assert [change for change, files in named.items() if not files] == []
    assert [file for files in named.values() for file in files if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize(
    "step", ["Business verification", "/$PHONE_NUMBER_ID/register", "never expires", "/$WABA_ID/subscribed_apps"]
)
def test_the_whatsapp_page_has_each_step_without_which_no_message_comes(step: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("\n## WhatsApp\n")[2]
    assert step in page.partition("\n## ")[0]
