"""Checks the documentation against the code: generated parts, names and links."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import reference
from satark.settings.core import Core

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    [
        *DOCS.rglob("*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("channels/*/README.md"),
        *ROOT.glob("sinks/*/README.md"),
        *ROOT.glob("examples/*/README.md"),
    ]
)
WIDTH = 100
GENERATED = [page for page in PAGES if "<!-- generated:" in page.read_text()]


def relative(path: Path) -> str:
    """Return a path relative to the repository."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.slow("every page")
def test_the_generated_parts_are_up_to_date() -> None:
    old = [relative(page) for page in GENERATED if (text := page.read_text()) != reference.current(text)]
    assert old == [], "run: python docs/reference.py"


def test_every_generated_part_is_used_once() -> None:
    places = re.findall(r"<!-- generated: (\w+) -->", "".join(page.read_text() for page in GENERATED))
    assert sorted(places) == sorted(reference.WRITERS)


# ----------------------------------------------------------------- links


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def written(page: Path) -> str:
    """Return a page without its code blocks and its generated parts."""
    return re.sub(r"<!-- generated: .*?<!-- end -->", "", prose(page), flags=re.DOTALL)


def test_prose_wraps_at_a_hundred_characters() -> None:
    lines = ((relative(page), line) for page in PAGES for line in written(page).splitlines())
    wrapped = (one for one in lines if not re.match(r" *(\||#|<|!\[|\[[^]]+\]:)", one[1]))
    assert [(page, line) for page, line in wrapped if len(line) > WIDTH and " " in line.strip()] == []


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_has_a_target() -> None:
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    assert [(relative(page), link) for page, link in links if "://" not in link and not leads(page, link)] == []


def leads(page: Path, link: str) -> bool:
    """Whether a link on a page leads to a file, and to a heading of it where it names one."""
    target, _, anchor = link.partition("#")
    linked = page.parent / target if target else page
    return linked.exists() and (not anchor or anchor in anchors(linked))


# ----------------------------------------------------------------- promises

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


def test_the_tests_behind_the_promises_exist() -> None:
    assert [f"{file}::{name}" for file, name in sorted(set(PROMISES)) if not is_test(ROOT / file, name)] == []


def is_test(file: Path, name: str) -> bool:
    """Whether a file has a test of this name."""
    return file.is_file() and bool(re.search(rf"^(async )?def {name}\(", file.read_text("utf-8"), re.MULTILINE))


def test_every_promise_names_its_tests() -> None:
    promises = re.split(r"\n- ", (DOCS / "privacy.md").read_text().partition("## Promises")[2])[1:]
    assert len(promises) > 50
    assert [promise for promise in promises if not re.search(r"`tests/[\w/]+\.py::test_\w+`", promise)] == []


def test_never_always_and_cannot_stand_beside_the_name_of_a_test() -> None:
    unproven = []
    for block in (block for page in PRIVACY_PAGES for block in re.split(r"\n\n|\n(?=[|#]|- )", prose(page))):
        promised = ABSOLUTE.search(re.sub(r"`[^`]*`", "", block))
        if promised and not re.search(r"`tests/[\w/]+\.py::test_\w+`", block):
            unproven.append(f"{promised[0]}: {block[:200]}")
    assert unproven == [], "each needs the name of a test beside it, or another word"


@pytest.mark.parametrize(
    "step", ["Business verification", "/$PHONE_NUMBER_ID/register", "never expires", "/$WABA_ID/subscribed_apps"]
)
def test_the_whatsapp_page_has_each_step_without_which_no_message_comes(step: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("\n## WhatsApp\n")[2]
    assert step in page.partition("\n## ")[0]


# ----------------------------------------------------------------- the house

ARCHITECTURE = DOCS / "architecture.md"
HOST = ROOT / "core/satark"
"""Where a path on the page of the architecture begins that names no folder of the house."""


def test_the_architecture_fits_on_three_hundred_lines() -> None:
    assert len(ARCHITECTURE.read_text("utf-8").splitlines()) <= 300


def test_every_path_that_a_page_names_exists() -> None:
    roots = r"`((?:\.ci|\.github|channels|core|docs|examples|sinks|tests)/[\w.*/-]+)`"
    named = {(relative(page), path) for page in PAGES for path in re.findall(roots, page.read_text("utf-8"))}
    hosts = "|".join(path.name for path in HOST.iterdir() if path.is_dir())
    below = set(re.findall(rf"`((?:{hosts})/[\w.*/-]+)`", ARCHITECTURE.read_text("utf-8")))
    assert len(below) > 50
    assert [path for path in sorted(below) if not any(HOST.glob(path.rstrip("/")))] == []
    assert [(page, path) for page, path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))] == []


