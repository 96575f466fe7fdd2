#include "mailbox/imap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

void
imap_begin(struct imap *im, enum imap_ask ask, const char *command)
{
	char tag[24];

	snprintf(tag, sizeof(tag), IMAP_TAG " ", ++im->tag);
	wire_say(&im->wire, text_of(tag));
	wire_say(&im->wire, text_of(command));
	im->asking = ask;
	im->idle = 0;
	im->wire.heard = os_seconds();
	im->m->commands++;
}

void
imap_say(struct imap *im, enum imap_ask ask, const char *fmt, ...)
{
	va_list args;

	buf_clear(&im->command);
	va_start(args, fmt);
	buf_vprint(&im->command, fmt, args);
	va_end(args);
	buf_add(&im->command, (struct text){"\r\n", 3});
	imap_begin(im, ask, im->command.at);
}

struct text
imap_words(const struct imap *im, struct text words)
{
	return login_words(words, 200, &im->m->options);
}

static const char *
asked(const struct imap *im)
{
	static const char *const names[] = {[IMAP_ASK_NOTHING] = "nothing",
		[IMAP_ASK_CAPABILITY] = "CAPABILITY",
		[IMAP_ASK_LOGIN] = "LOGIN",
		[IMAP_ASK_AUTHENTICATE] = "AUTHENTICATE",
		[IMAP_ASK_CAPABILITY_AGAIN] = "CAPABILITY",
		[IMAP_ASK_COMPRESS] = "COMPRESS",
		[IMAP_ASK_LIST] = "LIST",
		[IMAP_ASK_EXAMINE] = "EXAMINE",
		[IMAP_ASK_UIDS] = "UID FETCH",
		[IMAP_ASK_FETCH] = "UID FETCH",
		[IMAP_ASK_LOGOUT] = "LOGOUT"};

	return names[im->asking];
}

