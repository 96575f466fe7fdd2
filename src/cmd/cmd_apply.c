#include "cmd/leftovers.h"
#include "cmd/next.h"

int
cmd_apply(struct run *r, struct err *e)
{
	struct leftovers left;
	struct map *m;
	int rc;

	if (open_map(r, &m, e) < 0)
		return -1;
	rc = leftovers_load(&left, m, e);
	if (rc == 0) {
		r->leftovers = &left;
		rc = stores_apply(r, m, NULL, e);
		r->leftovers = NULL;
		if (rc == 0)
			leftovers_show(&left, r);
		leftovers_release(&left);
	}
	if (rc == 0)
		rc = next_after_apply(r, m, e);
	map_close(m);
	return rc;
}
