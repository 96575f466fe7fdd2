#include "cmd/stores.h"

#include <stdio.h>

/* Some clients have entries that are of no account. */
static const char *
account_number(const struct record *r, char *number, size_t size)
{
	if (r->account == STORE_NO_ACCOUNT)
		return "-";
	snprintf(number, size, "%u", r->account);
	return number;
}

static void
show_text(struct run *r, const struct job *j)
{
	const struct store *s = &j->store;
	char safe[2][512], number[16];

	out(r->console, "%s: %s\n", j->target.path, j->target.format->client);
	for (size_t i = 0; i < s->nnotes; i++)
		out(r->console, "note: %s\n", s->notes[i]);
	for (size_t i = 0; i < s->naccounts; i++)
		out(r->console, "account %zu: %s@%s\n", i,
			text_escape(s->accounts[i].user.text, safe[0], sizeof(safe[0])),
			text_escape(s->accounts[i].host.text, safe[1], sizeof(safe[1])));
	for (size_t i = 0; i < s->nrecords; i++) {
		struct record rec = store_record(s, i);
		out(r->console, "%s %c %s %u\n",
			account_number(&rec, number, sizeof(number)), rec.status,
			console_show(r->console, REDACT_UIDL, record_uidl(&rec), safe[0],
				sizeof(safe[0])),
			rec.time);
	}
	out(r->console, "%zu account%s, %zu entr%s\n", s->naccounts,
		s->naccounts == 1 ? "" : "s", s->nrecords,
		s->nrecords == 1 ? "y" : "ies");
}

static void
show_json(const struct job *j, const struct result *res, struct json *out_)
{
	const struct store *s = &j->store;

	json_open(out_, NULL, '{');
	result_json(res, out_);
	json_open(out_, "accounts", '[');
	for (size_t i = 0; i < s->naccounts; i++) {
		json_open(out_, NULL, '{');
		json_text(out_, "host", s->accounts[i].host.text);
		json_text(out_, "user", s->accounts[i].user.text);
		json_close(out_, '}');
	}
	json_close(out_, ']');
	json_open(out_, "entries", '[');
	for (size_t i = 0; i < s->nrecords; i++) {
		struct record rec = store_record(s, i);

		json_open(out_, NULL, '{');
		if (rec.account != STORE_NO_ACCOUNT)
			json_number(out_, "account", rec.account);
		json_text(out_, "uidl", record_uidl(&rec));
		json_text(out_, "status", (struct text){&rec.status, 1});
		json_number(out_, "time", rec.time);
		json_close(out_, '}');
	}
	json_close(out_, ']');
	json_open(out_, "notes", '[');
	for (size_t i = 0; i < s->nnotes; i++)
		json_string(out_, NULL, s->notes[i]);
	json_close(out_, ']');
	json_close(out_, '}');
}

int
cmd_show(struct run *r, struct err *e)
{
	struct found_list list = {0};
	struct json j = console_json(r->console);
	int rc;

	if (r->options->nstores == 0)
		return err_set(e, ERR_USAGE, "", "show wants a STORE");
	if ((rc = stores_find(r, &list, e)) == 0 && r->options->json) {
		json_open(&j, NULL, '{');
		json_number(&j, "schema", 1);
		json_string(&j, "command", "show");
		json_open(&j, "stores", '[');
	}
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		struct result *res = results_add(&r->results, list.at[i].path);
		struct err failed = {0};
		struct job job;

		if (job_open(&job, r, &list.at[i], false, &failed) < 0) {
			results_failed(res, r, &failed);
			console_error(r->console, failed.message);
			if (r->options->json) {
				json_open(&j, NULL, '{');
				result_json(res, &j);
				json_close(&j, '}');
			}
			continue;
		}
		res->client = job.target.format->name;
		res->records = res->kept = job.store.nrecords;
		res->state = STATE_SHOWN;
		if (job.store.naccounts > 0) {
			res->host =
				arena_string(&r->arena, job.store.accounts[0].host.text);
			res->user =
				arena_string(&r->arena, job.store.accounts[0].user.text);
		}
		if (r->options->json)
			show_json(&job, res, &j);
		else
			show_text(r, &job);
		job_close(&job);
	}
	if (rc == 0 && r->options->json) {
		const struct result *worst = results_worst_store(&r->results);

		json_close(&j, ']');
		json_number(&j, "exit", kind_exit(results_worst(&r->results)));
		if (worst != NULL) {
			json_open(&j, "error", '{');
			json_string(&j, "message", worst->message);
			json_string(&j, "reason", worst->reason);
			json_close(&j, '}');
		}
		json_close(&j, '}');
	}
	found_release(&list);
	return rc;
}
