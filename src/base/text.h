/*
 * Slices of bytes that somebody else owns.
 *
 * A text is never NUL-terminated and may hold any byte; whoever made the bytes keeps
 * them alive. Nothing here allocates, and nothing steps outside the slice it was given.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
	const char *at;
	size_t len;
};

/* A place in a file. Stores are below 4 GiB (source.h), and a million records must fit
 * into six times the file, so 32 bits each. */
struct span {
	uint32_t off, len;
};

/* Reading position; `off` never passes `all.len`. */
struct cursor {
	struct text all;
	size_t off;
};

/* printf("%.*s", TEXT_ARG(t)) */
#define TEXT_ARG(t) (int)(t).len, (t).at

static inline struct text
text_of(const char *s)
{
	return (struct text){s, strlen(s)};
}

bool text_equal(struct text a, struct text b);
/* ASCII letters fold; other bytes must be equal. */
bool text_equal_nocase(struct text a, struct text b);
/* Order of the bytes, a prefix first: <0, 0, >0. */
int text_compare(struct text a, struct text b);
bool text_starts(struct text t, const char *prefix);
bool text_ends(struct text t, const char *suffix);
/* Without blanks and tabs at both ends. */
struct text text_trim(struct text t);
/* Decimal digits only, all of them, no overflow. */
bool text_number(struct text t, uint64_t *number);
/* Position of the byte, or t.len. */
size_t text_find(struct text t, char byte);
bool text_is_utf8(struct text t);
/* For tables in memory only, never as proof of anything; differs between machines. */
uint32_t text_hash(struct text t);

/* Next line without its LF or CRLF; false at the end. A last line without a line end
 * counts. `line->at` points into the bytes, so its offset is line->at - c->all.at. */
bool take_line(struct cursor *c, struct text *line);
/* The same where LF alone ends a line: a CR before it is the line's own. */
bool take_lf_line(struct cursor *c, struct text *line);
/* Up to the byte, which is skipped; false, and nothing moves, if it does not come. */
bool take_until(struct cursor *c, char byte, struct text *t);
/* A run of bytes without blank or tab, blanks before it skipped; false at the end. */
bool take_word(struct cursor *c, struct text *word);

/* Bytes made fit for a terminal: control bytes and what is not UTF-8 become \xNN, a
 * line break \n, and bidirectional overrides \uNNNN. Writes at most `size` bytes with
 * the NUL, and returns `out`. */
char *text_escape(struct text t, char *out, size_t size);

#endif
