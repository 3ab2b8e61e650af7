"""The reader: what a typed text means at the current question.

Build one for each process: `Reader(Geography.sample())`. `read` and `open` change nothing and never raise, whatever the
text is. Never log their results.
"""

from __future__ import annotations

from satark_words.analysis import Analysis
from satark_words.danger import dangers_of
from satark_words.geography.geography import Geography
from satark_words.identifying_words import own_identity_of
from satark_words.languages import kept_by_folders
from satark_words.lexicon import Lexicon
from satark_words.lexicon_files import added_phrases
from satark_words.opening import opening_of
from satark_words.places import Places
from satark_words.reading import Asked, Danger, IdentitySpan, Opening, Reading
from satark_words.senses import Senses


class Reader:
    """Reads texts. Building it takes a quarter of a second. A reading takes a millisecond, for 800 words twenty."""

    def __init__(self, geography: Geography) -> None:
        self.lexicon = Lexicon.shipped(added_phrases())
        self.places = Places(geography, self.lexicon)

    @classmethod
    @kept_by_folders
    def shared(cls, geography: Geography) -> Reader:
        """Return the one reader of the process for a geography."""
        return cls(geography)

    def analyse(self, text: str) -> Analysis:
        """Analyse a text, which is most of the work of a reading. Keep the analysis for one turn at most."""
        analysis = Analysis(text, self.lexicon)
        self.places.mark_officers(analysis)
        return analysis

    def read(self, text: str | Analysis, asked: Asked) -> Reading:
        """Read a text as an answer to a question, or as another kind of message."""
        return Senses(self._analysed(text), asked, self.places).read()

    def open(self, text: str | Analysis) -> Opening:
        """Read the category, place, time, police involvement and dangers that a story tells of."""
        analysis = self._analysed(text)
        return opening_of(self.places, dangers_of(analysis), analysis)

    def dangers(self, text: str | Analysis) -> tuple[Danger, ...]:
        """Find the dangers that a text tells of."""
        return dangers_of(self._analysed(text))

    def names(self, text: str | Analysis) -> set[str]:
        """Find the codes of the geography that a text names, in any spelling."""
        return self.places.codes(self._analysed(text))

    def own_identity(self, text: str | Analysis) -> tuple[IdentitySpan, ...]:
        """Find the parts of a text that identify its sender, in order and without overlaps."""
        analysis = self._analysed(text)
        self.names(analysis)  # so that no place is taken for a name
        return own_identity_of(analysis)

    def _analysed(self, text: str | Analysis) -> Analysis:
        return text if isinstance(text, Analysis) else self.analyse(text)
