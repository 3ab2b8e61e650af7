"""The questionnaire offered as a form, once in a language, in place of its first question.

One message does for both: whoever taps no button, or whose phone shows none, writes on and is asked in the chat.
"""

from __future__ import annotations

import msgspec

from satark.api.flow import Question
from satark.api.prompt import Prompt
from satark.dialogue.session import Session
from satark.dialogue.turn.loaded_flow import Progress
from satark_words.catalogues import Catalogue


def may_offer(session: Session, progress: Progress) -> bool:
    """Whether the form is to be offered now: at the first question, to somebody who writes and has told nothing yet."""
    if session.language not in session.forms or session.form_offered == session.language or not session.form_token:
        return False
    first = not session.state and not session.has_draft and progress.step is not None
    return first and not (session.aloud or session.submitted or session.mailbox)


def question_of_offer(question: Question, texts: Catalogue) -> Question:
    """Return what is asked beside the form: what is happening, which is understood as the first words of a chat."""
    return msgspec.structs.replace(question, text=texts.text("form.offer"), options=(), actions=())


def prompt_of_offer(prompt: Prompt, session: Session, texts: Catalogue) -> Prompt:
    """Have a prompt open the form."""
    return msgspec.structs.replace(prompt, form=session.form_token, menu_label=texts.text("form.open"))
