/*
 * The rules that refuse a whole store, in words.
 */
#include "work/plan_state.h"

#include <stdarg.h>
#include <stdio.h>

/* Of the UIDLs that tell one mailbox from another, so many per cent must be known to
 * the old server. Clients forget what is gone, so a right mailbox has nearly all. */
#define SHARE_KNOWN  80
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
	int64_t max = o->max_age > 0   ? o->max_age
		      : ps->info.plain ? PLAN_DAY
				       : 7 * PLAN_DAY;

	/* A clock that was wrong then, or is now: nothing says how old the map is. */
	if (age < -PLAN_DAY && o->max_age <= 0)
		return plan_refuse(ps->plan, "old-map",
			"%s: the map is from the future, by this machine's clock; prove "
			"it again with match --refresh",
			ps->info.path);
	if (age <= max)
		return 0;
	return plan_refuse(ps->plan, "old-map",
		"%s: the map is %lld days old%s; prove it again with match --refresh, "
		"or say --max-age %lld",
		ps->info.path, (long long)(age / PLAN_DAY),
		ps->info.plain ? ", and its UIDLs are of a kind that servers give anew"
			       : "",
		(long long)(age / PLAN_DAY + 1));
}

/* A new account leaves no mail on the server unless it is told to (Thunderbird's default):
 * all that it would know of it would be deleted there. */
int
plan_check_into(struct planning *ps)
{
	const struct plan_options *o = ps->options;

	if (o->into == NULL || o->into->leave_on_server || o->allow_deletes)
		return 0;
	return plan_refuse(ps->plan, "deletes",
		"%s: the account %s leaves no messages on the server, so the client would "
		"delete there all that this record tells it of. In its Server Settings "
		"tick \"Leave messages on server\", quit the client, and try again; if "
		"deleting is what is meant, say --allow-deletes",
		ps->store->source->path, o->into_name);
}

int
plan_check_overlap(struct planning *ps)
{
	size_t share = ps->options->force ? SHARE_FORCED : SHARE_KNOWN, telling = 0,
	       known = 0;

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];

		if (!(seat->flags & SEAT_MINE) || (seat->flags & SEAT_TOMBSTONE) ||
			seat_is_new(seat) || uidl_is_plain(store_uidl(ps->store, i)))
			continue;
		telling++;
		known += (seat->flags & SEAT_OLD) != 0;
	}
	if (known * 100 >= telling * share)
		return 0;
	return plan_refuse(ps->plan, "overlap",
		"%s: %zu of %zu UIDLs are on the old server: this does not look like "
		"that mailbox%s",
		ps->store->source->path, known, telling,
		known * 100 >= telling * SHARE_FORCED ? " (--force accepts half)" : "");
}

/* How the records of the account stand in both lists; [1]: those whose UIDL is plain. */
struct census {
	size_t contested, same[2]; /* in both */
	size_t old[2], new[2];	   /* in one of them only */
	size_t mine, known;	   /* all of the account; those in the old list */
	bool tombstones;
	/* Both servers give UIDLs of this kind, so one that a single list has may have
	 * been the other server's, for a message that is gone there. */
	bool shared[2];
};

static struct census
take_census(const struct planning *ps)
{
	struct census c = {0};

	for (size_t i = 0; i < ps->store->nrecords; i++) {
		const struct seat *seat = &ps->seats[i];
		bool plain = uidl_is_plain(store_uidl(ps->store, i));

		if (!(seat->flags & SEAT_MINE))
			continue;
		c.mine++;
		c.known += (seat->flags & SEAT_OLD) != 0;
		if (seat->flags & SEAT_TOMBSTONE)
			c.tombstones = true;
		else if (seat_is_new(seat))
			c.new[plain]++;
		else if (seat->in_new != MATCH_NONE)
			c.same[plain]++;
		else if (seat->flags & SEAT_OLD)
			c.old[plain]++;
		c.contested += seat_is_contested(seat);
	}
	c.shared[0] = c.same[0] > 0;
	c.shared[1] = ps->plain[SIDE_OLD] && ps->plain[SIDE_NEW];
	return c;
}

/* What shows that the client still speaks the old server's UIDLs. */
static bool
line_is_witness(const struct planning *ps)
{
	const struct map_side *sides = ps->info.side;
	const struct account *a = &ps->store->accounts[ps->plan->account];
	struct who line = {a->host.text, a->user.text};
	struct who target = plan_rewritten(ps);

	/* With no settings at hand, what the client would write is the new URL's. */
	if (target.host.len == 0)
		target.host = text_of(sides[SIDE_NEW].host);
	if (target.user.len == 0)
		target.user = text_of(sides[SIDE_NEW].user);
	return ps->store->account_rewritten && line.host.len > 0 &&
	       who_equal(line, who_of(sides[SIDE_OLD].user, sides[SIDE_OLD].host)) &&
	       !who_equal(line, target) &&
	       !who_equal(line, who_of(sides[SIDE_NEW].user, sides[SIDE_NEW].host));
}

