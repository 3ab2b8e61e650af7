"""Requests to take words, files or the whole tip back, and what can't be taken back once the tip is sent."""

from typing import Final

from satark.api.inbound import Text
from satark.dialogue.events.commands import handle_command
from satark.dialogue.events.not_understood import choose_likely, not_understood
from satark.dialogue.events.suggestions import ask_to_keep
from satark.dialogue.events.telling import TALK, Telling
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.session_changes import EDIT_PREFIX, TAKE_OUT
from satark.dialogue.turn.summary import told_in
from satark_words.analysis import Analysis
from satark_words.choosing import tells_crime
from satark_words.reading import Kind
from satark_words.small_words import listed

_BESIDE_UNWANTED: Final = ("k.out", "fill", "pol", "soc.*", "k.part", "t.evidence", "who.me", "who.you")
"""Marks of words that name nothing, in a request to take something out of the tip."""
_NO_MORE: Final = (
    ("cmd.*", "k.*"),
    (*_BESIDE_UNWANTED, "opt.*", "neg", "neg.*", "t.*", "say.no", "w.demand", "ask", "aux", "time.*"),
)
"""Marks of a text that takes something back and tells nothing else."""
_SENDS: Final = ("k.send", "cmd.send", "k.dispatch", "k.tell")
_SENDS_NOT: Final = (
    ("opt.reach.no", "neg", "neg.dont"),
    ("fill", "pol", "soc.*", "say.*", "time.*", "verb.*", "k.*", "cmd.*", "who.me", "who.you"),
)
"""Marks of a text that only forbids to send or write, and of what may stand beside them."""
_DENIES: Final = ("@negations", "opt.reach.no", "say.no")
_URGES: Final = frozenset({"na", "ना", "न"})
"""Words that urge after "send" and deny before it: "bhej do na", "na bhejo"."""
_ERASES: Final = ("cmd.delete", "cmd.cancel", "cmd.forget", "k.out")
_TAKES: Final = listed("takes")
_GOES: Final = listed("goes")
_CONTACT: Final = ("said.reach.*", "opt.reach.*", "id.my-number", "k.number", "k.contact", "k.only", "cmd.forget")
_NUMBER: Final = ("id.my-number", "k.number", "say.*", "neg", "cmd.forget")
_UNDOES: Final = ("cmd.delete", "cmd.clear", "k.out")
_BESIDE_ANSWER: Final = ("fill", "pol", "soc.*", "neg", "neg.*", "time.*", "k.*")


def forgoes_all(words: Telling) -> bool:
    """Whether the text only takes the whole tip back, or only says that nothing shall be sent and all be erased."""
    told, session = words.context.analysis(words.event.body), words.context.session
    no_sending = told.has("k.send", "cmd.send") and told.has("@negations", "opt.reach.no", "t.refuse", "say.no")
    no_sending = no_sending and told.has(*_ERASES)
    no_more = told.consists_of(*_NO_MORE)
    return (no_sending or takes_all_back(told)) and no_more and session.has_draft and not session.submitted


def forbids_sending(words: Telling) -> bool:
    """Whether the text, at the last question, only forbids to send or write: "mat bhejiyega abhi"."""
    told = words.context.analysis(words.event.body)
    sends = told.has(*_SENDS) and not told.has("who.mine", "id.my-name", "id.my-number")
    return words.is_final() and sends and words.forbids() and told.consists_of(*_SENDS_NOT)


def of_sending(words: Telling) -> Turn | None:
    """Answer a text that only asks to send the tip, or forbids it; None for others. Neither sends anything.

    Who asks is led to what is still needed, or to what sends; at the review "that's all" asks, too.
    """
    context, told = words.context, words.context.analysis(words.event.body)
    if context.state is not DRAFT or told.asks:
        return None
    urges = {mark.end for mark in told.found("cmd.send")}
    is_media, is_review = words.asked.asks == "media", words.asked.asks == "review"
    if any(told.tokens[at].text not in _URGES or at not in urges for at in told.covered(_DENIES)):
        only = told.has("cmd.send", "k.send") and told.consists_of(*_SENDS_NOT) and not (is_media or is_review)
        return not_understood(context, "reply.wait") if only else None
    if not told.consists_of(("cmd.send", "cmd.done") if is_review else ("cmd.send",), ("@beside-sending",)):
        return None
    if not is_review and (is_media or "skip" in words.asked.actions):
        return handle_command(context, "skip")
    is_doubtful = not is_review or not told.has("cmd.send")  # "it is over now" may tell of the crime
    again = is_doubtful and context.replied == "asks to send"
    context.change(replied="asks to send")
    if is_review and not again:
        return choose_likely(context, next(one.id for one in words.asked.options if one.acts))
    return ask_to_keep(words) if again else not_understood(context, "reply.refusal")


def takes_all_back(told: Analysis) -> bool:
    """Whether a text takes the tip itself back, or wants it erased because it is wrong: "wrong report, erase it"."""
    texts = {token.text for token in told.tokens}
    taken = told.has("cmd.back") and bool(texts & _TAKES)
    wrong = told.has(*_ERASES) and told.has("k.mistake", "neg.wrong", "k.lie")
    is_all = told.has("k.tip") or (taken and ("it" in texts or not texts & _GOES))
    is_all = is_all and not (tells_crime(told) or told.has("t.evidence"))
    return (
        is_all and (wrong or taken) and not (told.asks or told.has("@negations") or (told.has("k.send") and not taken))
    )


