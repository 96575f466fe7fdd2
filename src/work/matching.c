#include "work/matching.h"
#include "base/os.h"
#include "mailbox/captured.h"
#include "model/match_size.h"

#include <stdlib.h>

/* Of the messages without a partner, so many a side are shown by Date, From, Subject. */
#define DESCRIBED_MAX 5000

struct matching {
	struct mailbox *box[2]; /* by enum side */
	struct map *map;
};

static enum side
side_of(const struct matching *mt, const struct mailbox *m)
{
	return m == mt->box[SIDE_NEW] ? SIDE_NEW : SIDE_OLD;
}

static int
take_evidence(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	struct matching *mt = arg;

	message_learn(&m->listing.at[index], ev);
	return map_evidence(mt->map, side_of(mt, m), index, ev, e);
}

static int
take_description(void *arg, struct mailbox *m, size_t index, const struct text values[3],
	struct err *e)
{
	struct matching *mt = arg;

	return map_describe(mt->map, side_of(mt, m), index, values, e);
}

static struct map_side
side_info(const struct mailbox *m)
{
	return (struct map_side){
		.host = m->options.url.host,
		.user = m->account,
		.port = m->port,
		.scheme = (char *)(uintptr_t)m->scheme,
		.count = m->listing.n,
		.whole = m->listing.whole,
		.path = m->options.store == NULL && m->options.capture == NULL
				? m->options.url.path
				: NULL,
		.rule = (char *)m->options.uidl_rule,
	};
}

/* Both lists are read; an empty new mailbox is the one thing that must not be matched:
 * the move is not done yet, and every client would forget everything. */
static int
check_lists(const struct matching *mt, struct err *e)
{
	for (int i = 1; i >= 0; i--)
		if (mt->box[i]->listing.n == 0)
			return err_set(e, ERR_EMPTY, "empty",
				"the %s (%s) lists no messages for %s%s",
				mt->box[i]->options.name, mt->box[i]->options.url.host,
				mt->box[i]->account,
				i == SIDE_NEW ? ": has the mailbox been copied there yet?"
					      : "");
	return 0;
}

static int
read_headers(struct matching *mt, const struct watch *w, struct err *e)
{
	uint8_t *want[2];
	int rc;

	for (int i = 0; i < 2; i++) {
		const struct listing *l = &mt->box[i]->listing;

		want[i] = must_alloc(l->n);
		for (size_t k = 0; k < l->n; k++)
			want[i][k] = !(l->at[k].flags & MESSAGE_HEADER);
	}
	rc = mailbox_headers(mt->box, 2, want, take_evidence, mt, w, e);
	free(want[0]);
	free(want[1]);
	return rc;
}

/* Bodies are asked for only where they decide something; twice at most: what a first
 * round rules out may leave others to be compared. */
static int
pair(struct matching *mt, struct match *match, const struct watch *w, struct err *e)
{
	for (int round = 0; round < 4; round++) {
		match_release(match);
		match_run(
			&mt->box[SIDE_OLD]->listing, &mt->box[SIDE_NEW]->listing, match);
		if (match->nwant == 0)
			return 0;
		uint8_t *want[2] = {match->want_old, match->want_new};
		if (mailbox_bodies(mt->box, 2, want, take_evidence, mt, w, e) < 0)
			return -1;
	}
	match_release(match);
	match_run(&mt->box[SIDE_OLD]->listing, &mt->box[SIDE_NEW]->listing, match);
	return 0;
}

/* Sizes say which headers to read, until they are enough. */
static int
pair_by_size(
	struct matching *mt, struct match *match, const struct watch *w, struct err *e)
{
	struct match_size s;
	int rc;

	match_size_begin(&s, &mt->box[SIDE_OLD]->listing, &mt->box[SIDE_NEW]->listing);
	rc = match_size_next(&s, NULL, e);
	while (rc == 0 && (s.nwant > 0 || !s.compared)) {
		if (s.nwant > 0)
			rc = mailbox_headers(mt->box, 2, s.want, take_evidence, mt, w, e);
		if (rc == 0)
			rc = pair(mt, match, w, e);
		if (rc == 0)
			rc = match_size_next(&s, match, e);
	}
	if (rc == 0)
		match_size_pairs(&s, match);
	match_size_release(&s);
	return rc;
}