/* UIDLs in one list only, of a kind that both servers give: they would all be of the
 * server that the client asked last, were none of them a message that is gone. */
static size_t
count_mixed(const struct census *c)
{
	size_t n = 0;

	if (c->old[0] + c->old[1] == 0 || c->new[0] + c->new[1] == 0)
		return 0;
	for (int plain = 0; plain < 2; plain++)
		if (c->shared[plain])
			n += c->old[plain] + c->new[plain];
	return n;
}

/*
 * Records that only the old server knows speak for it. Where the new one gives UIDLs of
 * the same kind (counters), such a record may be a message that the client has had from
 * there and that is gone by now; so there the records must be the old list, all of it
 * and nothing else, which a client that has been elsewhere leaves behind by chance only.
 */
static bool
records_are_witness(const struct planning *ps, const struct census *c)
{
	if (c->tombstones || c->new[0] + c->new[1] > 0 ||
		map_side_is_store(&ps->info.side[SIDE_OLD]) ||
		map_side_is_store(&ps->info.side[SIDE_NEW]))
		return false;
	if ((c->old[0] > 0 && !c->shared[0]) || (c->old[1] > 0 && !c->shared[1]))
		return true;
	return c->old[0] + c->old[1] > 0 && c->mine == c->known &&
	       c->known == ps->info.side[SIDE_OLD].count;
}

/* Mail that the client has fetched under such a UIDL says whose UIDL it was; unless the
 * record was written by us, and who knows whether its mail was. */
static int
ask_local_mail(
	struct planning *ps, const struct census *c, size_t contested, struct err *e)
{
	const struct plan_options *o = ps->options;
	const char *path = ps->store->source->path;
	struct plan_word word = {0};

	if (o->witness != NULL && !c->tombstones &&
		o->witness(o->witness_arg, ps->plan->account, &word, e) < 0)
		return -1;
	if (word.new > 0)
		return plan_refuse(ps->plan, "contested",
			"%s: %zu of its UIDLs stand for one message on the old server and "
			"for another on the new one, and its local mail has the new "
			"server's message under %zu UIDLs: the client has been there",
			path, contested, word.new);
	if (word.old > 0) {
		ps->plan->witnesses = word.old;
		ps->before_contact = true;
		return 0;
	}
	return plan_refuse(ps->plan, "contested",
		"%s: %zu of its UIDLs stand for one message on the old server and for "
		"another on the new one, and nothing shows which server the client "
		"asked last. If it has not been at the new server yet, say "
		"--before-first-contact",
		path, contested);
}

int
plan_check_contested(struct planning *ps, struct err *e)
{
	struct census c = take_census(ps);
	size_t n = c.contested + count_mixed(&c);

	/* It may be giving any of them, for all that is known of it. */
	if (map_side_is_store(&ps->info.side[SIDE_NEW]))
		n = c.mine;
	/* What an earlier run has written is the new server's whatever else speaks. */
	ps->before_contact = !ps->written_before &&
			     (ps->options->before_first_contact || line_is_witness(ps));
	ps->speaks_old = c.contested + c.old[0] + c.old[1] > 0;
	if (n == 0 || ps->before_contact)
		return 0;
	/* Matched again and applied again, with no contact in between: the user's word is
	 * true, and a second permutation would hide mail that nobody has read. */
	if (ps->written_before)
		return plan_refuse(ps->plan, "contested",
			"%s: an earlier run of reuidl has changed it, and %zu of its "
			"UIDLs stand for another message on the old server than on the "
			"new one. Take that run back first (reuidl undo)",
			ps->store->source->path, n);
	return records_are_witness(ps, &c) ? 0 : ask_local_mail(ps, &c, n, e);
}

int
plan_check_local_mail(struct planning *ps)
{
	const struct settings *set = ps->settings;
	bool again = ps->plain[SIDE_NEW] != 0;

	for (size_t i = 0; i < ps->store->nrecords && !again; i++)
		again = seat_is_contested(&ps->seats[i]);
	if (!set->known || !set->until_deleted || ps->store->format->mail != NULL ||
		ps->options->allow_deletes || !again)
		return 0;
	return plan_refuse(ps->plan, "deletes",
		"%s: the client is set to delete a message on the server when it is deleted "
		"locally; it goes by the old server's UIDLs there, which the new one may give "
		"to other messages. Switch that off for mail of before the move, or say "
		"--allow-deletes",
		ps->store->source->path);
}
