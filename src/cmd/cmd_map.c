#include "cmd/command.h"
#include "cmd/console.h"
#include "cmd/export_server.h"
#include "cmd/next.h"
#include "cmd/path_side.h"
#include "cmd/redact_know.h"
#include "map/map.h"

#include <stdlib.h>

static int
side_parse(struct run *r, const char *option, const char *account, struct map_side *side,
	struct err *e)
{
	*side = (struct map_side){
		.scheme = "",
		.whole = true,
	};
	return account_split(r, arena_print(&r->arena, "--import wants %s", option),
		account, &side->user, &side->host, e);
}

static int
import(struct run *r, const char *path, struct err *e)
{
	const struct options *o = r->options;
	struct map_side sides[2];

	if (side_parse(r, "--old-account", o->old_account, &sides[0], e) < 0 ||
		side_parse(r, "--new-account", o->new_account, &sides[1], e) < 0)
		return -1;
	return map_import_csv(o->import, path, sides, r->now, e);
}

struct listing_out {
	struct run *r;
	struct json json;
	struct text *new_uidls;
	size_t nnew, cap;
	struct arena arena;
};

static int
keep_new(void *arg, const struct map_message *m, struct err *e)
{
	struct listing_out *l = arg;

	(void)e;
	l->new_uidls =
		array_grow(l->new_uidls, &l->cap, l->nnew + 1, sizeof(*l->new_uidls));
	l->new_uidls[l->nnew++] = arena_text(&l->arena, m->uidl);
	return 0;
}

static const char *
name_of(uint8_t evidence)
{
	return evidence < EVIDENCE_KINDS ? evidence_names[evidence] : "";
}

static struct text
partner_of(const struct listing_out *l, const struct map_message *m)
{
	return m->partner < l->nnew ? l->new_uidls[m->partner] : text_of("");
}

static int
print_old(void *arg, const struct map_message *m, struct err *e)
{
	struct listing_out *l = arg;
	char safe[2][300];

	(void)e;
	out(l->r->console, "%s -> %s %s\n",
		console_show(
			l->r->console, REDACT_UIDL, m->uidl, safe[0], sizeof(safe[0])),
		m->partner == MATCH_NONE
			? "(none)"
			: console_show(l->r->console, REDACT_UIDL, partner_of(l, m),
				  safe[1], sizeof(safe[1])),
		name_of(m->evidence));
	return 0;
}

static int
json_old(void *arg, const struct map_message *m, struct err *e)
{
	struct listing_out *l = arg;

	(void)e;
	json_open(&l->json, NULL, '{');
	json_text(&l->json, "old_uidl", m->uidl);
	json_text(&l->json, "new_uidl", partner_of(l, m));
	json_string(&l->json, "evidence", name_of(m->evidence));
	json_close(&l->json, '}');
	return 0;
}

static int
json_new(void *arg, const struct map_message *m, struct err *e)
{
	struct listing_out *l = arg;

	(void)e;
	if (m->partner != MATCH_NONE)
		return 0;
	json_open(&l->json, NULL, '{');
	json_string(&l->json, "old_uidl", "");
	json_text(&l->json, "new_uidl", m->uidl);
	json_string(&l->json, "evidence", "");
	json_close(&l->json, '}');
	return 0;
}

static void
json_side(struct json *j, const char *key, const struct map_side *s)
{
	json_open(j, key, '{');
	json_string(j, "host", s->host);
	json_string(j, "user", s->user);
	json_number(j, "port", s->port);
	json_number(j, "messages", (int64_t)s->count);
	json_close(j, '}');
}

static int
show_json(
	struct listing_out *l, struct map *m, const struct map_info *info, struct err *e)
{
	struct json *j = &l->json;

	*j = console_json(l->r->console);
	json_open(j, NULL, '{');
	json_number(j, "schema", 1);
	json_string(j, "command", "map");
	json_string(j, "id", info->id);
	json_number(j, "matched", info->matched);
	json_side(j, "old", &info->side[SIDE_OLD]);
	json_side(j, "new", &info->side[SIDE_NEW]);
	json_open(j, "messages", '[');
	if (map_each(m, SIDE_OLD, json_old, l, e) < 0 ||
		map_each(m, SIDE_NEW, json_new, l, e) < 0)
		return -1;
	json_close(j, ']');
	json_number(j, "exit", 0);
	json_close(j, '}');
	return 0;
}

static void
headline(struct run *r, const struct map_info *info)
{
	out(r->console,
		"%s@%s (%llu messages) -> %s@%s (%llu messages): %llu pairs, %lld hours old\n",
		info->side[0].user, info->side[0].host,
		(unsigned long long)info->side[0].count, info->side[1].user,
		info->side[1].host, (unsigned long long)info->side[1].count,
		(unsigned long long)info->pairs,
		(long long)((r->now - info->matched) / 3600));
}

static int
show(struct run *r, struct map *m, struct err *e)
{
	struct listing_out l = {.r = r};
	const char *how = r->options->export;
	struct map_info info;
	int rc;

	if (how != NULL && strcmp(how, "csv") == 0)
		return r->options->redact
			       ? err_set(e, ERR_USAGE, "",
					 "--export=csv writes the map as it is, so it "
					 "does not go with --redact")
			       : map_export_csv(m, stdout, e);
	if (export_server_named(how))
		return export_server(r, m, how, e);
	if (how != NULL && strcmp(how, "json") != 0)
		return err_set(e, ERR_USAGE, "",
			"--export is csv, json, dovecot-uidlist or maildir-rename, not \"%s\"",
			how);
	rc = map_info(m, &r->arena, &info, e);
	if (rc == 0 && how == NULL && !r->options->json) {
		headline(r, &info);
		tell_trusted(r, &info);
	}
	/* What was just imported is not listed unless it is asked for. */
	if (rc == 0 && r->options->import != NULL && how == NULL && !r->options->json)
		return 0;
	if (rc == 0)
		rc = map_each(m, SIDE_NEW, keep_new, &l, e);
	if (rc == 0)
		rc = how != NULL || r->options->json
			     ? show_json(&l, m, &info, e)
			     : map_each(m, SIDE_OLD, print_old, &l, e);
	free(l.new_uidls);
	arena_free(&l.arena);
	return rc;
}

int
cmd_map(struct run *r, struct err *e)
{
	struct map *m;
	int rc;

	if (r->options->nstores != 1)
		return err_set(e, ERR_USAGE, "", "map wants one FILE");
	if (r->options->import != NULL && import(r, r->options->stores[0], e) < 0)
		return -1;
	if (map_open(r->options->stores[0], &m, e) < 0)
		return -1;
	rc = know_map(r->console->redact, m, e);
	if (rc == 0)
		rc = show(r, m, e);
	map_close(m);
	return rc;
}
