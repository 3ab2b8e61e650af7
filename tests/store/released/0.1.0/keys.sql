CREATE TABLE audit_witness (
desk VARCHAR(40) NOT NULL,
position BIGINT NOT NULL,
link BLOB NOT NULL,
signature BLOB NOT NULL,
PRIMARY KEY (desk)
);
CREATE TABLE custody_anchor (
id INTEGER NOT NULL,
position BIGINT NOT NULL,
link BLOB NOT NULL,
"before" BLOB NOT NULL,
PRIMARY KEY (id)
);
CREATE TABLE envelope (
tip VARCHAR(32) NOT NULL,
holder BLOB NOT NULL,
sealed BLOB NOT NULL,
PRIMARY KEY (tip, holder)
)
WITHOUT ROWID;
CREATE TABLE erased_tip (
tag BLOB NOT NULL,
PRIMARY KEY (tag)
);
CREATE TABLE roster (
position INTEGER NOT NULL,
entry BLOB NOT NULL,
hash BLOB NOT NULL,
PRIMARY KEY (position)
);
CREATE TABLE roster_head (
desk VARCHAR(40) NOT NULL,
officer VARCHAR(40) NOT NULL,
signer VARCHAR(64) NOT NULL,
number INTEGER NOT NULL,
head TEXT NOT NULL,
shown VARCHAR(64) NOT NULL,
given_up TEXT NOT NULL,
signature BLOB NOT NULL,
PRIMARY KEY (desk, officer)
);
CREATE TABLE tip_witness (
day INTEGER NOT NULL,
process VARCHAR(16) NOT NULL,
tips INTEGER NOT NULL,
PRIMARY KEY (day, process)
)
WITHOUT ROWID;
CREATE TABLE alembic_version_keys (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_keys_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version_keys VALUES ('k0001');
