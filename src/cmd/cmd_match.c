#include "cmd/match_run.h"

static bool
is_store(const char *url)
{
	return url != NULL && text_starts(text_of(url), "store:");
}

int
cmd_match(struct run *r, struct err *e)
{
	const struct options *o = r->options;

	if (o->map == NULL)
		return err_set(e, ERR_USAGE, "",
			"match wants --map FILE, where the result is kept");
	if (o->nstores > 0)
		return err_set(
			e, ERR_USAGE, "", "match takes no STORE: \"%s\"", o->stores[0]);
	if (o->account != NULL && !is_store(o->side[0].url) && !is_store(o->side[1].url))
		return err_set(e, ERR_USAGE, "",
			"match takes --account with store:PATH only, to say which of its "
			"accounts");
	if (match_servers(r, o->map, e) < 0)
		return -1;
	if (match_leftovers(r, o->map, e) < 0)
		return -1;
	out(r->console, "The map is in %s. Next: reuidl diff --map %s [STORE…]\n", o->map,
		o->map);
	return 0;
}
