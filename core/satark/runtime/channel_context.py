"""The services that a process offers to channels: the questionnaire's texts, voice notes, and receipts as pictures."""

from satark.api.prompt import ReceiptPicture
from satark.dialogue.flow.loader import configured_flow
from satark.settings.settings import Settings
from satark.speech.voice_notes import VoiceNotes
from satark_words.catalogues import Catalogues


class ChannelContext:
    """The services for channels, configured by the settings."""

    def __init__(self, settings: Settings) -> None:
        self._core = settings.core
        self.voice_notes = VoiceNotes(settings.core.voice_clips)
        """Makes the voice notes of prompts."""

    def catalogues(self) -> Catalogues:
        source = configured_flow(self._core.flow, self._core.languages)
        return source.catalogues.only(source.offered)

    def draw_receipt(self, picture: ReceiptPicture) -> bytes:
        from satark.printing.receipt_picture import draw_receipt  # noqa: PLC0415 - few need it; its libraries take 15 MB

        public_url = self._core.public_url
        return draw_receipt(picture.code, f"{public_url.rstrip('/')}/status" if public_url else "")
