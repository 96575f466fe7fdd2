#include "model/format.h"

#include <stdio.h>

struct text
format_key(const struct format *f, struct text uidl, struct buf *scratch)
{
	if (f->key == NULL)
		return uidl;
	buf_clear(scratch);
	f->key(uidl, scratch);
	return buf_text(scratch);
}

struct text
format_kept(const struct format *f, struct text uidl, struct buf *scratch)
{
	if (f->kept == NULL)
		return format_key(f, uidl, scratch);
	buf_clear(scratch);
	f->kept(uidl, scratch);
	return buf_text(scratch);
}

const struct format *
format_named(struct text name)
{
	for (size_t i = 0; formats[i] != NULL; i++)
		if (text_equal(text_of(formats[i]->name), name))
			return formats[i];
	return NULL;
}

/* One part of a path against one part of a glob; only '*' is special, and as in a shell
 * it is not the '.' of a hidden file. */
static bool
part_matches(struct text glob, struct text part)
{
	size_t g = 0, p = 0, star = glob.len, from = 0;

	if (text_starts(part, ".") && text_starts(glob, "*"))
		return false;

	while (p < part.len) {
		if (g < glob.len && glob.at[g] == '*') {
			star = g++;
			from = p;
		} else if (g < glob.len && glob.at[g] == part.at[p]) {
			g++;
			p++;
		} else if (star < glob.len) {
			g = star + 1;
			p = ++from;
		} else
			return false;
	}
	while (g < glob.len && glob.at[g] == '*')
		g++;
	return g == glob.len;
}

/* Cut the last part off; false when nothing is left. */
static bool
take_last_part(struct text *path, struct text *part)
{
	size_t n = path->len;

	if (path->len == 0)
		return false;
	while (n > 0 && path->at[n - 1] != '/')
		n--;
	*part = (struct text){path->at + n, path->len - n};
	path->len = n > 0 ? n - 1 : 0;
	return true;
}

static bool
tail_matches(struct text glob, struct text path, size_t parts)
{
	struct text g, p;

	for (size_t i = 0; i < parts && take_last_part(&glob, &g); i++)
		if (!take_last_part(&path, &p) || p.len == 0 || !part_matches(g, p))
			return false;
	return true;
}

static bool
any_place(const struct format *f, const char *path)
{
	for (size_t i = 0; f->places != NULL && f->places[i] != NULL; i++)
		if (tail_matches(text_of(f->places[i]), text_of(path), SIZE_MAX))
			return true;
	return false;
}

/* Letters before the first star: "popstate-*" tells, "*" and "*.bak" do not. */
#define NAME_LITERAL 4

bool
format_glob_tells(const char *glob)
{
	size_t literal = strcspn(glob, "*?[");

	return glob[literal] == '\0' || literal >= NAME_LITERAL;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
format_stray(const struct format *f, const char *path)
{
	const char *name = last_part(path);

	for (size_t i = 0; f->strays != NULL && f->strays[i] != NULL; i++)
		if (os_glob(f->strays[i], name) &&
			(format_glob_tells(f->strays[i]) || any_place(f, path)))
			return true;
	return false;
}

bool
format_place(const struct format *f, const char *path)
{
	return any_place(f, path) && !format_stray(f, path);
}

size_t
format_home(const struct format *f, const char *path)
{
	struct text home, place, part;

	for (size_t i = 0; f->places != NULL && f->places[i] != NULL; i++) {
		if (!tail_matches(text_of(f->places[i]), text_of(path), SIZE_MAX))
			continue;
		home = text_of(path);
		place = text_of(f->places[i]);
		while (take_last_part(&place, &part) && take_last_part(&home, &part))
			;
		if (home.len > 0)
			return home.len;
	}
	return 0;
}

/* The file's own name is the one the client gives it. */
static bool
has_name(const struct format *f, const char *path)
{
	for (size_t i = 0; f->places != NULL && f->places[i] != NULL; i++)
		if (format_glob_tells(last_part(f->places[i])) &&
			tail_matches(text_of(f->places[i]), text_of(path), 1))
			return true;
	return false;
}

/* "claws, thunderbird, …"; what of each, `formats` says. */
static void
name_all(char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; formats[i] != NULL && used < size; i++) {
		int n = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "",
			formats[i]->name);
		used += n > 0 ? (size_t)n : 0;
	}
}

static int
evidence(const struct format *f, const struct source *src)
{
	int bits = f->probe(src);

	if (bits != PROBE_NO && format_place(f, src->path))
		bits |= PROBE_PATH;
	return bits;
}

/* Many files have the grammar of a store. One counts if it lies where the client keeps
 * it, or if it says itself what it is and bears the name. */
static bool
is_enough(const struct format *f, const struct source *src, int bits)
{
	return (bits & PROBE_PATH) != 0 ||
	       ((bits & PROBE_MAGIC) != 0 && has_name(f, src->path));
}

static const struct format *
refuse_unknown(const struct source *src, const struct format *like, struct err *e)
{
	char known[400];

	name_all(known, sizeof(known));
	if (like != NULL)
		err_set(e, ERR_DATA, "format",
			"%s: it looks like %s of %s, but does not lie where that client "
			"keeps it; if it is one, say --client %s",
			src->path, like->what, like->client, like->name);
	else
		err_set(e, ERR_DATA, "format",
			"%s: this is not a list of UIDLs of any client that reuidl "
			"knows: %s; --client NAME says which one it is",
			src->path, known);
	return NULL;
}

const struct format *
format_for(const struct source *src, const char *name, struct err *e)
{
	const struct format *best = NULL, *second = NULL, *like = NULL;
	int most = PROBE_NO;

	if (name != NULL) {
		char known[400];
		best = format_named(text_of(name));
		if (best != NULL)
			return best;
		name_all(known, sizeof(known));
		err_set(e, ERR_USAGE, "", "no client is named \"%s\"; there are: %s",
			name, known);
		return NULL;
	}
	for (size_t i = 0; formats[i] != NULL; i++) {
		int bits = evidence(formats[i], src);
		if (bits == PROBE_NO)
			continue;
		if (!is_enough(formats[i], src, bits)) {
			/* Any words may be a list of UIDLs: that alone is no likeness. */
			if ((bits & PROBE_MAGIC) != 0 || has_name(formats[i], src->path))
				like = formats[i];
			continue;
		}
		if (bits > most) {
			second = NULL;
			best = formats[i];
			most = bits;
		} else if (bits == most)
			second = formats[i];
	}
	if (second != NULL) {
		err_set(e, ERR_DATA, "format",
			"%s: it may be of %s or of %s; --client %s or --client %s says "
			"which one it is",
			src->path, best->client, second->client, best->name,
			second->name);
		return NULL;
	}
	return best != NULL ? best : refuse_unknown(src, like, e);
}
