/*
 * Writing JSON (RFC 8259) to a stream. Commas and nesting are kept here, so that a
 * caller only says what there is. Bytes that are not UTF-8 become U+FFFD's escape.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdio.h>

#include "base/buf.h"

#define JSON_DEPTH 16

struct json {
	FILE *to;
	int depth;
	bool more[JSON_DEPTH]; /* something stands before at this depth */
	/* What is to be written of a value, and not of a key, into `out`; NULL: all. */
	void (*hide)(void *arg, const char *key, struct text value, struct buf *out);
	void *hide_arg;
};

/* key NULL: an element of an array, or the outermost value. */
void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
void json_text(struct json *j, const char *key, struct text value);
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);

#endif
