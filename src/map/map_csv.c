/*
 * Pairs as CSV (RFC 4180), one message a line, the old side in its order first:
 *
 *   old_uidl,new_uidl,evidence
 *   1000.1,2000.7,strict
 *   1000.2,,
 *   ,2000.9,
 */
#include "map/map_db.h"

#include <errno.h>
#include <stdlib.h>

static bool
needs_quotes(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (memchr(",\"\r\n", t.at[i], 4) != NULL)
			return true;
	return t.len > 0 && text_trim(t).len != t.len;
}

static void
put_field(FILE *to, struct text t)
{
	if (!needs_quotes(t)) {
		fwrite(t.at, 1, t.len, to);
		return;
	}
	putc('"', to);
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '"')
			putc('"', to);
		putc(t.at[i], to);
	}
	putc('"', to);
}

/* The UIDLs of the new list, to be named by the old one's rows. */
struct names {
	struct arena arena;
	struct text *at;
	size_t n, cap;
};

static int
keep_name(void *arg, const struct map_message *m, struct err *e)
{
	struct names *names = arg;
	(void)e;
	names->at = array_grow(names->at, &names->cap, names->n + 1, sizeof(*names->at));
	names->at[names->n++] = arena_text(&names->arena, m->uidl);
	return 0;
}

struct export
{
	FILE *to;
	const struct names *names;
};

static int
export_old(void *arg, const struct map_message *m, struct err *e)
{
	struct export *x = arg;
	(void)e;
	put_field(x->to, m->uidl);
	putc(',', x->to);
	if (m->partner != MATCH_NONE && m->partner < x->names->n) {
		put_field(x->to, x->names->at[m->partner]);
		putc(',', x->to);
		put_field(x->to, text_of(evidence_names[m->evidence]));
	} else {
		putc(',', x->to);
	}
	fputs("\r\n", x->to);
	return 0;
}

static int
export_new(void *arg, const struct map_message *m, struct err *e)
{
	struct export *x = arg;
	(void)e;
	if (m->partner != MATCH_NONE)
		return 0;
	putc(',', x->to);
	put_field(x->to, m->uidl);
	fputs(",\r\n", x->to);
	return 0;
}

int
map_export_csv(struct map *m, FILE *to, struct err *e)
{
	struct names names = {0};
	struct export x = {to, &names};
	int r = map_each(m, SIDE_NEW, keep_name, &names, e);
	if (r == 0) {
		fputs("old_uidl,new_uidl,evidence\r\n", to);
		r = map_each(m, SIDE_OLD, export_old, &x, e);
	}
	if (r == 0)
		r = map_each(m, SIDE_NEW, export_new, &x, e);
	arena_free(&names.arena);
	free(names.at);
	if (r == 0 && (fflush(to) != 0 || ferror(to)))
		return err_set(
			e, ERR_IO, "io", "cannot write the pairs: %s", strerror(errno));
	return r;
}
