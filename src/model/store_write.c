/*
 * The new bytes of a store: the file is copied and the edited places are replaced, in the
 * order of the file; or the format builds it anew (format->write).
 */
#include "model/edit_table.h"
#include "model/format.h"
#include "model/verify.h"

#include <stdlib.h>

/* --- the places in the order of the file ------------------------------------------ */

struct place {
	const struct edit *edit;
	struct span at;
};

typedef int (*place_sink)(void *arg, const struct place *place, struct err *e);

/* Those of accounts, sorted: they may stand anywhere between the records. */
struct account_places {
	struct place *at;
	size_t n, next;
};

static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->at.off < y->at.off ? -1 : x->at.off > y->at.off;
}

static void
account_places(
	struct account_places *p, const struct store *s, const struct edit_table *t)
{
	*p = (struct account_places){.at = must_alloc(2 * s->naccounts * sizeof(*p->at))};
	/* With account_in_records each record has them. */
	for (size_t i = 0; i < s->naccounts && !s->account_in_records; i++) {
		if (t->of_host[i] != NULL)
			p->at[p->n++] =
				(struct place){t->of_host[i], s->accounts[i].host.at};
		if (t->of_user[i] != NULL)
			p->at[p->n++] =
				(struct place){t->of_user[i], s->accounts[i].user.at};
	}
	qsort(p->at, p->n, sizeof(*p->at), by_place);
}

static int
accounts_before(
	struct account_places *p, uint64_t off, place_sink sink, void *arg, struct err *e)
{
	for (; p->next < p->n && p->at[p->next].at.off < off; p->next++)
		if (sink(arg, &p->at[p->next], e) < 0)
			return -1;
	return 0;
}

/* The account's edits where it stands in this record. */
static int
account_in_record(const struct store *s, const struct edit_table *t,
	const struct record *r, place_sink sink, void *arg, struct err *e)
{
	const struct account *a = &s->accounts[r->account];
	bool user_first = a->user.at.off < a->host.at.off;

	for (int k = 0; k < 2; k++) {
		bool user = (k == 0) == user_first;
		struct place place = {(user ? t->of_user : t->of_host)[r->account],
			store_account_at(s, r, user ? a->user : a->host)};
		if (place.edit != NULL && sink(arg, &place, e) < 0)
			return -1;
	}
	return 0;
}

/* Each edit that changes something. Readers add records in the order of the file. */
static int
each_place(const struct store *s, const struct edit_table *t, place_sink sink, void *arg,
	struct err *e)
{
	struct account_places accounts;
	size_t at = 0;
	int rc = 0;

	account_places(&accounts, s, t);
	for (size_t i = 0; i < s->nrecords && t->n > 0 && rc == 0; i++) {
		struct record r = store_record(s, i);
		struct place place = {
			edit_table_next(t, &at, i, EDIT_UIDL, record_uidl(&r)), r.at};

		if (s->account_in_records)
			rc = account_in_record(s, t, &r, sink, arg, e);
		if (rc < 0 || place.edit == NULL)
			continue;
		rc = accounts_before(&accounts, r.at.off, sink, arg, e);
		if (rc == 0)
			rc = sink(arg, &place, e);
	}
	if (rc == 0)
		rc = accounts_before(&accounts, UINT64_MAX, sink, arg, e);
	free(accounts.at);
	return rc;
}

/* --- splicing --------------------------------------------------------------------- */

struct splice {
	const struct store *s;
	struct buf scratch; /* a value as it is spelled */
	size_t end;	    /* of the place before, in the file */
	size_t size;	    /* of the output */
	struct buf *out;
};

/* The new value as it stands in the file: as it is, or spelled into `scratch`. */
static int
spelling(struct splice *sp, const struct edit *edit, struct text *spelled, struct err *e)
{
	const struct format *f = sp->s->format;

	*spelled = edit_text(edit);
	if (f->spell == NULL)
		return 0;
	buf_clear(&sp->scratch);
	if (f->spell(sp->s, edit->what, *spelled, &sp->scratch, e) < 0)
		return -1;
	if (sp->scratch.full)
		return edit_refuse(sp->s, edit, "the new value is too long", e);
	*spelled = buf_text(&sp->scratch);
	return 0;
}

