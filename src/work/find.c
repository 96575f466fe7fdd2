#include "work/find.h"

#include <stdlib.h>

/* Profiles are a few folders deep; mail folders may nest, loops must not. */
#define DEPTH_MAX 12

static void
add(struct found_list *l, const struct format *f, char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].path, path) == 0)
			return;
	l->at = array_grow(l->at, &l->cap, l->n + 1, sizeof(*l->at));
	l->at[l->n++] = (struct found){f, path};
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Does the file's name fit one of the format's places? Its folders are the user's
 * choice when the user names the folder. */
static bool
name_fits(const struct format *f, const char *name)
{
	for (size_t i = 0; f->places != NULL && f->places[i] != NULL; i++)
		if (os_glob(last_part(f->places[i]), name))
			return true;
	return false;
}

static int
search(const char *folder, const char *client, int depth, struct arena *a,
	struct found_list *out, struct err *e)
{
	char **names;
	size_t n;

	if (os_list(a, folder, &names, &n, e) < 0)
		return depth == 0 ? -1 : 0; /* an unreadable subfolder hides nothing else */
	for (size_t i = 0; i < n; i++) {
		char *path = arena_print(a, "%s/%s", folder, names[i]);
		struct os_stat st;

		if (os_stat_link(path, &st) < 0)
			continue;
		if (st.folder && depth < DEPTH_MAX &&
			search(path, client, depth + 1, a, out, e) < 0)
			return -1;
		for (size_t k = 0; st.regular && formats[k] != NULL; k++)
			if ((client == NULL || strcmp(formats[k]->name, client) == 0) &&
				name_fits(formats[k], names[i]))
				add(out, formats[k], path);
	}
	return 0;
}

int
find_in(const char *path, const char *client, struct arena *a, struct found_list *out,
	struct err *e)
{
	struct os_stat st;
	char *real = os_resolve(a, path, e);
	size_t before = out->n;

	if (real == NULL || os_stat(real, &st, e) < 0)
		return -1;
	if (!st.folder) {
		add(out, NULL, real);
		return 0;
	}
	if (search(real, client, 0, a, out, e) < 0)
		return -1;
	if (out->n == before)
		return err_set(e, ERR_NO_STORE, "", "%s: no store of a client is in this folder",
			path);
	return 0;
}

/* Expand one place below a folder, part by part. */
static int
expand(const struct format *f, char *folder, const char *place, struct arena *a,
	struct found_list *out, struct err *e)
{
	size_t len = strcspn(place, "/");
	char *part = arena_string(a, (struct text){place, len});
	bool last = place[len] == '\0';
	char **names = &part;
	size_t n = 1;
	struct err ignored;

	if (strpbrk(part, "*?[") != NULL && os_list(a, folder, &names, &n, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		struct os_stat st;
		char *path = arena_print(a, "%s/%s", folder, names[i]);

		if (!os_glob(part, names[i]) || os_stat(path, &st, NULL) < 0)
			continue;
		if (last && st.regular) {
			char *real = os_resolve(a, path, &ignored);
			if (real != NULL)
				add(out, f, real);
		}
		if (!last && st.folder && expand(f, path, place + len + 1, a, out, e) < 0)
			return -1;
	}
	return 0;
}

int
find_all(const char *client, struct arena *a, struct found_list *out, struct err *e)
{
	char *home = os_home(a);

	if (home == NULL)
		return err_set(e, ERR_NO_STORE, "", "no home folder: name the store");
	for (size_t k = 0; formats[k] != NULL; k++) {
		if (client != NULL && strcmp(formats[k]->name, client) != 0)
			continue;
		for (size_t i = 0; formats[k]->places[i] != NULL; i++)
			if (expand(formats[k], home, formats[k]->places[i], a, out, e) < 0)
				return -1;
	}
	return 0;
}

void
found_release(struct found_list *l)
{
	free(l->at);
	*l = (struct found_list){0};
}
