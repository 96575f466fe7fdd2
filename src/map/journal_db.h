/* What journal.c and journal_files.c share; nobody else includes it. */
#ifndef MAP_JOURNAL_DB_H
#define MAP_JOURNAL_DB_H

#include "base/buf.h"
#include "map/journal.h"
#include "map/sql.h"

#define JOURNAL_SCHEMA 2

struct journal {
	struct sql sql;
	struct arena arena;
	char *folder;
	double mail_since; /* when the transaction of journal_mail.c was opened */
	sqlite3_stmt
		*add_patch; /* of journal_mail.c, which may add some 100 000; or NULL */
	struct buf pending; /* tombstones to come: two lengths, two texts, and so on */
};

/* journal_mail.c: its tables, made if they are not there; and the end of the sets whose
 * runs the journal has forgotten. */
int journal_mail_tables(struct journal *j, struct err *e);
int journal_mail_forget(struct journal *j, struct err *e);

#endif
