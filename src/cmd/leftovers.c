#include "cmd/leftovers.h"
#include "cmd/console.h"
#include "model/words.h"

#include <stdlib.h>

#define SHOWN_MAX 20

static int
take(void *arg, const struct map_message *m, struct err *e)
{
	struct leftovers *l = arg;
	struct arena *a = &l->arena;

	(void)e;
	if (m->partner != MATCH_NONE)
		return 0;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct leftover){.uidl = arena_text(a, m->uidl),
		.date = arena_text(a, m->date),
		.from = arena_text(a, m->from),
		.subject = arena_text(a, m->subject),
		.unmatched = m->unmatched};
	return 0;
}

static int
by_uidl(const void *a, const void *b)
{
	return text_compare(
		((const struct leftover *)a)->uidl, ((const struct leftover *)b)->uidl);
}

int
leftovers_load(struct leftovers *l, struct map *m, struct err *e)
{
	struct map_info info;
	int rc;

	*l = (struct leftovers){0};
	rc = map_info(m, &l->arena, &info, e);
	/* A long list is not read for nothing. */
	if (rc == 0 && info.pairs < info.side[SIDE_OLD].count)
		rc = map_each(m, SIDE_OLD, take, l, e);
	if (rc < 0) {
		leftovers_release(l);
		return -1;
	}
	if (l->n > 0)
		qsort(l->at, l->n, sizeof(*l->at), by_uidl);
	return 0;
}

/* The old server's UIDL of a record; empty if it speaks of a message on the new one:
 * after the move a 7 is another message than it was before. */
static int
old_uidl(struct leftovers *l, const struct job *j, size_t i, struct text *uidl,
	struct err *e)
{
	const struct plan *p = &j->plan;

	*uidl = store_uidl(&j->store, i);
	if (plan_is_tombstone(*uidl))
		return journal_tombstone(j->journal, *uidl, &l->arena, uidl, e);
	if (p->fate[i] == FATE_NEW || (p->state == PLAN_ALREADY && uidl_is_plain(*uidl)))
		uidl->len = 0;
	return 0;
}

int
leftovers_see(struct leftovers *l, const struct job *j, struct err *e)
{
	if (l == NULL || j->plan.state == PLAN_REFUSED)
		return 0;
	l->stores = true;
	for (size_t i = 0; l->n > 0 && i < j->store.nrecords; i++) {
		uint32_t account = store_record(&j->store, i).account;
		struct leftover key = {.had = false}, *hit;

		if (account != STORE_NO_ACCOUNT && account != j->plan.account)
			continue;
		if (old_uidl(l, j, i, &key.uidl, e) < 0)
			return -1;
		if (key.uidl.len == 0)
			continue;
		hit = bsearch(&key, l->at, l->n, sizeof(*l->at), by_uidl);
		if (hit != NULL)
			hit->had = true;
	}
	return 0;
}

static void
show_one(struct console *c, const struct leftover *m)
{
	char safe[4][160];

	if (m->date.len + m->from.len + m->subject.len == 0) {
		out(c, "    UIDL %s\n",
			console_show(c, REDACT_UIDL, m->uidl, safe[0], sizeof(safe[0])));
		return;
	}
	out(c, "    %s | %s | %s\n", words_show(m->date, safe[1], sizeof(safe[1])),
		console_words(c, REDACT_ADDRESS, m->from, safe[2], sizeof(safe[2])),
		console_words(c, REDACT_SUBJECT, m->subject, safe[3], sizeof(safe[3])));
}

void
leftovers_show(const struct leftovers *l, struct run *r)
{
	size_t never = 0, shown = 0, max = r->options->all ? SIZE_MAX : SHOWN_MAX;

	if (l->n == 0)
		return;
	for (size_t i = 0; i < l->n; i++)
		never += !l->at[i].had;
	out(r->console, "%zu message%s only on the old server", l->n,
		l->n == 1 ? " is" : "s are");
	if (!l->stores)
		out(r->console, ":\n");
	else if (never == 0)
		out(r->console, "; the client has had %s\n",
			l->n == 1 ? "it" : "all of them");
	else if (l->n == 1)
		out(r->console,
			"; no client here has fetched it. Fetch it before the old server "
			"goes:\n");
	else
		out(r->console,
			"; %zu of them no client here has fetched. Fetch them before "
			"the old server goes:\n",
			never);
	for (size_t i = 0; i < l->n && shown < max; i++)
		if (!l->at[i].had) {
			show_one(r->console, &l->at[i]);
			shown++;
		}
	if (never > shown)
		out(r->console, "    … and %zu more (--all)\n", never - shown);
}

void
leftovers_release(struct leftovers *l)
{
	free(l->at);
	arena_free(&l->arena);
	*l = (struct leftovers){0};
}
