/*
 * libFuzzer target: any bytes as what an IMAP server says, line by line, and what must hold
 * whatever they are.
 */
#include "fuzz.h"

#include "mailbox/imap_parse.h"

static void
within(struct text part, struct text all)
{
	must(part.len == 0 ||
		(part.at >= all.at && part.at + part.len <= all.at + all.len));
}

/* A name that came in modified UTF-7 goes and comes as it was. */
static void
check_name(struct text name)
{
	struct buf utf8, utf7, again;

	buf_init(&utf8, 4 * name.len + 4);
	imap_utf8(name, &utf8);
	must(!utf8.full);
	buf_init(&utf7, 8 * utf8.len + 8);
	buf_init(&again, 4 * (8 * utf8.len + 8));
	if (imap_utf7(buf_text(&utf8), &utf7)) {
		must(!utf7.full);
		imap_utf8(buf_text(&utf7), &again);
		must(text_equal(buf_text(&again), buf_text(&utf8)));
	}
	buf_release(&utf8);
	buf_release(&utf7);
	buf_release(&again);
}

static void
check_list(struct text rest)
{
	bool selectable;
	struct buf name;

	buf_init(&name, rest.len + 1);
	if (imap_list(rest, &selectable, &name)) {
		must(name.len > 0 && name.len <= rest.len);
		check_name(buf_text(&name));
	}
	buf_release(&name);
}

/* True while the response goes on behind a literal. */
static bool
check_fetch(struct imap_fetch *f, struct text t)
{
	uint64_t octets;
	bool literal = imap_literal(&t, &octets);
	enum imap_went went = imap_fetch_text(f, t, literal);

	must((went == IMAP_LITERAL) == (literal && went != IMAP_BROKEN));
	if (went == IMAP_DONE)
		must(!f->has_uid || f->uid > 0);
	if (f->quoted.at != NULL)
		within(f->quoted, t);
	return went == IMAP_LITERAL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text all = {size > 0 ? (const char *)data : "", size}, line;
	struct cursor c = {all, 0};
	struct imap_fetch f;
	bool open = false;

	while (take_line(&c, &line)) {
		struct imap_line l;

		if (open) {
			open = check_fetch(&f, line);
			continue;
		}
		imap_line(line, &l);
		within(l.tag, line);
		within(l.words, line);
		within(l.code, line);
		within(l.rest, line);
		if (l.what == IMAP_LIST)
			check_list(l.rest);
		if (l.what == IMAP_FETCH) {
			imap_fetch_begin(&f);
			open = check_fetch(&f, l.rest);
		}
		check_name(line);
	}
	return 0;
}
