"""The section `police_system` of the settings: one police system, and further ones by name."""

import ipaddress
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from satark.api import age_recipient, provider_url
from satark_police_system.signing import check_secret, read_public_key
from satark_police_system.ssrf_guard import Network

SINK = "police_system"
MAIN = "main"
"""Name of the system that the fields of the section itself describe."""


def _secret(value: SecretStr) -> SecretStr:
    check_secret(value.get_secret_value())
    return value


_HOW_TO_CREATE = "create one with: echo whsec_$(head -c 32 /dev/urandom | base64)"
_Secret = Annotated[SecretStr, AfterValidator(_secret)]


class SystemSettings(BaseModel):
    """One police system: its address, and the parts of tips that it may have. Set one of url, folder and sftp."""

    SECTION: ClassVar[str] = "police_system.systems.NAME"
    model_config = ConfigDict(use_attribute_docstrings=True)

    url: str = ""
    """URL that signed events are posted to: https, or plain http on this machine"""
    folder: Path | None = None
    """instead of url: folder that signed ZIP archives are put into"""
    sftp: str = ""
    """instead of url: such a folder on an SFTP server; sftp://user@host:22/folder"""
    sftp_key_file: Path | None = None
    """our private key for the SFTP server (OpenSSH format)"""
    sftp_known_hosts: Path | None = None
    """known_hosts file with the SFTP server's public key; required; ssh-keyscan HOST > FILE, and compare the
    fingerprint"""
    secret: _Secret | None = None
    """shared secret that signs what is sent and verifies requests (Standard Webhooks, `whsec_…`); create one with: echo
    whsec_$(head -c 32 /dev/urandom | base64)"""
    previous_secret: _Secret | None = None
    """the previous secret, while it is being replaced: both sign, both verify"""
    signing_key_file: Path | None = None
    """ed25519 private key (PEM), for a second signature that the receiver can't forge (`v1a`); openssl genpkey
    -algorithm ed25519 -out FILE"""
    answer_keys: tuple[str, ...] = ()
    """the receiver's ed25519 public keys (`whpk_…`), if it signs its requests with `v1a`; `secret` then signs none"""
    payload: Literal["thin", "full"] = "thin"
    """thin: identifiers, codes, time band, priority; the receiver requests the rest. full: the allowed fields, too"""
    fields: tuple[str, ...] = ()
    """steps whose answers this system may have; `evidence`: clean copies of files; empty: none; ["what", "place",
    "evidence"]"""
    mapping: Path | None = None
    """file that writes each event as the receiver's own XML or JSON, in place of a CloudEvent; docs/police-system.md"""
    content_type: str = ""
    """the MIME type of such a document in HTTP; empty: application/xml or application/json"""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """further headers of each event, such as SOAPAction or an API key"""
    recipient: str = ""
    """the receiver's age key, to which the event's data is encrypted; empty: not encrypted"""
    ca_file: Path | None = None
    """CA certificates to trust for the receiver; empty: the system's"""
    client_certificate_file: Path | None = None
    """client certificate (PEM), for mutual TLS"""
    client_key_file: Path | None = None
    """private key of the client certificate (PEM); empty: in the same file"""
    networks: tuple[Network, ...] = ()
    """private networks that the receiver's name may resolve to; empty: public addresses only; ["10.20.0.0/16"]"""
    acknowledgement: str = ""
    """text in the body of every response that accepts an event; empty: the event's `webhook-id`"""
    send_seconds: float = Field(default=60, gt=0)
    """seconds to wait for the response to one event"""

    _is_a_recipient = field_validator("recipient")(age_recipient)
    _only_safe_urls = field_validator("url")(lambda url: provider_url(url) if url else url)

    @field_validator("answer_keys")
    @classmethod
    def _are_keys(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            read_public_key(key)
        return keys

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        transports = [name for name in ("url", "folder", "sftp") if getattr(self, name)]
        if len(transports) > 1:
            raise ValueError(f"only one of {' and '.join(transports)} can be set")
        if transports and self.secret is None:
            raise ValueError(f"secret is missing; {_HOW_TO_CREATE}")
        if self.payload == "full" and not self.fields:
            raise ValueError('payload = "full" sends the answers that `fields` allows, and it allows none')
        if self.sftp and (self.sftp_known_hosts is None or urlsplit(self.sftp).scheme != "sftp"):
            raise ValueError("sftp must be a URL sftp://user@host/folder, and needs sftp_known_hosts")
        if self.mapping and self.recipient:
            raise ValueError("recipient encrypts a CloudEvent's data: leave it out beside mapping")
        return self

    @property
    def is_configured(self) -> bool:
        """Whether a url, folder or sftp is set."""
        return bool(self.url or self.folder or self.sftp)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The valid secrets, the newest first."""
        return tuple(one.get_secret_value() for one in (self.secret, self.previous_secret) if one)

    @property
    def allowed_networks(self) -> tuple[Network, ...]:
        """Networks that the host name may resolve to: `networks`, and this machine if the URL names this machine."""
        host = urlsplit(self.url).hostname or ""
        loopback = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
        is_local = self.url.startswith("http://") or host in {"localhost", "127.0.0.1", "::1"}
        return (*self.networks, *loopback) if is_local else self.networks


class PoliceSettings(SystemSettings):
    """The section: its own fields are the system `main`, `systems` holds further ones by name."""

    SECTION: ClassVar[str] = "police_system"

    systems: dict[str, SystemSettings] = Field(default_factory=dict)
    """further police systems, by name"""
    source: str = "urn:satark"
    """sender named in events (CloudEvents `source`, a URI)"""

    def by_name(self) -> dict[str, SystemSettings]:
        own = {MAIN: self} if self.is_configured else {}
        return {**own, **{name: system for name, system in self.systems.items() if system.is_configured}}
