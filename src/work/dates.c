#include "work/dates.h"

#include <stdlib.h>

#include "base/os_file.h"
#include "model/date.h"

/* Of a message: most headers are a few kB, and there may be 100 000 of them. */
#define HEAD_FEW ((size_t)8 << 10)
#define HEAD_MAX ((size_t)64 << 10)

static uint32_t
date_at(const struct message_cache *cache, const char *path, char *head)
{
	struct err ignored;
	int64_t seconds;
	size_t n = 0, more = 0;
	bool found = false;
	int fd;

	if (os_open_in_place(path, false, &fd, &ignored) < 0)
		return 0;
	if (os_read_at(fd, path, 0, head, HEAD_FEW, &n, &ignored) == 0)
		found = date_of_message(cache->message((struct text){head, n}), &seconds);
	if (!found && n == HEAD_FEW &&
		os_read_at(fd, path, n, head + n, HEAD_MAX - n, &more, &ignored) == 0)
		found = date_of_message(
			cache->message((struct text){head, n + more}), &seconds);
	os_close(fd, path, &ignored);
	if (!found || seconds <= 0 || seconds > UINT32_MAX)
		return 0;
	return (uint32_t)seconds;
}

void
dates_read(struct store *s, const struct target *t, const struct settings *settings)
{
	const struct message_cache *cache = t->format->cache;
	const char *folders[CACHE_FOLDERS];
	struct arena a = {0};
	struct buf name;

	free(s->dates);
	s->dates = NULL;
	if (!settings->known || !settings->by_message_date ||
		settings->delete_after_days == 0 || cache == NULL)
		return;
	size_t n = cache->folders(t->path, settings, &a, folders);
	s->dates = must_alloc(s->nrecords * sizeof(*s->dates));
	char *head = must_alloc(HEAD_MAX);
	buf_init(&name, SIZE_MAX);
	for (size_t i = 0; i < s->nrecords; i++) {
		s->dates[i] = 0;
		for (size_t k = 0; k < n && s->dates[i] == 0; k++) {
			buf_clear(&name);
			buf_print(&name, "%s/", folders[k]);
			cache->name(store_uidl(s, i), &name);
			buf_byte(&name, '\0');
			s->dates[i] = date_at(cache, name.at, head);
		}
	}
	buf_release(&name);
	free(head);
	arena_free(&a);
}
