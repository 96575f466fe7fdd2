/*
 * The kind of maildir: URLs. The list is made when the mailbox is opened; a message whose
 * size nothing states is read whole then, and what was learnt of it is kept. All others
 * are read where their evidence is asked for, one after the other, in slices.
 */
#include "mailbox/maildir.h"
#include "mailbox/mailfile.h"
#include "mailbox/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "base/os_below.h"

/* Lines between two looks at the clock. */
#define LINES 256
/* The folder is not listed again for each message that went away. */
#define LOOK_SECONDS 1

struct maildir_box {
	struct mailbox *m;
	struct maildir dir;
	struct mailbox_job job;
	struct evidence *kept; /* by index in dir.at; flags 0: nothing is */
	bool *gone;	       /* likewise */
	size_t next;
	bool listed, open; /* open: `file` is the message `next` */
	struct mailfile file;
	struct reading reading;
	struct buf words;
	double looked; /* when the folder was listed again */
	size_t ngone, nbroken, nrefused;
};

/* --- one message ------------------------------------------------------------------ */

/* Where it lies now: a server gives files other names as they are read. 1: it is gone. */
static int
open_file(struct maildir_box *b, struct maildir_file *f, int *fd, struct err *e)
{
	struct maildir *d = &b->dir;
	size_t more;
	int rc = os_open_below(d->fd, d->path, f->name, fd, e);

	if (rc != 1 || os_seconds() < b->looked + LOOK_SECONDS)
		return rc;
	if (maildir_look_again(d, &more, e) < 0)
		return -1;
	b->looked = os_seconds();
	return os_open_below(d->fd, d->path, f->name, fd, e);
}

/* One that cannot be read is left apart, and counted: it must not end the job. */
static bool
begin_message(struct maildir_box *b, bool bodies)
{
	struct err e;
	int fd, rc = open_file(b, &b->dir.at[b->next], &fd, &e);

	if (rc == 0) {
		mailfile_open(&b->file, fd);
		reading_begin(&b->reading, bodies);
		b->open = true;
		return true;
	}
	if (rc > 0)
		b->gone[b->next] = true;
	else if (b->nrefused++ == 0)
		mailbox_note(
			b->m, "%s: %s; it has no partner", b->m->options.name, e.message);
	b->ngone += rc > 0;
	return false;
}

/* Some lines of it; false: it is over, and `ev` says what is known. */
static bool
read_lines(struct maildir_box *b, bool whole, struct evidence *ev)
{
	enum mailfile_got got = MAILFILE_LINE;
	struct text line = {"", 0};

	for (int i = 0; i < LINES; i++) {
		bool header = !b->reading.header_over;

		if (!header && !whole)
			break;
		got = mailfile_line(
			&b->file, header ? HEADER_LINE_MAX : BODY_LINE_MAX, &line);
		if (got == MAILFILE_END || got == MAILFILE_BROKEN)
			break;
		reading_line(&b->reading, line, got == MAILFILE_LONG);
		if (i + 1 == LINES)
			return true;
	}
	reading_end(&b->reading, ev);
	if (got == MAILFILE_BROKEN) {
		*ev = (struct evidence){.flags = MESSAGE_NO_HEADER | MESSAGE_NO_BODY};
		b->nbroken++;
	}
	return false;
}

static void
end_message(struct maildir_box *b)
{
	b->m->bytes_in += b->file.off;
	b->m->commands++;
	mailfile_close(&b->file);
	b->open = false;
}

/* --- the list --------------------------------------------------------------------- */

static int
make_list(struct maildir_box *b, struct err *e)
{
	const struct mailbox_options *o = &b->m->options;
	struct maildir *d = &b->dir;

	if (maildir_read(d, o->url.path, o->uidl_rule, e) < 0)
		return -1;
	if (d->computed > 0 && !o->trust_rule) {
		if (d->computed == d->n)
			return err_set(e, ERR_USAGE, "",
				"%s: %s, and nothing proves that its UIDLs are %s: if they "
				"are, say --trust-rule",
				d->path,
				d->server == MAILDIR_DOVECOT
					? "Dovecot has stored no UIDLs there"
					: "no POP3 server has left a list there",
				d->server == MAILDIR_NAMES &&
						strcmp(d->rule, "{file}") == 0
					? "the files' names, as qmail's are"
					: arena_print(&d->arena, "made by the rule %s",
						  d->rule));
		mailbox_note(b->m,
			"%s: of %zu messages Dovecot has stored no UIDL; they are left out, "
			"since nothing proves the rule %s (see --trust-rule)",
			o->name, d->computed, d->rule);
		maildir_drop_computed(d);
	} else if (d->computed > 0) {
		mailbox_note(b->m,
			"%s: the UIDLs of %zu messages are by the rule %s, which nothing "
			"has proved",
			o->name, d->computed, d->rule);
	}
	b->kept = must_alloc((d->n + 1) * sizeof(*b->kept));
	b->gone = must_alloc((d->n + 1) * sizeof(*b->gone));
	b->listed = true;
	return 0;
}

