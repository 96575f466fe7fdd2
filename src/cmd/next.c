#include "cmd/next.h"

int
open_map(struct run *r, struct map **m, struct err *e)
{
	if (r->options->map == NULL)
		return err_set(e, ERR_USAGE, "", "%s wants --map FILE (made by match or map --import)",
			r->options->command);
	return map_open(r->options->map, m, e);
}

void
show_forecast(struct run *r)
{
	for (size_t i = 0; i < r->results.n; i++) {
		const struct result *res = &r->results.at[i];

		if (!res->checked)
			continue;
		out(r->console, "%s: at its next check on the new server, %zu of %zu would be "
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

int
next_after_diff(struct run *r, struct map *m, struct err *e)
{
	(void)m;
	(void)e;
	show_forecast(r);
	if (r->results.changes_shown)
		out(r->console, "Nothing has been changed. Next, with the client closed: reuidl apply\n");
	else
		out(r->console, "%zu stores, nothing to change\n", r->results.n);
	return 0;
}

int
next_after_apply(struct run *r, struct map *m, struct err *e)
{
	struct map_info info;
	size_t applied = count(r, STATE_APPLIED);
	const struct map_side *new;

	if (map_info(m, &r->arena, &info, e) < 0)
		return -1;
	new = &info.side[SIDE_NEW];
	show_forecast(r);
	out(r->console, "%zu stores changed, %zu had been before, %zu need no change, %zu not done\n",
		applied, count(r, STATE_ALREADY), count(r, STATE_UNCHANGED),
		r->results.n - applied - count(r, STATE_ALREADY) - count(r, STATE_UNCHANGED));
	if (applied == 0)
		return 0;
	out(r->console, "Now, in the client's account settings: set the server to %s", new->host);
	if (new->port != 0)
		out(r->console, ", port %u", new->port);
	out(r->console, ", user name %s; leave \"leave messages on server\" on; then get mail.\n"
			"To take it back before that: reuidl undo\n",
		new->user);
	return 0;
}
