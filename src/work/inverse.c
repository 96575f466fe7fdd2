#include "work/inverse.h"

#include <stdlib.h>

int
inverse_copy(
	struct source *to, const char *path, const struct digest *want, struct err *e)
{
	if (source_read(to, path, e) < 0)
		return -1;
	if (digest_equal(&to->digest, want))
		return 0;
	source_release(to);
	return err_set(e, ERR_DATA, "format",
		"%s: this backup is damaged: it is not what was written; the store was "
		"left as it is",
		path);
}

/* Room for n things at most half full; a power of two. */
static uint32_t *
new_slots(size_t n, size_t *mask)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	*mask = size - 1;
	uint32_t *slot = must_alloc(size * sizeof(*slot));
	memset(slot, 0, size * sizeof(*slot));
	return slot;
}

static void
put(uint32_t *slot, size_t mask, struct text key, size_t index)
{
	size_t at = text_hash(key) & mask;

	while (slot[at] != 0)
		at = (at + 1) & mask;
	slot[at] = (uint32_t)index + 1;
}

/* Empty where that is the account's own, and not the record's. */
static struct text
server_of(const struct store *s, const struct record *r)
{
	if (!s->server_in_records)
		return (struct text){"", 0};
	return s->accounts[r->account].host.text;
}

static bool
same_record(const struct inverse *v, size_t i)
{
	struct record was = store_record(&v->old, i), is = store_record(&v->new, i);

	return text_equal(record_uidl(&was), record_uidl(&is)) &&
	       text_equal(server_of(&v->old, &was), server_of(&v->new, &is));
}

static void
count_edits(struct inverse *v)
{
	for (size_t i = 0; i < v->new.nrecords; i++)
		v->nedits += !same_record(v, i);
	for (size_t i = 0; i < v->new.naccounts && !v->new.server_in_records; i++) {
		const struct account *was = &v->old.accounts[i],
				     *is = &v->new.accounts[i];
		v->nedits += !text_equal(was->host.text, is->host.text);
		v->nedits += !text_equal(was->user.text, is->user.text);
	}
}

int
inverse_make(struct inverse *v, const struct journal_file *f, struct err *e)
{
	const struct format *format = format_named(text_of(f->format));

	*v = (struct inverse){0};
	if (format == NULL)
		return err_set(e, ERR_DATA, "format",
			"%s: this reuidl does not know the client \"%s\" that it was "
			"changed for",
			f->path, f->format);
	if (inverse_copy(&v->old_source, f->old_copy, &f->old_digest, e) < 0 ||
		inverse_copy(&v->new_source, f->new_copy, &f->new_digest, e) < 0 ||
		store_read(&v->old, format, &v->old_source, e) < 0 ||
		store_read(&v->new, format, &v->new_source, e) < 0)
		goto fail;
	if (v->old.nrecords != v->new.nrecords ||
		(v->old.naccounts != v->new.naccounts && !v->new.server_in_records)) {
		err_set(e, ERR_INTERNAL, "",
			"%s: the two copies differ in their number of records",
			f->old_copy);
		goto fail;
	}
	v->slot = new_slots(v->new.nrecords, &v->mask);
	for (size_t i = 0; i < v->new.nrecords; i++)
		put(v->slot, v->mask, store_uidl(&v->new, i), i);
	count_edits(v);
	return 0;
fail:
	inverse_release(v);
	return -1;
}

void
inverse_release(struct inverse *v)
{
	store_release(&v->old);
	store_release(&v->new);
	source_release(&v->old_source);
	source_release(&v->new_source);
	free(v->slot);
	*v = (struct inverse){0};
}

/* With one account, or where the client takes all records for its own, a changed
 * account line does not make a record another's. */
static bool
same_account(const struct inverse *v, const struct record *ours,
	const struct store *today, const struct record *r)
{
	if (today->merged || (today->naccounts <= 1 && !today->server_in_records))
		return true;
	if (ours->account >= v->new.naccounts || r->account >= today->naccounts)
		return false;
	const struct account *a = &v->new.accounts[ours->account];
	const struct account *b = &today->accounts[r->account];
	return text_equal(a->host.text, b->host.text) &&
	       text_equal(a->user.text, b->user.text);
}

/* What a record's key is made of. */
struct name {
	struct text uidl, server;
};

static bool
same_name(struct name a, struct name b)
{
	return text_equal(a.uidl, b.uidl) && text_equal(a.server, b.server);
}

static struct name
name_of(const struct store *s, const struct record *r)
{
	return (struct name){record_uidl(r), server_of(s, r)};
}

/* What the record was before the run; false if the run did not write it, or if that
 * cannot be told: one text that stands for two. */
static bool
was_before(const struct inverse *v, const struct store *today, const struct record *r,
	struct name *before)
{
	struct text uidl = record_uidl(r);
	bool found = false;

	for (size_t at = text_hash(uidl) & v->mask; v->slot[at] != 0;
		at = (at + 1) & v->mask) {
		size_t i = v->slot[at] - 1;
		struct record ours = store_record(&v->new, i);
		if (!text_equal(record_uidl(&ours), uidl) ||
			!same_account(v, &ours, today, r))
			continue;
		struct record was = store_record(&v->old, i);
		struct name old = name_of(&v->old, &was);
		if (found && !same_name(old, *before))
			return false;
		*before = old;
		found = true;
	}
	return found && !same_name(*before, name_of(today, r));
}

/* What the client compares: the UIDL, or what it makes of it; with the server where that
 * is the record's own. */
