"""The settings of the section `web_form`."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from satark_files.limits import MB


class ProofOfWorkSettings(BaseModel):
    """The proof of work that browsers must do. All settings have defaults."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    proof_cost: int = Field(default=5_000, ge=1_000, le=1_000_000)
    """PBKDF2 iterations per guess of the proof of work"""
    proof_guesses: int = Field(default=400, ge=2, le=100_000)
    """most guesses of the proof of work; 400 at a cost of 5000 take 1 second on a desktop, 10 on an old phone"""
    proof_wait_seconds: int = Field(default=20, ge=0, le=600)
    """seconds that a browser without JavaScript waits instead of the work"""
    proof_waits_per_minute: int = Field(default=60, ge=1, le=10_000)
    """tips a minute, in total, from browsers without JavaScript; and as many look-ups of a receipt, as many new drafts
    beyond the free ones, and as many first files of drafts beyond the free ones"""
    free_drafts_per_minute: int = Field(default=60, ge=1)
    """new drafts a minute in one process that need no work"""
    free_uploads_per_minute: int = Field(default=60, ge=1)
    """the same for files"""


class UploadSettings(BaseModel):
    """The limits of uploads and of the time that they are stored. All settings have defaults."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    upload_files: int = Field(default=30, ge=1, le=1000)
    """most files per draft"""
    upload_bytes: int = Field(default=500 * MB, ge=1)
    """most bytes per draft, in all files together"""
    upload_minutes: float = Field(default=720, gt=0)
    """minutes without a byte after which a file that is part of no tip is deleted"""
    upload_attached_days: float = Field(default=7, gt=0)
    """days after which a file of a tip is deleted even if it was not fetched"""
    upload_stall_seconds: float = Field(default=30, gt=0)
    """seconds without a byte after which a connection counts as lost"""
    upload_at_once: int = Field(default=32, ge=1)
    """most simultaneous uploads per process; each may use 3 MB of memory"""
    upload_reserve_bytes: int = Field(default=1_000_000_000, ge=0)
    """bytes of disk space to keep free: below it, uploads are refused"""


class WebFormSettings(ProofOfWorkSettings, UploadSettings):
    """The settings of the web form. All have defaults."""

    onion_url: str = ""
    """the form's address as an onion service; http:// and the content of `hostname` in Tor's HiddenServiceDir"""
    exit_url: str = "https://hi.wikipedia.org/"
    """the neutral page that 'Leave quickly' opens; https"""

    @field_validator("exit_url")
    @classmethod
    def _is_encrypted(cls, url: str) -> str:
        if url and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
            raise ValueError("must be an https:// address: whoever watches the line sees the rest of another")
        return url

    @field_validator("onion_url")
    @classmethod
    def _is_an_onion(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not (parts.hostname or "").endswith(".onion")):
            raise ValueError("must be an http:// or https:// address that ends in .onion")
        return url.rstrip("/")
