"""What was read for sure, so that it is taken, and what is asked back instead.

An answer in other than its own words is sure where two readings agree: rules about marks find it, and the weights of
words are clearly for it. Where they are less clear, or don't know the question, it is sure only if its words are nearly
all that the text tells, and no other word asks, denies, limits it or names another answer.
"""

from collections.abc import Iterable

from satark_words.analysis import Analysis
from satark_words.weights import CLEAR_MARGIN, Likely


def is_sure(told: Analysis, option: str, own: set[int], rivals: Iterable[str], likely: Likely | None) -> bool:
    """Return whether the words `own` surely choose an option; `rivals`: marks of the question's other options."""
    if told.asks and option != "unknown":
        return False
    if likely and likely.sense != option:
        return False
    denies = option in {"no", "unknown"}
    rest = {at for at, token in enumerate(told.tokens) if token.text != "?"} - own
    if likely and likely.is_clear:
        return denies or not rest & told.covered(("neg.but", "neg.wrong", "say.no"))
    limits = rest & told.covered(rivals if denies else (*rivals, "@limits"))
    return not limits and len(rest - told.covered(("@empty",))) <= (0 if likely else 1)


def is_sure_category(told: Analysis, code: str, likely: Likely | None) -> bool:
    """Return whether a story surely tells of a category: clearly, or in words for it and for no other."""
    if likely is None or likely.sense != code:
        return False
    named = {mark.name.partition(".")[2] for mark in told.found("cat.*", "strong.*")}
    return likely.is_clear or (named == {code} and likely.margin >= CLEAR_MARGIN)