/* The size of the output, exactly, so that the buffer is not grown by halves. */
static int
measure(void *arg, const struct place *place, struct err *e)
{
	struct splice *sp = arg;
	struct text new;

	if (place->at.off < sp->end ||
		(size_t)place->at.off + place->at.len > sp->s->source->bytes.len)
		return edit_refuse(sp->s, place->edit, "its place overlaps another's", e);
	if (spelling(sp, place->edit, &new, e) < 0)
		return -1;
	sp->end = (size_t)place->at.off + place->at.len;
	sp->size = sp->size - place->at.len + new.len;
	return 0;
}

static void
copy_up_to(struct splice *sp, size_t off)
{
	struct text in = sp->s->source->bytes;

	buf_add(sp->out, (struct text){in.at + sp->end, off - sp->end});
}

static int
copy(void *arg, const struct place *place, struct err *e)
{
	struct splice *sp = arg;
	struct text new;

	if (spelling(sp, place->edit, &new, e) < 0)
		return -1;
	copy_up_to(sp, place->at.off);
	buf_add(sp->out, new);
	sp->end = (size_t)place->at.off + place->at.len;
	return 0;
}

static int
splice(const struct store *s, const struct edit_table *t, struct buf *out, struct err *e)
{
	struct splice sp = {.s = s, .out = out, .size = s->source->bytes.len};

	buf_init(&sp.scratch, SOURCE_MAX);
	int rc = each_place(s, t, measure, &sp, e);
	if (rc == 0 && sp.size > SOURCE_MAX)
		rc = err_set(e, ERR_DATA, "size", "%s: would grow to %zu bytes",
			s->source->path, sp.size);
	if (rc == 0) {
		if (out->max < sp.size)
			out->max = sp.size;
		if (sp.size > 0)
			buf_room(out, sp.size);
		sp.end = 0;
		rc = each_place(s, t, copy, &sp, e);
	}
	if (rc == 0)
		copy_up_to(&sp, s->source->bytes.len);
	buf_release(&sp.scratch);
	return rc;
}

/* --- building anew ---------------------------------------------------------------- */

/* The format gets only the edits that change something. */
static int
rebuild(const struct store *s, const struct edit_table *t, size_t n, struct buf *out,
	struct err *e)
{
	struct edit *changes;
	size_t k = 0;

	if (out->max < SOURCE_MAX)
		out->max = SOURCE_MAX;
	if (t->n == 0) {
		buf_add(out, s->source->bytes);
		return 0;
	}
	if (t->n == n)
		return s->format->write(s, t->edits, n, out, e);
	changes = must_alloc(t->n * sizeof(*changes));
	for (size_t i = 0; i < n; i++)
		if (!text_equal(store_value(s, &t->edits[i]), edit_text(&t->edits[i])))
			changes[k++] = t->edits[i];
	int rc = s->format->write(s, changes, k, out, e);
	free(changes);
	return rc;
}

int
store_write(const struct store *s, const struct edit *edits, size_t n, struct buf *out,
	struct err *e)
{
	struct edit_table table;

	buf_clear(out);
	int rc = edit_table_make(&table, s, edits, n, e);
	if (rc == 0)
		rc = s->format->write != NULL ? rebuild(s, &table, n, out, e)
					      : splice(s, &table, out, e);
	if (rc == 0 && out->full)
		rc = err_set(e, ERR_INTERNAL, "size", "%s: the output is too large",
			s->source->path);
	if (rc == 0)
		rc = verify_output(s, &table, buf_text(out), e);
	edit_table_release(&table);
	if (rc < 0)
		buf_clear(out);
	return rc;
}
