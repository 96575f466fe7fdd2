/*
 * The kind of store: URLs. All mail is read once, when the mailbox is opened, for that is
 * what says which UIDLs there are; the digests are made in passing and kept until they
 * are asked for. What a message looks like to people is read again where it stands.
 *
 * The list is never whole: mail that was deleted here, or never fetched, is not in it.
 * Nor are there sizes: what a client keeps is not what its server counted.
 */
#include "mailbox/kind.h"
#include "mailbox/local.h"

#include <stdlib.h>

#include "base/os.h"
#include "model/header.h"

/* A message that bears a UIDL. */
struct local_found {
	struct text uidl; /* in the listing's arena */
	uint64_t at;
	uint32_t file, index; /* in store->files; in the listing */
	struct evidence evidence;
};

struct local {
	struct mailbox *m;
	const struct mailbox_store *store;
	struct mailbox_job job;
	struct local_walk walk;
	struct local_found *found;
	size_t nfound, found_cap;
	uint32_t *of; /* by index in the listing: the message in `found`, MATCH_NONE */
	size_t next;  /* of the listing, while a job goes over it */
	bool listed;
	/* The message that is read. */
	struct header header;
	struct body body;
	bool header_over, body_open, told;
	struct text expected; /* describe: the UIDL that stood there */
};

#define NOT_FOUND UINT32_MAX

/* --- one message ------------------------------------------------------------------ */

static void
begin_message(struct local *l)
{
	header_begin(&l->header);
	l->header_over = l->body_open = false;
}

static int
begin_found(void *arg, const struct local_message *msg, bool *wanted, struct err *e)
{
	struct local *l = arg;
	const struct mailbox_store *s = l->store;

	(void)e;
	*wanted = s->passed_over == NULL || !s->passed_over(msg->uidl);
	if (!*wanted)
		return 0;
	l->found = array_grow(l->found, &l->found_cap, l->nfound + 1, sizeof(*l->found));
	l->found[l->nfound] =
		(struct local_found){.uidl = arena_text(&l->m->listing.arena, msg->uidl),
			.at = msg->at,
			.file = (uint32_t)l->walk.at};
	begin_message(l);
	return 0;
}

static void
see_line(void *arg, struct text line)
{
	struct local *l = arg;

	if (l->body_open) {
		body_line(&l->body, line);
	} else if (!l->header_over && header_line(&l->header, line)) {
		l->header_over = true;
		if (l->job.what == JOB_OPEN) {
			body_begin(&l->body);
			l->body_open = true;
		}
	}
}

static int
end_found(void *arg, enum local_known known, struct err *e)
{
	struct local *l = arg;
	struct evidence *ev = &l->found[l->nfound++].evidence;

	(void)e;
	if (known != LOCAL_NOTHING)
		header_end(&l->header, ev);
	else
		ev->flags = MESSAGE_NO_HEADER;
	if (l->body_open)
		ev->body = body_end(&l->body);
	ev->flags |= known == LOCAL_ALL && l->body_open ? MESSAGE_BODY : MESSAGE_NO_BODY;
	return 0;
}

/* --- the list --------------------------------------------------------------------- */

/* A UIDL that the record knows, or one that mail bears. */
struct entry {
	struct text uidl;
	uint32_t order; /* in the list to be */
	uint32_t first; /* the entry of that UIDL that counts: its order */
};

static int
by_uidl(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = text_compare(x->uidl, y->uidl);

	return order != 0 ? order : x->order < y->order ? -1 : 1;
}

static int
by_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

