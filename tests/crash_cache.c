#include "crash_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct look {
	bool is_new, settled;
	size_t files;
	const char *wrong;
};

static bool
is_tombstone(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash != NULL && strncmp(slash, "/reuidl-", 8) == 0 && strlen(slash) == 40;
}

static void
look_at(struct look *l, const char *path, const char *name)
{
	char line[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	l->files++;
	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		l->wrong = "a file of the cache cannot be read";
	if (fd >= 0)
		close(fd);
	char *blank = strchr(line, ' '),
	     *end = blank != NULL ? strchr(blank + 1, ' ') : NULL;
	if (end == NULL) {
		l->wrong = "a file of the cache is not what it was";
		return;
	}
	*blank = *end = '\0';
	const char *want = l->is_new ? blank + 1 : line;
	const char *other = l->is_new ? line : blank + 1;
	bool aside = strcmp(want, "-") == 0;
	bool either = !l->settled && strncmp(end + 1, "either ", 7) == 0;
	if (either && strcmp(name, other) == 0)
		return;
	if (is_tombstone(name) ? l->settled && !aside : strcmp(name, want) != 0)
		l->wrong = is_tombstone(name)
				   ? "a file of the cache is not where its store is"
				   : "a file of the cache bears another message's UIDL";
}

static void
each(struct look *l, const char *folder, const char *below)
{
	char path[512], name[300];
	struct dirent *entry;
	DIR *d = opendir(folder);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		snprintf(name, sizeof(name), "%s/%s", below != NULL ? below : "",
			entry->d_name);
		if (below == NULL)
			each(l, path, entry->d_name);
		else
			look_at(l, path, name);
	}
	if (d != NULL)
		closedir(d);
}

const char *
crash_cache_look(const char *folder, bool is_new, bool settled, size_t files)
{
	struct look l = {.is_new = is_new, .settled = settled};

	each(&l, folder, NULL);
	if (l.files != files)
		return "a file of the cache is gone, or there is one too many";
	return l.wrong;
}

size_t
crash_cache_count(const char *folder)
{
	struct look l = {0};

	each(&l, folder, NULL);
	return l.files;
}
