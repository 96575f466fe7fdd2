#include "cmd/find_accounts.h"

#include <stdlib.h>

#include "work/settings.h"

#define SHOWN_MAX 20

struct settings
settings_kept(struct arena *a, const struct settings *s)
{
	struct settings kept = *s;

	kept.host = arena_text(a, s->host);
	kept.user = arena_text(a, s->user);
	kept.name = arena_text(a, s->name);
	kept.key = arena_text(a, s->key);
	kept.deferred_to = arena_text(a, s->deferred_to);
	kept.server_host = arena_text(a, s->server_host);
	kept.server_user = arena_text(a, s->server_user);
	return kept;
}

const char *
settings_words(struct arena *a, const struct settings *s)
{
	if (!s->known)
		return "its settings are not at hand";
	if (!s->leave_on_server)
		return "leaves no mail on the server";
	if (s->delete_after_days > 0)
		return arena_print(a, "leaves mail on the server for %u days%s",
			s->delete_after_days,
			s->until_deleted ? ", or until it is deleted in the client" : "");
	return s->until_deleted
		       ? "leaves mail on the server until it is deleted in the client"
		       : "leaves mail on the server";
}

void
settings_json(const struct settings *s, struct json *j)
{
	if (s->version > 0)
		json_number(j, "version", s->version);
	if (!s->known)
		return;
	json_open(j, "settings", '{');
	json_text(j, "account", s->key);
	json_text(j, "name", s->name);
	json_text(j, "host", s->host);
	json_text(j, "user", s->user);
	json_number(j, "port", s->port);
	json_text(j, "server_host", s->server_host.len > 0 ? s->server_host : s->host);
	json_text(j, "server_user", s->server_user.len > 0 ? s->server_user : s->user);
	json_bool(j, "leave_on_server", s->leave_on_server);
	json_number(j, "delete_after_days", s->delete_after_days);
	json_bool(j, "until_deleted", s->until_deleted);
	json_text(j, "deferred_to", s->deferred_to);
	json_bool(j, "maildir", s->maildir);
	json_close(j, '}');
}

struct account_sight *
accounts_see(struct run *r, const struct job *j)
{
	const struct store *s = &j->store;
	struct account_sight *at = must_alloc(s->naccounts * sizeof(*at) + 1);

	for (size_t i = 0; i < s->naccounts; i++) {
		const struct account *a = &s->accounts[i];
		struct settings set = {0};
		struct err ignored;

		if (j->target.settings.path != NULL &&
			settings_of(j->target.format, j->named, a, &j->target.settings,
				&r->arena, &set, &ignored) < 0)
			set.known = false;
		at[i] = (struct account_sight){
			.host = arena_string(&r->arena, a->host.text),
			.user = arena_string(&r->arena, a->user.text),
			.settings = settings_kept(&r->arena, &set)};
	}
	for (size_t i = 0; i < s->nrecords; i++)
		if (store_record(s, i).account < s->naccounts)
			at[store_record(s, i).account].records++;
	return at;
}

void
accounts_show(struct run *r, const struct account_sight *at, size_t n)
{
	size_t max = r->options->all ? SIZE_MAX : SHOWN_MAX;
	char safe[2][256];

	for (size_t i = 0; i < n && i < max; i++)
		out(r->console, "    account %s@%s, %zu %s: %s\n",
			text_escape(text_of(at[i].user), safe[0], sizeof(safe[0])),
			text_escape(text_of(at[i].host), safe[1], sizeof(safe[1])),
			at[i].records, at[i].records == 1 ? "entry" : "entries",
			settings_words(&r->arena, &at[i].settings));
	if (n > max)
		out(r->console, "    … and %zu more accounts\n", n - max);
}

void
accounts_json(const struct account_sight *at, size_t n, struct json *j)
{
	json_open(j, "accounts", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		json_string(j, "host", at[i].host);
		json_string(j, "user", at[i].user);
		json_number(j, "records", (int64_t)at[i].records);
		settings_json(&at[i].settings, j);
		json_close(j, '}');
	}
	json_close(j, ']');
}
