"""Suggestions: ask whether an option or a command was meant, and whether words belong to the tip.

Only a clear yes does what is suggested. Words in doubt are held until the tipster answers, at the latest before the
review, which shows all that is sent. If a tip is sent without a review, its sender is told of them.
"""

from typing import Final

from satark.api.flow import Option, Question
from satark.api.inbound import Event, Tap, Text
from satark.dialogue.events.asked_questions import asked_of, named_option
from satark.dialogue.events.commands import handle_command
from satark.dialogue.events.not_understood import choose_likely, not_understood
from satark.dialogue.events.telling import STORY_WORDS, Telling
from satark.dialogue.flow.command_words import GLOBAL_COMMANDS, MAX_COMMAND_LENGTH
from satark.dialogue.session import Turn
from satark.dialogue.states.draft import DRAFT, go_on
from satark.dialogue.states.mailbox import add_to_tip, refuses
from satark.dialogue.states.stories import add_story, is_story, opening_in
from satark.dialogue.turn.consent import choose, is_question
from satark.dialogue.turn.context import BaseState, TurnContext
from satark.dialogue.turn.session_changes import KEEP, SUGGESTED, TAKE_OUT
from satark.dialogue.turn.summary import told_in
from satark_words.reading import STORY, Asked, Confidence, Kind
from satark_words.tokens import fold

_LONGEST_LABEL: Final = 20
"""Most characters of a label that the button of every channel can show."""
_REFUSES: Final = frozenset({"back", "skip", "leave", "no", "delete", "clear"})
"""Commands that refuse the suggestion of any other command."""


def ask_to_keep(words: Telling) -> Turn:
    """Ask whether the words belong to the tip; if they come again, drop them. Ask for the language first."""
    context, is_held = words.context, words.is_held()
    if is_held and len(context.session.held) == 1:
        context.drop_held()
        return context.ask()
    if not is_held:
        context.hold(words.event.body)
    if context.session.language:
        context.suggest(KEEP)
    return context.ask()


def suggest(words: Telling, code: str, label: str) -> Turn:
    """Suggest, once, what was probably meant. Words that were told beside it are held until the answer."""
    context, reading, body, suggestion = words.context, words.reading, words.event.body, f"suggested {code}"
    if words.is_held() or (is_story(body) and suggestion == context.replied):
        return ask_to_keep(words)
    is_said = is_question(body) or (reading.talk and code.startswith("@"))
    if reading.story or (is_story(body) and not is_said) or (words.suggests() and words.tells()):
        context.hold(body)
    context.suggest(code, label)
    context.change(replied=suggestion)
    return context.ask()


class SuggestionMenu(BaseState):
    """Asks whether a text meant what it only suggested, or whether the words that are held belong to the tip."""

    def question(self, context: TurnContext) -> tuple[str, Question]:
        """Offer yes and no."""
        _, code, label = context.session.suggested or ("", KEEP, "")
        texts = context.catalogue
        text, yes = context.text("suggested", label=label), texts.text("suggested.yes", label=label)
        if code == KEEP:
            text, yes = context.text("suggested.keep", label=context.quote_held()), texts.text("command.yes")
        shown = yes if len(yes) <= _LONGEST_LABEL else texts.text("command.yes")
        options = (Option("yes", shown), Option("no", texts.text("command.no")))
        return SUGGESTED, Question(text=text, options=options, wants="choice")

    def handle_event(self, context: TurnContext, code: str, event: Event) -> Turn | None:
        """Do what was suggested, or not. Pass an event that is no answer on to the question below."""
        suggested = context.leave_suggestion()
        if not code:
            return context.state.handle_event(context, "", event)
        if code == "yes" and suggested == KEEP:
            return _keep(context, event)
        if suggested == KEEP:
            context.drop_held()
        if isinstance(event, Text) and not refuses(context):  # it tells more than its answer
            context.hold(event.body)
        if code == "yes" and suggested.startswith(TAKE_OUT):
            told_in(context, set(context.analysis(suggested).sounds), take_out=True)
            context.say("identity.removed")
            return go_on(context)
        if code == "yes":
            is_command = suggested.startswith("@")
            return handle_command(context, suggested[1:]) if is_command else choose_likely(context, suggested)
        if context.session.held:
            context.suggest(KEEP)
        return go_on(context, stay=True)

    def handle_command(self, context: TurnContext, name: str) -> Turn | None:
        """Read the suggested command as yes, and a command that leads back or erases as no."""
        code = "yes" if context.session.suggests(f"@{name}") else "no" if name in _REFUSES else ""
        return choose(context, *self.question(context), code, Tap(code)) if code else None


