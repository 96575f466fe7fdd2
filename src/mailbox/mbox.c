/*
 * The kind of mbox: URLs: one file with all messages, whose UIDLs stand in their X-UIDL
 * headers, where qpopper keeps them and Dovecot, mailutils and others find them. All of it
 * is read once, when the mailbox is opened, and what was learnt is kept.
 *
 * Messages without that header have no UIDL that anybody knows: they are left out, and
 * then the side is not whole. Bodies are taken as they stand, with lines of ">From ", for
 * that is how servers give them out.
 */
#include "mailbox/mailfile.h"
#include "mailbox/session.h"
#include "model/mboxline.h"

#include <stdlib.h>

#include "base/os.h"
#include "base/os_file.h"

#define LINES 256

struct mbox_message {
	struct evidence evidence;
	uint64_t at; /* of its header */
};

struct mbox {
	struct mailbox *m;
	struct mailbox_job job;
	struct os_stat was;
	struct mailfile file;
	struct reading reading;
	struct buf words;
	struct mbox_message *at; /* by index in the listing */
	size_t cap, next;
	size_t without, seen; /* messages without a UIDL; all */
	bool open, listed;
	/* The message that is read. */
	bool inside, blank, spare, internal, imap; /* spare: an empty line of the body */
	uint64_t begin, begin_octets, body;	   /* where header and body begin */
	uint64_t length;			   /* Content-Length; UINT64_MAX: none */
	struct text uidl;			   /* in the listing's arena */
};

static const char *
path_of(const struct mbox *b)
{
	return b->m->options.url.path;
}

static int
open_file(const struct mbox *b, struct mailfile *f, struct os_stat *st, struct err *e)
{
	int fd;

	if (os_open_in_place(path_of(b), false, &fd, e) < 0)
		return -1;
	if (os_stat_fd(fd, path_of(b), st, e) < 0 || !st->regular) {
		os_close(fd, path_of(b), &(struct err){0});
		return err_set(e, ERR_DATA, "format", "%s: is no file", path_of(b));
	}
	mailfile_open(f, fd);
	return 0;
}

/* --- the messages ----------------------------------------------------------------- */

/* Does Content-Length lead to the end, or to a line that begins a message? Then what looks
 * like one before that is not. */
static bool
length_is_right(const struct mbox *b)
{
	struct mailfile f = {0};
	struct os_stat st;
	struct err e;
	struct text line;
	enum mailfile_got got;
	bool right = false;

	if (b->length == UINT64_MAX || b->length > b->file.off + ((uint64_t)1 << 40) ||
		open_file(b, &f, &st, &e) < 0)
		return false;
	if (mailfile_seek(&f, b->body + b->length)) {
		got = mailfile_line(&f, HEADER_LINE_MAX, &line);
		if (got == MAILFILE_LINE && line.len == 0)
			got = mailfile_line(&f, HEADER_LINE_MAX, &line);
		right = got == MAILFILE_LINE && mbox_is_from(line);
		if (got == MAILFILE_END)
			right = b->body + b->length <= f.off;
	}
	mailfile_release(&f);
	return right;
}

static void
begin_message(struct mbox *b)
{
	reading_begin(&b->reading, true);
	b->inside = true;
	b->blank = b->spare = b->internal = b->imap = false;
	b->begin = b->body = b->file.off;
	b->begin_octets = b->file.octets;
	b->length = UINT64_MAX;
	b->uidl = (struct text){"", 0};
}

/* `end`: octets up to its end. */
static void
end_message(struct mbox *b, uint64_t end)
{
	struct listing *l = &b->m->listing;
	bool first = b->seen++ == 0;
	struct evidence ev;

	b->inside = false;
	reading_end(&b->reading, &ev);
	if (first && b->internal && b->imap)
		return;
	if (b->uidl.len == 0) {
		b->without++;
		return;
	}
	/* The empty line before the next message belongs to the mbox. */
	if (b->spare)
		end -= 2;
	b->at = array_grow(b->at, &b->cap, l->n + 1, sizeof(*b->at));
	b->at[l->n] = (struct mbox_message){ev, b->begin};
	listing_add(l, b->uidl, end - b->begin_octets);
}

static void
see_header(struct mbox *b, struct text line)
{
	struct text value;
	uint64_t n;

	if (b->uidl.len == 0 && mbox_header(line, "X-UIDL", &value))
		b->uidl = arena_text(&b->m->listing.arena, value);
	else if (mbox_header(line, "Content-Length", &value) && text_number(value, &n))
		b->length = n;
	else if (mbox_header(line, "Subject", &value))
		b->internal = mbox_is_internal(value);
	else if (mbox_header(line, "X-IMAP", &value) ||
		 mbox_header(line, "X-IMAPbase", &value))
		b->imap = true;
}

static bool
begins_another(const struct mbox *b, struct text line, uint64_t off)
{
	if (!b->blank || !mbox_is_from(line))
		return false;
	return b->length == UINT64_MAX || off >= b->body + b->length ||
	       !length_is_right(b);
}

static int
see_line(struct mbox *b, struct text line, bool cut, uint64_t off, uint64_t octets,
	struct err *e)
{
	bool header = b->inside && !b->reading.header_over;

