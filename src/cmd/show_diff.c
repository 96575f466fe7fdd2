/*
 * The dry run as a person reads it: a headline per store, the account, the counts, the
 * hunks in the manner of diff -u, what stays and why.
 */
#include "cmd/next.h"

/* Records of a kind that are named without --all. */
#define EXAMPLES_MAX 3

static void
show_group(struct run *r, const struct job *j, uint8_t fate, uint8_t why, size_t n,
	const char *does)
{
	const struct plan *p = &j->plan;
	size_t left = r->options->all ? SIZE_MAX : EXAMPLES_MAX;
	char safe[256];

	out(r->console, "  %zu %s%s%s\n", n, does, *plan_why(why) != '\0' ? ": " : "",
		plan_why(why));
	for (size_t i = 0; i < j->store.nrecords && left > 0; i++) {
		if (p->fate[i] != fate || p->why[i] != why)
			continue;
		left--;
		out(r->console, "      %s\n",
			console_show(r->console, REDACT_UIDL, store_uidl(&j->store, i),
				safe, sizeof(safe)));
	}
}

static void
show_rest(struct run *r, const struct job *j)
{
	static const struct {
		uint8_t fate;
		const char *does;
	} groups[] = {
		{FATE_NEW, "stay: the client has them from the new server already"},
		{FATE_SAME, "stay: the new server gives them the same UIDL"},
		{FATE_KEPT, "stay as they are"},
		{FATE_WAS_TOMBSTONE, "stay set aside"},
		{FATE_TOMBSTONE, "are set aside, so that they hide no new message"},
	};
	size_t n[FATES][WHYS] = {{0}};

	for (size_t i = 0; i < j->store.nrecords; i++)
		n[j->plan.fate[i]][j->plan.why[i]]++;
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		for (size_t why = 0; why < WHYS; why++)
			if (n[groups[g].fate][why] > 0)
				show_group(r, j, groups[g].fate, (uint8_t)why,
					n[groups[g].fate][why], groups[g].does);
}

/* Where each record has its server: those with a partner move, the rest hides nothing. */
static void
show_servers(struct run *r, const struct job *j, const char *from)
{
	const struct plan *p = &j->plan;
	size_t moved = 0, all = 0;
	char safe[300];

	for (size_t i = 0; i < p->nedits; i++)
		moved += p->edits[i].what == EDIT_SERVER;
	for (size_t i = 0; i < j->store.nrecords; i++)
		all += store_record(&j->store, i).account == p->account;
	out(r->console,
		"  account %s: %zu records move to the server %s, %zu stay with the old one\n",
		from, moved, text_escape(p->to_host, safe, sizeof(safe)), all - moved);
}

static void
show_account(struct run *r, const struct job *j)
{
	const struct plan *p = &j->plan;
	struct console *c = r->console;
	char from[300], to[300];

	if (p->account >= j->store.naccounts)
		return;
	struct text t[4] = {p->from_user, p->from_host, p->to_user, p->to_host};
	snprintf(from, sizeof(from), "%.*s@%.*s", TEXT_ARG(t[0]), TEXT_ARG(t[1]));
	snprintf(to, sizeof(to), "%.*s@%.*s", TEXT_ARG(t[2]), TEXT_ARG(t[3]));
	char safe[2][600];
	text_escape(text_of(from), safe[0], sizeof(safe[0]));
	text_escape(text_of(to), safe[1], sizeof(safe[1]));
	if (j->into.path != NULL)
		out(c, "  account %s; a copy of its record goes to %s%s\n", safe[0],
			j->into.name,
			j->into.new_folder ? ", with the folder for it, which is not "
					     "there yet"
					   : "");
	else if (p->host_edited && j->store.server_in_records)
		show_servers(r, j, safe[0]);
	else if (p->host_edited)
		out(c, "  account %s, becomes %s\n", safe[0], safe[1]);
	else
		out(c, "  account %s%s\n", safe[0],
			j->target.format->account_from_settings &&
					j->store.accounts[p->account].host.at.len > 0
				? " (the line stays; the client takes it from its settings)"
				: "");
	if (p->to_name.len > 0)
		out(c, "  the file gets the name of its new account: %s\n",
			text_escape(p->to_name, safe[0], sizeof(safe[0])));
}

