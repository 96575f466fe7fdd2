#include "mailbox/pop3.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

/* RFC 1939's commands are short; servers read lines of 255 octets. */
#define COMMAND_MAX 64

bool
pop3_say(struct pop3 *p, enum ask ask, uint32_t index, const char *fmt, ...)
{
	char command[COMMAND_MAX];
	va_list args;
	int n = 0;

	if (p->count == REQUESTS_MAX)
		return false;
	if (fmt != NULL) {
		va_start(args, fmt);
		n = vsnprintf(command, sizeof(command) - 2, fmt, args);
		va_end(args);
		memcpy(command + n, "\r\n", 2);
		if (!wire_say(&p->wire, (struct text){command, (size_t)n + 2}))
			return false;
	}
	/* An idle connection's clock starts with the question. */
	if (p->count == 0)
		p->wire.heard = os_seconds();
	p->queue[(p->first + p->count++) & (REQUESTS_MAX - 1)] =
		(struct request){.ask = (uint8_t)ask, .index = index};
	p->m->commands++;
	return true;
}

static const char *
asked(struct pop3 *p)
{
	static const char *const names[] = {[ASK_CAPA] = "CAPA",
		[ASK_UTF8] = "UTF8",
		[ASK_AUTH] = "AUTH",
		[ASK_ANSWER] = "AUTH",
		[ASK_APOP] = "APOP",
		[ASK_USER] = "USER",
		[ASK_PASS] = "PASS",
		[ASK_CAPA_AGAIN] = "CAPA",
		[ASK_STAT] = "STAT",
		[ASK_UIDL] = "UIDL",
		[ASK_LIST] = "LIST",
		[ASK_QUIT] = "QUIT"};
	const struct request *r = pop3_front(p);

	if (p->count == 0)
		return "nothing";
	if (r->ask == ASK_TOP || r->ask == ASK_MARK) {
		snprintf(p->where_text, sizeof(p->where_text), "%s %u",
			r->ask == ASK_TOP ? "TOP" : "LIST",
			p->m->listing.at[r->index].number);
		return p->where_text;
	}
	return names[r->ask];
}

/* "old server: …, in line 3 of the reply to TOP 17" */
int
pop3_surprise(struct pop3 *p, enum err_kind kind, struct err *e, const char *fmt, ...)
{
	char what[400], place[120];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (p->in_reply)
		p->reply_line += p->wire.skipping;
	if (p->in_reply)
		snprintf(place, sizeof(place), "line %llu of the reply to %s",
			(unsigned long long)p->reply_line, asked(p));
	else
		snprintf(place, sizeof(place), "the reply to %s", asked(p));
	err_set(e, kind, "", "%s: %s: %s (%s)", p->m->options.name,
		p->m->options.url.host, what,
		p->count > 0 ? place : "no command was open");
	return SURPRISE;
}

void
pop3_progress(struct pop3 *p, size_t done, size_t total)
{
	session_progress(&p->job, p->doing, done, total);
}

static int
begin_connecting(struct pop3 *p, struct err *e)
{
	p->first = p->count = 0;
	p->in_reply = false;
	p->can = (struct capabilities){0};
	p->stage = STAGE_CONNECTING;
	wire_end(&p->wire);
	return wire_begin(&p->wire, p->m->kind, &p->m->options, e);
}

void
pop3_hang_up(struct pop3 *p)
{
	wire_end(&p->wire);
	p->first = p->count = 0;
	p->in_reply = false;
	p->stage = STAGE_DOWN;
}

/* A surprise: one new connection, and on from the first message without an answer. */
static int
recover(struct pop3 *p, struct err *e)
{
	bool hung_up = e->kind == ERR_UNREACHABLE && p->wire.ended;
	bool pipelined = p->stage == STAGE_READY && p->window > 1;

	if (session_forgive(&p->forgiving, p->m, &p->job, e) != FINE) {
		pop3_hang_up(p);
		return FAILURE;
	}
	if (pipelined && (!hung_up || p->window_good < 8))
		mailbox_note(p->m,
			"%s: the server announces PIPELINING, but did not bear it: from "
			"then on commands were sent one at a time",
			p->m->options.name);
	pop3_hang_up(p);
	pop3_top_rewind(p, hung_up);
	return begin_connecting(p, e) < 0 ? FAILURE : FINE;
}

static double
patience(struct pop3 *p)
{
	double s = p->m->options.silence > 0 ? p->m->options.silence : 60;
	enum ask ask = pop3_front(p)->ask;

	return ask == ASK_QUIT || ask >= ASK_TOP ? s : s * LONG_PATIENCE;
}

