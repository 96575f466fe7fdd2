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

static struct who
wanted(const struct map_info *info, const char *account)
{
	const struct map_side *old = &info->side[SIDE_OLD];

	return account != NULL ? who_parse(account) : who_of(old->user, old->host);
}

struct who
plan_wanted(const struct planning *ps)
{
	return wanted(&ps->info, ps->options->account);
}

size_t
plan_account_named(
	const struct store *s, const struct map_info *info, const char *account)
{
	struct who want = wanted(info, account);

	for (size_t i = 0; i < s->naccounts; i++) {
		const struct account *a = &s->accounts[i];
		if (who_equal((struct who){a->host.text, a->user.text}, want))
			return i;
	}
	return SIZE_MAX;
}

/* A store that says nothing of whose it is, and whose client does not either: the user
 * says so, or the file's own name. */
static bool
is_nobodys(struct who w)
{
	return w.host.len == 0 && w.user.len == 0;
}

static struct text
file_name(const struct planning *ps)
{
	const char *path = ps->store->source->path, *slash = strrchr(path, '/');

	return text_of(slash != NULL ? slash + 1 : path);
}

static bool
name_fits(const struct planning *ps, struct who want)
{
	const struct format *f = ps->store->format;
	struct text name = file_name(ps);
	const uint32_t ports[] = {ps->info.side[SIDE_OLD].port, 110, 995};
	bool fits = false;
	struct err ignored;
	struct buf b;

	if (f->rename == NULL)
		return ps->options->account != NULL;
	buf_init(&b, PLAN_NAME_MAX);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]) && !fits; i++) {
		buf_clear(&b);
		fits = f->rename(name, want.host, want.user, ports[i], &b, &ignored) ==
			       0 &&
		       text_equal(buf_text(&b), name);
	}
	buf_release(&b);
	return fits;
}

int
plan_choose_account(struct planning *ps)
{
	const struct store *s = ps->store;
	struct who want = plan_wanted(ps);

	for (size_t i = 0; i < s->naccounts; i++) {
		struct who is = plan_who(ps, i);
		if (who_equal(is, want) || (is_nobodys(is) && name_fits(ps, want))) {
			ps->plan->account = i;
			return 0;
		}
	}
	if (s->naccounts == 0)
		return plan_refuse(
			ps->plan, "account", "%s: it names no account", s->source->path);
	struct who have = plan_who(ps, 0);
	if (is_nobodys(have))
		return plan_refuse(ps->plan, "account",
			"%s: nothing says whose record it is: neither the file nor, as far "
			"as they are at hand, its client's settings. If it is that of "
			"%.*s@%.*s, say --account %.*s@%.*s",
			s->source->path, TEXT_ARG(want.user), TEXT_ARG(want.host),
			TEXT_ARG(want.user), TEXT_ARG(want.host));
	return plan_refuse(ps->plan, "account",
		"%s: it is the record of %.*s@%.*s%s, not of %.*s@%.*s. If that is the "
		"same mailbox, say --account %.*s@%.*s",
		s->source->path, TEXT_ARG(have.user), TEXT_ARG(have.host),
		s->naccounts > 1 ? " and others" : "", TEXT_ARG(want.user),
		TEXT_ARG(want.host), TEXT_ARG(have.user), TEXT_ARG(have.host));
}

struct who
plan_rewritten(const struct planning *ps)
{
	const struct plan_options *o = ps->options;
	const struct map_side *new = &ps->info.side[SIDE_NEW];
	struct who w = {{NULL, 0}, {NULL, 0}};

	if (ps->settings->known &&
		(ps->store->format->account_from_settings ||
			text_equal_nocase(ps->settings->host, text_of(new->host)) ||
			text_equal_nocase(ps->settings->server_host, text_of(new->host))))
		w = (struct who){ps->settings->host, ps->settings->user};
	else if (!ps->store->format->account_from_settings)
		w = who_of(new->user, new->host);
	if (o->client_host != NULL)
		w.host = text_of(o->client_host);
	if (o->client_user != NULL)
		w.user = text_of(o->client_user);
	return w;
}

