#include "cmd/stores.h"

int
cmd_find(struct run *r, struct err *e)
{
	struct found_list list = {0};
	int rc = stores_find(r, &list, e);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		struct result *res = results_add(&r->results, list.at[i].path);
		struct err failed = {0};
		struct job j;

		if (job_open(&j, r, &list.at[i], false, &failed) < 0) {
			results_failed(res, r, &failed);
			out(r->console, "%s: %s\n", res->path, failed.message);
			continue;
		}
		res->client = j.target.format->name;
		res->records = res->kept = j.store.nrecords;
		res->state = STATE_SHOWN;
		out(r->console, "%s: %s, %zu entries\n", res->path, res->client, res->records);
		for (size_t k = 0; k < j.store.naccounts; k++) {
			const struct account *a = &j.store.accounts[k];
			char safe[2][256];

			out(r->console, "    %s@%s\n",
				text_escape(a->user.text, safe[0], sizeof(safe[0])),
				text_escape(a->host.text, safe[1], sizeof(safe[1])));
			if (k == 0) {
				res->user = arena_string(&r->arena, a->user.text);
				res->host = arena_string(&r->arena, a->host.text);
			}
		}
		job_close(&j);
	}
	found_release(&list);
	return rc;
}