/* A part of a mailbox says nothing of which sizes are alone. */
static int
check_whole(const struct matching *mt, struct err *e)
{
	for (int i = 0; i < 2; i++)
		if (!mt->box[i]->listing.whole)
			return err_set(e, ERR_USAGE, "",
				"--evidence=size needs the sizes of all messages of both "
				"servers, and what the %s lists is only a part",
				mt->box[i]->options.name);
	return 0;
}

static int
describe(struct matching *mt, const struct match *match, const struct watch *w,
	struct err *e)
{
	uint8_t *want[2] = {must_alloc(match->nold), must_alloc(match->nnew)};
	size_t left[2] = {DESCRIBED_MAX, DESCRIBED_MAX};
	bool any = false;
	int rc = 0;

	memset(want[1], 1, match->nnew);
	for (size_t i = 0; i < match->nold; i++) {
		want[0][i] = match->partner[i] == MATCH_NONE;
		if (match->partner[i] != MATCH_NONE)
			want[1][match->partner[i]] = 0;
	}
	for (int s = 0; s < 2; s++)
		for (size_t i = mt->box[s]->listing.n; i-- > 0;) {
			if (want[s][i] && left[s] == 0)
				want[s][i] = 0;
			left[s] -= want[s][i];
			any = any || want[s][i];
		}
	if (any)
		rc = mailbox_describe(mt->box, 2, want, take_description, mt, w, e);
	free(want[0]);
	free(want[1]);
	return rc;
}

/*
 * When both lists were last proved. A capture proves what was listed then, and a list of
 * the new server that is older is not what a client will meet. UIDLs of the old one that
 * are not plain stand for their message for ever; plain ones may have been given anew
 * since, to mail that the client has fetched.
 */
static int64_t
proved_at(const struct matching *mt, int64_t now)
{
	int64_t at = now;

	for (int i = 0; i < 2; i++) {
		const struct mailbox_capture *c = mt->box[i]->options.capture;

		if (c != NULL && (i == SIDE_NEW || c->plain) && c->since < at)
			at = c->since;
	}
	return at;
}

static int
run(struct matching *mt, const char *path, const struct matching_options *o,
	const struct watch *w, struct match *match, struct err *e)
{
	struct map_side sides[2] = {side_info(mt->box[0]), side_info(mt->box[1])};

	/* A map of another move is an error before anybody is asked; a new one is not
	 * made before both servers have let us in. */
	if (os_exists(path) && map_create(path, sides, &mt->map, e) < 0)
		return -1;
	if (mailbox_open(mt->box, 2, w, e) < 0 || check_lists(mt, e) < 0 ||
		(o->by_size && check_whole(mt, e) < 0))
		return -1;
	if (mt->map == NULL && map_create(path, sides, &mt->map, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (map_list(mt->map, (enum side)i, &mt->box[i]->listing,
			    o->fresh || mt->box[i]->at_hand, e) < 0)
			return -1;
	if (o->by_size ? pair_by_size(mt, match, w, e) < 0
		       : read_headers(mt, w, e) < 0 || pair(mt, match, w, e) < 0)
		return -1;
	if (describe(mt, match, w, e) < 0)
		return -1;
	if (map_pairs(mt->map, match, proved_at(mt, o->now), e) < 0)
		return -1;
	if (match->pairs == 0)
		return err_set(e, ERR_EMPTY, "nothing-matched",
			"none of the %zu messages of the old server is among the %zu of "
			"the new one: is this the right mailbox, and has it been "
			"copied?",
			match->nold, match->nnew);
	return 0;
}

int
matching_run(struct mailbox *old, struct mailbox *new, const char *path,
	const struct matching_options *o, const struct watch *w, struct match *result,
	struct err *e)
{
	struct matching mt = {.box = {old, new}};
	int rc = run(&mt, path, o, w, result, e);

	mailbox_close(mt.box, 2);
	map_close(mt.map);
	return rc;
}
