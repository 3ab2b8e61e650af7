"""Casework: a desk's work on its sealed tips, with the desk's opened key. Start with `casework.py`.

The imports below are the public interface: what the pages and commands of officers use, from casework and from the
packages under it (audit, roster, routing, custody, remote offices). The desk plugin imports from here alone.

A tip that was not sealed to a desk does not exist for that desk: every list, count, search and error starts from the
desk's own envelopes, so its result is the same with and without the tip.
"""

from satark.audit.acts import ACT_KINDS, Act, ActKind
from satark.audit.keys import ensure_key as ensure_audit_key
from satark.audit.keys import officer_holder
from satark.audit.keys import seal_again as seal_audit_keys_again
from satark.audit.reading import ActFilter, ReadAct, Viewer, desks_seen
from satark.audit.trail import Trail
from satark.casework.bulk import BULK_KINDS, MOST_TIPS, BulkAct, BulkOutcome
from satark.casework.casework import Casework
from satark.casework.clocks import Clocks, Offices, WorkingTime, band_end
from satark.casework.desk_act import (
    ACT_NAMES,
    COUNTS,
    FOR_DESKS,
    MAX_REPORT,
    MAX_TEXT,
    RELEASABLE,
    ActName,
    ActRefused,
    DeskAct,
    known,
)
from satark.casework.desk_acts import DeskActs
from satark.casework.errors import NoSuchFile, NoSuchTip, NoTranscript
from satark.casework.evidence_access import FileAct
from satark.casework.flood_groups import FloodGroup, flood_groups
from satark.casework.hold_acts import TipKeeping
from satark.casework.hold_rules import Keeping, StepRefused
from satark.casework.key_change import (
    change_key,
    finish_key_change,
    renew_tips,
    take_own_key,
)
from satark.casework.opened_tip import Gist, OpenTip, RelatedTip, TipSummary
from satark.casework.pack_export import export_pack
from satark.casework.sealed_index import Entry as TipEntry
from satark.casework.sealed_index import open_box, seal_box
from satark.casework.sender_hints import MarkedText, SenderHints, marked
from satark.casework.tip_cache import Progress, TipCache
from satark.casework.two_officers import OriginalsRequest, TwoOfficerApproval
from satark.casework.work import Direction, PostedMessage, Work, WorkMark
from satark.custody.chain import Form
from satark.custody.comparison import missing_tips
from satark.custody.machine_notes import differing_machines
from satark.custody.manifest import Issuer
from satark.custody.verify_log import LogHead
from satark.evidence.own_voice import is_muted, may_contain_voice, may_hear_voices
from satark.identity.time_buckets import BAND_HOURS, band
from satark.printing.sheet import SheetPage, make_sheet
from satark.remote.link_keys import HostPairing, LinkKey, OfficePairing
from satark.remote.office_inbox import OfficeAgent
from satark.remote.office_outbox import host_of
from satark.remote.offices import join, link_office, register, resend
from satark.retention.schedule import NoRetentionKey
from satark.roster.chain import Proposal, append_withdrawal, read_state
from satark.roster.entries import (
    RECOVERY,
    ROLES,
    Body,
    Closed,
    DeskAdded,
    DestinationSet,
    Entry,
    KeyChange,
    KeyCode,
    KeyGiven,
    KeysRenewed,
    OfficerSet,
    OwnKey,
    Right,
    Role,
    RosterOfficer,
    Signature,
    Withdrawn,
    describe,
    desk_verifier,
    fingerprint,
    fingerprint_of,
    new_code,
    officer_signer,
    spell_out,
)
from satark.roster.heads import MOST_NOTED, RosterHead, SignedHead, own_head, read_heads, read_note, restore, sign_head
from satark.roster.rules import Needed, NotAllowed
from satark.roster.state import RosterState
from satark.routing.desks import add_desk, check_desk, close_roster, lock_desk
from satark.services import DeskContext, ProcessServices, Services
from satark.speech.voice_notes import MIME as SYNTHETIC_MIME
from satark.speech.voice_notes import SyntheticVoiceError, can_speak, speak
from satark.store.bulk import stream as stream_rows
from satark.store.envelopes import tag as name_tag
from satark.store.threads import batches as in_batches
from satark.store.tip_changes import note as note_tip_change
from satark.store.unit_of_work import UnitOfWork
from satark_files.recordings.voice import MIME as DISGUISED_MIME
