/*
 * Listings made of literal messages, for tests of src/model/match.h. Bodies are "read"
 * only when match_run() asks for them, so a test also sees what was asked.
 */
#ifndef TESTS_BOX_H
#define TESTS_BOX_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "evidence.h"
#include "model/match.h"

#define BOX_MAX 32

struct box {
	struct listing list;
	const char *text[BOX_MAX];
	bool refused[BOX_MAX]; /* the server will not give this body */
	size_t nread;	       /* bodies read */
};

/* Size on the wire, where each line end is two bytes. */
static inline uint64_t
wire_size(const char *message)
{
	uint64_t size = 0;

	for (; *message != '\0'; message++)
		size += *message == '\n' ? 2 : 1;
	return size;
}

static inline struct message *
add_sized(struct box *b, const char *uidl, const char *message, uint64_t size)
{
	struct message *m = listing_add(&b->list, text_of(uidl), size);
	struct evidence ev = read_message(text_of(message), false);

	b->text[b->list.n - 1] = message;
	message_learn(m, &ev);
	return m;
}

static inline struct message *
add(struct box *b, const char *uidl, const char *message)
{
	return add_sized(b, uidl, message, wire_size(message));
}

static inline void
read_wanted(struct box *b, const uint8_t *want)
{
	for (size_t i = 0; i < b->list.n; i++) {
		struct evidence ev = {.flags = MESSAGE_NO_BODY};
		if (!want[i])
			continue;
		b->nread++;
		if (!b->refused[i])
			ev = read_message(text_of(b->text[i]), true);
		message_learn(&b->list.at[i], &ev);
	}
}

static inline void
match_boxes(struct box *old, struct box *new, struct match *m)
{
	listing_mark(&old->list);
	listing_mark(&new->list);
	for (int rounds = 1;; rounds++) {
		match_run(&old->list, &new->list, m);
		if (m->nwant == 0)
			return;
		cr_assert_lt(rounds, 3, "asks for ever");
		read_wanted(old, m->want_old);
		read_wanted(new, m->want_new);
	}
}

static inline void
release(struct box *old, struct box *new, struct match *m)
{
	listing_release(&old->list);
	listing_release(&new->list);
	match_release(m);
}

#define WHOLE                                                                            \
	{                                                                                \
		.list.whole = true                                                       \
	}
/* Two empty sides and their match; END() frees them. */
#define BEGIN()                                                                          \
	struct box old = WHOLE, new = WHOLE;                                             \
	struct match m = {0}
#define END() release(&old, &new, &m)

/* A pair that shows that both servers count lengths alike. */
#define KNOWN "Message-ID: <known@x>\nDate: d\nReceived: r\n\nknown\n"

static inline void
add_known(struct box *old, struct box *new)
{
	add(old, "known-old", KNOWN);
	add(new, "known-new", KNOWN);
}

/* Ten of them, so that one that differs is an exception. */
static inline void
add_ten_known(struct box *old, struct box *new)
{
	static const char *const known[] = {"Message-ID: <k0@x>\n\nknown\n",
		"Message-ID: <k1@x>\n\nknown\n", "Message-ID: <k2@x>\n\nknown\n",
		"Message-ID: <k3@x>\n\nknown\n", "Message-ID: <k4@x>\n\nknown\n",
		"Message-ID: <k5@x>\n\nknown\n", "Message-ID: <k6@x>\n\nknown\n",
		"Message-ID: <k7@x>\n\nknown\n", "Message-ID: <k8@x>\n\nknown\n",
		"Message-ID: <k9@x>\n\nknown\n"};
	static const char *const uidls[] = {
		"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"};

	for (int i = 0; i < 10; i++) {
		add(old, uidls[i], known[i]);
		add(new, uidls[i], known[i]);
	}
}

/* … and one that shows that they do not. */
static inline void
add_unlike(struct box *old, struct box *new)
{
	add_sized(old, "known-old", KNOWN, 100);
	add_sized(new, "known-new", KNOWN, 101);
}

#define LOOSE_A "Received: a\nMessage-ID: <1@x>\nDate: d\n\nbody\n"
#define LOOSE_B "Received: z\nReceived: a\nMessage-ID: <1@x>\nDate: d\n\nbody\n"
#define COPY	"Message-ID: <1@x>\nDate: d\n\nbody\n"

#endif
