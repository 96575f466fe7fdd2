#include "cmd/next.h"
#include "cmd/redact_know.h"

void
tell_trusted(struct run *r, const struct map_info *info)
{
	for (int i = 0; i < 2; i++) {
		const char *rule = strchr(info->side[i].scheme, '+');

		if (rule != NULL)
			tell(r->console,
				"the UIDLs of the %s server are by the rule %s, which was taken on "
				"trust (--trust-rule)\n",
				i == SIDE_OLD ? "old" : "new", rule + 1);
	}
}

int
open_map(struct run *r, struct map **m, struct err *e)
{
	struct map_info info;

	if (r->options->map == NULL)
		return err_set(e, ERR_USAGE, "",
			"%s wants --map FILE (made by match or map --import)",
			r->options->command);
	if (map_open(r->options->map, m, e) < 0)
		return -1;
	if (know_map(r->console->redact, *m, e) == 0 &&
		map_info(*m, &r->arena, &info, e) == 0) {
		tell_trusted(r, &info);
		return 0;
	}
	map_close(*m);
	return -1;
}

void
show_age(struct run *r, int64_t seconds)
{
	/* Two machines' clocks are never quite the same. */
	long long past = seconds > 0 ? seconds : 0;
	bool hours = past >= 7200;
	long long n = past / (hours ? 3600 : 60);

	out(r->console, "  the map was proved %lld %s%s ago\n", n,
		hours ? "hour" : "minute", n == 1 ? "" : "s");
}

void
show_forecast(struct run *r)
{
	for (size_t i = 0; i < r->results.n; i++) {
		const struct result *res = &r->results.at[i];

		if (!res->checked)
			continue;
		out(r->console,
			"%s: at its next check on the new server, %zu of %zu would be "
			"downloaded, %zu deleted there, %zu left alone\n",
			res->path, res->download, res->download + res->remove + res->keep,
			res->remove, res->keep);
	}
}

static size_t
count(const struct run *r, enum store_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->results.n; i++)
		n += r->results.at[i].state == state;
	return n;
}

/* "2 stores changed, 1 refused" */
void
show_states(struct run *r)
{
	static const struct {
		enum store_state state;
		const char *word;
	} words[] = {
		{STATE_APPLIED, "changed"},
		{STATE_UNDONE, "taken back"},
		{STATE_PLANNED, "to be changed"},
		{STATE_SHOWN, "checked"},
		{STATE_ALREADY, "changed by this map before"},
		{STATE_UNCHANGED, "with nothing to change"},
		{STATE_REFUSED, "refused"},
		{STATE_BUSY, "busy"},
		{STATE_FAILED, "failed"},
	};
	size_t n = r->results.n;

	out(r->console, "%zu store%s", n, n == 1 ? "" : "s");
	for (size_t i = 0, any = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (count(r, words[i].state) > 0)
			out(r->console, "%s%zu %s", any++ ? ", " : ": ",
				count(r, words[i].state), words[i].word);
	out(r->console, "\n");
}

int
next_after_diff(struct run *r, struct err *e)
{
	struct buf again;

	(void)e;
	show_forecast(r);
	show_states(r);
	if (!r->results.changes_shown)
		return 0;
	buf_init(&again, SIZE_MAX);
	options_again(r->options, "apply", &again);
	for (size_t i = 0; i < r->options->nstores; i++)
		options_quote(r->options, r->options->stores[i], &again);
	out(r->console,
		"Nothing has been changed. Next, with the client closed: reuidl apply%.*s\n",
		TEXT_ARG(buf_text(&again)));
	buf_release(&again);
	return 0;
}

int
next_after_apply(struct run *r, struct map *m, struct err *e)
{
	struct map_info info;
	const struct map_side *new;

	if (map_info(m, &r->arena, &info, e) < 0)
		return -1;
	new = &info.side[SIDE_NEW];
	show_age(r, r->now - info.matched);
	show_forecast(r);
	show_states(r);
	if (count(r, STATE_APPLIED) == 0)
		return 0;
	if (r->options->into != NULL) {
		out(r->console,
			"Now let the client get mail with its new account %s; \"Leave "
			"messages on server\" stays ticked. The old account keeps the mail "
			"that it has; let it check for no more. To take it back before "
			"that: reuidl undo\n",
			r->options->into);
		return 0;
	}
	out(r->console, "Now let the client's account settings name the new server: %s",
		new->host);
	if (new->port != 0)
		out(r->console, ", port %u", new->port);
	out(r->console,
		", user name %s (if its name stays and only the machine behind it "
		"changes, there is nothing to set). Leave \"leave messages on server\" on. "
		"Then get mail. To take it back before that: reuidl undo\n",
		new->user);
	return 0;
}
