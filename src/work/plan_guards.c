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

/* How the records of the account stand in both lists. */
struct census {
	size_t contested; /* in both, and not proved to be one message */
	size_t old, new;  /* in one of them only */
	size_t old_plain, new_plain; /* of these, of a kind that the other server gives too */
	bool tombstones;
};

static struct census
take_census(const struct planning *ps)
{
	struct census c = {0};

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];
		bool plain = uidl_is_plain(record_uidl(&ps->store->records[i]));

		if (!(seat->flags & SEAT_MINE))
			continue;
		if (seat->flags & SEAT_TOMBSTONE) {
			c.tombstones = true;
		} else if (seat_is_new(seat)) {
			c.new++;
			c.new_plain += plain && ps->plain[SIDE_OLD];
		} else if (seat->flags & SEAT_OLD && seat->in_new == MATCH_NONE) {
			c.old++;
			c.old_plain += plain && ps->plain[SIDE_NEW];
		} else if (seat->flags & SEAT_OLD) {
			c.contested += seat->partner != seat->in_new;
		}
	}
	return c;
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
	return ps->store->account_rewritten && line.host.len > 0 &&
	       who_equal(line, who_of(sides[SIDE_OLD].user, sides[SIDE_OLD].host)) &&
	       !who_equal(line, target) &&
	       !who_equal(line, who_of(sides[SIDE_NEW].user, sides[SIDE_NEW].host));
}

/*
 * A UIDL in both lists may be the client's for either message; and one in a single list
 * may be a message of the other server that is gone there, if that one counts too. The
 * second is told by records of both kinds in one file, which no client leaves behind.
 */
int
plan_check_contested(struct planning *ps)
{
	struct census c = take_census(ps);
	size_t n = c.contested;

	if (c.old > 0 && c.new > 0)
		n += c.old_plain + c.new_plain;
	/* What an earlier run has written is the new server's whatever else speaks. */
	ps->before_contact = !ps->written_before && (c.contested > 0 || c.old > 0) &&
			     (ps->options->before_first_contact || line_is_witness(ps));
	if (n == 0 || ps->before_contact)
		return 0;
	if (ps->written_before)
		return plan_refuse(ps->plan, "contested",
			"%s: %zu of its UIDLs are given by both servers to different messages, and an "
			"earlier run has changed this store already; undo takes that back",
			ps->store->source->path, n);
	if (c.old > 0 && c.new == 0 && !c.tombstones)
		return 0;
	return plan_refuse(ps->plan, "contested",
		"%s: %zu of its UIDLs stand for one message on the old server and for another "
		"on the new one, and nothing shows which server the client asked last. If it "
		"has not been at the new server yet, say --before-first-contact",
		ps->store->source->path, n);
}
