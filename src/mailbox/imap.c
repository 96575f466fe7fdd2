#include "mailbox/imap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

/*
 * What a hostile or broken server may cost us. Lines without literals are short; a
 * response has one literal, or a few; a server that talks must come to the point: so many
 * responses in a row that bring nothing are no answer.
 */
#define LINE_MAX_OCTETS ((size_t)256 << 10)
#define NAME_MAX_OCTETS ((size_t)64 << 10)
#define LITERALS_MAX	1000
#define IDLE_MAX	1000000

/* A tag that libcurl does not use: answers to what it asked may still come. */
#define TAG "reuidl%u"

void
imap_begin(struct imap *im, enum imap_ask ask, const char *command)
{
	char tag[24];

	snprintf(tag, sizeof(tag), TAG " ", ++im->tag);
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

/* --- responses -------------------------------------------------------------------- */

static int
tagged(struct imap *im, const struct imap_line *l, struct err *e)
{
	char tag[24];

	snprintf(tag, sizeof(tag), TAG, im->tag);
	if (!text_equal(l->tag, text_of(tag)) || im->asking == IMAP_ASK_NOTHING) {
		if (!im->answered)
			return FINE;
		return imap_surprise(im, ERR_PROTOCOL, e, "want the tag %s, not \"%.*s\"",
			tag, TEXT_ARG(imap_words(im, l->tag)));
	}
	im->answered = true;
	switch (im->asking) {
	case IMAP_ASK_LIST:
	case IMAP_ASK_UIDS:
		return imap_list_done(im, l, e);
	case IMAP_ASK_EXAMINE:
		return imap_examine_done(im, l, e);
	case IMAP_ASK_FETCH:
		return imap_fetch_done(im, l, e);
	case IMAP_ASK_LOGOUT:
		imap_hang_up(im);
		return FINE;
	default:
		return imap_login_done(im, l, e);
	}
}

static int
status(struct imap *im, const struct imap_line *l, struct err *e)
{
	struct cursor c = {l->code, 0};
	struct text word;

	if (l->status == IMAP_BYE) {
		struct text words = imap_words(im, l->words);
		if (im->asking == IMAP_ASK_LOGOUT)
			return FINE;
		if (im->stage < STAGE_READY && login_is_busy(l->words)) {
			err_set(e, ERR_BUSY, "locked", "%s: %s is busy: \"%.*s\"",
				im->m->options.name, im->m->options.url.host,
				TEXT_ARG(words));
			return imap_rest(im, e);
		}
		return imap_surprise(im, ERR_UNREACHABLE, e,
			"the server has said goodbye: \"%.*s\"", TEXT_ARG(words));
	}
	if (take_word(&c, &word) && text_equal_nocase(word, text_of("CAPABILITY")))
		imap_capability(
			&im->can, (struct text){l->code.at + c.off, l->code.len - c.off});
	else
		imap_list_code(im, l->code);
	return FINE;
}

/* A FETCH response has ended. */
static int
fetched(struct imap *im, struct err *e)
{
	if (im->asking == IMAP_ASK_UIDS)
		return imap_list_mail(im, e);
	if (im->asking == IMAP_ASK_FETCH)
		return imap_fetch_mail(im, e);
	return FINE;
}

/* How long the section of a message may be. */
static uint64_t
most(const struct imap *im)
{
	size_t position =
		im->fetch.has_uid ? imap_position(im, im->fetch.uid) : im->nmails;

	if (position < im->nmails)
		return session_reply_max(im->mails[position].size);
	/* Its UID stands behind it: as much as the largest may have. */
	return session_reply_max(im->largest);
}

static int
begin_literal(struct imap *im, uint64_t octets, struct err *e)
{
	bool message = im->what == IMAP_FETCH && im->asking == IMAP_ASK_FETCH &&
		       im->fetch.item != ITEM_OTHER;

	im->literal = octets;
	im->octets = message		     ? OCTETS_MESSAGE
		     : im->what == IMAP_LIST ? OCTETS_NAME
					     : OCTETS_NOWHERE;
	if (++im->literals > LITERALS_MAX ||
		octets > (message ? most(im) : NAME_MAX_OCTETS)) {
		imap_surprise(im, ERR_PROTOCOL, e,
			"a literal of %llu octets is more than can be",
			(unsigned long long)octets);
		return FAILURE;
	}
	if (message) {
		reading_begin(&im->reading, im->job.what == JOB_BODIES);
		im->wire.line_max =
			im->job.what == JOB_BODIES ? BODY_LINE_MAX : HEADER_LINE_MAX;
	}
	if (im->octets == OCTETS_NAME)
		buf_add(&im->text, text_of(" \""));
	if (im->octets == OCTETS_NAME && octets == 0)
		buf_byte(&im->text, '"');
	return FINE;
}

static void
literal_line(struct imap *im, struct text line, bool cut)
{
	if (im->octets == OCTETS_MESSAGE) {
		reading_line(&im->reading, line, cut);
	} else if (im->octets == OCTETS_NAME) {
		for (size_t i = 0; i < line.len; i++) {
			if (line.at[i] == '"' || line.at[i] == '\\')
				buf_byte(&im->text, '\\');
			buf_byte(&im->text, line.at[i]);
		}
		if (im->literal == 0)
			buf_byte(&im->text, '"');
	}
	if (im->literal == 0)
		im->wire.line_max = LINE_MAX_OCTETS;
}

/* A line of a response that may have literals in it, or the last of it. */
static int
response_text(struct imap *im, struct text t, struct err *e)
{
	uint64_t octets = 0;
	bool literal = imap_literal(&t, &octets);
	enum imap_went went = literal ? IMAP_LITERAL : IMAP_DONE;

	im->in_response = literal;
	if (im->what == IMAP_FETCH) {
		went = imap_fetch_text(&im->fetch, t, literal);
		if (im->fetch.quoted.at != NULL && im->asking == IMAP_ASK_FETCH) {
			reading_begin(&im->reading, im->job.what == JOB_BODIES);
			if (im->fetch.quoted.len > 0)
				reading_line(&im->reading, im->fetch.quoted, false);
		}
	} else if (im->what == IMAP_LIST) {
		buf_add(&im->text, t);
	}
	if (went == IMAP_BROKEN)
		return imap_surprise(im, ERR_PROTOCOL, e,
			"this is no FETCH response: \"%.*s\"",
			TEXT_ARG(imap_words(im, t)));
	if (literal)
		return begin_literal(im, octets, e);
	if (im->what == IMAP_FETCH)
		return fetched(im, e);
	if (im->what == IMAP_LIST && im->asking == IMAP_ASK_LIST)
		return imap_list_name(im, buf_text(&im->text), e);
	return FINE;
}

static int
first_line(struct imap *im, struct text line, struct err *e)
{
	struct imap_line l;

	imap_line(line, &l);
	if (l.what == IMAP_TAGGED)
		return tagged(im, &l, e);
	if (im->asking == IMAP_ASK_NOTHING && l.what == IMAP_GARBAGE)
		return imap_surprise(
			im, ERR_PROTOCOL, e, "it speaks without being asked");
	if (++im->idle > IDLE_MAX)
		return imap_surprise(im, ERR_PROTOCOL, e, "the reply has no end");
	switch (l.what) {
	case IMAP_CONTINUE:
		return im->answered || im->asking != IMAP_ASK_CAPABILITY
			       ? imap_login_continue(im, l.rest, e)
			       : FINE;
	case IMAP_STATUS:
		return status(im, &l, e);
	case IMAP_CAPABILITY:
		imap_capability(&im->can, l.rest);
		return FINE;
	case IMAP_EXISTS:
		im->exists = l.number;
		return FINE;
	case IMAP_GARBAGE:
		return imap_surprise(im, ERR_PROTOCOL, e, "this is not IMAP: \"%.*s\"",
			TEXT_ARG(imap_words(im, line)));
	default:
		break;
	}
	im->what = l.what;
	im->literals = 0;
	imap_fetch_begin(&im->fetch);
	buf_clear(&im->text);
	return response_text(im, l.rest, e);
}

static int
take_lines(struct imap *im, struct err *e)
{
	enum wire_line got;
	struct text line;
	int result = FINE;

	while (result == FINE && im->stage >= STAGE_TALKING) {
		if (im->literal > 0) {
			got = wire_part(&im->wire, &im->literal, &line);
			if (got == WIRE_NONE)
				break;
			literal_line(im, line, got == WIRE_CUT);
			continue;
		}
		if ((got = wire_line(&im->wire, &line)) == WIRE_NONE)
			break;
		if (got == WIRE_CUT)
			return imap_surprise(im, ERR_PROTOCOL, e, "the line is too long");
		result = im->in_response ? response_text(im, line, e)
					 : first_line(im, line, e);
	}
	if (result == FINE && im->wire.skipping && im->literal == 0)
		return imap_surprise(im, ERR_PROTOCOL, e, "the line has no end");
	return result;
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
	result = take_lines(im, e);
	if (result != FINE || im->stage < STAGE_TALKING)
		return result;
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
	im->wire.line_max = LINE_MAX_OCTETS;
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
	buf_init(&im->text, NAME_MAX_OCTETS);
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
