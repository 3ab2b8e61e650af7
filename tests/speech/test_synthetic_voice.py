"""A transcript is read aloud by a voice that nobody has."""

from __future__ import annotations

import io
import wave

import pytest

from satark.speech import synthetic_voice
from satark.speech.synthetic_voice import SyntheticVoiceError, can_speak, speak


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize(
    ("language", "words"), [("hi", "रात में ट्रक से गायें ले जाई जाती हैं।"), ("en", "They come at night.")]
)
def test_a_transcript_is_read_aloud(language: str, words: str) -> None:
    assert can_speak(language)
    with wave.open(io.BytesIO(speak(words, language))) as sound:
        assert sound.getframerate() >= 16_000
        assert len(sound.readframes(1_000_000)) > 20_000


@pytest.mark.needs("espeak-ng")
def test_the_same_words_sound_the_same_whoever_spoke_them() -> None:
    assert speak("They come at night.", "en") == speak("They come at night.", "en")


def test_without_the_program_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_voice, "PROGRAM", "no-such-program")
    assert not can_speak("hi")
    with pytest.raises(SyntheticVoiceError) as caught:
        speak("planted words", "hi")
    assert "planted" not in str(caught.value)
