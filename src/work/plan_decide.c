/*
 * What becomes of each record, and what the client will do after that.
 */
#include "work/check.h"
#include "work/plan_state.h"

#include <stdlib.h>

const char *
plan_why(uint8_t why)
{
	switch (why) {
	case UNMATCHED_GONE:
		return "nothing like it is on the new server";
	case UNMATCHED_AMBIGUOUS:
		return "several messages could be it, and nothing tells them apart";
	case UNMATCHED_DIFFERENT:
		return "one looks like it, but its body or length differs";
	case UNMATCHED_NO_HEADER:
		return "nothing is known of its header: it could not be read, or no mail of it "
		       "is left here";
	case UNMATCHED_UIDL:
		return "its UIDL, or its partner's, stands twice or is malformed";
	case WHY_UNKNOWN:
		return "the old server did not list it";
	case WHY_PARTIAL:
		return "only a part of it was fetched: it comes again";
	case WHY_TARGET_HELD:
		return "the client has its new UIDL already";
	case WHY_NOT_FIRM:
		return "a rename could delete it on the new server, and the evidence is "
		       "not enough for that";
	case WHY_SIZE:
		return "matched by size alone (--accept-size-evidence)";
	case WHY_COPY:
		return "a true copy, of which the new server has fewer";
	case WHY_SHADOWED:
		return "another entry has its UIDL, and the client heeds that one";
	default:
		return "";
	}
}

/* Settings that are not at hand count as those that delete. */
static bool
would_delete(const struct planning *ps, size_t i)
{
	return !ps->after->known ||
	       check_deletes(ps->store, i, ps->after, ps->options->now);
}

/* Of a new server that only another client tells of, nobody knows what it lists. */
static bool
may_come_again(const struct planning *ps, const struct seat *seat, struct text uidl)
{
	return seat->in_new != MATCH_NONE || uidl_is_plain(uidl) ||
	       map_side_is_store(&ps->info.side[SIDE_NEW]);
}

/* A record that gets no partner: it stays, or becomes a tombstone. */
static enum fate
rest(const struct planning *ps, size_t i)
{
	struct text uidl = store_uidl(ps->store, i);

	if (ps->seats[i].flags & SEAT_TOMBSTONE)
		return FATE_WAS_TOMBSTONE;
	return may_come_again(ps, &ps->seats[i], uidl) ? FATE_TOMBSTONE : FATE_KEPT;
}

/* The record of another account that the client consults as well. */
static enum fate
decide_other(const struct planning *ps, size_t i)
{
	const struct map_side *new = &ps->info.side[SIDE_NEW];
	uint32_t account = store_record(ps->store, i).account;

	if (!(ps->seats[i].flags & SEAT_SEEN) || (ps->seats[i].flags & SEAT_TOMBSTONE))
		return FATE_OTHER;
	if (seat_is_new(&ps->seats[i]) && account < ps->store->naccounts &&
		who_equal(plan_who(ps, account), who_of(new->user, new->host)))
		return FATE_NEW;
	return may_come_again(ps, &ps->seats[i], store_uidl(ps->store, i))
		       ? FATE_TOMBSTONE
		       : FATE_OTHER;
}

/* Whatever deletes a message on the server wants more than its size: at the next check,
 * or when it is deleted locally, by the UIDL in the record. Where that UIDL is in the
 * local mail, none is put there (mail_wish.c); that of a record that stays is. */
static bool
size_could_delete(const struct planning *ps, const struct seat *seat)
{
	return seat->evidence == EVIDENCE_SIZE && ps->after->until_deleted &&
	       (ps->store->format->mail == NULL || seat->partner == seat->in_new);
}

static uint8_t
why_not_rename(const struct planning *ps, size_t i)
{
	const struct seat *seat = &ps->seats[i];
	const struct plan_options *o = ps->options;

	if (!(seat->flags & SEAT_OLD))
		return WHY_UNKNOWN;
	if (seat->flags & SEAT_SHADOWED)
		return WHY_SHADOWED;
	if (store_record(ps->store, i).state == RECORD_PARTIAL)
		return WHY_PARTIAL;
	if (seat->partner == MATCH_NONE)
		return seat->unmatched != UNMATCHED_NOT ? seat->unmatched
							: UNMATCHED_UIDL;
	if (ps->taken[seat->partner])
		return WHY_TARGET_HELD;
	if (seat->evidence == EVIDENCE_SIZE && !o->accept_size)
		return WHY_SIZE;
	if (size_could_delete(ps, seat))
		return WHY_NOT_FIRM;
	/* Imported pairs are the administrator's word; deletions need it twice. */
	if (would_delete(ps, i) && !(seat->flags & SEAT_FIRM) &&
		!(seat->evidence == EVIDENCE_IMPORT && o->allow_deletes))
		return WHY_NOT_FIRM;
	return WHY_NONE;
}

