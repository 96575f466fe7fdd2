/*
 * A database and its write-ahead log, made into one, in memory:
 * https://www.sqlite.org/fileformat2.html, "The Write-Ahead Log".
 *
 * For looking only, while the client may be at work; before a database is replaced,
 * SQLite itself moves the log into it (work/folded.h). The bytes are the same.
 */
#ifndef MODEL_WAL_H
#define MODEL_WAL_H

#include "base/buf.h"
#include "base/err.h"

/* The database's bytes with all that the log has committed, into `out`. A log whose
 * header is not right is none, and one ends where a frame is not right: that is how
 * SQLite reads it. `path` is for the sentence. */
int wal_fold(struct text database, struct text wal, const char *path, struct buf *out,
	struct err *e);

#endif
