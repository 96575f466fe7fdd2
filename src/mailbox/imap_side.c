#include "mailbox/imap_side.h"

#include <stdlib.h>

#include "base/os.h"

/* POP3's goodbye is waited for so long; nothing depends on it. */
#define PARTING_SECONDS 3

/* --- what the session and POP3 hand over, by the caller's index ------------------- */

static int
take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev, struct err *e)
{
	struct imap_side *s = arg;

	if (m == s->m)
		index = s->session.mails[index].index;
	return s->job.sink(s->job.arg, s->m, index, ev, e);
}

static int
take_values(void *arg, struct mailbox *m, size_t index, const struct text values[3],
	struct err *e)
{
	struct imap_side *s = arg;

	if (m == s->m)
		index = s->session.mails[index].index;
	return s->job.describe(s->job.arg, s->m, index, values, e);
}

/* --- POP3 ------------------------------------------------------------------------- */

static int
start_pop3(struct imap_side *s, const struct mailbox_job *job, struct err *e)
{
	return s->pop3.kind->start(&s->pop3, job, e);
}

static void
count_pop3(struct imap_side *s)
{
	s->m->bytes_in += s->pop3.bytes_in - s->pop3_bytes;
	s->m->commands += s->pop3.commands - s->pop3_commands;
	s->pop3_bytes = s->pop3.bytes_in;
	s->pop3_commands = s->pop3.commands;
	for (size_t i = 0; i < s->pop3.nnotes; i++)
		mailbox_note(s->m, "%s", s->pop3.notes[i]);
}

static enum step
step_pop3(struct imap_side *s, struct waiting *w, struct err *e)
{
	enum step step = STEP_DONE;

	if (s->has_pop3) {
		step = s->pop3.kind->step(&s->pop3, w, e);
		count_pop3(s);
	}
	if (step != STEP_FAILED || s->phase != PHASE_LISTING)
		return step;
	if (imap_proof_failed(s, e) < 0)
		return STEP_FAILED;
	waiting_until(w, 0);
	return STEP_WAIT;
}

/* --- phases ----------------------------------------------------------------------- */

static int
start_sample(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = {.what = JOB_HEADERS,
		.sink = imap_proof_take,
		.arg = s,
		.watch = s->job.watch};

	memset(s->want, 0, s->session.nmails + 1);
	memset(s->want_pop3, 0, s->m->listing.n + 1);
	for (size_t i = 0; i < s->nsample; i++) {
		s->want_pop3[s->sample[i].index] = 1;
		s->want[s->position[s->sample[i].index]] = 1;
	}
	s->phase = PHASE_HEADERS;
	job.want = s->want_pop3;
	if (start_pop3(s, &job, e) < 0)
		return -1;
	job.want = s->want;
	return imap_start(&s->session, &job, e);
}

static int
part_with_pop3(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = {.what = JOB_QUIT};

	s->phase = PHASE_PARTING;
	s->parting = os_seconds() + PARTING_SECONDS;
	return start_pop3(s, &job, e);
}

/* Nothing will be asked of it, and its list is ours by now. */
static void
forget_pop3(struct imap_side *s)
{
	for (size_t i = 0; i < s->m->listing.n; i++)
		if (s->position[i] == IMAP_NONE)
			return;
	mailbox_release(&s->pop3);
	s->has_pop3 = false;
}

/* All that the phase has asked for has come: on to the next. */
static int
next_phase(struct imap_side *s, struct err *e)
{
	switch (s->phase) {
	case PHASE_LISTING:
		s->want = must_alloc(s->session.nmails + 1);
		if (!s->has_pop3) {
			s->phase = PHASE_IDLE;
			return imap_proof_trust(s, e);
		}
		if (imap_proof_lists(s, e) < 0)
			return -1;
		s->want_pop3 = must_alloc(s->m->listing.n + 1);
		return s->nsample > 0 ? start_sample(s, e) : part_with_pop3(s, e);
	case PHASE_HEADERS:
		if (imap_proof_headers(s, e) < 0)
			return -1;
		return part_with_pop3(s, e);
	case PHASE_PARTING:
		forget_pop3(s);
		break;
	default:
		break;
	}
	s->phase = PHASE_IDLE;
	return 0;
}

