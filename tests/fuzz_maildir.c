/*
 * libFuzzer target: any bytes as the lists that servers leave in a Maildir, and as lines of
 * an mbox. What is read of a dovecot-uidlist is written again as it was, and with other
 * UIDLs it says the same but for these.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "model/mboxline.h"
#include "model/sizelist.h"
#include "model/uidlist.h"

static void
same_but_uidls(const struct uidlist *was, struct text bytes)
{
	struct uidlist is;
	struct err e;

	must(uidlist_read(&is, "f", bytes, &e) == 0 && is.n == was->n &&
		is.validity == was->validity && is.next == was->next);
	for (size_t i = 0; i < is.n; i++) {
		const struct uidlist_record *a = &was->at[i], *b = &is.at[i];

		must(a->uid == b->uid && text_equal(a->name, b->name) &&
			text_equal(a->guid, b->guid) && a->order == b->order &&
			a->vsize == b->vsize && text_equal(b->pop3, text_of("other:1")));
	}
	uidlist_release(&is);
}

static void
check_uidlist(struct text bytes)
{
	struct uidlist l;
	struct buf out;
	struct err e;

	buf_init(&out, (size_t)1 << 26);
	if (uidlist_read(&l, "f", bytes, &e) == 0) {
		struct text *pop3 = must_alloc((l.n + 1) * sizeof(*pop3));

		uidlist_write(&l, pop3, &out);
		must(out.len + l.torn.len == bytes.len &&
			memcmp(out.at, bytes.at, out.len) == 0);
		for (size_t i = 0; i < l.n; i++)
			pop3[i] = text_of("other:1");
		buf_clear(&out);
		uidlist_write(&l, pop3, &out);
		if (l.version == 3)
			same_but_uidls(&l, buf_text(&out));
		free(pop3);
	}
	buf_release(&out);
	uidlist_release(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = {(const char *)data, size}, line, value;
	struct cursor c = {bytes, 0};
	struct sizelist s;
	struct err e;

	check_uidlist(bytes);
	if (sizelist_read(&s, "f", bytes, &e) == 0)
		for (size_t i = 0; i < s.n; i++)
			must(s.at[i].name.len > 0 && sizelist_rule(&s.at[i]) != NULL);
	sizelist_release(&s);
	while (take_line(&c, &line)) {
		mbox_is_from(line);
		if (mbox_header(line, "X-UIDL", &value))
			must(value.len < line.len);
	}
	return 0;
}
