/*
 * What lies beside a client's SQLite database and belongs to it: the write-ahead log
 * (-wal), its index (-shm), a rollback journal (-journal).
 *
 * A log is replayed over whatever database it lies beside: SQLite compares it with
 * itself, not with the database. So a new database must never stand beside the old log,
 * not for an instant, and the log must not be thrown away before its content is in the
 * database. Two ways were weighed. To write the database with the log folded in, and
 * then unlink the log, needs a run's journal for three files, and has an instant (new
 * database, old log) in which the client would see a mixture; the other order has one in
 * which what the log alone has is lost. To let SQLite move the log into the database
 * first changes nothing that the database means, is what the client does at any time
 * itself, is safe against dying at any point by SQLite's own design, waits for, or is
 * refused by, whoever has the database open; and the usual replacement follows with no
 * log there. That is what folded_settle() does, before anything is planned, and only if
 * the database is to be written. To look at one, both are put together in memory.
 *
 * A rollback journal means that a client has died while it wrote. The database is not
 * what it should be until SQLite has taken that back, so it is refused until the client
 * has been started once.
 */
#ifndef WORK_FOLDED_H
#define WORK_FOLDED_H

#include "model/format.h"

/* Is there something beside the database that has yet to go into it? With `e`, a
 * journal is an error; without (NULL) it counts. */
int folded_pending(const char *path, bool *pending, struct err *e);
/* `s` has been read from its path; the log is put in. 1: files changed meanwhile, read
 * it again. */
int folded_read(struct source *s, struct err *e);
/* Moves the log into the database. 1: it was, so the file is to be read again; 0: there
 * was none. Whoever has the database open: ERR_BUSY. It opens and closes the file, so
 * this process's fcntl locks on it are gone then. */
int folded_settle(const char *path, struct err *e);

#endif