static enum step
side_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct imap_side *s = m->state;
	enum step imap, pop3;

	if (s->phase == PHASE_IDLE)
		return STEP_DONE;
	pop3 = step_pop3(s, w, e);
	imap = pop3 == STEP_FAILED ? STEP_DONE : imap_step(&s->session, w, e);
	if (s->phase == PHASE_PARTING) {
		waiting_until(w, s->parting - os_seconds());
		if (pop3 == STEP_FAILED || os_seconds() >= s->parting)
			pop3 = imap = STEP_DONE;
	}
	if (imap == STEP_FAILED || pop3 == STEP_FAILED) {
		s->phase = PHASE_IDLE;
		return STEP_FAILED;
	}
	if (imap != STEP_DONE || pop3 != STEP_DONE)
		return STEP_WAIT;
	if (next_phase(s, e) < 0) {
		s->phase = PHASE_IDLE;
		return STEP_FAILED;
	}
	waiting_until(w, 0);
	return s->phase == PHASE_IDLE ? STEP_DONE : STEP_WAIT;
}

/* --- jobs ------------------------------------------------------------------------- */

static int
start_open(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = {.what = JOB_OPEN, .watch = s->job.watch};

	if (imap_proof_begin(s, e) < 0 || imap_proof_open(s, e) < 0)
		return -1;
	s->phase = PHASE_LISTING;
	return imap_start(&s->session, &job, e);
}

static int
start_quit(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = {.what = JOB_QUIT};

	s->phase = PHASE_QUITTING;
	if (s->has_pop3)
		start_pop3(s, &job, e);
	return imap_start(&s->session, &job, e);
}

static int
start_reading(struct imap_side *s, struct err *e)
{
	struct mailbox_job job = s->job;
	bool any = false, any_pop3 = false;

	memset(s->want, 0, s->session.nmails + 1);
	if (s->has_pop3)
		memset(s->want_pop3, 0, s->m->listing.n + 1);
	for (size_t i = 0; i < s->m->listing.n; i++) {
		if (s->job.want != NULL && s->job.want[i] == 0)
			continue;
		if (s->position[i] != IMAP_NONE)
			s->want[s->position[i]] = 1;
		else
			s->want_pop3[i] = 1;
		any = any || s->position[i] != IMAP_NONE;
		any_pop3 = any_pop3 || s->position[i] == IMAP_NONE;
	}
	job.sink = s->job.sink != NULL ? take : NULL;
	job.describe = s->job.describe != NULL ? take_values : NULL;
	job.arg = s;
	s->phase = PHASE_READING;
	job.want = s->want_pop3;
	if (any_pop3 && start_pop3(s, &job, e) < 0)
		return -1;
	job.want = s->want;
	return any ? imap_start(&s->session, &job, e) : 0;
}

static int
side_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	struct imap_side *s = m->state;

	s->job = *job;
	if (job->what == JOB_OPEN)
		return start_open(s, e);
	return job->what == JOB_QUIT ? start_quit(s, e) : start_reading(s, e);
}

static void *
side_create(struct mailbox *m)
{
	struct imap_side *s = must_alloc(sizeof(*s));

	s->m = m;
	imap_init(&s->session, m);
	m->port = m->options.pop3 != NULL ? m->options.pop3->port : 0;
	s->trusting = imap_proof_trusts(s);
	if (s->trusting)
		m->scheme = arena_print(
			&s->arena, "%s+%s", m->options.url.scheme, m->options.uidl_rule);
	return s;
}

static void
side_destroy(struct mailbox *m)
{
	struct imap_side *s = m->state;

	imap_release(&s->session);
	if (s->has_pop3)
		mailbox_release(&s->pop3);
	arena_free(&s->arena);
	free(s->want);
	free(s->want_pop3);
	free(s->position);
	free(s->sample);
	free(s);
}

const struct mailbox_kind mailbox_imap = {
	.scheme = "imap",
	.port = 143,
	.create = side_create,
	.start = side_start,
	.step = side_step,
	.destroy = side_destroy,
};

const struct mailbox_kind mailbox_imaps = {
	.scheme = "imaps",
	.port = 993,
	.tls = true,
	.create = side_create,
	.start = side_start,
	.step = side_step,
	.destroy = side_destroy,
};
