CREATE TABLE alias (
lookup BLOB NOT NULL,
conversation BLOB NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (lookup)
);
CREATE INDEX alias_conversation ON alias (conversation);
CREATE TABLE announced_file (
transfer_id BLOB NOT NULL,
tip VARCHAR(32) NOT NULL,
ordinal VARCHAR(8) NOT NULL,
form VARCHAR(10) NOT NULL,
size BIGINT NOT NULL,
received BOOLEAN NOT NULL,
PRIMARY KEY (transfer_id)
);
CREATE INDEX announced_file_tip ON announced_file (tip, ordinal);
CREATE TABLE audit_key (
desk VARCHAR(40) NOT NULL,
number INTEGER NOT NULL,
recipient TEXT NOT NULL,
verifier VARCHAR(64) NOT NULL,
signature BLOB NOT NULL,
former VARCHAR(64) NOT NULL,
PRIMARY KEY (desk, number)
);
CREATE TABLE audit_key_copy (
desk VARCHAR(40) NOT NULL,
number INTEGER NOT NULL,
holder VARCHAR(90) NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (desk, number, holder)
);
CREATE TABLE chunk (
transfer_id BLOB NOT NULL,
number INTEGER NOT NULL,
body BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY (transfer_id, number)
);
CREATE TABLE conversation (
id BLOB NOT NULL,
draft BLOB NOT NULL,
handle BLOB NOT NULL,
due BLOB NOT NULL,
ends_by BIGINT NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX conversation_ends_by ON conversation (ends_by);
CREATE TABLE custody (
position BIGINT NOT NULL,
tip VARCHAR(32) NOT NULL,
seq INTEGER NOT NULL,
file VARCHAR(8) NOT NULL,
day INTEGER NOT NULL,
entry BLOB NOT NULL,
content BLOB NOT NULL,
sealed BLOB NOT NULL,
hash BLOB NOT NULL,
link BLOB NOT NULL,
PRIMARY KEY (position),
UNIQUE (tip, seq)
);
CREATE TABLE custody_head (
id INTEGER NOT NULL,
position BIGINT NOT NULL,
link BLOB NOT NULL,
PRIMARY KEY (id)
);
CREATE TABLE delivery (
id BLOB NOT NULL,
tip VARCHAR(50) NOT NULL,
destination VARCHAR(80) NOT NULL,
revision INTEGER NOT NULL,
state VARCHAR(12) NOT NULL,
attempts INTEGER NOT NULL,
due_at BIGINT NOT NULL,
wait INTEGER DEFAULT '0' NOT NULL,
reason VARCHAR(200) NOT NULL,
PRIMARY KEY (id),
UNIQUE (tip, destination, revision)
)
WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (state, destination, due_at);
CREATE TABLE desk (
name VARCHAR(40) NOT NULL,
title VARCHAR(200) NOT NULL,
level VARCHAR(10) NOT NULL,
area VARCHAR(80) NOT NULL,
recipient TEXT NOT NULL,
via VARCHAR(40) NOT NULL,
PRIMARY KEY (name)
);
CREATE TABLE file (
tip VARCHAR(32) NOT NULL,
ordinal VARCHAR(8) NOT NULL,
state VARCHAR(8) NOT NULL,
job BLOB NOT NULL,
record BLOB NOT NULL,
record_with_origin BLOB NOT NULL,
attempts INTEGER NOT NULL,
due_at BIGINT NOT NULL,
wait INTEGER DEFAULT '0' NOT NULL,
reason VARCHAR(80) NOT NULL,
PRIMARY KEY (tip, ordinal)
)
WITHOUT ROWID;
CREATE INDEX file_due ON file (state, due_at);
CREATE TABLE flow (
hash VARCHAR(64) NOT NULL,
canonical BLOB NOT NULL,
PRIMARY KEY (hash)
);
CREATE TABLE former_key (
recipient TEXT NOT NULL,
desk VARCHAR(40) NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (recipient)
);
CREATE TABLE handoff_code (
lookup BLOB NOT NULL,
sealed BLOB NOT NULL,
expires_at BIGINT NOT NULL,
PRIMARY KEY (lookup)
);
CREATE INDEX handoff_code_expires_at ON handoff_code (expires_at);
CREATE TABLE host_link (
recipient TEXT NOT NULL,
verifier VARCHAR(64) NOT NULL,
directory BIGINT NOT NULL,
destination_rules BLOB NOT NULL,
paired VARCHAR(64) NOT NULL,
roster BLOB NOT NULL,
PRIMARY KEY (recipient)
);
CREATE TABLE key_canary (
name VARCHAR(16) NOT NULL,
value BLOB NOT NULL,
PRIMARY KEY (name)
);
CREATE TABLE message (
tip VARCHAR(32) NOT NULL,
seq INTEGER NOT NULL,
sealed BLOB NOT NULL,
day INTEGER NOT NULL,
notified BOOLEAN NOT NULL,
PRIMARY KEY (tip, seq)
)
WITHOUT ROWID;
CREATE INDEX message_notified ON message (notified);
CREATE TABLE office (
desk VARCHAR(40) NOT NULL,
recipient TEXT NOT NULL,
verifier VARCHAR(64) NOT NULL,
answer_verifier VARCHAR(64) NOT NULL,
PRIMARY KEY (desk)
);
CREATE TABLE office_outbox (
id BLOB NOT NULL,
desk VARCHAR(40) NOT NULL,
tip VARCHAR(32) NOT NULL,
position BIGINT NOT NULL,
sealed BLOB NOT NULL,
message BLOB NOT NULL,
state VARCHAR(8) NOT NULL,
sent_at BIGINT NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX office_outbox_tip ON office_outbox (tip);
CREATE TABLE open_breaker (
destination VARCHAR(80) NOT NULL,
since BIGINT NOT NULL,
half_open_at BIGINT NOT NULL,
failures INTEGER NOT NULL,
reason VARCHAR(200) NOT NULL,
PRIMARY KEY (destination)
);
CREATE TABLE outbox (
id BLOB NOT NULL,
position BIGINT NOT NULL,
conversation BLOB NOT NULL,
call BLOB NOT NULL,
state VARCHAR(12) NOT NULL,
must_arrive BOOLEAN NOT NULL,
attempts INTEGER NOT NULL,
due_at BIGINT NOT NULL,
wait INTEGER DEFAULT '0' NOT NULL,
reason VARCHAR(80) NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX outbox_conversation ON outbox (conversation);
CREATE INDEX outbox_due ON outbox (state, due_at);
CREATE TABLE provider_message (
id BLOB NOT NULL,
conversation BLOB NOT NULL,
sealed BLOB NOT NULL,
expires_at BIGINT NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX provider_message_conversation ON provider_message (conversation);
CREATE INDEX provider_message_expires_at ON provider_message (expires_at);
CREATE TABLE reach (
id BLOB NOT NULL,
sender BLOB NOT NULL,
handle BLOB NOT NULL,
expires_at BIGINT NOT NULL,
PRIMARY KEY (id)
)
WITHOUT ROWID;
CREATE INDEX reach_sender ON reach (sender);
CREATE TABLE receipt (
lookup BLOB NOT NULL,
sealed BLOB NOT NULL,
day INTEGER NOT NULL,
link BLOB NOT NULL,
erased INTEGER,
PRIMARY KEY (lookup)
)
WITHOUT ROWID;
CREATE TABLE received_answer (
id BLOB NOT NULL,
desk VARCHAR(40) NOT NULL,
tip VARCHAR(32) NOT NULL,
seq INTEGER NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX received_answer_tip ON received_answer (tip);
CREATE TABLE retention (
tip VARCHAR(32) NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (tip)
)
WITHOUT ROWID;
CREATE TABLE retention_key (
id INTEGER NOT NULL,
recipient TEXT NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (id)
);
CREATE TABLE roster_proposal (
id VARCHAR(16) NOT NULL,
entry BLOB NOT NULL,
attachment BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY (id)
);
CREATE TABLE seen (
"key" BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY ("key")
);
CREATE INDEX seen_day ON seen (day);
CREATE TABLE sent_transfer (
desk VARCHAR(40) NOT NULL,
transfer_id BLOB NOT NULL,
chunks INTEGER NOT NULL,
PRIMARY KEY (desk, transfer_id)
);
CREATE TABLE tip (
id VARCHAR(32) NOT NULL,
number VARCHAR(16) NOT NULL,
revision INTEGER NOT NULL,
recipient TEXT NOT NULL,
key_changes BLOB NOT NULL,
document BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY (id),
UNIQUE (number)
)
WITHOUT ROWID;
CREATE TABLE tip_change (
position BIGINT NOT NULL,
tip VARCHAR(32) NOT NULL,
PRIMARY KEY (position, tip)
);
CREATE TABLE tip_count (
day INTEGER NOT NULL,
process VARCHAR(16) NOT NULL,
tips INTEGER NOT NULL,
PRIMARY KEY (day, process)
)
WITHOUT ROWID;
CREATE TABLE desk_form_draft (
id VARCHAR(64) NOT NULL,
desk VARCHAR(40) NOT NULL,
officer VARCHAR(40) NOT NULL,
sealed BLOB NOT NULL,
at BIGINT NOT NULL,
PRIMARY KEY (id)
);
CREATE TABLE desk_known_browser (
desk VARCHAR(40) NOT NULL,
officer VARCHAR(40) NOT NULL,
browser BLOB NOT NULL,
name VARCHAR(40) NOT NULL,
used BIGINT NOT NULL,
PRIMARY KEY (desk, officer, browser)
);
CREATE TABLE desk_officer (
desk VARCHAR(40) NOT NULL,
name VARCHAR(40) NOT NULL,
recipient TEXT NOT NULL,
wrapped BLOB NOT NULL,
salt BLOB NOT NULL,
memory_kib INTEGER NOT NULL,
passes INTEGER NOT NULL,
lanes INTEGER NOT NULL,
"temporary" BOOLEAN NOT NULL,
desk_key BLOB NOT NULL,
PRIMARY KEY (desk, name)
);
CREATE TABLE desk_order_number (
desk VARCHAR(40) NOT NULL,
year INTEGER NOT NULL,
last INTEGER NOT NULL,
PRIMARY KEY (desk, year)
);
CREATE TABLE desk_queue (
tip VARCHAR(32) NOT NULL,
revision INTEGER NOT NULL,
delivered VARCHAR(20) NOT NULL,
position BIGINT NOT NULL,
PRIMARY KEY (tip)
);
CREATE TABLE desk_read_state (
tip VARCHAR(32) NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (tip)
)
WITHOUT ROWID;
CREATE TABLE desk_recovery (
desk VARCHAR(40) NOT NULL,
officer VARCHAR(40) NOT NULL,
code BLOB NOT NULL,
recipient TEXT NOT NULL,
signer VARCHAR(64) NOT NULL,
wrapped BLOB NOT NULL,
salt BLOB NOT NULL,
memory_kib INTEGER NOT NULL,
passes INTEGER NOT NULL,
lanes INTEGER NOT NULL,
asked BIGINT NOT NULL,
PRIMARY KEY (desk, officer, code)
);
CREATE TABLE desk_release (
desk VARCHAR(40) NOT NULL,
tip VARCHAR(32) NOT NULL,
officer VARCHAR(40) NOT NULL,
asked BLOB NOT NULL,
second VARCHAR(40) NOT NULL,
approved BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY (desk, tip, officer)
);
CREATE TABLE desk_second_factor (
desk VARCHAR(40) NOT NULL,
officer VARCHAR(40) NOT NULL,
id VARCHAR(16) NOT NULL,
kind VARCHAR(8) NOT NULL,
name VARCHAR(40) NOT NULL,
sealed BLOB NOT NULL,
counter BIGINT NOT NULL,
added BIGINT NOT NULL,
PRIMARY KEY (desk, officer, id)
);
CREATE TABLE desk_wording (
desk VARCHAR(40) NOT NULL,
id VARCHAR(16) NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (desk, id)
);
CREATE TABLE police_answer_sequence (
system VARCHAR(40) NOT NULL,
tip VARCHAR(32) NOT NULL,
sequence INTEGER NOT NULL,
PRIMARY KEY (system, tip)
);
CREATE TABLE police_seen_request (
id BLOB NOT NULL,
day INTEGER NOT NULL,
PRIMARY KEY (id)
);
CREATE INDEX police_seen_request_day ON police_seen_request (day);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('c0001');
INSERT INTO alembic_version VALUES ('d0002');
INSERT INTO alembic_version VALUES ('p0001');
