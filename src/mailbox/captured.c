/*
 * The kind of capture: URLs. Rows are read in the order of the list, a turn at a time;
 * what was not captured is what a server would not have given.
 */
#include "mailbox/captured.h"
#include "mailbox/kind.h"
#include "mailbox/session.h"

#include "base/os.h"

#include <stdlib.h>

struct captured {
	struct mailbox *m;
	const struct mailbox_capture *capture;
	struct mailbox_job job;
	size_t next; /* the message that is due */
	/* The row at hand, of the message `row`; !more: there are no more. */
	bool begun, more;
	size_t row;
	struct evidence evidence;
	struct text values[3];
};

static int
take_row(struct captured *c, struct err *e)
{
	const struct mailbox_capture *from = c->capture;
	size_t before = c->row;
	bool first = !c->begun;

	if (first && from->rewind(from->arg, c->job.what == JOB_DESCRIBE, e) < 0)
		return -1;
	c->begun = true;
	if ((c->job.what == JOB_DESCRIBE
			    ? from->words(from->arg, &c->row, c->values, &c->more, e)
			    : from->evidence(
				      from->arg, &c->row, &c->evidence, &c->more, e)) < 0)
		return -1;
	if (c->more && (c->row >= c->m->listing.n || (!first && c->row <= before)))
		return err_set(e, ERR_DATA, "format",
			"%s: the capture has evidence of messages that it does not list",
			c->m->options.name);
	return 0;
}

/* Nothing can be asked for any more: what there is not is refused at once. */
static int
give_evidence(struct captured *c, bool have, struct err *e)
{
	struct evidence ev = {.flags = MESSAGE_NO_HEADER | MESSAGE_NO_BODY};

	if (have)
		ev = c->evidence;
	if (!(ev.flags & MESSAGE_HEADER))
		ev.flags |= MESSAGE_NO_HEADER;
	if (!(ev.flags & MESSAGE_BODY))
		ev.flags |= MESSAGE_NO_BODY;
	return c->job.sink(c->job.arg, c->m, c->next, &ev, e);
}

static int
give(struct captured *c, struct err *e)
{
	if (!c->begun || (c->more && c->row < c->next))
		if (take_row(c, e) < 0)
			return -1;
	bool have = c->more && c->row == c->next;
	if (c->job.want != NULL && c->job.want[c->next] == 0)
		return 0;
	if (c->job.what != JOB_DESCRIBE)
		return give_evidence(c, have, e);
	return have ? c->job.describe(c->job.arg, c->m, c->next, c->values, e) : 0;
}

static void
tell(const struct captured *c)
{
	char what[64];

	snprintf(what, sizeof(what), "%s: messages", c->m->options.name);
	session_progress(&c->job, what, c->next, c->m->listing.n);
}

/* To the last row, whatever is wanted: the proof stands behind it. */
static int
give_step(struct captured *c, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	size_t n = c->m->listing.n;

	for (; c->next < n; c->next++) {
		if (c->next % 64 == 0 && os_seconds() > until)
			break;
		if (give(c, e) < 0)
			return -1;
	}
	if (c->next == n)
		while (c->begun && c->more)
			if (take_row(c, e) < 0)
				return -1;
	tell(c);
	*done = c->next == n;
	return 0;
}

static int
open_step(struct captured *c, struct err *e)
{
	struct listing *l = &c->m->listing;

	if (l->n > 0)
		return 0;
	return c->capture->list(c->capture->arg, l, e);
}

static enum step
captured_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct captured *c = m->state;
	bool done = true;
	int rc = 0;

	if (c->job.what == JOB_OPEN)
		rc = open_step(c, e);
	else if (c->job.what >= JOB_HEADERS && c->job.what < JOB_QUIT)
		rc = give_step(c, &done, e);
	return turn_end(&c->job, rc, done, w);
}

static int
captured_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	struct captured *c = m->state;

	(void)e;
	c->job = *job;
	c->next = 0;
	c->begun = c->more = false;
	return 0;
}

static void *
captured_create(struct mailbox *m)
{
	struct captured *c = must_alloc(sizeof(*c));

	c->m = m;
	c->capture = m->options.capture;
	m->at_hand = true;
	return c;
}

static void
captured_destroy(struct mailbox *m)
{
	free(m->state);
}

const struct mailbox_kind mailbox_captured = {
	.scheme = "capture",
	.path = true,
	.create = captured_create,
	.start = captured_start,
	.step = captured_step,
	.destroy = captured_destroy,
};