/* What has come, what can be said, and whether the server is still there. */
static int
talk(struct pop3 *p, struct waiting *w, bool *done, struct err *e)
{
	uint64_t before = p->wire.received;
	bool more = wire_fill(&p->wire), busy = false;
	int result;
	double silent;

	p->m->bytes_in += p->wire.received - before;
	result = pop3_take_lines(p, e);

	*done = false;
	if (result != FINE || p->stage < STAGE_TALKING)
		return result;
	if (p->wire.ended)
		return pop3_surprise(p, ERR_UNREACHABLE, e, "the server has hung up");
	if (p->stage == STAGE_READY && p->job.what >= JOB_HEADERS &&
		p->job.what < JOB_QUIT)
		result = pop3_top_feed(p, &busy, e);
	if (result != FINE)
		return result;
	wire_flush(&p->wire);
	if (p->stage == STAGE_READY && !busy && p->count == 0) {
		*done = true;
		return FINE;
	}
	silent = os_seconds() - p->wire.heard;
	if (p->count > 0 && silent > patience(p))
		return pop3_surprise(p, ERR_UNREACHABLE, e,
			"the server has been silent for %.0f s", silent);
	if (p->count > 0)
		waiting_until(w, patience(p) - silent + 0.01);
	wire_wait(&p->wire, w);
	if (more)
		waiting_until(w, 0);
	return FINE;
}

static int
connect_step(struct pop3 *p, struct waiting *w, struct err *e)
{
	int up = wire_connect(&p->wire, &p->m->options, e);

	if (up < 0)
		return e->kind == ERR_BUSY ? pop3_rest(p, e) : FAILURE;
	if (up == 0) {
		wire_wait(&p->wire, w);
		return FINE;
	}
	p->stage = STAGE_TALKING;
	pop3_say(p, ASK_CAPA, 0, "CAPA");
	waiting_until(w, 0);
	return FINE;
}

static enum step
pop3_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct pop3 *p = m->state;
	enum stage before = p->stage;
	bool done = false;
	int result = FINE;

	if (p->job.what == JOB_NONE)
		return STEP_DONE;
	if (p->stage == STAGE_RESTING) {
		waiting_until(w, p->rest.until - os_seconds());
		if (os_seconds() >= p->rest.until)
			result = begin_connecting(p, e);
	} else if (p->stage == STAGE_CONNECTING) {
		result = connect_step(p, w, e);
	} else if (p->stage >= STAGE_TALKING) {
		result = talk(p, w, &done, e);
	}
	if (p->job.what == JOB_QUIT && (result != FINE || p->stage == STAGE_DOWN)) {
		pop3_hang_up(p);
		done = true;
		result = FINE;
	}
	if (result == SURPRISE)
		result = recover(p, e);
	if (p->stage != before)
		waiting_until(w, 0);
	if (done || result == FAILURE)
		p->job.what = JOB_NONE;
	return result == FAILURE ? STEP_FAILED : done ? STEP_DONE : STEP_WAIT;
}

static int
pop3_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	static const char *const names[] = {[JOB_OPEN] = "list",
		[JOB_HEADERS] = "headers",
		[JOB_BODIES] = "bodies",
		[JOB_DESCRIBE] = "headers",
		[JOB_QUIT] = "end"};
	struct pop3 *p = m->state;

	p->job = *job;
	p->forgiving = (struct forgiving){0};
	snprintf(p->doing, sizeof(p->doing), "%s: %s", m->options.name, names[job->what]);
	if (job->what == JOB_QUIT) {
		/* In the middle of something there is nobody to say goodbye to. */
		if (p->stage != STAGE_READY || p->count > 0)
			pop3_hang_up(p);
		else
			pop3_say(p, ASK_QUIT, 0, "QUIT");
		return 0;
	}
	/* The job before was broken off: its replies must not be taken for ours. */
	if (p->count > 0)
		pop3_hang_up(p);
	if (job->what != JOB_OPEN)
		pop3_top_begin(p);
	return p->stage == STAGE_READY ? 0 : begin_connecting(p, e);
}

static void *
pop3_create(struct mailbox *m)
{
	struct pop3 *p = must_alloc(sizeof(*p));

	p->m = m;
	p->wire.fd = CURL_SOCKET_BAD;
	p->queue = must_alloc(REQUESTS_MAX * sizeof(*p->queue));
	return p;
}

static void
pop3_destroy(struct mailbox *m)
{
	struct pop3 *p = m->state;

	pop3_hang_up(p);
	pop3_list_release(p);
	pop3_top_release(p);
	free(p->queue);
	free(p);
}

const struct mailbox_kind mailbox_pop3 = {
	.scheme = "pop3",
	.port = 110,
	.create = pop3_create,
	.start = pop3_start,
	.step = pop3_step,
	.destroy = pop3_destroy,
};

const struct mailbox_kind mailbox_pop3s = {
	.scheme = "pop3s",
	.port = 995,
	.tls = true,
	.create = pop3_create,
	.start = pop3_start,
	.step = pop3_step,
	.destroy = pop3_destroy,
};
