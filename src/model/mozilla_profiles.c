/*
 * profiles.ini, in the root folder:
 *
 *     [Install8B4E2C1D0F9A7B6C]
 *     Default=k3x9.default-release
 *     Locked=1
 *
 *     [Profile0]
 *     Name=default-release
 *     IsRelative=1
 *     Path=k3x9.default-release
 *
 * A fresh install makes two profiles: Default=1 stands at the empty one, and the used one
 * is named by [Install…] only (seen with 153). So all of them count, and which one the
 * client opens is for people. installs.ini has the same sections without "Install".
 */
#include "model/ini.h"
#include "model/mozilla.h"

#include <stdlib.h>

/* A profile as it is being read. */
struct draft {
	struct text name, path;
	bool absolute, standard;
};

static bool
is_numbered(struct text section, const char *word)
{
	struct text rest = section;
	uint64_t number;

	if (!text_starts(section, word))
		return false;
	rest.at += strlen(word);
	rest.len -= strlen(word);
	return text_number(rest, &number);
}

static const char *
folder_of_draft(const struct draft *d, const char *root, struct arena *a)
{
	struct text path = d->path;

	/* '/' on all systems, as the file itself has it. */
	if (!d->absolute)
		path = text_of(arena_print(a, "%s/%.*s", root, TEXT_ARG(path)));
	return mozilla_path(a, path).at;
}

static void
finish(struct draft *d, const char *root, struct arena *a, struct profile_list *out)
{
	/* The client wants both of them (nsToolkitProfileService::Init). */
	if (d->path.len > 0 && d->name.len > 0) {
		out->at = array_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
		out->at[out->n++] = (struct profile){arena_string(a, d->name),
			folder_of_draft(d, root, a), d->standard};
	}
	*d = (struct draft){0};
}

static void
take(struct draft *d, const struct ini *i)
{
	if (text_equal(i->key, text_of("Name")))
		d->name = i->value;
	else if (text_equal(i->key, text_of("Path")))
		d->path = i->value;
	else if (text_equal(i->key, text_of("IsRelative")))
		d->absolute = !text_equal(i->value, text_of("1"));
	else if (text_equal(i->key, text_of("Default")))
		d->standard = text_equal(i->value, text_of("1"));
}

/* Default= of each installation; in profiles.ini its section begins with `prefix`. */
static bool
mark_installed(struct text bytes, const char *prefix, const char *root, struct arena *a,
	struct profile_list *out)
{
	struct ini i = {.at = {bytes, 0}};
	bool any = false;

	while (ini_next(&i)) {
		struct draft d = {.path = i.value};

		if (!text_starts(i.section, prefix) ||
			!text_equal(i.key, text_of("Default")))
			continue;
		d.absolute = text_starts(i.value, "/") || text_find(i.value, ':') == 1;
		for (size_t k = 0; k < out->n; k++) {
			if (strcmp(out->at[k].folder, folder_of_draft(&d, root, a)) != 0)
				continue;
			/* It decides over the Default=1 of older versions. */
			for (size_t n = 0; !any && n < out->n; n++)
				out->at[n].standard = false;
			out->at[k].standard = any = true;
		}
	}
	return any;
}

int
mozilla_profiles(const char *root, struct text profiles, struct text installs,
	struct arena *a, struct profile_list *out, struct err *e)
{
	struct ini i = {.at = {profiles, 0}};
	struct text section = {"", 0};
	struct draft d = {0};

	(void)e;
	while (ini_next(&i)) {
		if (i.section.at != section.at)
			finish(&d, root, a, out);
		section = i.section;
		if (is_numbered(section, "Profile"))
			take(&d, &i);
	}
	finish(&d, root, a, out);
	if (!mark_installed(profiles, "Install", root, a, out))
		mark_installed(installs, "", root, a, out);
	return 0;
}
