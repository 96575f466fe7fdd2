#include "cmd/match_run.h"
#include "cmd/leftovers.h"
#include "cmd/redact_know.h"
#include "work/matching.h"

static void
show_summary(
	struct run *r, const struct match *m, const struct server servers[2], double took)
{
	struct console *c = r->console;

	out(c, "%zu messages on the old server, %zu on the new one: %zu pairs", m->nold,
		m->nnew, m->pairs);
	for (size_t k = 0, any = 0; k < EVIDENCE_KINDS; k++)
		if (m->by_kind[k] > 0)
			out(c, "%s%zu by %s", any++ ? ", " : " (", m->by_kind[k],
				evidence_names[k]);
	out(c, "%s, %zu only on the old, %zu only on the new", m->pairs > 0 ? ")" : "",
		m->nold - m->pairs, m->nnew - m->pairs);
	if (m->ambiguous > 0)
		out(c, ", %zu that nothing tells apart", m->ambiguous);
	out(c, "; %.1f s\n", took);
	for (int s = 0; s < 2 && c->verbose; s++)
		tell(c, "%s: %llu commands, %llu bytes\n", servers[s].box.options.name,
			(unsigned long long)servers[s].box.commands,
			(unsigned long long)servers[s].box.bytes_in);
}

static int
run_match(struct run *r, const char *map_path, struct server servers[2], struct err *e)
{
	struct watch w = console_watch(r->console);
	const struct options *o = r->options;
	struct matching_options mo = {
		.fresh = o->no_cache || o->refresh,
		.by_size = o->evidence != NULL && strcmp(o->evidence, "size") == 0,
		.now = r->now,
	};
	struct match match = {0};
	double began;
	int rc;

	if (server_init(&servers[0], r, 0, e) < 0 ||
		server_init(&servers[1], r, 1, e) < 0)
		return -1;
	began = os_seconds();
	rc = matching_run(&servers[0].box, &servers[1].box, map_path, &mo, &w, &match, e);
	console_settle(r->console);
	server_notes(r, &servers[0]);
	server_notes(r, &servers[1]);
	if (rc == 0) {
		results_matched(&r->results, &match);
		show_summary(r, &match, servers, os_seconds() - began);
		r->results.unmatched_strict =
			r->options->strict &&
			(match.pairs < match.nold || match.pairs < match.nnew);
	}
	match_release(&match);
	return rc;
}

int
match_servers(struct run *r, const char *map_path, struct err *e)
{
	struct server servers[2] = {{.made = false}, {.made = false}};
	int rc = run_match(r, map_path, servers, e);

	server_release(&servers[0]);
	server_release(&servers[1]);
	return rc;
}

int
match_leftovers(struct run *r, const char *map_path, struct err *e)
{
	struct leftovers left;
	struct map *m;
	int rc;

	if (map_open(map_path, &m, e) < 0)
		return -1;
	rc = know_map(r->console->redact, m, e);
	if (rc == 0)
		rc = leftovers_load(&left, m, e);
	if (rc == 0) {
		leftovers_show(&left, r);
		leftovers_release(&left);
	}
	map_close(m);
	return rc;
}
