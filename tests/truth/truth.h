/*
 * Pairs of mailboxes of which it is known which message is which: a seeded generator, and
 * a judge of what match_run() makes of them.
 *
 * The truth is the generator's own: each served message knows the mail that it is, and
 * whether a message can be told from all others is asked of its text (tell.c), by code
 * that shares nothing with src/model. Of the code under test only header.h, body and
 * match.h are called, where a mailbox would call them.
 */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/match.h"

/* What a mail is or what befalls it, for the table by kind. */
enum trouble {
	TROUBLE_USUAL,
	TROUBLE_NEWSLETTER,
	TROUBLE_NIGHTLY,
	TROUBLE_SCAN,
	TROUBLE_DRAFT,
	TROUBLE_EMPTY_ID,
	TROUBLE_COPY,
	TROUBLE_AGAIN,
	TROUBLE_FOOTER,
	TROUBLE_OTHER_BODY,
	TROUBLE_8BIT_TWIN,
	TROUBLE_DELETED,
	TROUBLE_INSERTED,
	TROUBLE_REORDERED,
	TROUBLE_EQUAL_SIZE,
	TROUBLE_ADDED,
	TROUBLE_ADDED_UNKNOWN,
	TROUBLE_REMOVED,
	TROUBLE_MARKED,
	TROUBLE_HEADER_ORDER,
	TROUBLE_CASE,
	TROUBLE_REFOLDED,
	TROUBLE_DAMAGED,
	TROUBLE_LINE_ENDS,
	TROUBLE_QUOTED,
	TROUBLE_LF_COUNTED,
	TROUBLE_OFF_BY_TWO,
	TROUBLE_UNCOUNTED,
	TROUBLE_CUT,
	TROUBLE_NO_HEADER,
	TROUBLE_NO_BODY,
	TROUBLE_EQUAL_UIDL,
	TROUBLE_COUNTER,
	TROUBLE_UNFIT_UIDL,
	TROUBLE_PART,
	TROUBLES,
};

extern const char *const trouble_names[TROUBLES];
#define TROUBLE(t) ((uint64_t)1 << (t))

#define LETTER_LINES 28
#define LETTER_WIDTH 256

/* A mail in the making. */
struct letter {
	char line[LETTER_LINES][LETTER_WIDTH];
	size_t nlines;
	char body[800];
};

enum place { PLACE_BOTH, PLACE_OLD, PLACE_NEW };

/* A mail as it was sent. */
struct mail {
	struct text text; /* of its letter, LF line ends */
	uint64_t troubles;
	enum place place;
	int group;   /* mails of one group are true copies of one another */
	bool pinned; /* must stand in the old mailbox: see derive() */
	bool weak;   /* neither Message-ID nor Date */
};

/* Our own digests of a message: 0 where there is none. */
struct telling {
	uint64_t strict, loose, id, body;
	bool weak; /* neither Message-ID nor Date */
};

/* A message as the server lists and gives it. */
struct served {
	int mail;		 /* index of the mail that it is */
	struct text text;	 /* whole, as on the wire, without POP3's dots */
	size_t cut;		 /* bytes that TOP n 0 gives */
	bool no_header, no_body; /* not to be had */
	uint64_t troubles;
	struct evidence all; /* as if everything had been read */
	struct telling telling;
};

struct box {
	struct listing list;
	struct served *served;
};

struct truth {
	uint64_t seed, random;
	struct arena arena;
	struct mail *mail;
	size_t nmails;
	struct box box[2];
};

/* splitmix64 */
uint64_t truth_random(struct truth *t);
int below(struct truth *t, int n);
bool chance(struct truth *t, int percent);

/* The same seed and number of mails make the same pair. truth_release() frees. */
void truth_make(struct truth *t, uint64_t seed, size_t nmails);
void truth_release(struct truth *t);

/* mails.c: what was sent. */
void make_mails(struct truth *t);
bool line_is(const char *line, const char *name);
void append(char *to, size_t size, const char *more);
struct text letter_text(struct truth *t, const struct letter *l);
void letter_of(struct text text, struct letter *l);

/* serve.c: what two servers make of it. */
void serve_boxes(struct truth *t);

/* tell.c: the digests of docs/matching.md once more, from a message's bytes. */
struct telling tell(struct text wire);

/* How often a number occurs, and where first. */
struct tally {
	struct tally_entry {
		uint64_t key;
		size_t index;
	} * at;
	size_t n;
};

void tally_make(struct tally *y, size_t n);
void tally_sort(struct tally *y);
/* Entries of that key, those of the lower indices first; *n of them. */
const struct tally_entry *tally_find(const struct tally *y, uint64_t key, size_t *n);
void tally_release(struct tally *y);

struct row {
	size_t boxes;	 /* pairs of mailboxes in which it occurs */
	size_t messages; /* of the old side; TROUBLE_INSERTED: of the new one */
	size_t both;	 /* that stand on the new side, too */
	size_t tellable, found, pairs, wrong;
};

struct score {
	struct row all, row[TROUBLES];
	size_t lost; /* tellable and not found */
};

/* Match the pair and count. What is wrong is said on stderr with its seed, what is lost
 * too, a few times. `show`: with the messages. */
void judge(struct truth *t, struct score *s, bool show);
void score_add(struct score *to, const struct score *more);

#endif
