/*
 * libFuzzer target: any bytes as a message, and what must hold whatever they are.
 */
#include "fuzz.h"

#include "model/header.h"

/* `more` is a line put before all others; `octets` counts what the bytes gave. */
static struct evidence
digest_message(struct header *h, struct text bytes, const char *more, uint64_t *octets)
{
	struct cursor c = {bytes, 0};
	struct evidence ev = {0};
	struct body b = {0};
	struct text line;
	bool ended = false;

	*octets = 0;
	header_begin(h);
	if (more != NULL)
		header_line(h, text_of(more));
	while (!ended && take_line(&c, &line)) {
		*octets += line.len + 2;
		ended = header_line(h, line);
	}
	header_end(h, &ev);
	body_begin(&b);
	while (take_line(&c, &line))
		body_line(&b, line);
	ev.body = body_end(&b);
	body_release(&b);
	must(!(ev.flags & MESSAGE_HEADER) || ended == !(ev.flags & MESSAGE_CUT_HEADER));
	return ev;
}

static void
same(const struct digest *a, const struct digest *b)
{
	must(digest_equal(a, b));
}

/* Texts of fields lie in the buffer one behind the other, without blanks at the ends. */
static void
check_fields(const struct header *h)
{
	size_t at = 0;

	for (size_t i = 0; i < h->nfields; i++) {
		const struct header_field *f = &h->fields[i];
		must(f->name.off == at && f->name.len > 0);
		must(f->value.off == f->name.off + f->name.len + 1);
		at = (size_t)f->value.off + f->value.len;
		must(at < h->text.len && h->text.at[at] == '\n');
		at++;
		for (size_t k = f->value.off; k < f->value.off + f->value.len; k++) {
			must(h->text.at[k] != '\n' && h->text.at[k] != '\t');
			must(h->text.at[k] != ' ' || h->text.at[k + 1] != ' ');
		}
		if (f->value.len > 0) {
			must(h->text.at[f->value.off] != ' ');
			must(h->text.at[at - 2] != ' ');
		}
	}
	must(at == h->text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = {(const char *)data, size}, values[3];
	struct header h = {0};
	uint64_t octets, again;
	struct buf out;

	struct evidence a = digest_message(&h, bytes, NULL, &octets);
	if (a.flags & MESSAGE_HEADER) {
		check_fields(&h);
		must(a.header_octets == octets);
		buf_init(&out, HEADER_MAX);
		header_describe(&h, &out, values);
		must(values[0].len + values[1].len + values[2].len == out.len);
		buf_release(&out);

		/* The same struct again, and a fresh one. */
		struct header fresh = {0};
		struct evidence b = digest_message(&fresh, bytes, NULL, &again);
		header_release(&fresh);
		same(&a.strict, &b.strict);
		b = digest_message(&h, bytes, NULL, &again);
		must(b.flags == a.flags && b.message_id == a.message_id);
		same(&a.strict, &b.strict);
		same(&a.loose, &b.loose);
		same(&a.damaged, &b.damaged);
		same(&a.id, &b.id);
		same(&a.body, &b.body);

		/* A first line that continues would belong to the line put before it. */
		if (size == 0 || (bytes.at[0] != ' ' && bytes.at[0] != '\t')) {
			b = digest_message(&h, bytes, "Received: more", &again);
			same(&a.loose, &b.loose);
			same(&a.damaged, &b.damaged);
			same(&a.id, &b.id);
			must(!digest_equal(&a.strict, &b.strict));
			b = digest_message(&h, bytes, "Status: RO", &again);
			same(&a.strict, &b.strict);
		}
	}
	header_release(&h);
	return 0;
}
