/*
 * What a session with a server needs, whatever it speaks: to tell, to rest and to
 * come back, and to digest a message while it streams by.
 *
 * Functions that handle what a server has said return one of enum outcome: a SURPRISE
 * (it broke off, fell silent or said what cannot be an answer) is met with one new
 * connection, a FAILURE is final.
 */
#ifndef MAILBOX_SESSION_H
#define MAILBOX_SESSION_H

#include "mailbox/kind.h"
#include "model/header.h"

enum outcome { FAILURE = -1, FINE = 0, SURPRISE = 1 };

enum stage {
	STAGE_DOWN,
	STAGE_RESTING, /* the mailbox is locked: waiting until `rest.until` */
	STAGE_CONNECTING,
	STAGE_TALKING, /* login and listing: each reply brings the next command */
	STAGE_READY,
};

/* What a hostile or broken server may cost us. Header lines of real mail are below
 * 100 KiB; of bodies, one line of 16 MiB has been HTML. A message with a longer one gets
 * no digest. */
#define HEADER_LINE_MAX ((size_t)1 << 20)
#define BODY_LINE_MAX	((size_t)16 << 20)
/* Checking a password may take long: delays after wrong ones, slow directories, and
 * mailboxes that are indexed before the answer, or before the first list of sizes. */
#define LONG_PATIENCE 5
/* Date, From and Subject are for people. */
#define VALUE_MAX 998

/* Say it to the person who watches. */
void session_say(const struct mailbox_job *job, const char *sentence);
void session_progress(
	const struct mailbox_job *job, const char *doing, size_t done, size_t total);

/* A mailbox that is locked, a server that is busy: all zero to begin with, and again
 * once it has let us in. */
struct rest {
	double waited, until;
	unsigned times;
};

/* `e` says why. FINE: come back at rest->until; FAILURE, and `e` stays: options.wait is
 * over. */
int session_rest(struct rest *r, const struct mailbox *m, const struct mailbox_job *job,
	struct err *e);

/* New connections of one job: one, and another after many messages, so that a long job
 * over a bad line comes to its end, and a server that always breaks off does not keep us
 * busy for ever. All zero when the job begins. */
struct forgiving {
	bool recovered;
	uint64_t since; /* messages since then */
};

/* `e` says what happened. FINE: connect again, it has been told and noted. */
int session_forgive(struct forgiving *f, struct mailbox *m, const struct mailbox_job *job,
	struct err *e);

/* The longest reply that a message of this size may be (LF counted as one, dots doubled,
 * headers added), which is not without end. */
uint64_t session_reply_max(uint64_t size);

/* A message that is read line by line: its header alone, or all of it. */
struct reading {
	struct header header;
	struct body body;
	bool bodies; /* the body is wanted */
	bool header_over, body_open, spoilt;
};

void reading_begin(struct reading *r, bool bodies);
/* `cut`: here stood a line that was too long. */
void reading_line(struct reading *r, struct text line, bool cut);
void reading_end(struct reading *r, struct evidence *ev);
/* Date, From and Subject, none of them over VALUE_MAX; they point into `out`. */
void reading_describe(struct reading *r, struct buf *out, struct text values[3]);
void reading_release(struct reading *r);

#endif
