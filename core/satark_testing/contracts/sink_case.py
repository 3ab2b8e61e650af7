"""The description of a sink, which its author gives to the kit, and the comparison of what its destination shows."""

from base64 import b64encode
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from satark.api.channel import RawRequest
from satark.api.sink import Sink
from satark.api.tip import STATUSES, Status
from satark.api.web import Page
from satark_testing.contracts.forgeries import Proven
from satark_testing.contracts.provider_peer import Provider
from satark_testing.contracts.rules import attempt, require
from satark_words.graphemes import Unit, is_boundary, size

_ABOUT: Final = frozenset(
    {"category", "priority", "flags", "received", "language", "district", "station", "place", "accused", "revision"}
    | {"destination", "type"}
)
_NOT_SENT: Final = frozenset({"due", "lost", "unsent"})
KINDS: Final = _ABOUT | _NOT_SENT | {"number", "answer", "message", "caption", "file", "withheld"}
"""The kinds of parts of a tip that a destination may show."""
_SECRET: Final = ("answer what", "answer place", "message", "caption", "file")
"""Parts that only the office may see, by the beginnings of their names. A code, such as a category, tells less."""
_TELLING: Final = 40
"""Bytes of a part that stand in a text by no chance."""
_COUNTED: Final = KINDS - _NOT_SENT - {"type", "caption"}
"""Kinds of which a destination shows no more than the tip has; a file that was erased has a type too."""
HOOKS: Final = frozenset({"answers", "status", "text", "webhook", "withdraws"})
"""What else `omits` may name: see `SinkCase.answers`, `webhook` and `withdraws`."""
Cut: TypeAlias = int | tuple[int, Unit]
"""The length of the longest text that a destination takes: in bytes, or in another unit, as `(160, "characters")`."""
CUT: Final = "…"
"""The end of a text that was cut."""
_ONE_CHARACTER: Final = 30
"""Most units that a cut text may be shorter than its limit, so that its last character is whole."""
_END: Final = 8
"""Bytes at the end of a cut text that may belong to the cut: half a character, or a mark."""
_AROUND: Final = 20
"""Characters of a text that an error shows on each side of a difference."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an office answers to a tip."""

    number: str
    """The tip's number."""
    destination: str
    """The name of the office's destination, without the name of the sink."""
    status: Status
    text: str
    id: str = ""
    """The answer's own id at the office."""


class Webhook(Proven, frozen=True, kw_only=True):
    """How an office posts its answers to a page of the plugin. The kit posts each until the page takes it.

    It has the fields of `Proven` too.
    """

    page: Callable[[], Page]
    """Makes the page of `satark_desk_pages`, or of `satark_web_pages`, with the sink's context. It is called again for
    each restart."""
    request: Callable[[Answer], RawRequest]
    """Makes the office's request with an answer, not signed yet: the same one whenever it is the same answer, whose id
    at the office is `Answer.id`."""
    sign: Callable[[RawRequest, int], RawRequest]
    """Signs a request, as the office does at a Unix time. A header that holds the time must be a recent one."""


class SinkPeer(Provider, frozen=True, kw_only=True):
    """A destination that a sink reaches by HTTP. Fields that are left out suit most services."""

    sink: Callable[[str], Sink]
    """Makes a sink that uses the destination at a base URL. It is called again for each restart."""
    acknowledges: bool = True
    """Whether an answer names the tip, so that the sink can tell it from the answer to another."""
    expire: Callable[[], object] | None = None
    """Ends every token that `answer` has given: it refuses them from now on. Required where an answer has an
    `access_token`."""


class SinkCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sink, and what its checks need."""

    sink: Sink | None = None
    """The sink, which is not open yet. A case with a `peer` needs none."""
    peer: SinkPeer | None = None
    """The destination, if the sink reaches it by HTTP. It also becomes unreachable."""
    folder: Path
    """An empty folder for the files of the deliveries."""
    held: Callable[[], Mapping[str, object]]
    """Returns everything that the destination has received completely, by name."""
    name: str = "main"
    """The destination's name, without the name of the sink."""
    second: str = ""
    """The name of another destination that the sink can have at the same time; empty: it has only one. With it,
    `unpack` gives `destination`."""
    unpack: Callable[[object], Mapping[str, bytes]] | None = None
    """Splits the content that `held` has of one tip into `envelope`, `document`, `message 1`, `record 1`, `file 1`. A
    sink that does not read tips needs it if `held` does not show the parts' bytes.

    For a sink that reads, it returns the values that officers see there, in UTF-8: `number`, `category`, `priority`,
    `received`, `language`, `district` and `station` (as the tip has them); `flags`, and the units in `accused` (with
    spaces between them); of each answer its step, such as `answer what` or `answer place` (see `written`); `place`
    (`latitude,longitude`), `message 1`, `revision` and `destination` (its name); of each file, by its own number,
    `file 1` (the plain copy), `type 1` and `caption 1`; and the numbers of other files, with spaces between them:
    `due`, `lost`, `unsent` (erased, or without a clean copy) and `withheld`. A destination that does not tell `unsent`
    from `lost` may name both in either. `answer category` may be left out: `category` has it.

    `public`: all that people outside the office can see of it there, such as a ticket's requester, or whoever gets its
    mails: no answer in words, message or file of the tip may be in it. Give it where a destination has such people."""
    omits: Collection[str] = ()
    """Kinds of parts (of `KINDS`) that a reading destination intentionally does not show. One that shows `file` shows
    `due`, `lost` and `unsent` too."""
    cuts: Mapping[str, Cut] = {}
    """Kind (`answer`, `message`, `caption`) → the longest text that the destination takes: its bytes, or a pair such as
    `(160, "characters")` or `(500, "utf16")`. The sink cuts a longer one after a whole character, and ends it with `…`:
    `satark_words.graphemes.truncate`."""
    replaces: bool = True
    """Whether a later revision takes the place of the earlier one. A folder or a mailbox keeps both: False."""
    answers: Callable[[Answer], object] | None = None
    """Makes an office answer: puts the answer where the sink's `listen` finds it, such as on the peer's next page. It
    may be `async`. The sink posts it with the context's `reader(…).find(…)`.

    Required of a sink with `listen`; one that listens for other things has `answers` in `omits`. An office that gives
    no `status`, or no `text`, has that in `omits`. A `NEED_INFO` is posted with `question=True`."""
    webhook: Webhook | None = None
    """How an office posts its answers, if a page takes them. Required of a plugin with the hook `satark_desk_pages`;
    one whose pages take no answers has `webhook` in `omits`."""
    statuses: Collection[Status] = STATUSES
    """The statuses that the office gives. Each is tried."""
    withdraws: Callable[..., object] | None = None
    """The plugin's hook `satark_erased`, if `held` then loses the tip. Required of a plugin with that hook; one that
    only deletes rows of its own has `withdraws` in `omits`."""
    restarted: Callable[[], Sink] | None = None
    """Makes the sink anew, as a restart does: what it kept in memory is lost. Required with `answers` or `withdraws`; a
    case with a `peer` needs none."""
    own_folder: Path | None = None
    """The folder of a destination that shows words of tips. A sink that reads leaves words nowhere else."""
    recipient: str = ""
    """The destination's age recipient, if the sink reads tips; see `satark.api.sealing.new_identity`."""
    unreachable: Callable[[], AbstractContextManager[object]] | None = None
    """Makes the destination unreachable while the context is open. A case with a `peer` needs none."""


def written(value: Any) -> str:
    """Return an answer as `unpack` gives it: `0` for a 0, a list's codes with spaces between them, a place's text, and
    the number of its file for one that was spoken."""
    if isinstance(value, Mapping):
        return str(value.get("text") or value.get("voice", ""))
    return " ".join(value) if isinstance(value, list) else str(value)


def check_omitted(case: SinkCase) -> None:
    """Check that a case says what its destination shows.

    Raises:
        BrokenRule: it does not.
    """
    omits = {*case.omits}
    require(case.unpack or omits >= KINDS, "S27", "the case", "neither `unpack` nor all kinds in `omits`")
    strange = omits - KINDS - HOOKS
    require(not strange, "S27", "the case", f"`omits` has {_listed(strange)}: it may have {_listed(KINDS | HOOKS)}")
    hidden = _NOT_SENT & omits
    silent = hidden and "file" not in omits
    require(not silent, "S40", "the case", f"`omits` has {_listed(hidden)} of a destination that shows files")


def check_shown(case: SinkCase, expected: Mapping[str, bytes], held: Sequence[object], rule: str = "") -> None:
    """Compare the parts of one tip with those that the destination shows.

    `rule`: the rule that a difference breaks; empty: each kind has its own.

    Raises:
        BrokenRule: a part is missing, cut, changed or another tip's, or there are too many.
    """
    unpack = case.unpack or (lambda _: {})
    shown = attempt("S27", "`unpack` of what the destination holds", lambda: [dict(unpack(one)) for one in held])
    own = [one for one in shown if one.get("number") == expected["number"]] or shown
    found = {name: part for one in own for name, part in one.items() if part}
    found.setdefault("answer category", expected["category"])
    for name, part in sorted(expected.items(), key=lambda one: not one[0].startswith("file ")):
        kind = name.partition(" ")[0]
        if kind in {*case.omits, *_NOT_SENT} or (kind == "destination" and not case.second):
            continue
        _check_part(case, name, part, found.get(name), rule)
    strange = {name for name in found.keys() - expected.keys() if name.partition(" ")[0] in _COUNTED}
    require(not strange, rule or "S23", "a tip", f"the destination shows {_listed(strange)}, which the tip has not")
    if "file" not in case.omits:
        _check_told(expected, found, rule or "S40")
        _check_once(case, expected, [one for one, at in zip(held, shown, strict=True) if at in own], rule or "S39")
    parts = {name: part.strip()[:_TELLING] for name, part in expected.items() if name.startswith(_SECRET)}
    seen = [name for name, part in parts.items() if part in found.get("public", b"")]
    require(not seen, "S59", "what `unpack` gives as `public`", f"{_listed(seen)} of the tip")


