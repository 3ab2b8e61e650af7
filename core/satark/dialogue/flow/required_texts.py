"""The texts that a flow needs in every language: those of its steps, and those of the engine with their `{places}`."""

from collections.abc import Iterator
from typing import Final

from satark.api.tip import STATUSES
from satark.dialogue.flow.command_words import COMMANDS
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark_words.catalogues import Catalogue, Catalogues

_WITHOUT_PLACES: Final = """
language.ask language.name language.done
cancel.ask cancel.yes cancel.no cancel.done cancel.none cancel.sent
restart.ask restart.yes restart.no restart.language restart.done
accused.nobody_above accused.kept origin.ask origin.no origin.yes
identity.send identity.remove identity.keep identity.change identity.removed
lapsed may_be_lost unsent.ask unsent.again remind.done remind.cannot
details.ask details.none change.ask change.none
reach.ask reach.cannot reach.no reach.yes reach.no.done reach.yes.done reach.added
reach.erase reach.erase.ask reach.erase.done forget.done forget.none
help not_understood unsupported unsupported.contact unsupported.too_large news list.open
form.offer form.open form.next form.taken form.old form.unknown
database_down.saved database_down.refused
aloud.name aloud.choose aloud.own_words aloud.kept aloud.continue aloud.receipt aloud.answer
text.kept voice.kept file.kept file.film pin.kept files.cleared file.lost file.tip_full file.encrypted
file.own_card
skip.cannot back.cannot
text.continue text.full edit.done edit.unclear edit.late revoke.done revoke.late value.voice value.pin
code.ask code.none code.wrong code.closed
call.how elsewhere.ask elsewhere.none elsewhere.sent elsewhere.busy elsewhere.here elsewhere.left
mailbox.question mailbox.answer mailbox.unknown mailbox.decline mailbox.ask mailbox.write mailbox.posted mailbox.long
danger.life danger.suicide danger.woman danger.child danger.medical danger.fire danger.where
reply.question reply.question.code reply.question.who reply.question.safe reply.question.police reply.question.person
reply.question.readers reply.question.reward reply.question.when reply.question.why reply.question.can
reply.remark reply.remark.code reply.remark.no_evidence reply.remark.evidence_later reply.remark.report
reply.remark.afraid reply.remark.rude reply.remark.mistake reply.remark.ok reply.thanks reply.wait
reply.refusal language.common.words acknowledgement.words
mailbox.answered mailbox.closed mailbox.left feedback.ask feedback.yes feedback.no feedback.again status.no_reason
"""

REQUIRED_TEXTS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_WITHOUT_PLACES.split(), frozenset[str]()),
    **dict.fromkeys((f"command.{name}" for name in COMMANDS), frozenset[str]()),
    **dict.fromkeys((f"status.{status}" for status in STATUSES), frozenset[str]()),
    **dict.fromkeys((f"status.{status}.text" for status in STATUSES), frozenset[str]()),
    "status.CLOSED.text": frozenset({"reason"}),
    "changed": frozenset({"name", "value"}),
    "identity.ask": frozenset({"words", "summary"}),
    "identity.only": frozenset({"words", "summary"}),
    "identity.added": frozenset({"words"}),
    "identity.unclear": frozenset({"label"}),
    "understood": frozenset({"label"}),
    "untold": frozenset({"names"}),
    "suggested": frozenset({"label"}),
    "suggested.keep": frozenset({"label"}),
    "suggested.left": frozenset({"label"}),
    "suggested.yes": frozenset({"label"}),
    "consent.option": frozenset({"label", "number"}),
    "consent.command": frozenset({"label"}),
    "accused.has_tip": frozenset({"command"}),
    "reply.refusal.send": frozenset({"label"}),
    "receipt": frozenset({"number", "code"}),
    "filled.long": frozenset({"most"}),
    "elsewhere.code": frozenset({"code", "minutes", "website"}),
    "text.long": frozenset({"tail"}),
    "file.too_large": frozenset({"megabytes"}),
    "file.uncleaned": frozenset({"files"}),
    "file.asked": frozenset({"files"}),
    "file.repaired": frozenset({"percent"}),
    "files.full": frozenset({"count"}),
    "value.files": frozenset({"count"}),
    "mailbox.show": frozenset({"number", "status", "sentence"}),
    "mailbox.message": frozenset({"text"}),
    "mailbox.asked": frozenset({"text"}),
    "mailbox.file": frozenset({"ordinal"}),
    "mailbox.erased": frozenset({"number"}),
}
"""The engine's texts: message id → the places that its text must have, no more and no fewer."""

BUTTON_TEXTS: Final = frozenset(name for name in REQUIRED_TEXTS if name.startswith("command.")) | {
    "cancel.yes", "cancel.no", "restart.yes", "restart.no", "restart.language", "origin.no", "origin.yes",
    "identity.send", "identity.remove", "identity.keep", "identity.change",
    "reach.no", "reach.yes", "reach.erase", "mailbox.answer", "mailbox.unknown", "mailbox.decline",
    "feedback.yes", "feedback.no", "feedback.again", "language.name", "aloud.answer", "form.open", "form.next",
    "suggested.yes",
}  # fmt: skip
"""Those of `REQUIRED_TEXTS` that stand on buttons."""


def missing_texts(flow: Flow, catalogues: Catalogues) -> list[FlowProblem]:
    """List the texts that a flow's languages lack: those of its steps, and those of the engine."""
    problems = [
        FlowProblem(text="there is no catalogue for it", language=language)
        for language in flow.languages
        if language not in catalogues
    ]
    for catalogue in (catalogues[language] for language in flow.languages if language in catalogues):
        problems += [*_missing_of_steps(flow, catalogue), *_missing_of_engine(catalogue)]
    return problems


def _missing_of_steps(flow: Flow, catalogue: Catalogue) -> Iterator[FlowProblem]:
    for step in flow.steps:
        for keys in step.type.keys(step):
            if not any(key in catalogue for key in keys):
                text = f"the text {keys[0]!r} is missing"
                yield FlowProblem(text=text, step=step.id, language=catalogue.language)


def _missing_of_engine(catalogue: Catalogue) -> Iterator[FlowProblem]:
    for key, places in REQUIRED_TEXTS.items():
        try:
            found = catalogue.places(key)
        except ValueError:
            found = frozenset({"?"})
        if key not in catalogue:
            yield FlowProblem(text=f"the text {key!r} is missing", language=catalogue.language)
        elif found != places:
            wanted = " ".join(f"{{{name}}}" for name in sorted(places)) or "none"
            yield FlowProblem(text=f"the text {key!r} must have the places {wanted}", language=catalogue.language)
