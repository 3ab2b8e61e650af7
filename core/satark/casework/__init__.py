"""Casework: what a desk does with sealed tips, for whoever holds the desk's opened key.

A tip that was never sealed to a desk does not exist for it: lists, counts, search and errors are the same with and
without it, since every one of them starts from the envelopes that are the desk's own.
"""

from satark.casework.casework import Casework
from satark.casework.errors import Agreement, NoDraft, NoSuchFile, NoSuchTip, NotHeard, OneOfficer
from satark.casework.opened import OpenTip, Posted, Summary
from satark.desk import CaseworkError, DeskExists, KeyChanged, NoSuchDesk
from satark.evidence.own_voice import OwnVoice, may_contain_voice

__all__ = [
    "Agreement",
    "Casework",
    "CaseworkError",
    "DeskExists",
    "KeyChanged",
    "NoDraft",
    "NoSuchDesk",
    "NoSuchFile",
    "NoSuchTip",
    "NotHeard",
    "OneOfficer",
    "OpenTip",
    "OwnVoice",
    "Posted",
    "Summary",
    "may_contain_voice",
]
