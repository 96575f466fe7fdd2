#include "cmd/match_run.h"

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
	if (match_servers(r, o->map, e) < 0)
		return -1;
	if (match_leftovers(r, o->map, e) < 0)
		return -1;
	out(r->console, "The map is in %s. Next: reuidl diff --map %s [STORE…]\n", o->map,
		o->map);
	return 0;
}
