#include "work/witness.h"

#include <stdlib.h>

#include "mailbox/local.h"
#include "model/header.h"
#include "work/mail_files.h"

enum known_flag {
	KNOWN_OLD = 1,	  /* the old server's header is */
	KNOWN_NEW = 2,	  /* the new one's */
	KNOWN_RECORD = 4, /* the client's record has it */
	KNOWN_SAID_OLD = 8,
	KNOWN_SAID_NEW = 16,
};

/* A UIDL of the new list. */
struct known {
	const char *uidl;
	uint32_t len;
	uint32_t flags;
	uint8_t strict[2][MESSAGE_DIGEST], loose[2][MESSAGE_DIGEST]; /* by enum side */
};

struct hearing {
	const struct witness *witness;
	struct known *at; /* sorted by UIDL, each once */
	size_t n, cap;
	struct arena arena;
	struct local_walk walk;
	struct known *now; /* the message that is read */
	struct header header;
};

static int
by_uidl(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return text_compare(
		(struct text){x->uidl, x->len}, (struct text){y->uidl, y->len});
}

static struct known *
find(const struct hearing *h, struct text uidl)
{
	const struct known want = {.uidl = uidl.at, .len = (uint32_t)uidl.len};

	return h->n > 0 ? bsearch(&want, h->at, h->n, sizeof(*h->at), by_uidl) : NULL;
}

/* A header without its end may be that of another message as well. */
static bool
is_sure(const struct evidence *ev)
{
	return ev->flags & MESSAGE_HEADER && !(ev->flags & MESSAGE_TWICE) &&
	       (!(ev->flags & MESSAGE_CUT_HEADER) || ev->flags & MESSAGE_BODY);
}

static void
keep(struct known *k, enum side side, const struct evidence *ev)
{
	memcpy(k->strict[side], ev->strict.byte, MESSAGE_DIGEST);
	memcpy(k->loose[side], ev->loose.byte, MESSAGE_DIGEST);
	k->flags |= side == SIDE_OLD ? KNOWN_OLD : KNOWN_NEW;
}

static int
see_new(void *arg, struct text uidl, const struct evidence *ev, struct err *e)
{
	struct hearing *h = arg;

	(void)e;
	if (!is_sure(ev))
		return 0;
	h->at = array_grow(h->at, &h->cap, h->n + 1, sizeof(*h->at));
	uidl = arena_text(&h->arena, uidl);
	h->at[h->n] = (struct known){.uidl = uidl.at, .len = (uint32_t)uidl.len};
	keep(&h->at[h->n++], SIDE_NEW, ev);
	return 0;
}

static int
see_old(void *arg, struct text uidl, const struct evidence *ev, struct err *e)
{
	struct hearing *h = arg;
	struct known *k = find(h, uidl);

	(void)e;
	if (k != NULL && is_sure(ev))
		keep(k, SIDE_OLD, ev);
	return 0;
}

static int
learn(struct hearing *h, size_t account, struct err *e)
{
	const struct store *s = h->witness->store;
	struct map *m = h->witness->map;

	if (map_each_evidence(m, SIDE_NEW, see_new, h, e) < 0)
		return -1;
	if (h->n > 0)
		qsort(h->at, h->n, sizeof(*h->at), by_uidl);
	if (map_each_evidence(m, SIDE_OLD, see_old, h, e) < 0)
		return -1;
	for (size_t i = 0; i < s->nrecords; i++) {
		struct known *k = find(h, store_uidl(s, i));
		if (k != NULL && store_record(s, i).account == account)
			k->flags |= KNOWN_RECORD;
	}
	return 0;
}

/* --- one message ------------------------------------------------------------------ */

static int
begin_message(void *arg, const struct local_message *msg, bool *wanted, struct err *e)
{
	struct hearing *h = arg;

	(void)e;
	h->now = find(h, msg->uidl);
	*wanted = h->now != NULL;
	if (*wanted)
		header_begin(&h->header);
	return 0;
}

static void
see_line(void *arg, struct text line)
{
	struct hearing *h = arg;

	header_line(&h->header, line);
}

static bool
is_like(const struct known *k, enum side side, const struct evidence *ev)
{
	return memcmp(k->strict[side], ev->strict.byte, MESSAGE_DIGEST) == 0 ||
	       memcmp(k->loose[side], ev->loose.byte, MESSAGE_DIGEST) == 0;
}

/* Like both: the servers give that message one UIDL, by chance or because the move has
 * kept it. A map whose old side is this mail itself (store:PATH) has but that to say of
 * a message fetched from the new server; there no harm is done, for whatever it pairs the
 * client has here. */
static int
end_message(void *arg, enum local_known known, struct err *e)
{
	struct hearing *h = arg;
	struct known *k = h->now;
	struct evidence ev = {0};

	(void)e;
	if (known == LOCAL_NOTHING)
		return 0;
	header_end(&h->header, &ev);
	if (!is_sure(&ev))
		return 0;
	bool old = k->flags & KNOWN_OLD && is_like(k, SIDE_OLD, &ev);
	bool new = is_like(k, SIDE_NEW, &ev);
	if (old && !new && k->flags & KNOWN_RECORD)
		k->flags |= KNOWN_SAID_OLD;
	if (new && !old)
		k->flags |= KNOWN_SAID_NEW;
	return 0;
}

/* --- all of them ------------------------------------------------------------------ */

static int
read_mail(struct hearing *h, struct err *e)
{
	const struct local_sink sink = {begin_message, see_line, end_message, h, true};
	const struct mailbox_store *s = h->walk.store;
	const struct watch *w = h->witness->watch;
	bool more = true;
	uint64_t total = 0;

	for (size_t i = 0; i < s->nfiles; i++)
		total += s->files[i].size;
	while (more) {
		if (local_walk_step(&h->walk, &sink, &more, e) < 0)
			return -1;
		if (w != NULL && w->progress != NULL)
			w->progress(w->arg, "local mail: MB",
				(size_t)(h->walk.bytes >> 20), (size_t)(total >> 20));
	}
	return 0;
}

static int
hear(struct hearing *h, const struct local_mail *where, struct err *e)
{
	const struct format *f = h->witness->target->format;
	struct mailbox_store mail = {.format = f, .key = where->key};
	struct mail_files files;

	if (mail_files_of(&files, f, where, e) < 0)
		return -1;
	mail.files = mail_files_places(&files, &h->arena);
	mail.nfiles = files.n;
	h->walk.store = &mail;
	int rc = read_mail(h, e);
	local_walk_release(&h->walk);
	mail_files_release(&files);
	return rc;
}

int
witness_ask(void *arg, size_t account, struct plan_word *word, struct err *e)
{
	const struct witness *w = arg;
	const struct target *t = w->target;
	struct hearing h = {.witness = w};
	struct local_mail where;
	int rc = 0;

	*word = (struct plan_word){0};
	if (t->format->mail == NULL || t->format->local == NULL ||
		t->settings.path == NULL ||
		!t->format->mail(w->named, &t->settings, &h.arena, &where)) {
		arena_free(&h.arena);
		return 0;
	}
	rc = learn(&h, account, e);
	if (rc == 0 && h.n > 0)
		rc = hear(&h, &where, e);
	for (size_t i = 0; i < h.n; i++) {
		word->old += (h.at[i].flags & KNOWN_SAID_OLD) != 0;
		word->new += (h.at[i].flags & KNOWN_SAID_NEW) != 0;
	}
	header_release(&h.header);
	free(h.at);
	arena_free(&h.arena);
	return rc;
}