FILE_NAME = re.compile(r"(?<![\w/.*{<-])\w[\w/-]*\.(?:py|yaml|tsv)\b(?![.\w(])")


def comments(path: Path) -> str:
    """Return the comments and docstrings of a file; of a test, whose texts may be files, comments; of others, all."""
    text = path.read_text("utf-8")
    wanted = r"# .*" if ROOT / "tests" in path.parents else r'"""(?s:.*?)"""|# .*'
    return "\n".join(re.findall(wanted, text)) if path.suffix == ".py" else text


@pytest.mark.slow("reads all of the code")
def test_every_file_that_a_comment_names_exists() -> None:
    folders = ("core", "channels", "sinks", "tests", "docs")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*") if path.is_file()]
    endings = {"/".join(path.parts[n:]) for path in files for n in range(1, len(path.parts))}
    ours = [path for path in files if path.suffix in {".py", ".yaml", ".toml"} and "examples" not in path.parts]
    named = {(relative(path), name) for path in (*ours, ARCHITECTURE) for name in FILE_NAME.findall(comments(path))}
    assert len(named) > 300
    # Mutants name files of a plugin that they make.
    made = re.compile("scaffold/|how-to/")
    assert [one for one in sorted(named) if one[1] not in endings and not made.match(one[1])] == []


def test_the_architecture_names_the_layers_that_the_import_rules_hold() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (held,) = (rule["layers"] for rule in rules if rule.get("containers") == ["satark"])
    told = re.findall(r"^\| [^|`]+ \| (`\w+`(?:, `\w+`)*) \| [^|]+ \|$", prose(ARCHITECTURE), re.MULTILINE)
    assert [sorted(re.findall(r"`(\w+)`", row)) for row in told] == [sorted(re.findall(r"\w+", row)) for row in held]


# ----------------------------------------------------------------- defaults

UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
TIME = re.compile(rf"(\d[\d,.]*)[ -]({'|'.join(UNITS)})s?\b")


def defaults() -> dict[str, set[float]]:
    """Return the default of every setting that is a time, in seconds, by the setting's name in any section."""
    found: dict[str, set[float]] = {}
    line = r"^- `(\w+_(second|minute|hour|day)s(?:_\w+)?)` \(`([\d.]+)`\)"
    for name, unit, value in re.findall(line, reference.settings(), re.MULTILINE):
        found.setdefault(name, set()).add(float(value) * UNITS[unit])
    return found


DEFAULTS = defaults()


def sentences(text: str) -> Iterator[str]:
    """Give the sentences of a page, and the rows of its tables."""
    for block in re.split(r"\n\n|\n(?=\||- |\d+\. )", text):
        yield from re.split(r"(?<=[.:;?]) (?=\S)", " ".join(block.split()))


def wrong_times(text: str) -> list[str]:
    """Return the sentences that name a setting beside a time that is not its default."""
    found = []
    for sentence in sentences(text):
        named = set().union(*(DEFAULTS.get(name, ()) for name in re.findall(r"`(\w+)`", sentence)))
        times = {float(number.replace(",", "")) * UNITS[unit] for number, unit in TIME.findall(sentence)}
        if named and times - named:
            found.append(sentence)
    return found


def test_a_time_beside_a_setting_is_the_settings_default() -> None:
    assert [(relative(page), sentence) for page in PAGES for sentence in wrong_times(written(page))] == []


def test_a_wrong_time_beside_a_setting_is_found() -> None:
    days = Core().retention.closed_days
    assert wrong_times(f"A closed tip is kept for {days} days (`closed_days`).") == []
    assert wrong_times(f"A closed tip is kept for {days + 1} days (`closed_days`).")
    assert wrong_times("| closed | 2 years (`closed_days`) |")
