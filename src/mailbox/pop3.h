/*
 * One POP3 session, as its five files share it: pop3.c connects and lives with what
 * goes wrong; pop3_reply.c hands out replies; pop3_login.c logs in; pop3_list.c lists;
 * pop3_top.c reads messages.
 *
 * Requests stand in a queue, replies come in its order. Functions that handle a reply
 * return one of enum outcome (session.h).
 */
#ifndef MAILBOX_POP3_H
#define MAILBOX_POP3_H

#include "mailbox/kind.h"
#include "mailbox/login.h"
#include "mailbox/session.h"
#include "mailbox/wire.h"

enum ask {
	ASK_CAPA, /* before login */
	ASK_UTF8,
	ASK_AUTH,
	ASK_ANSWER, /* the further steps of AUTH */
	ASK_APOP,
	ASK_USER,
	ASK_PASS,
	ASK_CAPA_AGAIN, /* after login: Gmail announces PIPELINING only now */
	ASK_STAT,
	ASK_UIDL,
	ASK_LIST,
	ASK_TOP,
	ASK_MARK, /* LIST n (STAT where LIST does not know n) */
	ASK_QUIT,
};

struct request {
	uint8_t ask;
	uint32_t index;
	uint64_t cost; /* bytes of reply that are expected */
};

/* Replies that can be on their way at once, with their markers: a power of two. */
#define REQUESTS_MAX 2048u

/* What is wanted of a message, by its index. */
enum want { WANT_NOT, WANT, WANT_ALONE };

/* A reply that waits for the marker behind it. */
struct held {
	uint32_t index;
	bool refused; /* -ERR */
	struct evidence evidence;
	struct span values[3]; /* in held_text: Date, From, Subject */
};

struct number {
	uint32_t number, index;
};

struct pop3 {
	struct mailbox *m;
	struct wire wire;
	struct mailbox_job job;
	enum stage stage;
	struct capabilities can;
	struct request *queue;
	uint32_t first, count; /* of the queue */
	struct text where;     /* the command that is being answered, for messages */
	char where_text[64];
	char doing[96]; /* "old server: headers" */

	/* The reply that is being read. */
	bool in_reply;
	uint64_t reply_line, reply_began, reply_max;

	/* Login: the mechanism (NULL: USER or APOP), how many answers were given, and what
	 * the server has said of them. */
	const struct sasl *sasl;
	unsigned answers;
	char reason[256];

	/* What went wrong, and how often lately. */
	struct forgiving forgiving;
	struct rest rest;
	bool opened; /* the listing is complete */

	/* Listing. */
	struct listing again; /* after a new connection, to compare */
	struct listing *into;
	struct number *numbers;
	size_t nnumbers, numbers_cap, list_at, unlisted;
	uint64_t list_bytes, stat_count, extra;
	bool stat_known;
	uint8_t *listed; /* by index: LIST knows it */
	size_t listed_cap;

	/* Reading messages. */
	uint8_t *want; /* by index: enum want */
	size_t want_cap;
	size_t cursor, total, done, alone_left;
	bool alone_pass;
	uint32_t window, window_max, window_good, on_the_way, block, last;
	uint64_t bytes_on_the_way;
	size_t tops_answered, tops_refused;
	struct held *held;
	size_t nheld, held_cap;
	struct buf held_text, describe;
	struct reading reading;
};

/* What is being answered; there is none if `count` is 0. */
static inline struct request *
pop3_front(struct pop3 *p)
{
	return &p->queue[p->first & (REQUESTS_MAX - 1)];
}

/* pop3_reply.c: hand out the lines that have come to those who wait for them. */
int pop3_take_lines(struct pop3 *p, struct err *e);

/* pop3.c */
bool pop3_say(struct pop3 *p, enum ask ask, uint32_t index, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int pop3_surprise(struct pop3 *p, enum err_kind kind, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void pop3_progress(struct pop3 *p, size_t done, size_t total);
void pop3_hang_up(struct pop3 *p);

/* pop3_login.c: USER and PASS, APOP, or AUTH; then CAPA again. */
int pop3_login_begin(struct pop3 *p, struct err *e);
int pop3_login_status(struct pop3 *p, const struct request *r, bool yes,
	struct text words, struct err *e);
/* A line that begins with '+' and is not +OK. */
int pop3_login_continue(
	struct pop3 *p, const struct request *r, struct text line, struct err *e);
/* Hang up and come back later, within options.wait; FAILURE with `e` as it is if that is
 * over. */
int pop3_rest(struct pop3 *p, struct err *e);

/* pop3_list.c: STAT, UIDL, LIST, in this order, one after the other. */
void pop3_list_begin(struct pop3 *p);
int pop3_list_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e);
int
pop3_list_line(struct pop3 *p, const struct request *r, struct text line, struct err *e);
int pop3_list_end(struct pop3 *p, const struct request *r, struct err *e);
void pop3_list_release(struct pop3 *p);

/* pop3_top.c */
void pop3_top_begin(struct pop3 *p);
/* Say as many commands as the window allows. True while there is something to do. */
int pop3_top_feed(struct pop3 *p, bool *busy, struct err *e);
int pop3_top_status(struct pop3 *p, const struct request *r, bool yes, struct text words,
	struct err *e);
int pop3_top_line(struct pop3 *p, struct text line, bool cut);
int pop3_top_end(struct pop3 *p, const struct request *r, struct err *e);
/* After a surprise: forget what no marker has proved, and start again small. */
void pop3_top_rewind(struct pop3 *p, bool hung_up);
void pop3_top_release(struct pop3 *p);

#endif