def _check_part(case: SinkCase, name: str, part: bytes, there: bytes | None, rule: str) -> None:
    kind, subject = name.partition(" ")[0], f"a tip's {name}"
    if kind in {"file", "withheld", *_ABOUT}:
        rule = rule or {"file": "S39", "withheld": "S40"}.get(kind, "S41")
        require(there == part, rule, subject, _difference(part, there))
        return
    if (cut := case.cuts.get(kind)) is not None:
        longest, unit = measured(cut)
        if size(part.decode(), unit) > longest:
            _check_cut(part.decode(), (there or b"").decode(errors="replace"), longest, unit, subject)
            return
    whole = there == part or (kind in {"answer", "message", "caption"} and part in (there or b""))
    length = len(there or b"")
    is_cut = _AROUND < length < len(part) - _ONE_CHARACTER and _same(part, there or b"") > length - _END
    found = f"cut after {length} of {len(part)} bytes: does `cuts` lack a limit of the destination?" if is_cut else ""
    require(whole, rule or ("S42" if is_cut else "S23"), subject, found or _difference(part, there))


def measured(cut: Cut) -> tuple[int, Unit]:
    """Return the number and the unit of the length of a longest text."""
    return cut if isinstance(cut, tuple) else (cut, "bytes")


def _check_cut(text: str, shown: str, longest: int, unit: Unit, subject: str) -> None:
    require(shown.endswith(CUT), "S42", subject, f"it does not end with {CUT!r}, so nobody sees that it was cut")
    kept = shown.removesuffix(CUT)
    require(text.startswith(kept), "S42", subject, _difference(text.encode(), shown.encode()))
    whole = len(kept) == len(text) or is_boundary(text, len(kept))
    require(whole, "S42", subject, f"the cut splits a character: {text[len(kept) :][:1]!a} follows")
    fits = longest - _ONE_CHARACTER <= size(shown, unit) <= longest
    require(fits, "S42", subject, f"{size(shown, unit)} {unit}, where the destination takes {longest}")


def _check_told(expected: Mapping[str, bytes], found: Mapping[str, bytes], rule: str) -> None:
    """Check that the destination is told of each file that it did not get."""
    told = {state: {*found.get(state, b"").decode().replace(",", " ").split()} for state in _NOT_SENT}
    true = {state: {*expected.get(state, b"").decode().split()} for state in _NOT_SENT}
    missing = true["due"] - told["due"]
    require(not missing, rule, "files that are still due", f"`due` does not name {_listed(missing)}")
    gone, known = true["lost"] | true["unsent"], told["lost"] | told["unsent"]
    missing = gone - known
    subject = "files that are lost, erased or without a clean copy"
    require(not missing, rule, subject, f"neither `lost` nor `unsent` names {_listed(missing)}: they vanish silently")
    strange = (told["due"] - true["due"]) | (known - gone)
    require(not strange, rule, "files that were sent", f"{_listed(strange)} is named among those that were not")


def _check_once(case: SinkCase, expected: Mapping[str, bytes], held: Sequence[object], rule: str) -> None:
    """Check that no file stands twice at a destination that replaces what it had."""
    whole = repr(held)
    for name, part in expected.items() if case.replaces else ():
        forms = (repr(part)[2:-1], b64encode(part).decode()) if name.startswith("file ") else ()
        times = max(map(whole.count, forms), default=0)
        require(times < 2, rule, f"a tip's {name}", f"the destination has it {times} times")  # noqa: PLR2004


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def _difference(part: bytes, there: bytes | None) -> str:
    if there is None:
        return "it is not there"
    try:
        one, other = part.decode(), there.decode()
    except UnicodeDecodeError:
        return f"{len(there)} bytes instead of {len(part)}, alike up to byte {_same(part, there)}"
    at = _same(one, other)
    before = max(0, at - _AROUND)
    excerpts = (
        f"{'…' * (before > 0)}{text[before : at + _AROUND]}{'…' * (len(text) > at + _AROUND)}" for text in (other, one)
    )
    lengths = f" ({len(other)} characters instead of {len(one)})" if len(one) != len(other) else ""
    return " where the tip has ".join(f"{text!r}" for text in excerpts) + lengths


def _same(one: str | bytes, other: str | bytes) -> int:
    """Return how far two texts are alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (mine, its) in pairs if mine != its), min(len(one), len(other)))
