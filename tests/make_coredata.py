#!/usr/bin/env python3
"""make_coredata.py FOLDER: the databases of fixtures/apple_coredata, made by SQLite.

Their tables are those that Core Data makes for an entity Account and an entity
SeenMessage; no real file of Mail's was at hand. What each means is in its .expect."""

import os
import sqlite3
import sys

OTHERS = """
CREATE TABLE Z_PRIMARYKEY (Z_ENT INTEGER PRIMARY KEY, Z_NAME VARCHAR, Z_SUPER INTEGER, Z_MAX INTEGER);
CREATE TABLE Z_METADATA (Z_VERSION INTEGER PRIMARY KEY, Z_UUID VARCHAR(255), Z_PLIST BLOB);
INSERT INTO Z_PRIMARYKEY VALUES (1, 'Account', 0, 2), (2, 'SeenMessage', 0, 40);
INSERT INTO Z_METADATA VALUES (1, '6E3E6F5A-5B0C-4B53-9A35-7C2F0B0F3E11', x'62706c6973743030d0');
"""
ACCOUNT = "CREATE TABLE ZACCOUNT ( Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZACCOUNTID VARCHAR );"
SEEN = ("CREATE TABLE ZSEENMESSAGE ( Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, "
        "ZACCOUNT INTEGER, ZDATESEEN TIMESTAMP, ZMESSAGEID VARCHAR );")
INDEX = "CREATE INDEX ZSEENMESSAGE_ZACCOUNT_INDEX ON ZSEENMESSAGE (ZACCOUNT);"
FIRST = "9D1B7D20-5C9C-4C5A-8E0E-2A1D3C4B5F60"
SECOND = "0B4E8A31-1111-4222-8333-444455556666"
ACCOUNTS = "INSERT INTO ZACCOUNT VALUES (1, 1, 1, '%s'), (2, 1, 1, '%s');" % (FIRST, SECOND)


def row(pk, account, date, uidl):
    return "INSERT INTO ZSEENMESSAGE VALUES (%s, 2, 1, %s, %s, %s);" % (pk, account, date, uidl)


def make(folder, name, *sql, before="PRAGMA page_size = 512;", after=None):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        os.unlink(path)
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(before + "".join(sql))
    db.close()
    if after is not None:
        with open(path, "r+b") as f:
            after(f)


def put(off, data):
    def change(f):
        f.seek(off)
        f.write(data)
    return change


def cut(size):
    return lambda f: f.truncate(size)


def damage(f):
    """The last page, a leaf with rows, becomes something else."""
    f.seek(-512, os.SEEK_END)
    f.write(b"\xa5" * 512)