def answer_suggestion(context: TurnContext, event: Text) -> Turn | None:
    """Answer a suggestion by a text; None: a command, a question, or words that belong to the question below."""
    keeps, (name, question) = context.session.suggests(KEEP), context.state.question(context)
    said, event = event, _picked(context, event) if keeps else event
    folded = fold(event.body) if len(event.body) <= MAX_COMMAND_LENGTH else ""
    asked = asked_of(context, name, question)
    words = Telling(context, event, asked, context.loaded.reader.read(context.analysis(event.body), asked))
    reading = words.reading
    option = named_option(context, name, question, folded)
    code = "" if is_question(event.body) else option or _read(words)
    more = not option and (words.tells_beside_answer() or (code == "yes" and keeps and words.counts(STORY_WORDS)))
    if words.is_held():  # whoever says it again means what they say, and nothing of what else is held
        is_meant = event is not said or not reading.negated
        code = "yes" if keeps and is_meant else "no" if not keeps or len(context.session.held) == 1 else ""
        more = code == "yes"
    elif code and more:
        context.hear_dangers(event.body)
    if keeps and not option and not words.is_held() and code != "no" and _half_agrees(context, event.body):
        context.hear_dangers(event.body)
        if words.tells_beside_answer() and not refuses(context):
            context.hold(event.body)
        return not_understood(context)
    is_said = words.is_answered(again=False) or reading.command in {"help", "repeat"}
    if not code and (is_said or context.loaded.commands.command(folded) in GLOBAL_COMMANDS):
        return None
    is_unclear = keeps and reading.kind is Kind.UNCLEAR and not (words.counts(1, 1) or words.tells_number())
    if not code and (is_unclear or context.session.chosen_by):
        return not_understood(context)
    if code:
        turn = choose(context, name, question, code, event if more else Tap(code))
        is_wish = keeps and code == "no" and context.analysis(event.body).has("cmd.forget")
        return handle_command(context, "forget") if is_wish else turn
    context.leave_suggestion()
    if context.session.mailbox:
        context.drop_held()  # no draft gets what was meant for an open mailbox
    return None


def _picked(context: TurnContext, event: Text) -> Text:
    """Return the held text whose number the words name, if several are held. Its repetition drops the others."""
    held, told = context.session.held, context.analysis(event.body)
    picked = [words for number, (_, words) in enumerate(held, 1) if told.has(f"num.{number}")]
    is_one = len(held) > 1 and len(picked) == 1 and not (told.negates or told.has("digits"))
    return Text(picked[0]) if is_one else event


def _half_agrees(context: TurnContext, body: str) -> bool:
    """Whether words only show that they were read, or agree with a limit: "yes, you can remove it"."""
    told = context.analysis(body)
    limits = told.has("neg.but", "cmd.delete", "cmd.edit", "cmd.forget", "cmd.clear", "k.change", "k.leave")
    agrees = told.has("say.yes", "say.right")
    return not told.negates and ((limits and told.has("say.yes", "soc.ok")) or (told.has("soc.heard") and not agrees))


def _read(words: Telling) -> str:
    """Return the answer of a text to a suggestion: only a clear yes agrees, without a negation anywhere."""
    reading, context = words.reading, words.context
    is_certain = reading.kind is Kind.OPTION and reading.confidence is Confidence.CERTAIN and not reading.story
    code = "yes" if reading.topic == "ok" else reading.option if is_certain else ""
    negated = any(context.analysis(word).has("@negations") for word in words.event.body.split())  # phrases hide none
    if not context.session.suggests(KEEP) or reading.command in {"help", "repeat"}:
        return "" if negated and code == "yes" else code
    meant = reading.command or ("" if words.counts(1, 1) else reading.suggested.removeprefix("@"))
    if negated or meant in _REFUSES or reading.kind is Kind.REFUSAL or reading.topic == "mistake":
        return "" if reading.story or words.tells_of_crime() else "no"
    return code or ("yes" if reading.option == "yes" and not words.counts(1, 1) else "")


def _keep(context: TurnContext, event: Event) -> Turn:
    """Add the held words to the tip, and ask the question below. If that question asks for words, they answer it."""
    more = event.body.strip() if isinstance(event, Text) else ""
    again = tuple(one for one in context.session.held if one[1] == more)  # of several texts only this is kept
    if more and not again and not (context.session.submitted and context.newly_accused):
        context.hold(more)
    held = again or context.session.held
    context.change(held=tuple(one for one in context.session.held if one not in held))
    if context.session.state.startswith("@") and context.session.state != "@identity":
        context.leave_menu()
    joined, step = Text("\n".join(words for _, words in held)), context.step
    if context.session.held:
        context.suggest(KEEP)
    if context.session.mailbox:
        return context.state.handle_event(context, "", joined) or context.ask()
    if context.session.submitted:
        context.hear_dangers(joined.body)
        return add_to_tip(context, joined, is_wished=True)
    if context.state is DRAFT and step is not None and step.type.name == "text":
        context.source = held[-1][0]
        return context.state.handle_event(context, "", joined) or context.ask()
    for source, words in held:
        context.source = source
        _add(context, words)
    return go_on(context, stay=True)


def _add(context: TurnContext, words: str) -> None:
    """Add words to the story. Talk before the story's question begins the story, but the question is still asked."""
    story, analysis = context.loaded.opening_step, context.analysis(words)
    reading = context.loaded.reader.read(analysis, Asked(name=STORY, asks="text"))
    if story in context.session.answers or reading.talk != "likely" or analysis.has("cat.*", "strong.*"):
        add_story(context, Text(words), opening_in(context, words))
        return
    context.add_part(f"@{story}", words)
    context.say("text.kept")
