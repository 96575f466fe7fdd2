/*
 * A store: a client's file, untouched, plus notes of where in it the accounts and the
 * UIDLs stand.
 *
 * What reuidl does not understand is never copied into a struct: it stays in the bytes.
 * Writing is copying the file and replacing the spans, so odd spacing, line ends,
 * unknown lines and a missing last newline survive by construction. A store is renamed
 * in place: no record is ever added, dropped or merged.
 *
 * The store owns its arena and arrays; texts point into the source's bytes or into the
 * arena, and the source must outlive the store.
 */
#ifndef MODEL_STORE_H
#define MODEL_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/source.h"

/* What a value means, escapes undone, and where it stands. Not in the file: len 0 and
 * off 0, and it cannot be edited. */
struct value {
	struct text text;
	struct span at;
};

struct account {
	struct value host, user;
	struct span prefix; /* in stores with account_in_records, else empty */
};

enum record_state {
	RECORD_KNOWN,	/* downloaded, left on the server */
	RECORD_DELETE,	/* the client will DELE it at its next check */
	RECORD_PARTIAL, /* a stub: the rest is still to be fetched */
};

/* As readers add it and store_record() gives it; kept smaller than that. */
struct record {
	const char *uidl; /* escapes undone */
	uint32_t uidl_len;
	uint32_t account;  /* index of the account, or STORE_NO_ACCOUNT */
	struct span at;	   /* where the UIDL stands, in the file's own spelling */
	struct span whole; /* the whole record */
	uint32_t time;	   /* when it was received, seconds since 1970; 0 unknown */
	uint8_t state;	   /* enum record_state */
	char status;	   /* the client's own letter, '-' if it has none */
};

#define STORE_NO_ACCOUNT UINT32_MAX

/* A record as it is kept, in 12 bytes, because there are a million of them: its UIDL is
 * what the file has there, byte by byte, and the rest of it is near. One of which that is
 * not so has `len` RECORD_WIDE, and `at` is its index in `wide`. */
struct packed_record {
	uint32_t at;
	uint16_t len, account;	/* len: of the place, from `at` on */
	uint8_t before, behind; /* bytes of the record around that */
	uint8_t state : 2;
	uint8_t lead : 6; /* of the place, what is not yet the UIDL */
	char status;
};

#define RECORD_WIDE UINT16_MAX

struct store {
	const struct format *format;
	const struct source *source;
	struct account *accounts;
	struct packed_record *records; /* store_record() */
	struct record *wide;
	uint32_t *times; /* by record; NULL: none has one */
	size_t naccounts, nrecords, nwide;
	/* The client looks at all records, whatever account they stand under. */
	bool merged;
	/* The client rewrites the account's host and user from its settings whenever it
	 * has been at a server, so what stands there tells which one that was. */
	bool account_rewritten;
	/* The two were set by format->adapt, not by the bytes alone. */
	bool adapted;
	/* The account stands at the start of each of its records ("alice@host UIDL").
	 * The reader says so before it adds anything, and takes accounts from
	 * store_account_of(). An account is then what has the same bytes, its `prefix`,
	 * there; host and user stand in it, and an edit of them is made in every record
	 * of the account. */
	bool account_in_records;
	/* The server is part of each record's key (Outlook Express), so records of one
	 * user may be of different servers: EDIT_SERVER gives one record another, and there
	 * is no place for EDIT_HOST. Such files are built anew (format->write), and an
	 * account is what its records say. */
	bool server_in_records;
	/* Sentences for `show` and the diff about oddities that do not stop us; static
	 * or in the arena. */
	const char **notes;
	size_t nnotes;
	struct arena arena;
	size_t accounts_cap, records_cap, wide_cap, times_cap, notes_cap;
	uint32_t *accounts_table; /* of store_account_of() */
	/* Set while an output is verified: records are compared and not kept. */
	struct store_check *check;
	/* By record: when the message was sent, seconds since 1970, 0 unknown; malloc'ed.
	 * NULL: nobody has looked. (work/dates.h) */
	uint32_t *dates;
};