/* Each UIDL is one entry of the list, where it was first named. */
static void
make_list(struct local *l)
{
	const struct mailbox_store *s = l->store;
	struct listing *list = &l->m->listing;
	size_t n = s->nuidls + l->nfound;
	struct entry *all = must_alloc((n + 1) * sizeof(*all));
	uint32_t *index = must_alloc((n + 1) * sizeof(*index));

	for (size_t i = 0; i < n; i++)
		all[i] = (struct entry){
			i < s->nuidls ? s->uidls[i] : l->found[i - s->nuidls].uidl,
			(uint32_t)i, (uint32_t)i};
	qsort(all, n, sizeof(*all), by_uidl);
	for (size_t i = 1; i < n; i++)
		if (text_equal(all[i - 1].uidl, all[i].uidl))
			all[i].first = all[i - 1].first;
	qsort(all, n, sizeof(*all), by_order);
	for (size_t i = 0; i < n; i++) {
		if (all[i].first == i) {
			index[i] = (uint32_t)list->n;
			listing_add(list, all[i].uidl, 0);
		}
		if (i >= s->nuidls)
			l->found[i - s->nuidls].index = index[all[i].first];
	}
	free(index);
	free(all);
}

static bool
differ(const struct evidence *a, const struct evidence *b)
{
	return !digest_equal(&a->strict, &b->strict) ||
	       (a->flags & b->flags & MESSAGE_BODY && !digest_equal(&a->body, &b->body));
}

/* Copies of a message, in another folder or deleted and not yet gone, are one; where two
 * messages bear one UIDL, nobody knows which is the server's. */
static size_t
choose_evidence(struct local *l)
{
	struct listing *list = &l->m->listing;
	size_t twice = 0;

	l->of = must_alloc((list->n + 1) * sizeof(*l->of));
	memset(l->of, 0xff, list->n * sizeof(*l->of));
	for (uint32_t i = 0; i < l->nfound; i++) {
		const struct local_found *f = &l->found[i];
		uint32_t *of = &l->of[f->index];
		const struct evidence *was =
			*of != NOT_FOUND ? &l->found[*of].evidence : NULL;

		if (was == NULL || !(was->flags & MESSAGE_HEADER)) {
			*of = i;
		} else if (f->evidence.flags & MESSAGE_HEADER) {
			uint16_t *flags = &list->at[f->index].flags;
			if (differ(was, &f->evidence)) {
				twice += !(*flags & MESSAGE_TWICE);
				*flags |= MESSAGE_TWICE;
			} else if (!(was->flags & MESSAGE_BODY)) {
				*of = i;
			}
		}
	}
	return twice;
}

static void
end_list(struct local *l)
{
	const char *name = l->m->options.name;
	struct listing *list = &l->m->listing;
	size_t without = 0;

	make_list(l);
	listing_mark(list);
	size_t twice = choose_evidence(l);
	for (size_t i = 0; i < list->n; i++)
		without += l->of[i] == NOT_FOUND;
	if (twice > 0)
		mailbox_note(l->m,
			"%s: %zu UIDLs stand at several messages that are not the same; "
			"these are left apart",
			name, twice);
	if (without > 0)
		mailbox_note(l->m,
			"%s: of the %zu UIDLs that the client knows, %zu have no mail here "
			"any more, so nothing tells which messages they are",
			name, list->n, without);
	l->m->commands = l->nfound;
	l->listed = true;
}

static int
open_step(struct local *l, bool *done, struct err *e)
{
	const struct local_sink sink = {begin_found, see_line, end_found, l, false};
	double until = os_seconds() + TURN;
	bool more = true;
	uint64_t total = 0;

	while (more && os_seconds() < until)
		if (local_walk_step(&l->walk, &sink, &more, e) < 0)
			return -1;
	for (size_t i = 0; i < l->store->nfiles; i++)
		total += l->store->files[i].size;
	l->m->bytes_in = l->walk.bytes + (l->walk.open ? l->walk.file.off : 0);
	if (l->job.watch != NULL && l->job.watch->progress != NULL) {
		char what[64];
		snprintf(what, sizeof(what), "%s: MB", l->m->options.name);
		l->job.watch->progress(l->job.watch->arg, what,
			(size_t)(l->m->bytes_in >> 20), (size_t)(total >> 20));
	}
	*done = !more;
	if (*done)
		end_list(l);
	return 0;
}

