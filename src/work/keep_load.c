#include "work/keep_state.h"

#include <stdlib.h>

static int
by_bytes(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

struct loading {
	struct keep *k;
	struct text *new; /* UIDLs of the map's new list */
	size_t nnew, cap, old_cap;
};

static int
take_new(void *arg, const struct map_message *m, struct err *e)
{
	struct loading *l = arg;

	(void)e;
	l->new = array_grow(l->new, &l->cap, l->nnew + 1, sizeof(*l->new));
	l->new[l->nnew++] = arena_text(&l->k->arena, m->uidl);
	return 0;
}

static int
changed(const struct keep *k, struct text uidl, const char *how, struct err *e)
{
	char shown[200];

	return err_set(e, ERR_GUARD, "changed-since-read",
		"%s: has changed since the map was made: the message with the UIDL %s %s; "
		"run match again, and export then",
		k->dir.path, text_escape(uidl, shown, sizeof(shown)), how);
}

/* The message of the folder that has this UIDL now. */
static int
find(const struct keep *k, struct text uidl, uint32_t *index, struct err *e)
{
	size_t low = 0, high = k->dir.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (text_compare(k->dir.at[k->by_uidl[middle]].uidl, uidl) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == k->dir.n || !text_equal(k->dir.at[k->by_uidl[low]].uidl, uidl))
		return changed(k, uidl, "is not there", e);
	if (low + 1 < k->dir.n && text_equal(k->dir.at[k->by_uidl[low + 1]].uidl, uidl))
		return changed(k, uidl, "is there twice", e);
	*index = k->by_uidl[low];
	return 0;
}

static int
take_old(void *arg, const struct map_message *m, struct err *e)
{
	struct loading *l = arg;
	struct keep *k = l->k;
	struct text uidl = arena_text(&k->arena, m->uidl);
	uint32_t index = 0;

	k->old = array_grow(k->old, &l->old_cap, k->nold + 1, sizeof(*k->old));
	k->old[k->nold++] = uidl;
	if (m->partner == MATCH_NONE || m->partner >= l->nnew)
		return 0;
	if (find(k, l->new[m->partner], &index, e) < 0)
		return -1;
	k->n->pairs++;
	k->at[index].old = uidl;
	if (m->evidence == EVIDENCE_SIZE)
		k->n->weak++;
	else if (text_equal(uidl, k->dir.at[index].uidl))
		k->n->already++;
	else
		k->at[index].give = uidl;
	return 0;
}

/* qsort() has no argument for the folder. */
struct sorted {
	struct text uidl;
	uint32_t index;
};

static void
sort_folder(struct keep *k)
{
	struct sorted *s = must_alloc((k->dir.n + 1) * sizeof(*s));

	for (size_t i = 0; i < k->dir.n; i++)
		s[i] = (struct sorted){k->dir.at[i].uidl, (uint32_t)i};
	if (k->dir.n > 0)
		qsort(s, k->dir.n, sizeof(*s), by_bytes);
	for (size_t i = 0; i < k->dir.n; i++)
		k->by_uidl[i] = s[i].index;
	free(s);
}

int
keep_load(struct keep *k, struct map *m, struct keep_counts *n, struct err *e)
{
	struct loading l = {.k = k};
	const struct map_side *side;
	int rc;

	*k = (struct keep){.n = n, .dir = {.fd = -1}};
	*n = (struct keep_counts){0};
	if (map_info(m, &k->arena, &k->info, e) < 0)
		return -1;
	side = &k->info.side[SIDE_NEW];
	if (strcmp(side->scheme, "maildir") != 0 || side->path[0] == '\0')
		return err_set(e, ERR_USAGE, "",
			"%s: its new side is no Maildir: make the map with match --new "
			"maildir:PATH, on the server itself or on a copy of its files",
			k->info.path);
	if (maildir_read(&k->dir, side->path, side->rule[0] != '\0' ? side->rule : NULL,
		    e) < 0)
		return -1;
	k->at = must_alloc((k->dir.n + 1) * sizeof(*k->at));
	k->by_uidl = must_alloc((k->dir.n + 1) * sizeof(*k->by_uidl));
	sort_folder(k);
	rc = map_each(m, SIDE_NEW, take_new, &l, e);
	if (rc == 0)
		rc = map_each(m, SIDE_OLD, take_old, &l, e);
	free(l.new);
	if (rc == 0 && k->nold > 0)
		qsort(k->old, k->nold, sizeof(*k->old), by_bytes);
	return rc;
}

bool
keep_was_old(const struct keep *k, struct text uidl)
{
	return k->nold > 0 &&
	       bsearch(&uidl, k->old, k->nold, sizeof(*k->old), by_bytes) != NULL;
}

/* Taking one back may bring another one's UIDL to light again: until all stay. */
void
keep_settle(struct keep *k, size_t *dropped)
{
	size_t n = k->dir.n, before;
	struct sorted *s = must_alloc((n + 1) * sizeof(*s));

	*dropped = 0;
	do {
		before = *dropped;
		for (size_t i = 0; i < n; i++)
			s[i] = (struct sorted){
				k->at[i].give.len > 0 ? k->at[i].give : k->dir.at[i].uidl,
				(uint32_t)i};
		if (n > 0)
			qsort(s, n, sizeof(*s), by_bytes);
		for (size_t i = 0, same; i < n; i += same) {
			for (same = 1;
				i + same < n && text_equal(s[i].uidl, s[i + same].uidl);
				same++)
				;
			for (size_t j = i; same > 1 && j < i + same; j++) {
				struct keep_message *m = &k->at[s[j].index];

				*dropped += m->give.len > 0;
				m->give.len = 0;
			}
		}
	} while (*dropped > before);
	free(s);
}

void
keep_release(struct keep *k)
{
	maildir_release(&k->dir);
	free(k->at);
	free(k->old);
	free(k->by_uidl);
	arena_free(&k->arena);
}