static void
decide_mine(struct planning *ps, size_t i)
{
	struct plan *p = ps->plan;
	struct seat *seat = &ps->seats[i];

	p->why[i] = why_not_rename(ps, i);
	if (p->why[i] == WHY_PARTIAL && !(seat->flags & SEAT_TOMBSTONE)) {
		p->fate[i] = FATE_TOMBSTONE;
	} else if (p->why[i] != WHY_NONE) {
		p->fate[i] = (uint8_t)rest(ps, i);
	} else {
		p->fate[i] = FATE_RENAMED;
		p->evidence[i] = seat->evidence;
		ps->taken[seat->partner] = 1;
		p->will_delete[i] = would_delete(ps, i);
		p->ndelete += p->will_delete[i];
	}
}

/* The same message under the same UIDL. It stays, unless that could delete it on evidence
 * that is not enough for it: then it is as one of which nothing is proved. */
static bool
decide_same(struct planning *ps, size_t i)
{
	struct plan *p = ps->plan;
	uint8_t why = why_not_rename(ps, i);

	if (why != WHY_NONE && why != WHY_PARTIAL && why != WHY_TARGET_HELD)
		return false;
	p->fate[i] = FATE_SAME;
	if (store_record(ps->store, i).state == RECORD_PARTIAL)
		return true;
	p->will_delete[i] = would_delete(ps, i);
	p->ndelete += p->will_delete[i];
	return true;
}

/* New already: the client has been there. */
static bool
is_had(const struct planning *ps, size_t i)
{
	bool chance = ps->speaks_old ||
		      (ps->plain[SIDE_OLD] && uidl_is_plain(store_uidl(ps->store, i)));

	return seat_is_new(&ps->seats[i]) && !(ps->before_contact && chance);
}

/* What stays holds targets that others must not get. */
static void
decide_staying(struct planning *ps, size_t i)
{
	struct seat *seat = &ps->seats[i];
	uint8_t *fate = &ps->plan->fate[i];

	if (!(seat->flags & SEAT_MINE))
		*fate = (uint8_t)decide_other(ps, i);
	else if (seat->in_new != MATCH_NONE && is_had(ps, i))
		*fate = FATE_NEW;
	else if (seat->in_new != MATCH_NONE && seat->flags & SEAT_OLD &&
		 !seat_is_contested(seat) && decide_same(ps, i))
		*fate = FATE_SAME;
	if (*fate == FATE_SAME || *fate == FATE_NEW)
		ps->taken[seat->in_new] = 1;
}

/* A record that the client does not heed must not come to count because the other one
 * goes. */
static void
decide_shadowed(struct planning *ps, size_t i)
{
	struct plan *p = ps->plan;
	uint8_t by = p->fate[ps->seats[i].partner];

	decide_mine(ps, i);
	if ((by == FATE_RENAMED || by == FATE_TOMBSTONE) && p->fate[i] == FATE_KEPT)
		p->fate[i] = FATE_TOMBSTONE;
}

void
plan_decide(struct planning *ps)
{
	struct plan *p = ps->plan;
	size_t n = ps->store->nrecords;

	for (size_t i = 0; i < n; i++)
		decide_staying(ps, i);
	for (int shadowed = 0; shadowed < 2; shadowed++)
		for (size_t i = 0; i < n; i++) {
			uint8_t flags = ps->seats[i].flags;
			if (!(flags & SEAT_MINE) || p->fate[i] != FATE_OTHER ||
				!!(flags & SEAT_SHADOWED) != shadowed)
				continue;
			if (shadowed)
				decide_shadowed(ps, i);
			else
				decide_mine(ps, i);
		}
	for (size_t i = 0; i < n; i++)
		p->nfate[p->fate[i]]++;
}

void
plan_foresee(struct planning *ps)
{
	struct plan *p = ps->plan;
	uint8_t *known = must_alloc(ps->nnew + 1);

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		uint32_t at = MATCH_NONE;

		if (p->fate[i] == FATE_RENAMED)
			at = ps->seats[i].partner;
		else if (p->fate[i] == FATE_NEW || p->fate[i] == FATE_SAME)
			at = ps->seats[i].in_new;
		if (at == MATCH_NONE)
			continue;
		known[at] =
			check_deletes(ps->store, i, ps->after, ps->options->now) ? 2 : 1;
	}
	for (size_t i = 0; i < ps->nnew; i++) {
		p->download += known[i] == 0;
		p->keep += known[i] == 1;
		p->remove += known[i] == 2;
	}
	free(known);
}