def withdraw_sent(context: TurnContext, event: Text) -> Turn | None:
    """Say what can be done about a sent tip, if words take it back and this conversation has told nothing."""
    session, told = context.session, context.analysis(event.body)
    texts = {token.text for token in told.tokens} - ({"undo"} if session.language else set())
    is_new = session.state in {"", "@language"} and not (session.has_draft or session.submitted or session.mailbox)
    is_sent = told.has("@of-sent") or texts & {*_TAKES, "undo", "unsend", "recall"}
    is_first = not (session.revision or session.language) and told.consists_of(("cmd.back",), ("pol",))
    takes = is_first or (is_sent and told.has("cmd.back", "cmd.cancel", "cmd.delete"))
    others = session.accused or told.has("cmd.forget", "id.my-number", "digits") or tells_crime(told)
    if others or not (is_new and takes and told.consists_of(*_NO_MORE)):
        return None
    context.change(language=session.language or context.loaded.language_of(event.body))
    return context.end("cancel.none")


def spare(words: Telling) -> Turn | None:
    """After words such as "don't erase" at the review, say that nothing was sent or erased."""
    context, told = words.context, words.context.analysis(words.event.body)
    beside = (*_BESIDE_UNWANTED, "k.*", "neg", "neg.*", "say.no", "cmd.edit", "opt.reach.no")
    erasing = told.consists_of(("cmd.delete", "k.out", "k.change", "opt.cancel.no"), beside)
    negates = told.has("@negations", "opt.cancel.no", "opt.reach.no")
    others = told.has("cmd.skip", "t.evidence", "cmd.send", "k.send", "cmd.cancel", "cmd.forget")
    if words.asked.asks != "review" or others or not (erasing and negates):
        return None
    context.say("identity.unclear", label=context.text("command.cancel"))
    return context.ask()


def after_sending(words: Telling) -> Turn | None:
    """Say what can't be taken back from a sent tip or sent later, and which words keep or erase the number."""
    context, told = words.context, words.context.analysis(words.event.body)
    if context.session.state != "@reach" or tells_crime(told):
        return None
    if words.goes_on():
        return context.ask("cancel.sent") if context.replied == "@reach no" else choose_likely(context, "yes")
    sends = told.consists_of(("cmd.send", "k.send"), ("fill", "pol", "time.*", "soc.*", "say.yes", "neg", "neg.*"))
    if sends and not told.has("said.reach.yes", "opt.reach.*"):
        context.say("cancel.sent")
        return choose_likely(context, "no") if told.negates else context.ask()
    keeps = told.has("said.reach.keep") or told.consists_of(("opt.cancel.no", "k.keep"), ("fill", "pol"))
    answer = "yes" if keeps or (_spares(told) and not told.has("t.evidence")) else _answer_about_contact(words)
    if answer:
        return choose_likely(context, answer)
    takes_back = words.takes_back() or takes_all_back(told)
    is_number = told.has("cmd.forget", "id.my-number", "k.number")
    return not_understood(context, "cancel.sent") if takes_back and not is_number else None


def _answer_about_contact(words: Telling) -> str:
    """Return the answer to the contact question, if a text speaks only of writing to the tipster or their number."""
    told = words.context.analysis(words.event.body)
    own = told.has("k.number", "k.contact", "reads") and told.has("who.kin", "id.home")
    own = own or (told.has("id.my-number") and told.has("who.they"))  # others read their phone
    about = own or told.has(*_CONTACT) or told.consists_of(("say.yes", "say.no"), _BESIDE_ANSWER)
    talks = words.reading.kind in TALK - {Kind.WAIT} and not told.has("@negations", "say.yes")
    tells = (words.tells_of_crime() or told.has("digits", "thing.vehicle")) if own else words.tells_plainly()
    talks = talks or words.reading.topic == "unheard" or (told.has(*_UNDOES) and not told.has(*_NUMBER))
    if not about or talks or tells or told.asks or told.has("verb.mine"):
        return ""
    first = next((mark.name for mark in told.found("say.yes", "soc.ok", "say.no", "neg") if not mark.start), "")
    denies = own or told.negates or told.has("say.no", "opt.reach.no", "cmd.forget", "cmd.cancel", *_UNDOES)
    return "no" if denies and first not in {"say.yes", "soc.ok"} else "yes"


def _spares(told: Analysis) -> bool:
    """Whether a text forbids to erase: "don't erase it", "nahi mitana", but not "no, erase it", nor "don't keep it"."""
    erased = told.covered(_UNDOES)
    last = len(told) - 1  # "mita do mat rakho" forbids to keep
    near = {at for mark in told.found(*_UNDOES) for at in (mark.start - 1, last if mark.end == last else -1)}
    near &= told.covered(("neg.dont",))
    changed = {mark.start - 1 for mark in told.found("k.change") if mark.start not in erased}
    return bool(near or changed & told.covered(("@negations",)))


def take_out(words: Telling) -> Turn | None:
    """Ask about words or files that the tipster does not want in the tip. Return None if nothing is to be taken out."""
    context, told = words.context, words.context.analysis(words.event.body)
    tells = told.asks or told.has("cmd.forget", "digits") or told.has_outside(("who.they",), ("k.whole",))
    if tells or words.in_danger or context.state is not DRAFT or not (told.has("k.out") and context.session.has_draft):
        return None
    rest = set(range(len(told))) - told.covered(_BESIDE_UNWANTED)
    if told.has("k.whole") and not rest - told.covered(("k.whole", "k.*")):
        return handle_command(context, "cancel")
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
    """Whether the text names the draft's files. Such words are stored nowhere, so they always get a reply."""
    context = words.context
    has_files = bool(context.session.files) and not context.session.submitted
    return has_files and context.state is DRAFT and context.analysis(words.event.body).has("t.evidence")


def ask_to_erase_files(words: Telling) -> Turn:
    """Open the question for files, and say what erases them."""
    words.context.change(state=f"{EDIT_PREFIX}{words.context.loaded.evidence_step}")
    return handle_command(words.context, "clear")
