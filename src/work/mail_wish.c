#include "work/mail_wish.h"

#include <stdlib.h>

static size_t
slot_of(const struct mail_wishes *w, struct text from)
{
	size_t at = text_hash(from) & w->mask;

	while (w->table[at] != 0 && !text_equal(w->at[w->table[at] - 1].from, from))
		at = (at + 1) & w->mask;
	return at;
}

static void
grow_table(struct mail_wishes *w)
{
	size_t size = w->table == NULL ? 64 : (w->mask + 1) * 2;

	free(w->table);
	w->table = must_alloc(size * sizeof(*w->table));
	memset(w->table, 0, size * sizeof(*w->table));
	w->mask = size - 1;
	for (size_t i = 0; i < w->n; i++)
		w->table[slot_of(w, w->at[i].from)] = (uint32_t)i + 1;
}

bool
mail_wish_add(struct mail_wishes *w, struct mail_wish wish)
{
	if (w->table == NULL || w->n * 2 > w->mask)
		grow_table(w);
	size_t slot = slot_of(w, wish.from);
	if (w->table[slot] != 0)
		return false;
	w->at = array_grow(w->at, &w->cap, w->n + 1, sizeof(*w->at));
	w->at[w->n++] = wish;
	w->table[slot] = (uint32_t)w->n;
	return true;
}

const struct mail_wish *
mail_wish_find(const struct mail_wishes *w, struct text from)
{
	if (w->table == NULL)
		return NULL;
	uint32_t at = w->table[slot_of(w, from)];
	return at != 0 ? &w->at[at - 1] : NULL;
}

static struct text
tombstone(struct mail_wishes *w, struct text uidl)
{
	char name[TOMBSTONE_LEN + 1];

	plan_tombstone(w->map_id, uidl, name);
	return arena_text(&w->arena, text_of(name));
}

bool
mail_wish_for(struct mail_wishes *w, struct text from, struct mail_wish *wish)
{
	const struct mail_wish *known = mail_wish_find(w, from);

	if (known != NULL) {
		*wish = *known;
		return wish->to.len > 0 && !text_equal(from, wish->to);
	}
	if (w->map_id == NULL || plan_is_tombstone(from) || !uidl_is_plain(from))
		return false;
	*wish = (struct mail_wish){.from = arena_text(&w->arena, from)};
	wish->via = wish->to = tombstone(w, wish->from);
	mail_wish_add(w, *wish);
	return true;
}

void
mail_wish_release(struct mail_wishes *w)
{
	free(w->at);
	free(w->table);
	arena_free(&w->arena);
	*w = (struct mail_wishes){0};
}

/* --- by the plan ------------------------------------------------------------------ */

struct lists {
	struct mail_wishes *w;
	const struct plan *plan;
	struct mail_wishes new, old; /* sets of UIDLs; `to` is not used */
	struct text *new_uidl;	     /* by index, len 0: no target */
	size_t nnew, cap;
};

static int
see_new(void *arg, const struct map_message *m, struct err *e)
{
	struct lists *l = arg;
	struct text uidl = arena_text(&l->w->arena, m->uidl);

	(void)e;
	mail_wish_add(&l->new, (struct mail_wish){.from = uidl});
	l->new_uidl = array_grow(l->new_uidl, &l->cap, l->nnew + 1, sizeof(*l->new_uidl));
	if (m->flags & (MESSAGE_TWICE | MESSAGE_BAD_UIDL))
		uidl.len = 0;
	l->new_uidl[l->nnew++] = uidl;
	return 0;
}

/* A message of the old server whose record the client has not, or has no more. */
static int
see_old(void *arg, const struct map_message *m, struct err *e)
{
	struct lists *l = arg;
	struct mail_wish wish = {.from = arena_text(&l->w->arena, m->uidl)};

	(void)e;
	mail_wish_add(&l->old, wish);
	if (m->partner < l->nnew && !(m->flags & MESSAGE_TWICE) &&
		m->evidence != EVIDENCE_SIZE)
		wish.to = l->new_uidl[m->partner];
	/* Of two lists that both have it, nobody can say which this one is from. */
	bool contested = mail_wish_find(&l->new, wish.from) != NULL;
	if (contested && !(wish.to.len > 0 && text_equal(wish.from, wish.to)))
		wish.to.len = 0;
	if (wish.to.len == 0 && (contested || uidl_is_plain(wish.from)))
		wish.to = tombstone(l->w, wish.from);
	mail_wish_add(l->w, wish);
	return 0;
}

static int
see_records(struct lists *l, const struct store *s, struct err *e)
{
	const struct plan *p = l->plan;

	(void)e;
	for (size_t i = 0; i < p->nedits; i++) {
		const struct edit *edit = &p->edits[i];
		struct mail_wish wish = {.to = edit_text(edit)};
		if (edit->what != EDIT_UIDL)
			continue;
		wish.from = arena_text(&l->w->arena, store_value(s, edit));
		wish.to = p->evidence[edit->index] == EVIDENCE_SIZE
				  ? tombstone(l->w, wish.from)
				  : arena_text(&l->w->arena, wish.to);
		if (mail_wish_add(l->w, wish))
			continue;
		/* Twice in the store, and not with one partner. */
		struct mail_wish *was =
			&l->w->at[l->w->table[slot_of(l->w, wish.from)] - 1];
		if (!text_equal(was->to, wish.to))
			was->to = tombstone(l->w, wish.from);
	}
	for (size_t i = 0; i < s->nrecords; i++)
		if (p->fate[i] != FATE_OTHER)
			mail_wish_add(
				l->w, (struct mail_wish){.from = arena_text(&l->w->arena,
								 store_uidl(s, i))});
	return 0;
}

/* While the store is being replaced a client could take it for another message's. */
static bool
is_doubtful(const struct lists *l, const struct mail_wish *w)
{
	return uidl_is_plain(w->from) || uidl_is_plain(w->to) ||
	       mail_wish_find(&l->new, w->from) != NULL ||
	       mail_wish_find(&l->old, w->to) != NULL;
}

int
mail_wish_plan(struct mail_wishes *w, const struct plan *p, const struct store *s,
	struct map *m, struct err *e)
{
	struct lists l = {.w = w, .plan = p};
	struct map_info info;

	*w = (struct mail_wishes){0};
	int rc = map_info(m, &w->arena, &info, e);
	w->map_id = arena_string(&w->arena, text_of(info.id));
	if (rc == 0)
		rc = see_records(&l, s, e);
	if (rc == 0)
		rc = map_each(m, SIDE_NEW, see_new, &l, e);
	if (rc == 0)
		rc = map_each(m, SIDE_OLD, see_old, &l, e);
	/* In the new list, and of no record: another's, as far as anybody knows. */
	for (size_t i = 0; rc == 0 && i < l.new.n; i++)
		if (mail_wish_find(w, l.new.at[i].from) == NULL)
			mail_wish_add(w, (struct mail_wish){.from = l.new.at[i].from,
						 .to = tombstone(w, l.new.at[i].from)});
	for (size_t i = 0; rc == 0 && i < w->n; i++)
		if (w->at[i].to.len > 0 && is_doubtful(&l, &w->at[i]))
			w->at[i].via = tombstone(w, w->at[i].from);
	mail_wish_release(&l.new);
	mail_wish_release(&l.old);
	free(l.new_uidl);
	return rc;
}