static struct text
key_of(struct arena *a, const struct format *f, struct name name)
{
	struct buf b;

	if (f->key == NULL && name.server.len == 0)
		return name.uidl;
	buf_init(&b, SOURCE_MAX);
	if (f->key != NULL)
		f->key(name.uidl, &b);
	else
		buf_add(&b, name.uidl);
	if (name.server.len > 0)
		buf_byte(&b, '\0');
	buf_add(&b, name.server);
	struct text key = arena_text(a, buf_text(&b));
	buf_release(&b);
	return key;
}

struct today {
	const struct store *store;
	struct name *target; /* by record: what it was; uidl.at NULL: it stays */
	struct text *key, *target_key;
	uint32_t *by_target; /* slots of those that do not stay */
	size_t mask;
	uint32_t *queue; /* records that stay, whose keys are held */
	size_t nqueue;
};

/* A record that stays holds its UIDL, so no other may be given it; and that one stays,
 * then, too. A permutation (counters!) is given back whole. */
static void
settle(struct today *t)
{
	for (size_t q = 0; q < t->nqueue; q++) {
		struct text held = t->key[t->queue[q]];
		size_t at = text_hash(held) & t->mask;
		for (; t->by_target[at] != 0; at = (at + 1) & t->mask) {
			uint32_t i = t->by_target[at] - 1;
			if (t->target[i].uidl.at == NULL ||
				!text_equal(t->target_key[i], held))
				continue;
			t->target[i].uidl.at = NULL;
			t->queue[t->nqueue++] = i;
		}
	}
}

static void
record_edits(const struct inverse *v, const struct store *today, struct arena *a,
	struct today *t)
{
	size_t n = today->nrecords;

	*t = (struct today){.store = today};
	t->target = arena_alloc(a, (n + 1) * sizeof(*t->target));
	t->key = arena_alloc(a, (n + 1) * sizeof(*t->key));
	t->target_key = arena_alloc(a, (n + 1) * sizeof(*t->target_key));
	t->queue = arena_alloc(a, (n + 1) * sizeof(*t->queue));
	t->by_target = new_slots(n, &t->mask);
	for (size_t i = 0; i < n; i++) {
		struct record r = store_record(today, i);
		t->key[i] = key_of(a, today->format, name_of(today, &r));
		if (!was_before(v, today, &r, &t->target[i])) {
			t->target[i].uidl.at = NULL;
			t->queue[t->nqueue++] = (uint32_t)i;
			continue;
		}
		t->target_key[i] = key_of(a, today->format, t->target[i]);
		put(t->by_target, t->mask, t->target_key[i], i);
	}
	settle(t);
	free(t->by_target);
}

static void
add_edit(struct edit *edits, size_t *n, enum edit_what what, size_t index, struct text to)
{
	edits[(*n)++] = edit_make(what, index, to);
}

static void
account_edits(
	const struct inverse *v, const struct store *today, struct edit *edits, size_t *n)
{
	for (size_t k = 0; k < today->naccounts; k++) {
		const struct account *now = &today->accounts[k];
		for (size_t i = 0; i < v->new.naccounts; i++) {
			const struct account *was = &v->old.accounts[i];
			const struct account *is = &v->new.accounts[i];
			if (!text_equal(now->host.text, is->host.text) ||
				!text_equal(now->user.text, is->user.text))
				continue;
			if (now->host.at.len > 0 &&
				!text_equal(was->host.text, is->host.text))
				add_edit(edits, n, EDIT_HOST, k, was->host.text);
			if (now->user.at.len > 0 &&
				!text_equal(was->user.text, is->user.text))
				add_edit(edits, n, EDIT_USER, k, was->user.text);
			break;
		}
	}
}

void
inverse_edits(const struct inverse *v, const struct store *today, struct edit **edits,
	size_t *n)
{
	struct arena a = {0};
	struct today t;

	*edits = must_alloc(
		(2 * today->nrecords + 2 * today->naccounts + 1) * sizeof(**edits));
	*n = 0;
	record_edits(v, today, &a, &t);
	for (size_t i = 0; i < today->nrecords; i++) {
		struct record r = store_record(today, i);
		struct name to = t.target[i];

		if (to.uidl.at == NULL)
			continue;
		if (!text_equal(to.uidl, record_uidl(&r)))
			add_edit(*edits, n, EDIT_UIDL, i, to.uidl);
		if (!text_equal(to.server, server_of(today, &r)))
			add_edit(*edits, n, EDIT_SERVER, i, to.server);
	}
	account_edits(v, today, *edits, n);
	arena_free(&a);
}

static bool
old_has(const struct inverse *v, const uint32_t *slot, size_t mask, struct text uidl)
{
	for (size_t at = text_hash(uidl) & mask; slot[at] != 0; at = (at + 1) & mask)
		if (text_equal(store_uidl(&v->old, slot[at] - 1), uidl))
			return true;
	return false;
}

size_t
inverse_forgets(const struct inverse *v, const struct store *today)
{
	size_t mask, forgotten = 0;
	uint32_t *slot = new_slots(v->old.nrecords, &mask);
	struct name before;

	for (size_t i = 0; i < v->old.nrecords; i++)
		put(slot, mask, store_uidl(&v->old, i), i);
	for (size_t i = 0; i < today->nrecords; i++) {
		struct record r = store_record(today, i);
		if (!was_before(v, today, &r, &before) &&
			!old_has(v, slot, mask, record_uidl(&r)))
			forgotten++;
	}
	free(slot);
	return forgotten;
}