	if (!b->inside && !mbox_is_from(line))
		return err_set(e, ERR_DATA, "format",
			"%s: want an mbox, which begins with a line \"From …\"",
			path_of(b));
	if (!b->inside || (!header && !cut && begins_another(b, line, off))) {
		if (b->inside)
			end_message(b, octets);
		begin_message(b);
		return 0;
	}
	if (header && !cut)
		see_header(b, line);
	reading_line(&b->reading, line, cut);
	if (header && b->reading.header_over)
		b->body = b->file.off;
	b->blank = line.len == 0 && !cut;
	b->spare = b->blank && !header;
	return 0;
}

/* --- the list --------------------------------------------------------------------- */

static int
end_list(struct mbox *b, struct err *e)
{
	const char *name = b->m->options.name;
	struct os_stat now;

	if (os_stat(path_of(b), &now, e) < 0)
		return -1;
	if (now.size != b->was.size || now.mtime != b->was.mtime)
		return err_set(e, ERR_BUSY, "changed-since-read",
			"%s: has changed while it was read: take a copy, or stop delivery and "
			"the server",
			path_of(b));
	listing_mark(&b->m->listing);
	b->m->listing.whole = b->without == 0;
	if (b->without > 0)
		mailbox_note(b->m,
			"%s: %zu messages have no X-UIDL header, so nobody knows their "
			"UIDLs; they are left out",
			name, b->without);
	b->m->bytes_in = b->file.off;
	b->m->commands = b->seen;
	b->listed = true;
	return 0;
}

static int
open_step(struct mbox *b, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	enum mailfile_got got = MAILFILE_LINE;
	struct text line = {"", 0};

	if (!b->open && open_file(b, &b->file, &b->was, e) < 0)
		return -1;
	b->open = true;
	while (got != MAILFILE_END && os_seconds() < until)
		for (int i = 0; i < LINES; i++) {
			uint64_t off = b->file.off, octets = b->file.octets;

			got = mailfile_line(&b->file, BODY_LINE_MAX, &line);
			if (got == MAILFILE_END)
				break;
			if (got == MAILFILE_BROKEN)
				return err_set(e, ERR_DATA, "format",
					"%s: cannot be read behind byte %llu: damaged, or "
					"compressed in another way than gzip",
					path_of(b), (unsigned long long)off);
			if (see_line(b, line, got == MAILFILE_LONG, off, octets, e) < 0)
				return -1;
		}
	session_progress(&b->job, b->m->options.name, (size_t)(b->file.off >> 20),
		(size_t)(b->was.size >> 20));
	*done = got == MAILFILE_END;
	if (!*done)
		return 0;
	if (b->inside)
		end_message(b, b->file.octets);
	return end_list(b, e);
}

/* --- what is asked of it ---------------------------------------------------------- */

static int
describe(struct mbox *b, struct err *e)
{
	struct text values[3], line;
	enum mailfile_got got = MAILFILE_LINE;

	if (!mailfile_seek(&b->file, b->at[b->next].at))
		return 0;
	reading_begin(&b->reading, false);
	while (!b->reading.header_over && !b->reading.spoilt) {
		got = mailfile_line(&b->file, HEADER_LINE_MAX, &line);
		if (got == MAILFILE_END || got == MAILFILE_BROKEN)
			return 0;
		reading_line(&b->reading, line, got == MAILFILE_LONG);
	}
	reading_describe(&b->reading, &b->words, values);
	return b->job.describe(b->job.arg, b->m, b->next, values, e);
}

static int
give_step(struct mbox *b, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	size_t n = b->m->listing.n;
	int rc = 0;

	for (; rc == 0 && b->next < n && os_seconds() < until; b->next++) {
		if (b->job.want != NULL && b->job.want[b->next] == 0)
			continue;
		rc = b->job.what == JOB_DESCRIBE ? describe(b, e)
						 : b->job.sink(b->job.arg, b->m, b->next,
							   &b->at[b->next].evidence, e);
	}
	*done = b->next >= n;
	return rc;
}

static enum step
mbox_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct mbox *b = m->state;
	bool done = true;
	int rc = 0;

	if (b->job.what == JOB_OPEN && !b->listed)
		rc = open_step(b, &done, e);
	else if (b->job.what >= JOB_HEADERS && b->job.what < JOB_QUIT)
		rc = give_step(b, &done, e);
	return turn_end(&b->job, rc, done, w);
}

static int
mbox_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	struct mbox *b = m->state;

	(void)e;
	b->job = *job;
	b->next = 0;
	return 0;
}

static void *
mbox_create(struct mailbox *m)
{
	struct mbox *b = must_alloc(sizeof(*b));

	b->m = m;
	m->at_hand = true;
	return b;
}

static void
mbox_destroy(struct mailbox *m)
{
	struct mbox *b = m->state;

	mailfile_release(&b->file);
	reading_release(&b->reading);
	buf_release(&b->words);
	free(b->at);
	free(b);
}

const struct mailbox_kind mailbox_mbox = {
	.scheme = "mbox",
	.path = true,
	.create = mbox_create,
	.start = mbox_start,
	.step = mbox_step,
	.destroy = mbox_destroy,
};
