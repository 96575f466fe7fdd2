#include "work/capturing.h"

#include "base/os.h"

#include <stdlib.h>

struct capturing {
	struct mailbox *box;
	struct map *map;
	uint8_t *words; /* by index: Date, From and Subject are kept */
};

static int
take_evidence(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	struct capturing *c = arg;

	message_learn(&m->listing.at[index], ev);
	return map_evidence(c->map, SIDE_OLD, index, ev, e);
}

static int
take_words(void *arg, struct mailbox *m, size_t index, const struct text values[3],
	struct err *e)
{
	struct capturing *c = arg;

	(void)m;
	c->words[index] = 1;
	return map_describe(c->map, SIDE_OLD, index, values, e);
}

static struct map_side
side_of(const struct mailbox *m)
{
	return (struct map_side){
		.host = m->options.url.host,
		.user = m->account,
		.port = m->port,
		.scheme = (char *)(uintptr_t)m->scheme,
	};
}

static int
refuse_finished(const char *path, struct err *e)
{
	return err_set(e, ERR_GUARD, "capture",
		"%s: this capture is finished, and the mailbox is not what it was with some "
		"messages more, or that was over a day ago, or its UIDLs are of a kind that "
		"servers give anew. Capture to another file, or say --no-cache to have this "
		"one forgotten and begun anew",
		path);
}

/* Before anything in the file is changed. */
static int
keep_list(struct capturing *c, const char *path, const struct capturing_options *o,
	struct capturing_result *result, struct err *e)
{
	struct listing *l = &c->box->listing;
	struct capture_info had;
	bool goes_on;

	if (capture_goes_on(c->map, l, &goes_on, e) < 0 ||
		capture_info(c->map, &l->arena, &had, e) < 0)
		return -1;
	if (had.finished > 0 && !goes_on && !o->fresh)
		return refuse_finished(path, e);
	result->begun_anew = had.headers > 0 && !goes_on && !o->fresh;
	return map_list(c->map, SIDE_OLD, l, o->fresh, e);
}

static int
read_headers(struct capturing *c, const struct watch *w, struct capturing_result *result,
	struct err *e)
{
	const struct listing *l = &c->box->listing;
	uint8_t *want = must_alloc(l->n);
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		want[i] = !(l->at[i].flags & MESSAGE_HEADER);
		result->known += !want[i];
	}
	int rc = mailbox_headers_told(
		&c->box, 1, &want, take_evidence, take_words, c, w, e);
	for (size_t i = 0; i < l->n; i++) {
		want[i] = l->at[i].flags & MESSAGE_HEADER && !c->words[i];
		any = any || want[i];
	}
	if (rc == 0 && any)
		rc = mailbox_describe(&c->box, 1, &want, take_words, c, w, e);
	free(want);
	return rc;
}

/* A header without its end is known only from the whole message (model/message.h). */
static int
read_bodies(struct capturing *c, bool all, const struct watch *w, struct err *e)
{
	const struct listing *l = &c->box->listing;
	uint8_t *want = must_alloc(l->n);
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < l->n; i++) {
		uint16_t flags = l->at[i].flags;

		want[i] = !(flags & (MESSAGE_BODY | MESSAGE_NO_HEADER)) &&
			  (all || flags & MESSAGE_CUT_HEADER);
		any = any || want[i];
	}
	if (any)
		rc = mailbox_bodies(&c->box, 1, &want, take_evidence, c, w, e);
	free(want);
	return rc;
}

static int
run(struct capturing *c, const char *path, const struct capturing_options *o,
	const struct watch *w, struct capturing_result *result, struct err *e)
{
	struct mailbox *box = c->box;
	struct map_side side = side_of(box);

	/* A capture of another mailbox is an error before anybody is asked; a new file is
	 * not made before the server has let us in. */
	if (os_exists(path) && capture_create(path, &side, &c->map, e) < 0)
		return -1;
	if (mailbox_open(&box, 1, w, e) < 0)
		return -1;
	if (box->listing.n == 0)
		return err_set(e, ERR_EMPTY, "empty",
			"the %s (%s) lists no messages for %s: there is nothing to keep",
			box->options.name, box->options.url.host, box->account);
	if (c->map == NULL && capture_create(path, &side, &c->map, e) < 0)
		return -1;
	if (keep_list(c, path, o, result, e) < 0)
		return -1;
	c->words = must_alloc(box->listing.n);
	if (capture_described(c->map, c->words, box->listing.n, e) < 0 ||
		read_headers(c, w, result, e) < 0 || read_bodies(c, o->bodies, w, e) < 0)
		return -1;
	return capture_finish(c->map, o->now, e);
}

int
capturing_run(struct mailbox *box, const char *path, const struct capturing_options *o,
	const struct watch *w, struct capturing_result *result, struct err *e)
{
	struct capturing c = {.box = box};

	*result = (struct capturing_result){.messages = 0};
	int rc = run(&c, path, o, w, result, e);
	result->messages = box->listing.n;
	for (size_t i = 0; i < box->listing.n; i++) {
		result->headers += (box->listing.at[i].flags & MESSAGE_HEADER) != 0;
		result->bodies += (box->listing.at[i].flags & MESSAGE_BODY) != 0;
	}
	mailbox_close(&box, 1);
	map_close(c.map);
	free(c.words);
	return rc;
}
