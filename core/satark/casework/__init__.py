"""Casework: what a desk does with its sealed tips, given the desk's opened key. Start with `casework.py`.

A tip that was not sealed to a desk does not exist for it: every list, count, search and error starts from the desk's
own envelopes, and so is the same with and without that tip.
"""

from satark.api.routing import CaseworkError, DeskExists, KeyChanged, NoSuchDesk
from satark.casework.casework import Casework
from satark.casework.errors import (
    NoSuchFile,
    NoSuchTip,
    NoTranscript,
    SecondOfficerRequired,
    TwoOfficerApproval,
    VoiceAccessDenied,
)
from satark.casework.opened_tip import OpenTip, TipSummary
from satark.casework.posted_message import PostedMessage
from satark.evidence.own_voice import OwnVoice, may_contain_voice

__all__ = [
    "Casework",
    "CaseworkError",
    "DeskExists",
    "KeyChanged",
    "NoSuchDesk",
    "NoSuchFile",
    "NoSuchTip",
    "NoTranscript",
    "OpenTip",
    "OwnVoice",
    "PostedMessage",
    "SecondOfficerRequired",
    "TipSummary",
    "TwoOfficerApproval",
    "VoiceAccessDenied",
    "may_contain_voice",
]