def main(folder):
    usual = OTHERS + ACCOUNT + SEEN + INDEX + ACCOUNTS
    two = row(1, 1, "252460800.5", "'000000016b02f262'") + row(2, 1, "252460801", "'000000026b02f262'")

    make(folder, "leopard", usual, two, row(3, 2, "'0'", "'1'"), row(7, 2, "-978307200", "'2'"),
         before="")
    make(folder, "wal", usual, two, before="PRAGMA page_size = 512; PRAGMA journal_mode = WAL;")
    make(folder, "unique", usual, "CREATE UNIQUE INDEX U ON ZSEENMESSAGE (ZACCOUNT, ZMESSAGEID);",
         two, row(3, 1, "NULL", "'1'"), row(4, 1, "NULL", "'2'"), row(5, 1, "NULL", "'3'"))
    make(folder, "no-date", OTHERS, ACCOUNT, ACCOUNTS,
         "CREATE TABLE ZSEENMESSAGE (ZMESSAGEID VARCHAR, Z_PK INTEGER PRIMARY KEY, ZACCOUNT INTEGER);",
         "INSERT INTO ZSEENMESSAGE VALUES ('second', 9, 2), ('first', 4, 1);")
    make(folder, "odd-rows", usual, two, row(3, 1, "NULL", "NULL"), row(4, "NULL", "1e300", "'no-account'"),
         row(5, 77, "1.5", "'another'"), row(6, 2, "x'00'", "''"), row(-3, 2, "0", "'minus'"),
         row(9223372036854775807, 2, "0", "'Größe & <x>'"))
    make(folder, "empty", OTHERS, ACCOUNT, SEEN)
    make(folder, "vacuum", usual,
         *(row(i, 1 + i % 2, i, "'uidl-%03d'" % i) for i in range(1, 41)),
         "DELETE FROM ZSEENMESSAGE WHERE Z_PK %% 4 = 1;".replace("%%", "%"),
         before="PRAGMA page_size = 512; PRAGMA auto_vacuum = FULL;")
    make(folder, "free-pages", usual,
         *(row(i, 1, i, "'uidl-%03d'" % i) for i in range(1, 41)),
         "DELETE FROM ZSEENMESSAGE WHERE Z_PK > 3;")
    make(folder, "overflow", usual, row(1, 1, 0, "'%s'" % ("long" * 300)), two.replace("(1, 2", "(3, 2", 1))
    make(folder, "other-things", usual, two,
         "CREATE VIEW V AS SELECT * FROM ZSEENMESSAGE;"
         "CREATE TABLE W (A TEXT PRIMARY KEY, B BLOB) WITHOUT ROWID;"
         "INSERT INTO W VALUES ('b', x'0001ff'), ('a', NULL), ('c', 1.25);"
         "CREATE TABLE \"a \"\"name\"\"\" (_rowid_, \"ZMESSAGEID\");"
         "INSERT INTO \"a \"\"name\"\"\" VALUES ('x', 'not one of ours');"
         "CREATE TRIGGER T AFTER INSERT ON W BEGIN DELETE FROM ZSEENMESSAGE; END;"
         "ANALYZE;")

    make(folder, "bad-trigger", usual, two,
         "CREATE TRIGGER T AFTER UPDATE ON zseenmessage BEGIN DELETE FROM ZACCOUNT; END;")
    make(folder, "bad-view", OTHERS, ACCOUNT, ACCOUNTS, SEEN.replace("ZSEENMESSAGE", "S"),
         "CREATE VIEW ZSEENMESSAGE AS SELECT * FROM S;")
    make(folder, "bad-virtual", usual,
         "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('table', 'F', 'F', 0, "
         "'CREATE VIRTUAL TABLE F USING fts5(x)');")
    make(folder, "bad-no-table", OTHERS, SEEN, "CREATE TABLE ZACCOUNT2 (Z_PK INTEGER PRIMARY KEY);")
    make(folder, "bad-no-column", OTHERS, ACCOUNT, SEEN.replace("ZMESSAGEID", "ZUID"))
    make(folder, "bad-type", OTHERS, ACCOUNT, SEEN.replace("ZMESSAGEID VARCHAR", "ZMESSAGEID BLOB"))
    make(folder, "bad-date-type", OTHERS, ACCOUNT, SEEN.replace("TIMESTAMP", "VARCHAR"))
    make(folder, "bad-key", OTHERS, ACCOUNT, SEEN.replace("INTEGER PRIMARY KEY", "INTEGER", 1))
    make(folder, "bad-uidl-is-key", OTHERS, ACCOUNT,
         "CREATE TABLE ZSEENMESSAGE (Z_PK INTEGER, ZACCOUNT INTEGER, ZMESSAGEID VARCHAR, "
         "PRIMARY KEY (Z_PK, ZMESSAGEID));")
    make(folder, "bad-generated", OTHERS, ACCOUNT,
         SEEN.replace("ZMESSAGEID VARCHAR", "ZMESSAGEID VARCHAR AS (ZACCOUNT || 'x')"))
    make(folder, "bad-utf16", usual, two, before="PRAGMA page_size = 512; PRAGMA encoding = 'UTF-16le';")
    make(folder, "bad-nul", usual, two, row(3, 1, 0, "CAST(x'610062' AS TEXT)"))
    make(folder, "bad-blob", usual, two, row(3, 1, 0, "x'61'"))
    make(folder, "bad-account", usual, two, row(3, "'one'", 0, "'a'"))
    make(folder, "bad-newer", usual, after=put(19, b"\3"))
    make(folder, "bad-page-size", usual, after=put(16, b"\3\0"))
    make(folder, "bad-magic", usual, after=put(0, b"SQLite format 4\0"))
    make(folder, "bad-half-page", usual, after=cut(700))
    make(folder, "bad-few-pages", usual, after=cut(1024))
    make(folder, "bad-page", usual, *(row(i, 1, i, "'uidl-%03d'" % i) for i in range(1, 41)), after=damage)
    # The indices of two tables, of which one is empty, in each other's place.
    make(folder, "bad-index", OTHERS, ACCOUNT, SEEN, ACCOUNTS, two,
         "CREATE TABLE E (A); CREATE INDEX J ON E (A); CREATE INDEX I ON ZSEENMESSAGE (ZMESSAGEID);"
         "PRAGMA writable_schema = ON;"
         "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema "
         "WHERE name IN ('I', 'J')) - rootpage WHERE name IN ('I', 'J');")


if __name__ == "__main__":
    main(sys.argv[1])
