#include "mailbox/session.h"

#include <stdio.h>

#include "base/os.h"

/* Seconds of rest from a locked mailbox: doubled each time up to this. */
#define REST_MAX 16
/* Messages after a new connection: then the next surprise is met with another. */
#define FORGIVEN_AFTER 1000
#define REPLY_SPARE    ((uint64_t)8 << 20)
#define SIZE_MOST      ((uint64_t)1 << 40)

void
session_say(const struct mailbox_job *job, const char *sentence)
{
	char safe[1024];

	if (job->watch != NULL && job->watch->say != NULL)
		job->watch->say(job->watch->arg,
			text_escape(text_of(sentence), safe, sizeof(safe)));
}

void
session_progress(
	const struct mailbox_job *job, const char *doing, size_t done, size_t total)
{
	if (job->watch != NULL && job->watch->progress != NULL)
		job->watch->progress(job->watch->arg, doing, done, total);
}

int
session_rest(struct rest *r, const struct mailbox *m, const struct mailbox_job *job,
	struct err *e)
{
	double left = (double)m->options.wait - r->waited;
	double pause = r->times < 4 ? (double)(1u << r->times) : REST_MAX;
	char sentence[1024];

	if (left <= 0)
		return FAILURE;
	if (pause > left)
		pause = left;
	snprintf(sentence, sizeof(sentence), "%s; trying again for %.0f s", e->message,
		left);
	session_say(job, sentence);
	r->times++;
	r->waited += pause;
	r->until = os_seconds() + pause;
	return FINE;
}

int
session_forgive(struct forgiving *f, struct mailbox *m, const struct mailbox_job *job,
	struct err *e)
{
	char sentence[1024];

	if (f->recovered && f->since < FORGIVEN_AFTER) {
		struct text message = text_of(e->message);
		snprintf(e->message + message.len, sizeof(e->message) - message.len,
			"; a second connection went no further");
		return FAILURE;
	}
	snprintf(sentence, sizeof(sentence), "%s; connecting again", e->message);
	session_say(job, sentence);
	mailbox_note(m, "%s; connected again", e->message);
	f->recovered = true;
	f->since = 0;
	return FINE;
}

uint64_t
session_reply_max(uint64_t size)
{
	return 2 * (size < SIZE_MOST ? size : SIZE_MOST) + REPLY_SPARE;
}

void
reading_begin(struct reading *r, bool bodies)
{
	r->bodies = bodies;
	r->header_over = r->spoilt = r->body_open = false;
	header_begin(&r->header);
}

void
reading_line(struct reading *r, struct text line, bool cut)
{
	if (cut)
		r->spoilt = true;
	if (r->spoilt)
		return;
	if (!r->header_over) {
		r->header_over = header_line(&r->header, line);
		if (r->header_over && r->bodies) {
			body_begin(&r->body);
			r->body_open = true;
		}
	} else if (r->body_open) {
		body_line(&r->body, line);
	}
}

void
reading_end(struct reading *r, struct evidence *ev)
{
	*ev = (struct evidence){0};
	header_end(&r->header, ev);
	if (r->body_open) {
		ev->body = body_end(&r->body);
		ev->flags |= MESSAGE_BODY;
	}
	if (r->bodies && (r->spoilt || !r->body_open))
		ev->flags = (uint16_t)((ev->flags & ~MESSAGE_BODY) | MESSAGE_NO_BODY);
	if (r->spoilt && !r->header_over)
		*ev = (struct evidence){
			.flags = (uint16_t)(MESSAGE_NO_HEADER |
					    (r->bodies ? MESSAGE_NO_BODY : 0))};
}

void
reading_describe(struct reading *r, struct buf *out, struct text values[3])
{
	if (out->max == 0)
		buf_init(out, 3 * HEADER_MAX);
	header_describe(&r->header, out, values);
	for (int i = 0; i < 3; i++)
		if (values[i].len > VALUE_MAX)
			values[i].len = VALUE_MAX;
}

void
reading_release(struct reading *r)
{
	header_release(&r->header);
	body_release(&r->body);
}
