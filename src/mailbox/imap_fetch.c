/*
 * Messages: one UID FETCH brings all that are wanted of a mailbox. Each response names its
 * message and says how long it is, so what has come whole is good, whatever comes later.
 */
#include "mailbox/imap.h"

#include <stdio.h>

/* Servers take lines of 8192 octets (RFC 7162 section 4). */
#define SET_MAX ((size_t)4000)
/* So many messages refused, and not one given: the server will not. */
#define REFUSED_MOST 10

size_t
imap_position(const struct imap *im, uint32_t uid)
{
	size_t low, high;

	if (im->box == IMAP_NO_BOX)
		return im->nmails;
	low = im->boxes[im->box].from;
	high = im->boxes[im->box].to;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (im->mails[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < im->boxes[im->box].to && im->mails[low].uid == uid ? low
									: im->nmails;
}

void
imap_fetch_job(struct imap *im)
{
	im->want = array_grow(im->want, &im->want_cap, im->nmails + 1, 1);
	im->total = im->done = im->cursor = 0;
	im->given = im->refused = 0;
	im->alone = false;
	for (size_t i = 0; i < im->nmails; i++) {
		im->want[i] = im->job.want == NULL || im->job.want[i] != 0
				      ? IMAP_WANT
				      : IMAP_WANT_NOT;
		im->total += im->want[i] != IMAP_WANT_NOT;
	}
}

static int
deliver(struct imap *im, size_t position, const struct evidence *ev,
	const struct text values[3], struct err *e)
{
	int result = 0;

	im->want[position] = IMAP_WANT_NOT;
	im->idle = 0;
	im->forgiving.since++;
	if (im->job.describe != NULL)
		result = im->job.describe(im->job.arg, im->m, position, values, e);
	if (result == 0 && im->job.sink != NULL)
		result = im->job.sink(im->job.arg, im->m, position, ev, e);
	if (++im->done % 64 == 0 || im->done == im->total)
		session_progress(&im->job, im->doing, im->done, im->total);
	return result < 0 ? FAILURE : FINE;
}

/* The server has none of it. */
static int
deliver_nothing(struct imap *im, size_t position, struct err *e)
{
	static const struct text none[3] = {{"", 0}, {"", 0}, {"", 0}};
	struct evidence ev = {.flags = im->job.what == JOB_BODIES ? MESSAGE_NO_BODY
								  : MESSAGE_NO_HEADER};

	return deliver(im, position, &ev, none, e);
}

int
imap_fetch_mail(struct imap *im, struct err *e)
{
	static const enum imap_item items[] = {[JOB_HEADERS] = ITEM_HEADER,
		[JOB_BODIES] = ITEM_WHOLE,
		[JOB_DESCRIBE] = ITEM_FIELDS};
	size_t position =
		im->fetch.has_uid ? imap_position(im, im->fetch.uid) : im->nmails;
	struct text values[3] = {{"", 0}, {"", 0}, {"", 0}};
	struct evidence ev;

	/* Somebody else's, or flags that have changed. */
	if (position == im->nmails || im->fetch.section != items[im->job.what] ||
		im->want[position] == IMAP_WANT_NOT || position < im->asked_from ||
		position >= im->asked_to)
		return FINE;
	im->given++;
	if (im->fetch.nil)
		return deliver_nothing(im, position, e);
	if (im->job.describe != NULL)
		reading_describe(&im->reading, &im->describe, values);
	reading_end(&im->reading, &ev);
	return deliver(im, position, &ev, values, e);
}

/* What was asked for and has not come: is gone, or could not be read. After a NO each of
 * these is asked for once more, alone. */
int
imap_fetch_done(struct imap *im, const struct imap_line *l, struct err *e)
{
	bool yes = l->status == IMAP_OK;
	int result = FINE;

	im->asking = IMAP_ASK_NOTHING;
	for (size_t i = im->asked_from; i < im->asked_to && result == FINE; i++) {
		if (im->want[i] == IMAP_WANT_NOT ||
			(im->alone && im->want[i] == IMAP_WANT))
			continue;
		if (!yes && !im->alone) {
			im->want[i] = IMAP_WANT_ALONE;
			continue;
		}
		im->refused++;
		result = deliver_nothing(im, i, e);
	}
	if (result == FINE && !yes && im->given == 0 && im->refused >= REFUSED_MOST) {
		err_set(e, ERR_PROTOCOL, "", "%s: %s refuses UID FETCH: \"%.*s\"",
			im->m->options.name, im->m->options.url.host,
			TEXT_ARG(imap_words(im, l->words)));
		return FAILURE;
	}
	return result;
}

static bool
wanted(const struct imap *im, size_t i)
{
	return im->want[i] == (im->alone ? IMAP_WANT_ALONE : IMAP_WANT);
}

/* UIDs of the mailbox in order: runs of those wanted, "12:80,93", from im->cursor on. A
 * run spans UIDs that are not there. */
static void
say_set(struct imap *im, size_t end)
{
	static const char *const sections[] = {[JOB_HEADERS] = "BODY.PEEK[HEADER]",
		[JOB_BODIES] = "BODY.PEEK[]",
		[JOB_DESCRIBE] = "BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)]"};
	struct buf set;
	size_t i = im->cursor, last;

	buf_init(&set, SET_MAX + 32);
	im->asked_from = i;
	while (i < end && set.len < SET_MAX && (!im->alone || set.len == 0)) {
		if (!wanted(im, i)) {
			i++;
			continue;
		}
		for (last = i; !im->alone && last + 1 < end && wanted(im, last + 1);
			last++)
			;
		buf_print(&set, last > i ? "%s%u:%u" : "%s%u", set.len > 0 ? "," : "",
			im->mails[i].uid, im->mails[last].uid);
		i = last + 1;
	}
	im->asked_to = im->cursor = i;
	imap_say(im, IMAP_ASK_FETCH, "UID FETCH %.*s (UID %s)", TEXT_ARG(buf_text(&set)),
		sections[im->job.what]);
	buf_release(&set);
}

int
imap_fetch_next(struct imap *im, struct err *e)
{
	(void)e;
	while (im->cursor < im->nmails && !wanted(im, im->cursor))
		im->cursor++;
	if (im->cursor == im->nmails && !im->alone) {
		im->alone = true;
		im->cursor = 0;
		return imap_fetch_next(im, e);
	}
	if (im->cursor == im->nmails)
		return FINE;
	if (im->box != im->mails[im->cursor].box)
		imap_examine(im, im->mails[im->cursor].box);
	else
		say_set(im, im->boxes[im->box].to);
	return FINE;
}
