/*
 * The whole job: match, show, ask, apply, and say what the clients will do next.
 */
#include "cmd/leftovers.h"
#include "cmd/match_run.h"
#include "cmd/next.h"
#include "cmd/redact_know.h"
#include "cmd/servers.h"

/* Without --map the map has a place of its own for each move, so that an interrupted
 * run goes on where it was. */
static int
map_path(struct run *r, const char *store, const char **path, struct err *e)
{
	const struct side_options *s = r->options->side;
	char hex[65], *dir;

	*path = r->options->map;
	if (*path != NULL)
		return 0;
	if (s[0].url == NULL || s[1].url == NULL)
		return err_set(e, ERR_USAGE, "", "migrate wants --old URL and --new URL");
	/* A path may be said in many ways, from wherever one stands. */
	const char *old =
		store == NULL
			? s[0].url
			: arena_print(&r->arena, "store:%s %s", store,
				  r->options->account != NULL ? r->options->account : "");
	char *move = arena_print(&r->arena, "%s %s %s %s", old, s[1].url,
		s[0].authzid != NULL ? s[0].authzid : "",
		s[1].authzid != NULL ? s[1].authzid : "");
	const char *accounts[] = {r->options->old_account, r->options->new_account};
	for (int i = 0; i < 2; i++)
		if (accounts[i] != NULL)
			move = arena_print(&r->arena, "%s %d:%s", move, i, accounts[i]);
	struct digest d = digest_of(text_of(move));
	digest_hex(&d, hex);
	dir = arena_print(&r->arena, "%s/maps",
		journal_state_dir(&r->arena, r->options->state, os_user()));
	if (os_make_folders(dir, e) < 0)
		return -1;
	*path = arena_print(&r->arena, "%s/%.16s.map", dir, hex);
	return 0;
}

static int
may_apply(struct run *r, bool *yes, struct err *e)
{
	char answer[64];

	*yes = r->options->yes;
	if (*yes || r->options->no_input)
		return 0;
	fflush(stdout);
	if (!os_ask("Change these stores now? [y/N] ", answer, sizeof(answer)))
		return 0;
	if (answer[0] != 'y' && answer[0] != 'Y')
		return err_set(e, ERR_DECLINED, "declined", "nothing has been changed");
	*yes = true;
	return 0;
}

static int
apply_shown(struct run *r, struct map *m, struct err *e)
{
	struct results shown = r->results;
	int rc;

	r->results.at = NULL;
	r->results.n = r->results.cap = 0;
	r->results.changes_shown = false;
	rc = stores_apply(r, m, &shown, e);
	results_release(&shown);
	return rc < 0 ? -1 : next_after_apply(r, m, e);
}

static int
with_map(struct run *r, struct map *m, struct leftovers *left, struct err *e)
{
	bool yes;

	r->leftovers = left;
	r->no_count = r->options->yes;
	if (stores_diff(r, m, e) < 0)
		return -1;
	leftovers_show(left, r);
	show_forecast(r);
	if (!r->results.changes_shown) {
		show_states(r);
		return 0;
	}
	if (may_apply(r, &yes, e) < 0)
		return -1;
	if (yes)
		return apply_shown(r, m, e);
	out(r->console,
		"Nothing has been changed. To do it, with the client closed: the same "
		"command with --yes\n");
	return 0;
}

static int
migrate(struct run *r, const char *store, struct err *e)
{
	struct found_list list = {0};
	struct leftovers left;
	const char *path;
	struct map *m;
	int rc;

	/* Before anybody is asked for a password: are there stores at all? */
	rc = stores_find(r, &list, e);
	found_release(&list);
	if (rc < 0 || map_path(r, store, &path, e) < 0 || match_servers(r, path, e) < 0 ||
		map_open(path, &m, e) < 0)
		return -1;
	rc = know_map(r->console->redact, m, e);
	if (rc == 0)
		rc = leftovers_load(&left, m, e);
	if (rc == 0) {
		rc = with_map(r, m, &left, e);
		leftovers_release(&left);
	}
	map_close(m);
	return rc;
}

int
cmd_migrate(struct run *r, struct err *e)
{
	const struct options *given = r->options;
	struct options own = *given;
	const char *store;

	if (server_store(r, 0, &store, e) < 0)
		return -1;
	/* The record that is the old side is the one to be changed, if none is named. */
	if (store != NULL && own.nstores == 0) {
		own.stores = &store;
		own.nstores = 1;
		r->options = &own;
	}
	int rc = migrate(r, store, e);
	r->options = given;
	return rc;
}
