#include "cmd/next.h"
#include "cmd/servers.h"
#include "cmd/stores.h"
#include "model/words.h"
#include "work/check.h"

#include <stdlib.h>

#define SHOWN_MAX 20

/* The account that the server is asked about: --account, the URL's, or the only one. */
static int
choose(const struct job *j, const struct mailbox *box, const char *account, size_t *at,
	struct err *e)
{
	const struct store *s = &j->store;
	char name[1024];

	for (*at = 0; *at < s->naccounts; ++*at) {
		const struct account *a = &s->accounts[*at];

		snprintf(name, sizeof(name), "%.*s@%.*s", TEXT_ARG(a->user.text),
			TEXT_ARG(a->host.text));
		if (account != NULL ? strcmp(name, account) == 0
				    : text_equal(a->user.text, text_of(box->account)) &&
					      text_equal_nocase(a->host.text,
						      text_of(box->options.url.host)))
			return 0;
	}
	if (account != NULL)
		return err_set(e, ERR_GUARD, "account", "%s: it has no account %s",
			j->target.path, account);
	*at = 0;
	if (s->naccounts <= 1 || s->merged)
		return 0;
	return err_set(e, ERR_GUARD, "account",
		"%s: it has %zu accounts: say which with --account", j->target.path,
		s->naccounts);
}

static int
check_one(struct run *r, const struct found *f, const struct mailbox *box,
	uint8_t *wanted, struct result *res, struct err *e)
{
	struct job j;
	size_t account;
	int rc = 0;

	if (job_open(&j, r, f, false, e) < 0)
		return -1;
	if (choose(&j, box, r->options->account, &account, e) < 0 ||
		job_settings(&j, account, e) < 0) {
		job_close(&j);
		return -1;
	}
	uint8_t *verdict =
		check_store(&j.store, &j.settings, account, &box->listing, r->now);
	size_t n[3] = {0};
	for (size_t i = 0; i < box->listing.n; i++) {
		n[verdict[i]]++;
		wanted[i] |= verdict[i] == VERDICT_DOWNLOAD;
	}
	free(verdict);
	res->path = arena_string(&r->arena, text_of(j.target.path));
	res->client = j.target.format->name;
	res->records = res->kept = j.store.nrecords;
	res->state = STATE_SHOWN;
	res->checked = true;
	res->download = n[VERDICT_DOWNLOAD];
	res->keep = n[VERDICT_KEEP];
	res->remove = n[VERDICT_DELETE];
	if (account < j.store.naccounts) {
		res->host = arena_string(&r->arena, j.store.accounts[account].host.text);
		res->user = arena_string(&r->arena, j.store.accounts[account].user.text);
	}
	out(r->console,
		"%s: %zu of %zu would be downloaded, %zu deleted on the server, %zu left "
		"alone%s\n",
		res->path, res->download, box->listing.n, res->remove, res->keep,
		j.settings.known
			? ""
			: " (if it leaves mail on the server: its settings are not at "
			  "hand)");
	job_close(&j);
	return rc;
}

static int
show_message(
	void *arg, struct mailbox *m, size_t index, const struct text v[3], struct err *e)
{
	struct run *r = arg;
	char safe[4][160];

	(void)e;
	out(r->console, "    %s | %s | %s | %s\n",
		console_show(r->console, REDACT_UIDL, message_uidl(&m->listing.at[index]),
			safe[0], sizeof(safe[0])),
		words_show(v[0], safe[1], sizeof(safe[1])),
		console_words(r->console, REDACT_ADDRESS, v[1], safe[2], sizeof(safe[2])),
		console_words(
			r->console, REDACT_SUBJECT, v[2], safe[3], sizeof(safe[3])));
	return 0;
}

static int
show_wanted(struct run *r, struct mailbox *box, uint8_t *wanted, const struct watch *w,
	struct err *e)
{
	size_t left = r->options->all ? SIZE_MAX : SHOWN_MAX, more = 0;

	for (size_t i = 0; i < box->listing.n; i++) {
		if (!wanted[i])
			continue;
		if (left == 0) {
			wanted[i] = 0;
			more++;
		} else {
			left--;
		}
	}
	if (r->options->json || r->options->quiet)
		return 0;
	if (mailbox_describe(&box, 1, &wanted, show_message, r, w, e) < 0)
		return -1;
	if (more > 0)
		out(r->console, "    … and %zu more (--all)\n", more);
	return 0;
}

static int
check(struct run *r, struct server *server, struct found_list *list, struct err *e)
{
	struct watch w = console_watch(r->console);
	struct mailbox *box = &server->box;
	uint8_t *wanted;
	int rc;

	if (stores_find(r, list, e) < 0 || server_init(server, r, 1, e) < 0)
		return -1;
	if (server->box.options.url.path != NULL)
		return err_set(e, ERR_USAGE, "",
			"check wants the URL of a server: only that one knows what is on it");
	if (mailbox_open(&box, 1, &w, e) < 0)
		return -1;
	console_settle(r->console);
	wanted = must_alloc(box->listing.n);
	for (size_t i = 0; i < list->n; i++) {
		struct result *res = results_add(&r->results, list->at[i].path);
		struct err failed = {0};

		if (check_one(r, &list->at[i], box, wanted, res, &failed) < 0) {
			results_failed(res, r, &failed);
			console_error(r->console, failed.message);
		}
	}
	rc = show_wanted(r, box, wanted, &w, e);
	server_notes(r, server);
	if (rc == 0)
		show_states(r);
	free(wanted);
	mailbox_close(&box, 1);
	return rc;
}

int
cmd_check(struct run *r, struct err *e)
{
	struct server server = {.made = false};
	struct found_list list = {0};
	int rc = check(r, &server, &list, e);

	server_release(&server);
	found_release(&list);
	return rc;
}
