/*
 * What a kind of mailbox is, for mailbox.c and the kinds themselves.
 *
 * A kind never blocks: start() takes a job, step() does what can be done now and says
 * what to wait for. mailbox.c steps all mailboxes in turn and waits for all at once.
 */
#ifndef MAILBOX_KIND_H
#define MAILBOX_KIND_H

#include <curl/curl.h>

#include "mailbox/mailbox.h"

enum job_what { JOB_NONE, JOB_OPEN, JOB_HEADERS, JOB_BODIES, JOB_DESCRIBE, JOB_QUIT };

struct mailbox_job {
	enum job_what what;
	const uint8_t *want; /* by index; NULL: all */
	mailbox_sink sink;
	mailbox_describe_sink describe; /* of JOB_HEADERS too, if not NULL */
	void *arg;
	const struct watch *watch; /* may be NULL, and so may its functions */
};

enum step { STEP_FAILED = -1, STEP_DONE, STEP_WAIT };

/* What all mailboxes together wait for; `ms` is the soonest time that any wants. */
struct waiting {
	struct curl_waitfd *fds;
	size_t n, cap;
	int ms;
};

void waiting_add(struct waiting *w, curl_socket_t fd, bool to_read, bool to_write);
void waiting_until(struct waiting *w, double seconds);

/* What is at hand is read in turns of so many seconds, so that the other mailbox has its
 * own meanwhile. */
#define TURN 0.02
/* How such a turn ends: it has failed, the job is done, or there is another one at once. */
enum step turn_end(struct mailbox_job *job, int rc, bool done, struct waiting *w);

struct mailbox_kind {
	const char *scheme;
	bool path; /* SCHEME:PATH: it lies on a disk, has no host and asks no password */
	uint16_t port;
	bool tls; /* from the first byte on */
	void *(*create)(struct mailbox *m);
	int (*start)(struct mailbox *m, const struct mailbox_job *job, struct err *e);
	enum step (*step)(struct mailbox *m, struct waiting *w, struct err *e);
	void (*destroy)(struct mailbox *m);
};

extern const struct mailbox_kind mailbox_pop3, mailbox_pop3s, mailbox_imap, mailbox_imaps,
	mailbox_local, mailbox_captured, mailbox_maildir, mailbox_mbox;

/* NULL if there is no such kind. */
const struct mailbox_kind *mailbox_kind_named(const char *scheme);
/* A sentence for mailbox->notes; one that is there already is not added again. */
__attribute__((format(printf, 2, 3))) void
mailbox_note(struct mailbox *m, const char *fmt, ...);
/* "--old-", "--new-" or "--": how this mailbox's options begin on the command line. */
const char *mailbox_option(const struct mailbox_options *o);

#endif
