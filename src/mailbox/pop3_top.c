#include "mailbox/pop3.h"

#include <stdlib.h>

/*
 * TOP for many messages. Replies carry no name, so after each block of TOPs stands a
 * marker, `LIST n`, whose reply names a message and its size: only when it is what LIST
 * said are the replies before it believed and handed on. A -ERR within a block that was
 * sent in one go makes the whole block doubtful: it is asked again, one by one.
 */
#define BLOCK_MAX  32
#define WINDOW_MAX 1000
/* What may be on its way at once, by the sizes that LIST gave: more only makes the
 * server wait for us. A header counts as at most 16 KiB. */
#define BYTES_ON_THE_WAY ((uint64_t)16 << 20)
#define HEADER_COST	 ((uint64_t)16 << 10)
#define SIZE_MOST	 ((uint64_t)1 << 40)
/* So many refused TOPs, and not one answered: the server has no TOP. */
#define REFUSED_MOST 10

/* 1, 2, 8, 32, 128, 512, 1000: a server that cannot bear it shows it early. */
static uint32_t
larger(uint32_t window)
{
	uint32_t next = window == 1 ? 2 : window * 4;

	return next > WINDOW_MAX ? WINDOW_MAX : next;
}

static uint32_t
window_max(const struct pop3 *p)
{
	return p->alone_pass ? 1 : p->window_max;
}

static void
shrink(struct pop3 *p)
{
	p->window = 1;
	p->on_the_way = p->block = 0;
	p->bytes_on_the_way = 0;
	p->nheld = 0;
	buf_clear(&p->held_text);
}

void
pop3_top_begin(struct pop3 *p)
{
	size_t n = p->m->listing.n;

	p->want = array_grow(p->want, &p->want_cap, n + 1, 1);
	p->total = 0;
	for (size_t i = 0; i < n; i++) {
		p->want[i] = p->job.want == NULL || p->job.want[i] != 0 ? WANT : WANT_NOT;
		p->total += p->want[i] != WANT_NOT;
	}
	if (p->window_max == 0)
		p->window_max = WINDOW_MAX;
	if (p->held_text.max == 0)
		buf_init(&p->held_text, (size_t)BLOCK_MAX * 3 * VALUE_MAX);
	p->done = p->cursor = p->alone_left = 0;
	p->alone_pass = false;
	shrink(p);
}

/* A server that was seen to answer many at once, and then only hung up, is asked a few
 * at a time; one that fell silent or mixed up its replies, one by one for good. */
void
pop3_top_rewind(struct pop3 *p, bool hung_up)
{
	if (p->want == NULL || p->window_max == 0)
		return;
	p->window_max = hung_up && p->window_good >= 8 ? 8 : 1;
	p->cursor = 0;
	shrink(p);
}

static int
deliver(struct pop3 *p, const struct held *h, struct err *e)
{
	struct mailbox *m = p->m;
	struct text values[3] = {{"", 0}, {"", 0}, {"", 0}};
	int result = 0;

	p->want[h->index] = WANT_NOT;
	for (int i = 0; i < 3; i++)
		if (h->values[i].len > 0)
			values[i] = (struct text){
				p->held_text.at + h->values[i].off, h->values[i].len};
	if (p->job.describe != NULL)
		result = p->job.describe(p->job.arg, m, h->index, values, e);
	if (result == 0 && p->job.sink != NULL)
		result = p->job.sink(p->job.arg, m, h->index, &h->evidence, e);
	p->forgiving.since++;
	if (++p->done % 64 == 0 || p->done == p->total)
		pop3_progress(p, p->done, p->total);
	return result < 0 ? FAILURE : FINE;
}

/* The server has none of it. */
static int
deliver_nothing(struct pop3 *p, uint32_t index, struct err *e)
{
	struct held h = {.index = index};

	h.evidence.flags =
		p->job.what == JOB_BODIES ? MESSAGE_NO_BODY : MESSAGE_NO_HEADER;
	return deliver(p, &h, e);
}