/* --- what is asked of it ---------------------------------------------------------- */

static int
give_evidence(struct local *l, size_t i, struct err *e)
{
	static const struct evidence none = {
		.flags = MESSAGE_NO_HEADER | MESSAGE_NO_BODY};
	const struct evidence *ev =
		l->of[i] != NOT_FOUND ? &l->found[l->of[i]].evidence : &none;

	return l->job.sink(l->job.arg, l->m, i, ev, e);
}

static int
describe_begin(void *arg, const struct local_message *msg, bool *wanted, struct err *e)
{
	struct local *l = arg;

	(void)e;
	*wanted = !l->told && text_equal(msg->uidl, l->expected);
	begin_message(l);
	return 0;
}

static int
describe_end(void *arg, enum local_known known, struct err *e)
{
	struct local *l = arg;

	(void)known, (void)e;
	l->told = true;
	return 0;
}

/* One step of the reader tells the first message, unless the file has changed. */
static int
give_description(struct local *l, size_t i, struct err *e)
{
	const struct local_sink sink = {describe_begin, see_line, describe_end, l, true};
	struct text values[3];
	struct buf words;
	bool more;
	int rc;

	if (l->of[i] == NOT_FOUND)
		return 0;
	const struct local_found *f = &l->found[l->of[i]];
	l->expected = f->uidl;
	l->told = false;
	rc = local_walk_to(&l->walk, f->file, f->at, e);
	if (rc == 0 && l->walk.open)
		rc = local_walk_step(&l->walk, &sink, &more, e);
	if (rc < 0 || !l->told)
		return rc;
	buf_init(&words, 3 * HEADER_MAX);
	header_describe(&l->header, &words, values);
	rc = l->job.describe(l->job.arg, l->m, i, values, e);
	buf_release(&words);
	return rc;
}

static int
give_step(struct local *l, bool *done, struct err *e)
{
	double until = os_seconds() + TURN;
	size_t n = l->m->listing.n;
	int rc = 0;

	for (; rc == 0 && l->next < n && os_seconds() < until; l->next++) {
		if (l->job.want != NULL && l->job.want[l->next] == 0)
			continue;
		rc = l->job.what == JOB_DESCRIBE ? give_description(l, l->next, e)
						 : give_evidence(l, l->next, e);
	}
	*done = l->next >= n;
	return rc;
}

static enum step
local_step(struct mailbox *m, struct waiting *w, struct err *e)
{
	struct local *l = m->state;
	bool done = true;
	int rc = 0;

	if (l->job.what == JOB_OPEN && !l->listed)
		rc = open_step(l, &done, e);
	else if (l->job.what >= JOB_HEADERS && l->job.what < JOB_QUIT)
		rc = give_step(l, &done, e);
	if (rc < 0 || done)
		local_walk_release(&l->walk);
	return turn_end(&l->job, rc, done, w);
}

static int
local_start(struct mailbox *m, const struct mailbox_job *job, struct err *e)
{
	struct local *l = m->state;

	(void)e;
	l->job = *job;
	l->next = 0;
	return 0;
}

static void *
local_create(struct mailbox *m)
{
	struct local *l = must_alloc(sizeof(*l));

	l->m = m;
	l->store = l->walk.store = m->options.store;
	m->at_hand = true;
	return l;
}

static void
local_destroy(struct mailbox *m)
{
	struct local *l = m->state;

	local_walk_release(&l->walk);
	header_release(&l->header);
	body_release(&l->body);
	free(l->found);
	free(l->of);
	free(l);
}

const struct mailbox_kind mailbox_local = {
	.scheme = "store",
	.path = true,
	.create = local_create,
	.start = local_start,
	.step = local_step,
	.destroy = local_destroy,
};
