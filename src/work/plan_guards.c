/*
 * The rules that refuse a whole store, in words.
 */
#include "work/plan_state.h"

#include <stdarg.h>
#include <stdio.h>

/* Of the UIDLs that tell one mailbox from another, so many per cent must be known to
 * the old server. Clients forget what is gone, so a right mailbox has nearly all. */
#define SHARE_KNOWN 80
#define SHARE_FORCED 50

int
plan_refuse(struct plan *p, const char *reason, const char *fmt, ...)
{
	char sentence[sizeof(p->refusal.message)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	p->state = PLAN_REFUSED;
	return err_set(&p->refusal, ERR_GUARD, reason, "%s", sentence);
}

int
plan_check_age(struct planning *ps)
{
	const struct plan_options *o = ps->options;
	int64_t age = o->now - ps->info.matched;
	int64_t max = o->max_age > 0 ? o->max_age : ps->info.plain ? PLAN_DAY : 7 * PLAN_DAY;

	/* A clock that was wrong then, or is now: nothing says how old the map is. */
	if (age < -PLAN_DAY && o->max_age <= 0)
		return plan_refuse(ps->plan, "old-map",
			"%s: the map is from the future, by this machine's clock; prove it again "
			"with match --refresh",
			ps->info.path);
	if (age <= max)
		return 0;
	return plan_refuse(ps->plan, "old-map",
		"%s: the map is %lld days old%s; prove it again with match --refresh, or say "
		"--max-age %lld",
		ps->info.path, (long long)(age / PLAN_DAY),
		ps->info.plain ? ", and its UIDLs are of a kind that servers give anew" : "",
		(long long)(age / PLAN_DAY + 1));
}

int
plan_check_overlap(struct planning *ps)
{
	size_t share = ps->options->force ? SHARE_FORCED : SHARE_KNOWN, telling = 0, known = 0;

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];

		if (!(seat->flags & SEAT_MINE) || (seat->flags & SEAT_TOMBSTONE) ||
			seat_is_new(seat) || uidl_is_plain(record_uidl(&ps->store->records[i])))
			continue;
		telling++;
		known += (seat->flags & SEAT_OLD) != 0;
	}
	if (known * 100 >= telling * share)
		return 0;
	return plan_refuse(ps->plan, "overlap",
		"%s: %zu of %zu UIDLs are on the old server: this does not look like that "
		"mailbox%s",
		ps->store->source->path, known, telling,
		known * 100 >= telling * SHARE_FORCED ? " (--force accepts half)" : "");
}

static bool
is_contested(const struct seat *seat)
{
	return seat->in_new != MATCH_NONE && (seat->flags & SEAT_OLD) &&
	       seat->partner != seat->in_new;
}

/* What shows that the client still speaks the old server's UIDLs. */
static bool
line_is_witness(const struct planning *ps)
{
	const struct map_side *sides = ps->info.side;
	const struct account *a = &ps->store->accounts[ps->plan->account];
	struct who line = {a->host.text, a->user.text};
	struct who target = plan_target(ps);

	/* With no settings at hand, what the client will say is the new URL's. */
	if (target.host.len == 0)
		target.host = text_of(sides[SIDE_NEW].host);
	if (target.user.len == 0)
		target.user = text_of(sides[SIDE_NEW].user);
	return !ps->written_before && ps->store->account_rewritten && line.host.len > 0 &&
	       who_equal(line, who_of(sides[SIDE_OLD].user, sides[SIDE_OLD].host)) &&
	       !who_equal(line, target) &&
	       !who_equal(line, who_of(sides[SIDE_NEW].user, sides[SIDE_NEW].host));
}

static bool
records_are_witness(const struct planning *ps)
{
	size_t only_old = 0;

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];

		if (!(seat->flags & SEAT_MINE))
			continue;
		if (seat_is_new(seat) || (seat->flags & SEAT_TOMBSTONE))
			return false;
		only_old += (seat->flags & SEAT_OLD) && seat->in_new == MATCH_NONE;
	}
	return only_old > 0;
}

int
plan_check_contested(struct planning *ps)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->store->nrecords; i++)
		n += (ps->seats[i].flags & SEAT_MINE) && is_contested(&ps->seats[i]);
	if (n == 0)
		return 0;
	/* Matched again and applied again, with no contact in between: the user's word is
	 * true, and a second permutation would hide mail that nobody has read. */
	if (ps->as_we_left_it)
		return plan_refuse(ps->plan, "contested",
			"%s: it is still as an earlier run of reuidl left it, and %zu of its UIDLs "
			"stand for another message on the old server than on the new one. Take "
			"that run back first (reuidl undo)",
			ps->store->source->path, n);
	if (ps->options->before_first_contact || line_is_witness(ps) || records_are_witness(ps))
		return 0;
	return plan_refuse(ps->plan, "contested",
		"%s: %zu of its UIDLs stand for one message on the old server and for another "
		"on the new one, and nothing shows which server the client asked last. If it "
		"has not been at the new server yet, say --before-first-contact",
		ps->store->source->path, n);
}