static inline struct text
record_uidl(const struct record *r)
{
	return (struct text){r->uidl, r->uidl_len};
}

static inline struct record
store_record(const struct store *s, size_t i)
{
	const struct packed_record *p = &s->records[i];

	if (p->len == RECORD_WIDE)
		return s->wide[p->at];
	return (struct record){.uidl = s->source->bytes.at + p->at + p->lead,
		.uidl_len = (uint32_t)p->len - p->lead,
		.account = p->account,
		.at = {p->at, p->len},
		.whole = {p->at - p->before, (uint32_t)p->before + p->len + p->behind},
		.time = s->times != NULL ? s->times[i] : 0,
		.state = p->state,
		.status = p->status};
}

static inline struct text
store_uidl(const struct store *s, size_t i)
{
	const struct packed_record *p = &s->records[i];

	if (p->len == RECORD_WIDE)
		return record_uidl(&s->wide[p->at]);
	return (struct text){
		s->source->bytes.at + p->at + p->lead, (size_t)p->len - p->lead};
}

/* For readers, which add what they find in the order of the file (a rebuilt file may be
 * read in any), and look at no record that they have added: while an output is verified
 * none is kept. store_add_record() returns -1 if a check in progress has failed; hand
 * that on. */
uint32_t store_add_account(struct store *s, struct account account);
int store_add_record(struct store *s, struct record record, struct err *e);
/* The one account of a file that does not say whose it is. */
static inline uint32_t
store_add_nobody(struct store *s)
{
	return store_add_account(s,
		(struct account){.host = {{"", 0}, {0, 0}}, .user = {{"", 0}, {0, 0}}});
}

/* With account_in_records: the account that has the bytes of account.prefix, which is
 * where a record begins; added if there is none yet. A record's prefix must have the
 * bytes of its account's, and its UIDL stand behind it. */
int
store_account_of(struct store *s, struct account account, uint32_t *index, struct err *e);
/* Where the account's host or user, `v`, stands in this record of it. */
struct span
store_account_at(const struct store *s, const struct record *r, struct value v);
__attribute__((format(printf, 2, 3))) void
store_note(struct store *s, const char *fmt, ...);
/* Text of a span, and the span of a text that lies in the source's bytes. */
struct text store_at(const struct store *s, struct span at);
struct span store_span(const struct store *s, struct text t);

enum edit_what {
	EDIT_UIDL, /* index of a record */
	EDIT_HOST, /* index of an account */
	EDIT_USER,
	EDIT_SERVER, /* index of a record; with server_in_records */
};

/* 16 bytes, as small for the same reason; edit_make(). The new text has its escapes undone;
 * its bytes are the plan's. */
struct edit {
	uint32_t index;
	uint32_t what : 2; /* enum edit_what */
	uint32_t len : 30; /* no source and no map has a longer one */
	const char *to;
};

static inline struct edit
edit_make(enum edit_what what, size_t index, struct text to)
{
	return (struct edit){.index = (uint32_t)index,
		.what = (uint32_t)what & 3,
		.len = (uint32_t)(to.len & (SOURCE_MAX - 1)),
		.to = to.at};
}

static inline struct text
edit_text(const struct edit *e)
{
	return (struct text){e->to, e->len};
}

/* Read by the format that the caller has chosen. On error the store is empty. */
int store_read(
	struct store *s, const struct format *f, const struct source *src, struct err *e);
void store_release(struct store *s);
/* The value that an edit replaces, as it is now; false if there is no such account or
 * record, and then it is left alone. */
bool store_find_value(const struct store *s, const struct edit *edit, struct value *v);
struct text store_value(const struct store *s, const struct edit *edit);

/*
 * The new bytes of the file, into `out` (buf_init() by the caller; its max is raised to
 * what is needed). The edits may come in any order; those of the records by their index,
 * then those of accounts, are not copied to be sorted. Edits that change nothing are
 * dropped; two edits of one value are an error. Everything is verified before it returns
 * (verify.h).
 */
int store_write(const struct store *s, const struct edit *edits, size_t n,
	struct buf *out, struct err *e);

#endif
