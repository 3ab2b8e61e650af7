"""What a tipster takes back of a tip: some words, the files, or all of it, and what stays once the tip is sent."""

from typing import Final

from satark.dialogue.events.commands import choose_likely, handle_command, not_understood
from satark.dialogue.events.telling import Telling
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT
from satark.dialogue.turn.session_changes import EDIT_PREFIX, TAKE_OUT
from satark.dialogue.turn.submission import told_in
from satark_words.analysis import NEGATIONS, Analysis

_BESIDE_UNWANTED: Final = ("k.out", "fill", "pol", "soc.*", "k.part", "t.evidence", "who.me", "who.you")
"""Marks of words that name nothing in a wish to take something out of the tip."""
_ERASES: Final = ("cmd.delete", "cmd.cancel", "cmd.forget", "k.out")
_TAKES: Final = frozenset({
    "take", "taking", "get", "lena", "leni", "lo", "le", "lijiye", "complaint", "लेना", "लेनी", "लो", "ले", "लीजिए",
})  # fmt: skip
"""Words that make "back" a wish to take back."""


def forgoes_all(words: Telling) -> bool:
    """Whether the text takes the whole tip back, or says that nothing shall be sent and all be erased, and no more."""
    told, session = words.context.analysis(words.event.body), words.context.session
    no_sending = told.has("k.send", "cmd.send") and told.has("neg", "neg.*", "opt.reach.no", "t.refuse", "say.no")
    no_sending = no_sending and told.has(*_ERASES)
    no_more = told.consists_of(
        ("cmd.*", "k.*"), (*_BESIDE_UNWANTED, "opt.*", "neg", "neg.*", "t.*", "say.no", "w.demand")
    )
    return (no_sending or takes_all_back(told)) and no_more and session.has_draft and not session.submitted


def takes_all_back(told: Analysis) -> bool:
    """Whether a text takes the tip itself back, or wants it erased because it is wrong: "wrong report, erase it"."""
    texts = {token.text for token in told.tokens}
    taken = told.has("cmd.back") and bool(texts & _TAKES)
    wrong = told.has(*_ERASES) and told.has("k.mistake", "neg.wrong", "k.lie")
    is_all = told.has("k.tip") or (taken and "it" in texts)
    return is_all and (wrong or taken) and not (told.asks or told.has(*NEGATIONS, "cmd.send", "k.send"))


def spare(words: Telling) -> Turn | None:
    """Say at the review that nothing was sent or erased, after words such as "don't erase"."""
    context, told = words.context, words.context.analysis(words.event.body)
    beside = (*_BESIDE_UNWANTED, "k.*", "neg", "neg.*", "say.no", "cmd.edit", "opt.reach.no")
    erasing = told.consists_of(("cmd.delete", "k.out", "k.change", "opt.cancel.no"), beside)
    negates = told.has(*NEGATIONS, "opt.cancel.no", "opt.reach.no")
    others = told.has("cmd.skip", "t.evidence", "cmd.send", "k.send", "cmd.cancel", "cmd.forget")
    if words.asked.asks != "review" or others or not (erasing and negates):
        return None
    context.say("identity.unclear", label=context.text("command.cancel"))
    return context.ask()


def after_sending(words: Telling) -> Turn | None:
    """Say what can't be taken back of a tip that is sent, and what has the number kept."""
    context, told = words.context, words.context.analysis(words.event.body)
    keeps = told.has("said.reach.keep") or told.consists_of(("opt.cancel.no", "k.keep"), ("fill", "pol"))
    if context.session.state != "@reach" or not (words.takes_back() or takes_all_back(told) or keeps):
        return None
    if keeps or (told.has(*NEGATIONS, "opt.cancel.no") and not told.has("t.evidence")):
        return choose_likely(context, "yes")
    if told.has("cmd.forget", "id.my-number", "k.number"):
        return None
    return not_understood(context, "cancel.sent")


def take_out(words: Telling) -> Turn | None:
    """Ask about words or files that the tipster does not want in the tip; None where nothing is to be taken out."""
    context, told = words.context, words.context.analysis(words.event.body)
    tells = told.asks or told.has("cmd.forget", "who.they", "digits")
    in_danger = any(danger.sure for danger in words.reading.dangers)
    if tells or in_danger or context.state is not DRAFT or not (told.has("k.out") and context.session.has_draft):
        return None
    rest = set(range(len(told))) - told.covered(_BESIDE_UNWANTED)
    found = told_in(context, {told.sounds[at] for at in rest})
    knows = context.loaded.reader.lexicon.knows
    others = sum(told.sounds[at] not in found and knows(told.tokens[at].text) for at in rest)
    if others > bool(found and told.has("k.part")):
        return None
    if found:
        named = " ".join(told.text[slice(*told.tokens[at][1:3])] for at in sorted(rest) if told.sounds[at] in found)
        context.suggest(f"{TAKE_OUT}{named}", f"{context.text('identity.remove')}: {named}")
        return context.ask()
    if is_about_files(words):
        return ask_to_erase_files(words)
    names = rest or told.has("t.evidence") or (told.has("k.part") and not told.has("who.mine"))
    return handle_command(context, "edit") if names else None


def is_about_files(words: Telling) -> bool:
    """Whether the text names the files of the draft. What is kept nowhere of such words never passes in silence."""
    context = words.context
    has_files = bool(context.session.files) and not context.session.submitted
    return has_files and context.state is DRAFT and context.analysis(words.event.body).has("t.evidence")


def ask_to_erase_files(words: Telling) -> Turn:
    """Open the question for files, and say what erases them."""
    words.context.change(state=f"{EDIT_PREFIX}{words.context.loaded.evidence_step}")
    return handle_command(words.context, "clear")