/* What went away before it was read is not in the list. */
static void
end_list(struct maildir_box *b)
{
	struct maildir *d = &b->dir;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (b->gone[i])
			continue;
		listing_add(&b->m->listing, d->at[i].uidl, d->at[i].size);
		d->at[n] = d->at[i];
		b->kept[n] = b->kept[i];
		b->gone[n++] = false;
	}
	d->n = n;
	listing_mark(&b->m->listing);
	/* Others that are there may be equal to one of these. */
	b->m->listing.whole = d->unlisted == 0 && d->odd == 0;
	if (d->unlisted > 0)
		mailbox_note(b->m,
			"%s: %zu messages are not in the server's list there, so nobody "
			"knows their UIDLs yet; they are left out",
			b->m->options.name, d->unlisted);
	if (d->odd > 0)
		mailbox_note(b->m, "%s: %zu files have names that no message has",
			b->m->options.name, d->odd);
}

static int
open_step(struct maildir_box *b, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	struct maildir *d = &b->dir;

	if (!b->listed && make_list(b, e) < 0)
		return -1;
	while (b->next < d->n && os_seconds() < until) {
		struct maildir_file *f = &d->at[b->next];

		if (!b->open && (f->sized || !begin_message(b, true))) {
			b->next++;
			continue;
		}
		if (read_lines(b, true, &b->kept[b->next]))
			continue;
		f->size = b->file.octets;
		end_message(b);
		b->next++;
	}
	session_progress(&b->job, b->m->options.name, b->next, d->n);
	*done = b->next >= d->n;
	if (*done)
		end_list(b);
	return 0;
}

/* --- what is asked of it ---------------------------------------------------------- */

static int
give(struct maildir_box *b, const struct evidence *ev, struct err *e)
{
	struct text values[3];

	if (b->job.what != JOB_DESCRIBE)
		return b->job.sink(b->job.arg, b->m, b->next, ev, e);
	reading_describe(&b->reading, &b->words, values);
	return b->job.describe(b->job.arg, b->m, b->next, values, e);
}

static int
give_nothing(struct maildir_box *b, struct err *e)
{
	static const struct evidence none = {
		.flags = MESSAGE_NO_HEADER | MESSAGE_NO_BODY};

	return b->job.what == JOB_DESCRIBE
		       ? 0
		       : b->job.sink(b->job.arg, b->m, b->next, &none, e);
}

static int
give_one(struct maildir_box *b, bool *more, struct err *e)
{
	bool bodies = b->job.what == JOB_BODIES;
	struct evidence ev;
	int rc;

	*more = false;
	if (!b->open) {
		if (b->job.want != NULL && b->job.want[b->next] == 0)
			return 0;
		if (b->job.what != JOB_DESCRIBE && b->kept[b->next].flags != 0)
			return give(b, &b->kept[b->next], e);
		if (!begin_message(b, bodies))
			return give_nothing(b, e);
	}
	if (read_lines(b, bodies, &ev)) {
		*more = true;
		return 0;
	}
	rc = give(b, &ev, e);
	end_message(b);
	return rc;
}

static int
give_step(struct maildir_box *b, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	size_t n = b->m->listing.n;
	bool more = false;

	while (b->next < n && os_seconds() < until) {
		if (give_one(b, &more, e) < 0)
			return -1;
		b->next += !more;
	}
	if (b->job.what != JOB_DESCRIBE)
		session_progress(&b->job, b->m->options.name, b->next, n);
	*done = b->next >= n;
	return 0;
}

/* What has changed in the meantime is said, and is no failure. */
static void
look_back(struct maildir_box *b)
{
	const char *name = b->m->options.name;
	size_t more = 0;
	struct err e;

	if (b->listed && maildir_look_again(&b->dir, &more, &e) == 0 && more > 0)
		mailbox_note(b->m,
			"%s: %zu messages have come since the list was made; they are not "
			"in it",
			name, more);
	if (b->ngone > 0)
		mailbox_note(b->m, "%s: %zu messages went away while they were read",
			name, b->ngone);
	if (b->nrefused > 1)
		mailbox_note(
			b->m, "%s: %zu messages cannot be opened", name, b->nrefused);
	if (b->nbroken > 0)
		mailbox_note(b->m,
			"%s: %zu messages cannot be read (damaged, or compressed in "
			"another way than gzip), and have no partner",
			name, b->nbroken);
}

static enum step
maildir_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct maildir_box *b = m->state;
	bool done = true;
	int rc = 0;

	if (b->job.what == JOB_OPEN)
		rc = open_step(b, &done, e);
	else if (b->job.what == JOB_QUIT)
		look_back(b);
	else if (b->job.what != JOB_NONE)
		rc = give_step(b, &done, e);
	return turn_end(&b->job, rc, done, w);
}

static int
maildir_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	struct maildir_box *b = m->state;

	(void)e;
	mailfile_close(&b->file);
	b->open = false;
	b->job = *job;
	b->next = 0;
	return 0;
}

static void *
maildir_create(struct mailbox *m)
{
	struct maildir_box *b = must_alloc(sizeof(*b));

	b->m = m;
	b->dir.fd = -1;
	m->at_hand = true;
	return b;
}

static void
maildir_destroy(struct mailbox *m)
{
	struct maildir_box *b = m->state;

	mailfile_release(&b->file);
	reading_release(&b->reading);
	buf_release(&b->words);
	maildir_release(&b->dir);
	free(b->kept);
	free(b->gone);
	free(b);
}

const struct mailbox_kind mailbox_maildir = {
	.scheme = "maildir",
	.path = true,
	.create = maildir_create,
	.start = maildir_start,
	.step = maildir_step,
	.destroy = maildir_destroy,
};
