"""The plugin's own tables.

As in the core, they hold no content of a tip and nothing about a tipster. Exact times are those of officers' acts.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

officer = Table(
    "desk_officer",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("recipient", Text, nullable=False, comment="age recipient of the officer's own key"),
    Column("wrapped", LargeBinary, nullable=False, comment="the officer's private key, encrypted with a passphrase"),
    Column("salt", LargeBinary(16), nullable=False),
    Column("memory_kib", Integer, nullable=False, comment="parameter of Argon2id, as the next two"),
    Column("passes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("temporary", Boolean, nullable=False, comment="whether somebody else knows the passphrase"),
    Column(
        "desk_key",
        LargeBinary,
        nullable=False,
        comment="age, to the officer's recipient: desk_keys.DeskKey; empty: an auditor",
    ),
    comment="officers who can unlock a desk; what they may do is in the roster",
)

known_browser = Table(
    "desk_known_browser",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("browser", LargeBinary(32), primary_key=True, comment="SHA-256 of a random value in the browser's cookie"),
    Column("name", String(40), nullable=False, comment="as its officer calls it"),
    Column("used", BigInteger, nullable=False, comment="last sign-in, Unix seconds"),
    Column(
        "push", LargeBinary, nullable=False, server_default="", comment="push.PushKeys.seal; empty: not to be woken"
    ),
    comment="browsers in which an officer has signed in: strangers' wrong passphrases don't slow them",
)

second_factor = Table(
    "desk_second_factor",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("kind", String(8), nullable=False, comment="totp or passkey"),
    Column("name", String(40), nullable=False, comment="as its officer calls it"),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the officer's recipient: second_factors.Factor"),
    Column("counter", BigInteger, nullable=False, comment="last time step of a code, or a passkey's signature counter"),
    Column("added", BigInteger, nullable=False, comment="Unix seconds"),
    comment="what officers need to sign in besides their passphrase",
)

recovery = Table(
    "desk_recovery",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("officer", String(40), primary_key=True),
    Column("code", LargeBinary(32), primary_key=True, comment="public key of the code that the officer tells: KeyCode"),
    Column("recipient", Text, nullable=False, comment="age recipient of the officer's new key"),
    Column("signer", String(64), nullable=False, comment="Ed25519 public key of the officer's new key, hex"),
    Column("wrapped", LargeBinary, nullable=False, comment="its private key, encrypted with the new passphrase"),
    Column("salt", LargeBinary(16), nullable=False),
    Column("memory_kib", Integer, nullable=False, comment="parameter of Argon2id, as the next two"),
    Column("passes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("asked", BigInteger, nullable=False, comment="Unix seconds"),
    comment="officers who lost a passphrase or a factor and wait for another officer's approval",
)

release = Table(
    "desk_release",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("tip", String(32), primary_key=True, comment="tag of the tip, under the name key"),
    Column("officer", String(40), primary_key=True, comment="who asks for the originals"),
    Column("asked", LargeBinary(64), nullable=False, comment="their signature: casework.OriginalsRequest"),
    Column("second", String(40), nullable=False, comment="who approved; empty: nobody yet"),
    Column("approved", LargeBinary(64), nullable=False, comment="their signature"),
    Column("day", Integer, nullable=False),
    comment="originals of tips that one officer asks for and another approves",
)

order_number = Table(
    "desk_order_number",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False, comment="the last running number that was given"),
    comment="numbers of written orders",
)

wording = Table(
    "desk_wording",
    metadata,
    Column("desk", String(40), primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="age, to the desk's recipient: wordings.Wording"),
    comment="texts that the officers of a desk often write to tipsters",
)

form_draft = Table(
    "desk_form_draft",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("desk", String(40), nullable=False),
    Column("officer", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="MAC, form_drafts.FormDraft (age); a session: masked key"),
    Column("at", BigInteger, nullable=False, comment="Unix seconds"),
    comment="forms that officers have not finished, and whose sessions may leave some",
)

queue = Table(
    "desk_queue",
    metadata,
    Column("tip", String(32), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("delivered", String(20), nullable=False, comment="date and six-hour band"),
    Column("position", BigInteger, nullable=False, default=0, comment="order of arrival within a band"),
    comment="tips that were delivered to the desks at this machine; which of them have it is not told",
)

read_state = Table(
    "desk_read_state",
    metadata,
    Column("tip", String(32), primary_key=True),
    Column("nonce", LargeBinary(12), nullable=False, comment="the beginning of `sealed`, new whenever that is"),
    Column("sealed", LargeBinary, nullable=False, comment="read_state.Seen, under the tip's key; random: nobody"),
    Index("desk_read_state_nonce", "tip", "nonce"),
    comment="how much of a tip which officers have seen",
    sqlite_with_rowid=False,
)