int
imap_surprise(struct imap *im, enum err_kind kind, struct err *e, const char *fmt, ...)
{
	char what[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	err_set(e, kind, "", "%s: %s: %s (%s%s)", im->m->options.name,
		im->m->options.url.host, what,
		im->asking == IMAP_ASK_NOTHING ? "no command was open" : "the reply to ",
		im->asking == IMAP_ASK_NOTHING ? "" : asked(im));
	return SURPRISE;
}

void
imap_hang_up(struct imap *im)
{
	wire_end(&im->wire);
	im->asking = IMAP_ASK_NOTHING;
	im->in_response = false;
	im->literal = 0;
	im->box = im->opening = IMAP_NO_BOX;
	im->stage = STAGE_DOWN;
}

static int
begin_connecting(struct imap *im, struct err *e)
{
	imap_hang_up(im);
	im->answered = false;
	im->can = (struct imap_capabilities){0};
	im->stage = STAGE_CONNECTING;
	return wire_begin(&im->wire, im->m->kind, &im->m->options, e);
}

static int
recover(struct imap *im, struct err *e)
{
	int result = session_forgive(&im->forgiving, im->m, &im->job, e);

	imap_hang_up(im);
	if (result != FINE)
		return result;
	im->cursor = 0;
	return begin_connecting(im, e) < 0 ? FAILURE : FINE;
}

/* --- turns ------------------------------------------------------------------------ */

static double
patience(const struct imap *im)
{
	double s = im->m->options.silence > 0 ? im->m->options.silence : 60;

	return im->asking >= IMAP_ASK_FETCH ? s : s * LONG_PATIENCE;
}

/* Nothing is open: what is next? */
static int
say_next(struct imap *im, struct err *e)
{
	if (im->job.what == JOB_OPEN)
		return imap_list_next(im, e);
	if (im->job.what == JOB_QUIT)
		imap_say(im, IMAP_ASK_LOGOUT, "LOGOUT");
	else if (im->job.what != JOB_NONE)
		return imap_fetch_next(im, e);
	return FINE;
}

static int
talk(struct imap *im, struct waiting *w, bool *done, struct err *e)
{
	uint64_t before = im->wire.received;
	bool more = wire_fill(&im->wire);
	int result;
	double silent;

	im->m->bytes_in += im->wire.received - before;
	result = imap_read(im, e);
	if (result != FINE || im->stage < STAGE_TALKING)
		return result;
	if (im->wire.garbled)
		return imap_surprise(im, ERR_PROTOCOL, e,
			"it compresses, and this cannot be unpacked");
	if (im->wire.ended)
		return imap_surprise(im, ERR_UNREACHABLE, e, "the server has hung up");
	if (im->stage == STAGE_READY && im->asking == IMAP_ASK_NOTHING) {
		result = say_next(im, e);
		*done = result == FINE && im->asking == IMAP_ASK_NOTHING;
	}
	if (result != FINE || *done)
		return result;
	wire_flush(&im->wire);
	silent = os_seconds() - im->wire.heard;
	if (silent > patience(im))
		return imap_surprise(im, ERR_UNREACHABLE, e,
			"the server has been silent for %.0f s", silent);
	waiting_until(w, patience(im) - silent + 0.01);
	wire_wait(&im->wire, w);
	if (more)
		waiting_until(w, 0);
	return FINE;
}

static int
connect_step(struct imap *im, struct waiting *w, struct err *e)
{
	int up = wire_connect(&im->wire, &im->m->options, e);

	if (up < 0)
		return e->kind == ERR_BUSY ? imap_rest(im, e) : FAILURE;
	if (up == 0) {
		wire_wait(&im->wire, w);
		return FINE;
	}
	im->stage = STAGE_TALKING;
	im->wire.line_max = IMAP_LINE_MAX;
	imap_say(im, IMAP_ASK_CAPABILITY, "CAPABILITY");
	waiting_until(w, 0);
	return FINE;
}

enum step
imap_step(struct imap *im, struct waiting *w, struct err *e)
{
	enum stage before = im->stage;
	bool done = false;
	int result = FINE;

	if (im->job.what == JOB_NONE)
		return STEP_DONE;
	if (im->stage == STAGE_RESTING) {
		waiting_until(w, im->rest.until - os_seconds());
		if (os_seconds() >= im->rest.until)
			result = begin_connecting(im, e);
	} else if (im->stage == STAGE_CONNECTING) {
		result = connect_step(im, w, e);
	} else if (im->stage >= STAGE_TALKING) {
		result = talk(im, w, &done, e);
	}
	if (im->job.what == JOB_QUIT && (result != FINE || im->stage == STAGE_DOWN)) {
		imap_hang_up(im);
		done = true;
		result = FINE;
	}
	if (result == SURPRISE)
		result = recover(im, e);
	if (im->stage != before)
		waiting_until(w, 0);
	if (done || result == FAILURE)
		im->job.what = JOB_NONE;
	return result == FAILURE ? STEP_FAILED : done ? STEP_DONE : STEP_WAIT;
}

int
imap_start(struct imap *im, const struct mailbox_job *job, struct err *e)
{
	static const char *const names[] = {[JOB_OPEN] = "list",
		[JOB_HEADERS] = "headers",
		[JOB_BODIES] = "bodies",
		[JOB_DESCRIBE] = "headers",
		[JOB_QUIT] = "end"};

	im->job = *job;
	im->forgiving = (struct forgiving){0};
	snprintf(im->doing, sizeof(im->doing), "%s: %s", im->m->options.name,
		names[job->what]);
	/* The job before was broken off: its replies must not be taken for ours. */
	if (im->asking != IMAP_ASK_NOTHING ||
		(job->what == JOB_QUIT && im->stage != STAGE_READY))
		imap_hang_up(im);
	if (job->what == JOB_QUIT)
		return 0;
	if (job->what != JOB_OPEN)
		imap_fetch_job(im);
	return im->stage == STAGE_READY ? 0 : begin_connecting(im, e);
}

void
imap_init(struct imap *im, struct mailbox *m)
{
	*im = (struct imap){.m = m, .box = IMAP_NO_BOX, .opening = IMAP_NO_BOX};
	im->wire.fd = CURL_SOCKET_BAD;
	buf_init(&im->text, IMAP_NAME_MAX);
	buf_init(&im->command, WIRE_OUT);
}

void
imap_release(struct imap *im)
{
	imap_hang_up(im);
	arena_free(&im->arena);
	free(im->boxes);
	free(im->mails);
	free(im->want);
	buf_release(&im->text);
	buf_release(&im->describe);
	buf_release(&im->command);
	reading_release(&im->reading);
}
