#include "base/json.h"

#include <inttypes.h>

static void
write_text(FILE *to, struct text t)
{
	putc('"', to);
	while (t.len > 0) {
		unsigned char c = (unsigned char)t.at[0];
		size_t n = 1;

		if (c >= 0x80) {
			/* A whole UTF-8 sequence goes through as it is. */
			n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
			if (n > t.len || !text_is_utf8((struct text){t.at, n})) {
				fputs("\\ufffd", to);
				n = 1;
			} else {
				fwrite(t.at, 1, n, to);
			}
		} else if (c == '"' || c == '\\') {
			fprintf(to, "\\%c", c);
		} else if (c < 0x20 || c == 0x7f) {
			fprintf(to, "\\u%04x", (unsigned)c);
		} else {
			putc(c, to);
		}
		t.at += n;
		t.len -= n;
	}
	putc('"', to);
}

static void
begin(struct json *j, const char *key)
{
	if (j->more[j->depth])
		putc(',', j->to);
	j->more[j->depth] = true;
	if (key != NULL) {
		write_text(j->to, text_of(key));
		putc(':', j->to);
	}
}

void
json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->to);
	if (j->depth + 1 < JSON_DEPTH)
		j->depth++;
	j->more[j->depth] = false;
}

void
json_close(struct json *j, char bracket)
{
	putc(bracket, j->to);
	if (j->depth > 0)
		j->depth--;
	if (j->depth == 0)
		putc('\n', j->to);
}

void
json_text(struct json *j, const char *key, struct text value)
{
	struct buf b;

	begin(j, key);
	if (j->hide == NULL) {
		write_text(j->to, value);
		return;
	}
	buf_init(&b, SIZE_MAX);
	j->hide(j->hide_arg, key, value, &b);
	write_text(j->to, buf_text(&b));
	buf_release(&b);
}

void
json_string(struct json *j, const char *key, const char *value)
{
	json_text(j, key, text_of(value));
}

void
json_number(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	fprintf(j->to, "%" PRId64, value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	fputs(value ? "true" : "false", j->to);
}
