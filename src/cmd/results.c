#include "cmd/command.h"
#include "base/os_file.h"

#include <stdlib.h>

static const char *const state_names[] = {
	[STATE_APPLIED] = "applied",
	[STATE_ALREADY] = "already",
	[STATE_UNCHANGED] = "unchanged",
	[STATE_REFUSED] = "refused",
	[STATE_BUSY] = "busy",
	[STATE_FAILED] = "failed",
	[STATE_UNDONE] = "undone",
	[STATE_PLANNED] = "planned",
	[STATE_SHOWN] = "unchanged",
};

const char *
result_state(const struct result *r)
{
	return state_names[r->state];
}

struct result *
results_add(struct results *rs, const char *path)
{
	rs->at = array_grow(rs->at, &rs->cap, rs->n + 1, sizeof(*rs->at));
	rs->at[rs->n] = (struct result){.path = path,
		.client = "",
		.host = "",
		.user = "",
		.reason = "",
		.message = "",
		.run = "",
		.source = path,
		.new_path = "",
		.backup = ""};
	return &rs->at[rs->n++];
}

void
results_plan(
	struct result *r, struct run *run, const struct store *s, const struct plan *p)
{
	r->client = s->format->name;
	r->records = s->nrecords;
	r->renamed = p->nfate[FATE_RENAMED];
	r->tombstones = p->nfate[FATE_TOMBSTONE];
	r->kept = s->nrecords - r->renamed - r->tombstones;
	r->will_delete = p->ndelete;
	if (p->from_host.len > 0 || p->from_user.len > 0) {
		r->host = arena_string(&run->arena, p->from_host);
		r->user = arena_string(&run->arena, p->from_user);
	} else if (p->account < s->naccounts) {
		r->host = arena_string(&run->arena, s->accounts[p->account].host.text);
		r->user = arena_string(&run->arena, s->accounts[p->account].user.text);
	}
	if (p->state == PLAN_REFUSED) {
		results_failed(r, run, &p->refusal);
		return;
	}
	if (p->to_name.len > 0)
		r->new_path = arena_print(&run->arena, "%s/%.*s",
			os_folder_of(&run->arena, s->source->path), TEXT_ARG(p->to_name));
	r->checked = true;
	r->download = p->download;
	r->remove = p->remove;
	r->keep = p->keep;
	r->state = p->state == PLAN_ALREADY	? STATE_ALREADY
		   : p->state == PLAN_UNCHANGED ? STATE_UNCHANGED
						: STATE_PLANNED;
}

void
results_failed(struct result *r, struct run *run, const struct err *e)
{
	/* What was planned has not been done. */
	r->renamed = r->tombstones = r->mail_patched = r->mail_left = r->cached = 0;
	r->kept = r->records;
	r->checked = false;
	r->failure = e->kind;
	r->reason = e->reason;
	r->message = arena_string(&run->arena, text_of(e->message));
	r->state = e->kind == ERR_BUSY	  ? STATE_BUSY
		   : e->kind == ERR_GUARD ? STATE_REFUSED
					  : STATE_FAILED;
}

void
results_matched(struct results *rs, const struct match *m)
{
	rs->matched = true;
	rs->old = m->nold;
	rs->new = m->nnew;
	rs->pairs = m->pairs;
	rs->old_only = m->nold - m->pairs;
	rs->new_only = m->nnew - m->pairs;
	rs->ambiguous = m->ambiguous;
	memcpy(rs->by_kind, m->by_kind, sizeof(rs->by_kind));
}

const struct result *
results_worst_store(const struct results *rs)
{
	static const enum err_kind order[] = {
		ERR_INTERNAL, ERR_IO, ERR_DATA, ERR_GUARD, ERR_BUSY};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < rs->n; i++)
			if (rs->at[i].failure == order[k])
				return &rs->at[i];
	for (size_t i = 0; i < rs->n; i++)
		if (rs->at[i].failure != ERR_NONE)
			return &rs->at[i];
	return NULL;
}

enum err_kind
results_worst(const struct results *rs)
{
	const struct result *worst = results_worst_store(rs);

	return worst != NULL ? worst->failure : ERR_NONE;
}

static void
check_json(struct json *j, size_t download, size_t remove, size_t keep)
{
	json_open(j, "check", '{');
	json_number(j, "download", (int64_t)download);
	json_number(j, "delete", (int64_t)remove);
	json_number(j, "keep", (int64_t)keep);
	json_close(j, '}');
}

/* Everything but the braces, so that `show` can add to it. */
void
result_json(const struct result *r, struct json *j)
{
	/* For scripts one rule: what was read, and below what results from it. */
	json_string(j, "path", r->source);
	json_string(j, "client", r->client);
	json_open(j, "account", '{');
	json_string(j, "host", r->host);
	json_string(j, "user", r->user);
	json_close(j, '}');
	json_number(j, "records", (int64_t)r->records);
	json_number(j, "renamed", (int64_t)r->renamed);
	json_number(j, "kept", (int64_t)r->kept);
	json_number(j, "tombstones", (int64_t)r->tombstones);
	json_number(j, "will_delete", (int64_t)r->will_delete);
	json_number(j, "mail_patched", (int64_t)(r->mail_patched + r->cached));
	json_number(j, "mail_left", (int64_t)r->mail_left);
	json_string(j, "state", result_state(r));
	json_string(j, "reason", r->reason);
	json_string(j, "message", r->message);
	json_number(j, "exit",
		r->failure == ERR_NONE && r->state == STATE_PLANNED
			? 1
			: kind_exit(r->failure));
	json_string(j, "run", r->run);
	json_string(j, "backup", r->backup);
	const char *results = strcmp(r->path, r->source) != 0 ? r->path : r->new_path;
	if (results[0] != '\0')
		json_string(j, "new_path", results);
	if (r->checked)
		check_json(j, r->download, r->remove, r->keep);
}

static void
match_json(const struct results *rs, struct json *j)
{
	json_open(j, "match", '{');
	json_number(j, "old", (int64_t)rs->old);
	json_number(j, "new", (int64_t)rs->new);
	json_number(j, "pairs", (int64_t)rs->pairs);
	json_number(j, "old_only", (int64_t)rs->old_only);
	json_number(j, "new_only", (int64_t)rs->new_only);
	json_number(j, "ambiguous", (int64_t)rs->ambiguous);
	json_open(j, "evidence", '{');
	for (size_t i = 0; i < EVIDENCE_KINDS; i++)
		json_number(j, evidence_names[i], (int64_t)rs->by_kind[i]);
	json_close(j, '}');
	json_close(j, '}');
}

void
results_json(const struct results *rs, struct json *j)
{
	size_t download = 0, remove = 0, keep = 0;
	bool checked = false;

	if (rs->matched)
		match_json(rs, j);
	json_open(j, "stores", '[');
	for (size_t i = 0; i < rs->n; i++) {
		json_open(j, NULL, '{');
		result_json(&rs->at[i], j);
		json_close(j, '}');
		checked = checked || rs->at[i].checked;
		download += rs->at[i].download;
		remove += rs->at[i].remove;
		keep += rs->at[i].keep;
	}
	json_close(j, ']');
	if (checked)
		check_json(j, download, remove, keep);
}

void
results_release(struct results *rs)
{
	free(rs->at);
	*rs = (struct results){0};
}
