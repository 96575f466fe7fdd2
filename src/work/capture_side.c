#include "work/capture_side.h"

static int
side_list(void *arg, struct listing *l, struct err *e)
{
	struct capture_side *s = arg;

	if (capture_list(s->map, l, e) < 0)
		return -1;
	l->whole = s->info.side.whole;
	for (size_t i = 0; i < l->n && !s->mail.plain; i++)
		s->mail.plain = uidl_is_plain(message_uidl(&l->at[i]));
	return 0;
}

static int
side_rewind(void *arg, bool words, struct err *e)
{
	struct capture_side *s = arg;

	return capture_rewind(s->map, words, e);
}

static int
side_evidence(void *arg, size_t *index, struct evidence *ev, bool *more, struct err *e)
{
	struct capture_side *s = arg;

	return capture_next_evidence(s->map, index, ev, more, e);
}

static int
side_words(void *arg, size_t *index, struct text values[3], bool *more, struct err *e)
{
	struct capture_side *s = arg;

	return capture_next_words(s->map, index, values, more, e);
}

int
capture_side_open(struct capture_side *s, const char *path, struct err *e)
{
	*s = (struct capture_side){.map = NULL};
	if (capture_open(path, &s->map, e) < 0 ||
		capture_info(s->map, &s->arena, &s->info, e) < 0)
		return -1;
	s->mail = (struct mailbox_capture){
		.arg = s,
		.list = side_list,
		.rewind = side_rewind,
		.evidence = side_evidence,
		.words = side_words,
		.since = s->info.since,
	};
	return 0;
}

void
capture_side_release(struct capture_side *s)
{
	map_close(s->map);
	arena_free(&s->arena);
	*s = (struct capture_side){.map = NULL};
}
