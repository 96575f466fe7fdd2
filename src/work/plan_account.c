/*
 * Whose record it is, and what its account is to say after the move.
 */
#include "work/plan_state.h"

struct who
who_of(const char *user, const char *host)
{
	return (struct who){text_of(host), text_of(user)};
}

struct who
who_parse(const char *account)
{
	const char *at = strrchr(account, '@');

	if (at == NULL)
		return (struct who){{NULL, 0}, text_of(account)};
	return (struct who){text_of(at + 1), {account, (size_t)(at - account)}};
}

bool
who_equal(struct who a, struct who b)
{
	return text_equal_nocase(a.host, b.host) && text_equal(a.user, b.user);
}

struct who
plan_who(const struct planning *ps, size_t i)
{
	const struct account *a = &ps->store->accounts[i];
	struct who w = {a->host.text, a->user.text};

	/* Stores that do not say whose they are: the client's settings do. */
	if (w.host.len == 0 && ps->settings->known)
		w.host = ps->settings->host;
	if (w.user.len == 0 && ps->settings->known)
		w.user = ps->settings->user;
	return w;
}

struct who
plan_wanted(const struct planning *ps)
{
	const struct map_side *old = &ps->info.side[SIDE_OLD];

	return ps->options->account != NULL ? who_parse(ps->options->account)
					    : who_of(old->user, old->host);
}

int
plan_choose_account(struct planning *ps)
{
	const struct store *s = ps->store;
	struct who want = plan_wanted(ps);

	for (size_t i = 0; i < s->naccounts; i++)
		if (who_equal(plan_who(ps, i), want)) {
			ps->plan->account = i;
			return 0;
		}
	if (s->naccounts == 0)
		return plan_refuse(
			ps->plan, "account", "%s: it names no account", s->source->path);
	struct who have = plan_who(ps, 0);
	return plan_refuse(ps->plan, "account",
		"%s: it is the record of %.*s@%.*s%s, not of %.*s@%.*s. If that is the "
		"same mailbox, say --account %.*s@%.*s",
		s->source->path, TEXT_ARG(have.user), TEXT_ARG(have.host),
		s->naccounts > 1 ? " and others" : "", TEXT_ARG(want.user),
		TEXT_ARG(want.host), TEXT_ARG(have.user), TEXT_ARG(have.host));
}

struct who
plan_target(const struct planning *ps)
{
	const struct plan_options *o = ps->options;
	const struct map_side *new = &ps->info.side[SIDE_NEW];
	struct who w = {{NULL, 0}, {NULL, 0}};

	if (ps->settings->known &&
		(ps->store->format->account_from_settings ||
			text_equal_nocase(ps->settings->host, text_of(new->host))))
		w = (struct who){ps->settings->host, ps->settings->user};
	else if (!ps->store->format->account_from_settings)
		w = who_of(new->user, new->host);
	if (o->client_host != NULL)
		w.host = text_of(o->client_host);
	if (o->client_user != NULL)
		w.user = text_of(o->client_user);
	return w;
}