struct who
plan_target(const struct planning *ps)
{
	if (ps->options->into != NULL)
		return (struct who){ps->after->host, ps->after->user};
	return plan_rewritten(ps);
}

/* A client that has records of the new account already heeds those, and not these under
 * their old name; and two lists are never merged. */
int
plan_check_target(struct planning *ps)
{
	const struct store *s = ps->store;
	const struct account *a = &s->accounts[ps->plan->account];
	struct who to = plan_target(ps);

	if (s->merged || ps->options->into != NULL)
		return 0;
	if (to.host.len == 0)
		to.host = a->host.text;
	/* A number of the client's, which stays. */
	if (to.user.len == 0 || s->server_in_records)
		to.user = a->user.text;
	for (size_t i = 0; i < s->naccounts; i++) {
		if (i == ps->plan->account || !who_equal(plan_who(ps, i), to))
			continue;
		if (s->server_in_records && ps->written_before)
			return plan_refuse(ps->plan, "new-name-exists",
				"%s: an earlier run of reuidl has moved what had a partner "
				"to %.*s@%.*s, and left the rest. To plan what was moved, "
				"say --account %.*s@%.*s",
				s->source->path, TEXT_ARG(to.user), TEXT_ARG(to.host),
				TEXT_ARG(to.user), TEXT_ARG(to.host));
		return plan_refuse(ps->plan, "new-name-exists",
			"%s: it has records of %.*s@%.*s already, and the client "
			"will heed those: it has been at that server. The two lists "
			"cannot be merged",
			s->source->path, TEXT_ARG(to.user), TEXT_ARG(to.host));
	}
	return 0;
}

/* Where the server is part of the key, records under the old one's name hide nothing of
 * the new one: if there is nothing to carry over, the file is best left as it is. */
int
plan_check_servers(struct planning *ps)
{
	const struct plan *p = ps->plan;
	const struct store *s = ps->store;
	struct who to = plan_target(ps);

	if (!s->server_in_records || to.host.len == 0 ||
		text_equal_nocase(s->accounts[p->account].host.text, to.host) ||
		p->nfate[FATE_RENAMED] + p->nfate[FATE_SAME] + p->nfate[FATE_NEW] > 0)
		return 0;
	return plan_refuse(ps->plan, "nothing-matched",
		"%s: none of its records has a partner on the new server; under the name of "
		"the old one they hide nothing of it, so they stay as they are",
		s->source->path);
}

/* The port, where it stands in a store's name, is what the client's settings say or will
 * say; only if they name the new server do they say it today. */
static uint32_t
target_port(const struct planning *ps, struct who to)
{
	const struct settings *s = ps->settings;

	if (ps->options->client_port != 0)
		return ps->options->client_port;
	if (s->known && s->port != 0 && text_equal_nocase(s->host, to.host))
		return s->port;
	return ps->info.side[SIDE_NEW].port;
}

int
plan_rename(struct planning *ps, struct err *e)
{
	const struct format *f = ps->store->format;
	struct who to = plan_target(ps);
	struct text now = file_name(ps);
	struct buf name;

	/* Where a copy is to be is not in the plan: work/into.h. */
	if (f->rename == NULL || ps->options->into != NULL)
		return 0;
	buf_init(&name, PLAN_NAME_MAX);
	int rc = f->rename(now, to.host, to.user, target_port(ps, to), &name, e);
	struct text new = buf_text(&name);
	if (rc == 0 && (name.full || new.len == 0 || text_find(new, '/') < new.len ||
			       text_find(new, '\0') < new.len || new.at[0] == '.'))
		rc = err_set(e, ERR_DATA, "format",
			"%s: no file can have the name that belongs to %.*s@%.*s",
			ps->store->source->path, TEXT_ARG(to.user), TEXT_ARG(to.host));
	if (rc == 0 && !text_equal(new, now))
		ps->plan->to_name = arena_text(&ps->plan->arena, new);
	buf_release(&name);
	return rc;
}
