#include "model/header.h"

static struct text
first_value(const struct header *h, enum header_what what)
{
	for (size_t i = 0; i < h->nfields; i++) {
		const struct header_field *f = &h->fields[i];
		if (f->what == what)
			return (struct text){h->text.at + f->value.off, f->value.len};
	}
	return (struct text){"", 0};
}

void
header_describe(const struct header *h, struct buf *out, struct text values[3])
{
	static const enum header_what what[3] = {
		HEADER_DATE, HEADER_FROM, HEADER_SUBJECT};
	size_t at = 0;

	buf_clear(out);
	for (size_t i = 0; i < 3; i++) {
		size_t before = out->len;
		buf_add(out, first_value(h, what[i]));
		values[i].len = out->len - before;
	}
	/* Only now does `out` stay where it is. */
	for (size_t i = 0; i < 3; at += values[i++].len)
		values[i].at = buf_text(out).at + at;
}
