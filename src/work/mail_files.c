#include "work/mail_files.h"

#include <stdlib.h>

#include "base/os_file.h"

/* A maildir message has its head at the start: no need to read more of it. */
#define WINDOW	      ((size_t)1 << 20)
#define WINDOW_SINGLE (MAIL_HEAD_MAX + 4096)
/* Folders in folders; Thunderbird's own limit is its users' patience. */
#define LEVELS 40

bool
mail_name_is_ignored(const char *name)
{
	static const char *const whole[] = {"popstate.dat", "msgfilterrules.dat",
		"rules.dat", "filterlog.html", "junklog.html", "rulesbackup.dat",
		"sort.dat", "mailfilt.log", "filters.js"};
	static const char *const ends[] = {
		"~", ".snm", ".toc", ".msf", ".sbd", ".mozmsgs"};
	struct text t = text_of(name);

	if (name[0] == '.' || name[0] == '#')
		return true;
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (text_equal_nocase(t, text_of(whole[i])))
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (text_ends(t, ends[i]))
			return true;
	return false;
}

static void
add(struct mail_files *l, char *path, const struct os_stat *st, bool single)
{
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] =
		(struct mail_file){.path = path, .size = st->size, .single = single};
	l->bytes += single && st->size > WINDOW_SINGLE ? WINDOW_SINGLE : st->size;
}

static int
find_messages(struct mail_files *l, const char *cur, struct err *e)
{
	char **names;
	size_t n;

	if (os_list(&l->arena, cur, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char *path = arena_print(&l->arena, "%s/%s", cur, names[i]);
		struct os_stat st;
		if (names[i][0] != '.' && os_stat_link(path, &st) == 0 && st.regular)
			add(l, path, &st, true);
	}
	return 0;
}

static int
find_below(struct mail_files *l, const char *folder, int levels, struct err *e)
{
	char **names;
	size_t n;
	int rc = os_list(&l->arena, folder, &names, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *path = arena_print(&l->arena, "%s/%s", folder, names[i]);
		char *cur = arena_print(&l->arena, "%s/cur", path);
		struct os_stat st, inner;
		if (os_stat_link(path, &st) < 0)
			continue;
		if (st.folder && text_ends(text_of(names[i]), ".sbd") && levels > 0)
			rc = find_below(l, path, levels - 1, e);
		else if (mail_name_is_ignored(names[i]))
			continue;
		else if (st.folder && os_stat_link(cur, &inner) == 0 && inner.folder)
			rc = find_messages(l, cur, e);
		else if (st.regular && st.size > 0)
			add(l, path, &st, false);
	}
	return rc;
}

int
mail_files_find(struct mail_files *l, const struct local_mail *where, struct err *e)
{
	struct os_stat st;

	*l = (struct mail_files){0};
	for (size_t i = 0; i < where->nfolders; i++) {
		char *folder = arena_string(&l->arena, where->folders[i]);
		if (os_stat(folder, &st, NULL) == 0 && st.folder &&
			find_below(l, folder, LEVELS, e) < 0) {
			mail_files_release(l);
			return -1;
		}
	}
	return 0;
}

/* Whatever fits the glob below the folder. */
static int
find_places(struct mail_files *l, const char *folder, const struct local_place *place,
	const char *glob, struct err *e)
{
	struct text rest = text_of(glob);
	char *part = arena_string(&l->arena, (struct text){glob, text_find(rest, '/')});
	const char *more = strchr(glob, '/');
	char **names;
	size_t n;
	int rc = os_list(&l->arena, folder, &names, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *path = arena_print(&l->arena, "%s/%s", folder, names[i]);
		struct os_stat st;
		if (!os_glob(part, names[i]) || os_stat_link(path, &st) < 0)
			continue;
		if (more != NULL && st.folder)
			rc = find_places(l, path, place, more + 1, e);
		else if (more == NULL && st.regular && st.size > 0)
			add(l, path, &st, place->single);
	}
	return rc;
}

int
mail_files_of(struct mail_files *l, const struct format *f,
	const struct local_mail *where, struct err *e)
{
	const struct local_place *p = f->local_places;
	struct os_stat st;
	int rc = 0;

	if (p == NULL)
		return mail_files_find(l, where, e);
	*l = (struct mail_files){0};
	for (; rc == 0 && p->glob != NULL; p++)
		for (size_t i = 0; rc == 0 && i < where->nfolders; i++) {
			char *folder = arena_string(&l->arena, where->folders[i]);
			if (os_stat(folder, &st, NULL) == 0 && st.folder)
				rc = find_places(l, folder, p, p->glob, e);
		}
	if (rc < 0)
		mail_files_release(l);
	return rc;
}

const struct mailbox_file *
mail_files_places(const struct mail_files *l, struct arena *a)
{
	struct mailbox_file *to = arena_alloc(a, (l->n + 1) * sizeof(*to));

	for (size_t i = 0; i < l->n; i++)
		to[i] = (struct mailbox_file){
			.path = arena_string(a, text_of(l->at[i].path)),
			.size = l->at[i].size,
			.single = l->at[i].single};
	return to;
}

void
mail_files_release(struct mail_files *l)
{
	free(l->at);
	arena_free(&l->arena);
	*l = (struct mail_files){0};
}

/* What a window leaves over goes to the front of the next. */
int
mail_file_scan(struct mail_scan *s, int fd, const char *path,
	const struct mail_beat *beat, struct err *e)
{
	size_t size = s->single ? WINDOW_SINGLE : WINDOW, have = 0, got, used;
	char *window = must_alloc(size);
	uint64_t off = 0;
	int rc = 0;

	for (bool last = false; rc == 0 && !last && !s->done;) {
		rc = os_read_at(
			fd, path, off + have, window + have, size - have, &got, e);
		if (rc < 0)
			break;
		last = got < size - have;
		have += got;
		rc = mail_scan_window(
			s, (struct text){window, have}, off, last, &used, e);
		if (rc == 0 && beat != NULL)
			rc = beat->beat(beat->arg, off + used, e);
		/* Cannot be, by what mozilla_mail.h says of it. */
		if (rc == 0 && used == 0 && !last)
			rc = err_set(e, ERR_INTERNAL, "", "%s: no way on", path);
		memmove(window, window + used, have - used);
		off += used;
		have -= used;
	}
	free(window);
	return rc;
}
