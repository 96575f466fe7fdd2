/*
 * A mailbox on a server or on a disk, named by a URL.
 *
 * Several mailboxes are asked at the same time, in one thread: each call below takes
 * them all, and returns when all are through or one has failed for good. The order is
 * open, headers, bodies and describe as often as wanted, close. Nothing in here ever
 * changes a mailbox: no DELE, no RETR, and QUIT at the end.
 */
#ifndef MAILBOX_MAILBOX_H
#define MAILBOX_MAILBOX_H

#include "base/err.h"
#include "base/watch.h"
#include "model/message.h"

enum mailbox_tls { TLS_REQUIRED, TLS_OFF };

/* A URL taken apart: scheme://user@host[:port], %-escapes decoded; or scheme:path, as it
 * stands, and then user and host are for the caller to find out. IMAP's may end in
 * /MAILBOX. In the arena. */
struct mailbox_url {
	char *scheme, *user, *host;
	uint16_t port; /* the scheme's default if none was given */
	char *path;    /* NULL: it names a server */
	char *mailbox; /* of IMAP: what stands behind the host; NULL: nothing */
};

struct mailbox_store;
struct mailbox_capture;

struct mailbox_options {
	const char *name; /* "old server", "new server": what messages say */
	struct mailbox_url url;
	const struct mailbox_store *store;     /* what a store: URL leads to: local.h */
	const struct mailbox_capture *capture; /* and a capture: URL: captured.h */
	const char *authzid; /* whose mailbox, for master users; NULL: the user's */
	const char *auth; /* "user", "apop", "plain", …; NULL: what the server offers */
	const char *password; /* owned and wiped by the caller, after close */
	const char *token; /* likewise, of OAuth2; then the password is not asked for */
	enum mailbox_tls tls;
	const char *cafile, *fingerprint, *proxy; /* NULL: none */
	const char *cert, *key; /* of the client, PEM; NULL: none, in `cert` too */
	/* IMAP: its mailbox in UTF-8, NULL: INBOX, "*": all of them; how UIDLs are made
	 * (rule.h), and whether that is believed where no POP3 server proves it. */
	const char *mailbox, *uidl_rule;
	bool trust_rule;
	bool no_pop3;			/* there is none to prove it */
	const struct mailbox_url *pop3; /* which proves it; NULL: look on the same host */
	bool pipelining;		/* false: one command at a time */
	unsigned wait;			/* seconds to wait for a locked mailbox */
	unsigned silence; /* seconds without a byte that end a connection; 0: 60.
	                              Passwords and lists may take five times that */
};

struct mailbox {
	const struct mailbox_kind *kind;
	struct mailbox_options options;
	struct listing listing; /* filled by mailbox_open() */
	void *state;		/* the kind's own */
	bool at_hand;		/* evidence costs nothing: none is taken from a cache */
	/* What a person should know at the end: sentences, in the listing's arena. */
	const char **notes;
	size_t nnotes, notes_cap;
	uint64_t bytes_in, commands; /* what it cost */
	char *account;		     /* USER, or the authzid: whose mailbox it is */
	/* What a map keeps: the URL's scheme, "imap+{v}.{u}" where the UIDLs are by a rule
	 * that is taken on trust; and the port that clients ask, 0: not known. */
	const char *scheme;
	uint16_t port;
};

/* Called for each message as its evidence arrives, in any order. `ev` holds all that is
 * known from this job: the header's digests, or the body's, or both. */
typedef int (*mailbox_sink)(void *arg, struct mailbox *m, size_t index,
	const struct evidence *ev, struct err *e);
/* Called with Date, From, Subject. */
typedef int (*mailbox_describe_sink)(void *arg, struct mailbox *m, size_t index,
	const struct text values[3], struct err *e);

int mailbox_url_parse(
	const char *url, struct arena *a, struct mailbox_url *out, struct err *e);
/* The options and their strings are the caller's, and must outlive the mailbox. */
int mailbox_init(struct mailbox *m, const struct mailbox_options *o, struct err *e);

/* When a call below fails for one mailbox, what the others were doing is broken off; what
 * has reached the sink is good. A later call connects again where that is needed. */
/* Connect, log in, list UIDLs and sizes. */
int
mailbox_open(struct mailbox *const *m, size_t n, const struct watch *w, struct err *e);
/* Headers of the messages with want[k][index] != 0 (want[k] NULL: of all of mailbox k).
 * The sink gets them; messages are not touched. A message whose header the server will
 * not give arrives with MESSAGE_NO_HEADER. */
int mailbox_headers(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, void *arg, const struct watch *w, struct err *e);
/* The same; kinds that can do it in passing tell each message's Date, From and Subject
 * too, before the sink gets it. Of those that were not told mailbox_describe() tells. */
int mailbox_headers_told(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, mailbox_describe_sink describe, void *arg,
	const struct watch *w, struct err *e);
/* Bodies (TOP n 999999999), with the header's digests too. MESSAGE_NO_BODY if refused. */
int mailbox_bodies(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_sink sink, void *arg, const struct watch *w, struct err *e);
int mailbox_describe(struct mailbox *const *m, size_t n, uint8_t *const *want,
	mailbox_describe_sink sink, void *arg, const struct watch *w, struct err *e);
/* QUIT and hang up; never fails. Safe on a mailbox that was never opened. */
void mailbox_close(struct mailbox *const *m, size_t n);
void mailbox_release(struct mailbox *m);

#endif