static bool
say_marker(struct pop3 *p, uint32_t index)
{
	const struct message *m = &p->m->listing.at[index];
	bool said = p->listed[index] ? pop3_say(p, ASK_MARK, index, "LIST %u", m->number)
				     : pop3_say(p, ASK_MARK, index, "STAT");

	if (said)
		p->block = 0;
	return said;
}

static bool
say_top(struct pop3 *p, uint32_t index)
{
	const struct message *m = &p->m->listing.at[index];
	bool bodies = p->job.what == JOB_BODIES;
	uint64_t cost = m->size > SIZE_MOST ? SIZE_MOST : m->size;
	struct request *r;

	if (!bodies && cost > HEADER_COST)
		cost = HEADER_COST;
	if (p->on_the_way > 0 && p->bytes_on_the_way + cost > BYTES_ON_THE_WAY)
		return false;
	if (!pop3_say(p, ASK_TOP, index, bodies ? "TOP %u 999999999" : "TOP %u 0",
		    m->number))
		return false;
	r = &p->queue[(p->first + p->count - 1) & (REQUESTS_MAX - 1)];
	r->cost = cost;
	p->bytes_on_the_way += cost;
	p->on_the_way++;
	p->block++;
	p->last = index;
	return true;
}

/* The next message that is wanted in this pass; listing.n if there is none. */
static size_t
next(struct pop3 *p)
{
	uint8_t want = p->alone_pass ? WANT_ALONE : WANT;

	while (p->cursor < p->m->listing.n && p->want[p->cursor] != want)
		p->cursor++;
	return p->cursor;
}

/* True if something was said. */
static int
feed_one(struct pop3 *p, bool *more, struct err *e)
{
	size_t n = p->m->listing.n, index = next(p);
	uint32_t most = p->window < BLOCK_MAX ? p->window : BLOCK_MAX;

	*more = false;
	if (p->window == 1 && p->count > 0)
		return FINE;
	if (p->window == window_max(p))
		most = BLOCK_MAX;
	if (p->block > 0 && (p->block >= most || index == n)) {
		*more = say_marker(p, p->last);
		return FINE;
	}
	if (index == n) {
		if (p->count > 0 || p->alone_pass || p->alone_left == 0)
			return FINE;
		p->alone_pass = *more = true;
		p->cursor = p->alone_left = 0;
		p->window = 1;
		return FINE;
	}
	if (p->m->listing.at[index].number == 0) {
		*more = true;
		return deliver_nothing(p, (uint32_t)index, e);
	}
	if (p->on_the_way < p->window && say_top(p, (uint32_t)index)) {
		p->cursor++;
		*more = true;
	}
	return FINE;
}

int
pop3_top_feed(struct pop3 *p, bool *busy, struct err *e)
{
	bool more = true;
	int result = FINE;

	if (!p->can.pipelining || !p->m->options.pipelining)
		p->window_max = 1;
	p->wire.line_max = p->job.what == JOB_BODIES ? BODY_LINE_MAX : HEADER_LINE_MAX;
	while (result == FINE && more)
		result = feed_one(p, &more, e);
	*busy = p->count > 0;
	return result;
}

static int
no_top(struct pop3 *p, struct text words, struct err *e)
{
	words = login_words(words, 200, &p->m->options);
	err_set(e, ERR_PROTOCOL, "",
		"%s: %s has no TOP (\"%.*s\"), and whole messages are not read because "
		"that changes the mailbox on many servers",
		p->m->options.name, p->m->options.url.host, TEXT_ARG(words));
	return FAILURE;
}

