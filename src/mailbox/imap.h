/*
 * One IMAP session, as its files share it: imap.c connects and lives with what goes
 * wrong; imap_read.c takes responses apart; imap_login.c logs in; imap_list.c lists; imap_fetch.c reads
 * messages. It knows nothing of UIDLs: imap_side.c and imap_proof.c do.
 *
 * There is one command at a time, for one FETCH brings as many messages as are wanted.
 * Mailboxes are opened by EXAMINE, which changes nothing, and messages read by BODY.PEEK,
 * which does not make them seen.
 *
 * In a job of this session `want` and the index that the sinks get are positions in
 * `mails`, not indices of the mailbox's listing.
 */
#ifndef MAILBOX_IMAP_H
#define MAILBOX_IMAP_H

#include "mailbox/imap_parse.h"
#include "mailbox/login.h"
#include "mailbox/session.h"
#include "mailbox/wire.h"

enum imap_ask {
	IMAP_ASK_NOTHING,
	IMAP_ASK_CAPABILITY, /* before login */
	IMAP_ASK_LOGIN,
	IMAP_ASK_AUTHENTICATE,
	IMAP_ASK_CAPABILITY_AGAIN,
	IMAP_ASK_COMPRESS,
	IMAP_ASK_LIST,
	IMAP_ASK_EXAMINE,
	IMAP_ASK_UIDS, /* UID FETCH of what there is */
	IMAP_ASK_FETCH,
	IMAP_ASK_LOGOUT,
};

struct imap_mail {
	uint64_t size, gmail;
	uint32_t uid, box;
	uint32_t index; /* of imap_side.c: in the listing */
};

struct imap_box {
	struct text name;   /* as the wire has it, in the session's arena */
	struct text quoted; /* the same as a quoted string */
	uint32_t validity;  /* 0: the server has said none */
	size_t from, to;    /* its mails */
};

struct imap_capabilities {
	bool sasl_ir, login_disabled, gmail, deflate;
	unsigned offered; /* sasl_bit() */
};

/* Where the octets of a literal go. */
enum imap_octets { OCTETS_NOWHERE, OCTETS_MESSAGE, OCTETS_NAME };

/* What is wanted of a message. */
enum imap_want { IMAP_WANT_NOT, IMAP_WANT, IMAP_WANT_ALONE };

struct imap {
	struct mailbox *m;
	struct wire wire;
	struct mailbox_job job;
	enum stage stage;
	struct imap_capabilities can;
	struct arena arena;
	char doing[96]; /* "old server: headers" */

	/* The command that is being answered. */
	enum imap_ask asking;
	unsigned tag;
	bool answered; /* one of ours has been: what came before was libcurl's */

	/* The response that is being read. */
	bool in_response;
	enum imap_what what;
	struct imap_fetch fetch;
	enum imap_octets octets;
	uint64_t literal; /* octets of it to come */
	uint64_t literals, idle;
	struct buf text; /* a LIST response, its literals as quoted strings */

	struct forgiving forgiving;
	struct rest rest;

	/* Login. */
	const struct sasl *sasl;
	unsigned answers;
	bool password_next; /* LOGIN's literals: the user is through */
	char reason[256];

	/* Listing. */
	struct imap_box *boxes;
	size_t nboxes, boxes_cap, box_at; /* box_at: the next to be listed */
	struct imap_mail *mails;	  /* by box, then uid */
	size_t nmails, mails_cap;
	uint64_t largest; /* size of the largest */
	bool named;	  /* `boxes` is complete */
	bool listed;	  /* `mails` is */
	bool part;	  /* a mailbox, or a message, could not be listed */

	/* The mailbox that is open: its index, or NO_BOX. */
	size_t box, opening;
	uint64_t exists, expected; /* when its messages were asked for */
	uint32_t validity;

	/* Reading messages. */
	uint8_t *want; /* by position: enum imap_want */
	size_t want_cap, cursor, done, total, asked_from, asked_to;
	size_t given, refused; /* commands that gave something, and messages refused */
	bool alone;
	struct reading reading;
	struct buf describe, command;
};

#define IMAP_NO_BOX SIZE_MAX

/* Longest line, its literals apart, and what all names in it may have. */
#define IMAP_LINE_MAX ((size_t)256 << 10)
#define IMAP_NAME_MAX ((size_t)64 << 10)
/* A tag that libcurl does not use: answers to what it asked may still come. */
#define IMAP_TAG "reuidl%u"

/* imap.c: `im` is all zero but for `m` before its first job. */
void imap_init(struct imap *im, struct mailbox *m);
int imap_start(struct imap *im, const struct mailbox_job *job, struct err *e);
enum step imap_step(struct imap *im, struct waiting *w, struct err *e);
void imap_release(struct imap *im);

/* For the files of the session. "TAG " goes before it and CRLF behind. */
void imap_say(struct imap *im, enum imap_ask ask, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same without its end, which the caller says. */
void imap_begin(struct imap *im, enum imap_ask ask, const char *command);
int imap_surprise(struct imap *im, enum err_kind kind, struct err *e, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
void imap_hang_up(struct imap *im);
/* The server's words for a message. */
struct text imap_words(const struct imap *im, struct text words);

/* imap_read.c: all that has come. */
int imap_read(struct imap *im, struct err *e);

/* imap_login.c */
void imap_capability(struct imap_capabilities *can, struct text words);
int imap_login_begin(struct imap *im, struct err *e);
int imap_login_continue(struct imap *im, struct text challenge, struct err *e);
int imap_login_done(struct imap *im, const struct imap_line *l, struct err *e);
int imap_rest(struct imap *im, struct err *e);

/* imap_list.c: what to say next, nothing if all is listed. */
int imap_list_next(struct imap *im, struct err *e);
int imap_list_name(struct imap *im, struct text rest, struct err *e);
int imap_list_mail(struct imap *im, struct err *e);
int imap_list_done(struct imap *im, const struct imap_line *l, struct err *e);
/* Untagged, while EXAMINE is answered. */
void imap_list_code(struct imap *im, struct text code);
void imap_examine(struct imap *im, size_t box);
int imap_examine_done(struct imap *im, const struct imap_line *l, struct err *e);

/* imap_fetch.c */
void imap_fetch_job(struct imap *im);
int imap_fetch_next(struct imap *im, struct err *e);
/* The section in the response that has ended. */
int imap_fetch_mail(struct imap *im, struct err *e);
int imap_fetch_done(struct imap *im, const struct imap_line *l, struct err *e);
/* By UID in the mailbox that is open; nmails: there is none. */
size_t imap_position(const struct imap *im, uint32_t uid);

#endif