static void
show_counts(struct run *r, const struct job *j)
{
	const struct plan *p = &j->plan;
	struct console *c = r->console;
	size_t by[EVIDENCE_KINDS] = {0};

	out(c, "  %zu records: %zu get their new UIDL, %zu stay, %zu are set aside\n",
		j->store.nrecords, p->nfate[FATE_RENAMED],
		j->store.nrecords - p->nfate[FATE_RENAMED] - p->nfate[FATE_TOMBSTONE],
		p->nfate[FATE_TOMBSTONE]);
	for (size_t i = 0; i < j->store.nrecords; i++)
		if (p->fate[i] == FATE_RENAMED && p->evidence[i] < EVIDENCE_KINDS)
			by[p->evidence[i]]++;
	for (size_t k = 0, any = 0; k < EVIDENCE_KINDS; k++)
		if (by[k] > 0)
			out(c, "%s%zu by %s", any++ ? ", " : "  matched: ", by[k],
				evidence_names[k]);
	if (p->nfate[FATE_RENAMED] > 0)
		out(c, "\n");
	out(c, "  %zu will be deleted on the new server%s%s\n", p->ndelete,
		p->ndelete == 0	     ? ""
		: !p->settings.known ? " (unless the client leaves mail there; its "
				       "settings are not at hand)"
				     : " by the client's own settings",
		p->ndelete == 0 || r->options->allow_deletes
			? ""
			: "; apply refuses that without --allow-deletes");
}

static void
show_mail(struct run *r, const struct job *j)
{
	const struct mail *m = &j->companions.mail;

	if (j->into.path != NULL && j->target.format->mail != NULL) {
		show_into_mail(r->console);
		return;
	}
	if (r->options->no_mail && j->target.format->mail != NULL)
		show_no_mail(r->console);
	if (!m->known || r->no_count)
		return;
	out(r->console,
		"  local mail: %zu messages in %zu of %zu files get their new UIDL\n",
		m->patched, m->files_patched, m->files.n);
	show_stuck(r->console, m->stuck);
	for (size_t i = 0; r->options->all && i < m->files.n; i++) {
		const struct mail_file *f = &m->files.at[i];
		char safe[1024];

		if (f->patched + f->stuck > 0)
			out(r->console, "      %zu in %s\n", f->patched,
				text_escape(text_of(f->path), safe, sizeof(safe)));
	}
}

static void
show_cache(struct run *r, const struct job *j)
{
	const struct cache *cache = &j->companions.cache;

	if (cache->names == NULL)
		return;
	out(r->console, "  message cache: %zu cached messages follow\n", cache->follow);
	if (cache->aside > 0)
		out(r->console,
			"      %zu are set aside, so that none is taken for a new message\n",
			cache->aside);
}

void
job_show(struct run *r, const struct job *j)
{
	const struct plan *p = &j->plan;
	struct console *c = r->console;

	out_colour(c, '!', "%s: %s", j->target.path, j->target.format->client);
	if (j->target.format->proof == NULL)
		out(c, "  no real client has proved this format yet\n");
	for (size_t i = 0; i < j->store.nnotes; i++)
		out(c, "  note: %s\n", j->store.notes[i]);
	if (p->state == PLAN_REFUSED) {
		console_error(c, p->refusal.message);
		return;
	}
	if (p->state == PLAN_ALREADY) {
		out(c, "  this map has been applied already (undo takes it back); nothing to "
		       "change\n");
		return;
	}
	show_account(r, j);
	show_age(r, p->map_age);
	if (j->target.running != NULL)
		out(c, "  %s\n", j->target.running);
	if (p->witnesses > 0)
		out(c,
			"  the local mail has the old server's message under %zu UIDLs that both "
			"servers give, and under none the new one's: the client has not been "
			"there\n",
			p->witnesses);
	show_counts(r, j);
	show_rest(r, j);
	if (p->state == PLAN_READY) {
		show_mail(r, j);
		show_cache(r, j);
	}
	if (p->state == PLAN_UNCHANGED)
		out(c, "  nothing to change\n");
	else if (!r->options->stat)
		show_hunks(r, j);
}
