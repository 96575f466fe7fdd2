/* The files of a message cache, by their UIDL. */
#include "work/cache_files.h"

#include <stdlib.h>

#include "base/os_file.h"

static size_t
slot_of(const struct cache_folder *f, struct text uidl)
{
	size_t at = text_hash(uidl) & f->mask;

	while (f->table[at] != 0 && !text_equal(f->at[f->table[at] - 1].uidl, uidl))
		at = (at + 1) & f->mask;
	return at;
}

static void
grow_table(struct cache_folder *f)
{
	size_t size = f->table == NULL ? 64 : (f->mask + 1) * 2;

	free(f->table);
	f->table = must_alloc(size * sizeof(*f->table));
	memset(f->table, 0, size * sizeof(*f->table));
	f->mask = size - 1;
	for (size_t i = 0; i < f->n; i++)
		f->table[slot_of(f, f->at[i].uidl)] = (uint32_t)i + 1;
}

void
cache_add(struct cache_folder *f, struct cached file)
{
	if (f->table == NULL || f->n * 2 > f->mask)
		grow_table(f);
	size_t slot = slot_of(f, file.uidl);
	if (f->table[slot] != 0)
		return;
	f->at = array_grow(f->at, &f->cap, f->n + 1, sizeof(*f->at));
	f->at[f->n++] = file;
	f->table[slot] = (uint32_t)f->n;
}

struct cached *
cache_look_up(const struct cache_folder *f, struct text uidl)
{
	uint32_t at = f->table != NULL ? f->table[slot_of(f, uidl)] : 0;

	return at != 0 ? &f->at[at - 1] : NULL;
}

static int
list_sub(struct cache *c, struct cache_folder *f, const char *sub, struct err *e)
{
	struct arena a = {0};
	struct buf name, uidl;
	char **names;
	size_t n;
	int rc = os_list(&a, arena_print(&a, "%s/%s", f->path, sub), &names, &n, e);

	buf_init(&name, SIZE_MAX);
	buf_init(&uidl, SIZE_MAX);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		buf_clear(&name);
		buf_clear(&uidl);
		buf_print(&name, "%s/%s", sub, names[i]);
		if (c->names->uidl(buf_text(&name), &uidl))
			cache_add(f, (struct cached){.uidl = arena_text(&c->arena,
							     buf_text(&uidl))});
	}
	buf_release(&name);
	buf_release(&uidl);
	arena_free(&a);
	return rc;
}

int
cache_list(struct cache *c, struct cache_folder *f, struct err *e)
{
	struct arena a = {0};
	struct os_stat st;
	char **subs;
	size_t n;
	int rc = os_list(&a, f->path, &subs, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (os_stat_link(arena_print(&a, "%s/%s", f->path, subs[i]), &st) == 0 &&
			st.folder)
			rc = list_sub(c, f, subs[i], e);
	arena_free(&a);
	return rc;
}

int
cache_add_folder(struct cache *c, const struct target *t, const char *path, struct err *e)
{
	struct os_stat st;
	struct err ignored;

	if (os_stat(path, &st, NULL) < 0 || !st.folder)
		return 0;
	char *real = os_resolve(&c->arena, path, &ignored);
	for (size_t i = 0; real != NULL && i < c->nfolders; i++)
		if (strcmp(c->folders[i].path, real) == 0)
			return 0;
	/* Nothing of another user's is renamed because this user's link leads there. */
	if (real == NULL || st.uid != t->source.stat.uid)
		return err_set(e, ERR_DATA, "format",
			"%s: this folder belongs to another user than %s", path, t->path);
	c->folders[c->nfolders++].path = real;
	return 0;
}

size_t
cache_count(const struct cache *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nfolders; i++)
		n += c->folders[i].n;
	return n;
}