static int
check_marker(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e)
{
	const struct message *m = &p->m->listing.at[r->index];
	struct cursor c = {words, 0};
	struct text ok, number, size;
	uint64_t n = 0, s = 0;

	if (yes && take_word(&c, &ok) && take_word(&c, &number) && take_word(&c, &size) &&
		text_number(number, &n) && text_number(size, &s)) {
		if (p->listed[r->index] ? n == m->number && s == m->size
					: p->stat_known && n == p->stat_count)
			return FINE;
	}
	words = login_words(words, 200, &p->m->options);
	return pop3_surprise(p, ERR_PROTOCOL, e, "want \"+OK %u %llu\", not \"%.*s\"",
		m->number, (unsigned long long)m->size, TEXT_ARG(words));
}

int
pop3_top_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e)
{
	uint64_t size = p->m->listing.at[r->index].size;

	if (r->ask == ASK_MARK)
		return check_marker(p, r, yes, words, e);
	p->reply_max = session_reply_max(size);
	p->on_the_way--;
	p->bytes_on_the_way -= r->cost;
	reading_begin(&p->reading, p->job.what == JOB_BODIES);
	if (yes) {
		p->tops_answered++;
		return FINE;
	}
	p->tops_refused++;
	if (p->tops_answered == 0 &&
		((p->can.known && !p->can.top) || p->tops_refused >= REFUSED_MOST))
		return no_top(p, words, e);
	p->held = array_grow(p->held, &p->held_cap, p->nheld + 1, sizeof(*p->held));
	p->held[p->nheld++] = (struct held){.index = r->index, .refused = true};
	p->reading.spoilt = true; /* held already */
	return FINE;
}

int
pop3_top_line(struct pop3 *p, struct text line, bool cut)
{
	reading_line(&p->reading, line, cut);
	return FINE;
}

static void
keep_values(struct pop3 *p, struct held *h)
{
	struct text values[3];

	reading_describe(&p->reading, &p->describe, values);
	for (int i = 0; i < 3; i++) {
		h->values[i] = (struct span){
			(uint32_t)p->held_text.len, (uint32_t)values[i].len};
		buf_add(&p->held_text, values[i]);
	}
}

static void
hold(struct pop3 *p, uint32_t index)
{
	struct held *h;

	p->held = array_grow(p->held, &p->held_cap, p->nheld + 1, sizeof(*p->held));
	h = &p->held[p->nheld++];
	*h = (struct held){.index = index};
	reading_end(&p->reading, &h->evidence);
	if (p->job.describe != NULL)
		keep_values(p, h);
}

/* The marker is right: hand on what stands before it. */
static int
believe(struct pop3 *p, bool alone, struct err *e)
{
	bool doubtful = false;
	int result = FINE;

	for (size_t i = 0; i < p->nheld; i++)
		doubtful = doubtful || (p->held[i].refused && !alone);
	for (size_t i = 0; i < p->nheld && result == FINE; i++) {
		if (doubtful) {
			p->want[p->held[i].index] = WANT_ALONE;
			p->alone_left++;
		} else if (p->held[i].refused) {
			result = deliver_nothing(p, p->held[i].index, e);
		} else {
			result = deliver(p, &p->held[i], e);
		}
	}
	p->nheld = 0;
	buf_clear(&p->held_text);
	return result;
}

int
pop3_top_end(struct pop3 *p, const struct request *r, struct err *e)
{
	int result;

	if (r->ask == ASK_TOP) {
		if (p->nheld == 0 || p->held[p->nheld - 1].index != r->index ||
			!p->held[p->nheld - 1].refused)
			hold(p, r->index);
		return FINE;
	}
	result = believe(p, p->window == 1, e);
	if (p->window > p->window_good)
		p->window_good = p->window;
	if (p->window < window_max(p))
		p->window = larger(p->window);
	if (p->window > window_max(p))
		p->window = window_max(p);
	return result;
}

void
pop3_top_release(struct pop3 *p)
{
	free(p->want);
	free(p->held);
	buf_release(&p->held_text);
	buf_release(&p->describe);
	reading_release(&p->reading);
}
