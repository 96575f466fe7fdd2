#include "model/edit_table.h"

#include <inttypes.h>
#include <stdlib.h>

int
edit_refuse(
	const struct store *s, const struct edit *edit, const char *why, struct err *e)
{
	static const char *const names[] = {[EDIT_UIDL] = "UIDL",
		[EDIT_HOST] = "host",
		[EDIT_USER] = "user",
		[EDIT_SERVER] = "server"};
	char value[120];

	text_escape(store_value(s, edit), value, sizeof(value));
	return err_set(e, ERR_INTERNAL, "edit", "%s: edit of %s %" PRIu32 " (%s): %s",
		s->source->path, names[edit->what], edit->index + 1, value, why);
}

static bool
is_of_record(const struct edit *edit)
{
	return edit->what == EDIT_UIDL || edit->what == EDIT_SERVER;
}

static uint64_t
rank_of(const struct edit *edit)
{
	uint64_t group = is_of_record(edit) ? 0 : 1;

	return group << 40 | (uint64_t)edit->index << 2 | edit->what;
}

static int
by_rank(const void *a, const void *b)
{
	uint64_t x = rank_of(a), y = rank_of(b);

	return x < y ? -1 : x > y;
}

static void
put_in_order(struct edit_table *t, size_t n)
{
	size_t i = 1;

	while (i < n && rank_of(&t->edits[i - 1]) <= rank_of(&t->edits[i]))
		i++;
	if (i >= n)
		return;
	t->sorted = must_alloc(n * sizeof(*t->sorted));
	memcpy(t->sorted, t->edits, n * sizeof(*t->sorted));
	qsort(t->sorted, n, sizeof(*t->sorted), by_rank);
	t->edits = t->sorted;
}

static int
take(struct edit_table *t, const struct store *s, const struct edit *edit, struct err *e)
{
	struct value v;

	if (!store_find_value(s, edit, &v))
		return err_set(e, ERR_INTERNAL, "edit",
			"%s: edit of number %" PRIu32 ", which is not in the file",
			s->source->path, edit->index);
	t->nrecords += is_of_record(edit);
	if (text_equal(v.text, edit_text(edit)))
		return 0;
	if (v.at.off == 0 && v.at.len == 0)
		return edit_refuse(s, edit, "the value is not in the file", e);
	if (edit->what == EDIT_HOST)
		t->of_host[edit->index] = edit;
	else if (edit->what == EDIT_USER)
		t->of_user[edit->index] = edit;
	t->n++;
	return 0;
}

int
edit_table_make(struct edit_table *t, const struct store *s, const struct edit *edits,
	size_t n, struct err *e)
{
	*t = (struct edit_table){.edits = edits,
		.of_host = must_alloc(s->naccounts * sizeof(*t->of_host)),
		.of_user = must_alloc(s->naccounts * sizeof(*t->of_user))};
	put_in_order(t, n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_rank(&t->edits[i - 1], &t->edits[i]) == 0)
			return edit_refuse(s, &t->edits[i], "it has two edits", e);
		if (take(t, s, &t->edits[i], e) < 0)
			return -1;
	}
	return 0;
}

void
edit_table_release(struct edit_table *t)
{
	free(t->sorted);
	free((void *)t->of_host);
	free((void *)t->of_user);
	*t = (struct edit_table){0};
}

const struct edit *
edit_table_next(const struct edit_table *t, size_t *at, size_t record,
	enum edit_what what, struct text now)
{
	const struct edit wanted = {
		.index = (uint32_t)record, .what = (uint32_t)what & 3};

	while (*at < t->nrecords && by_rank(&t->edits[*at], &wanted) < 0)
		++*at;
	if (*at == t->nrecords || by_rank(&t->edits[*at], &wanted) != 0)
		return NULL;
	const struct edit *edit = &t->edits[*at];
	return text_equal(now, edit_text(edit)) ? NULL : edit;
}
