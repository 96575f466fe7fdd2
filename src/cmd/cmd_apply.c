#include "cmd/next.h"

int
cmd_apply(struct run *r, struct err *e)
{
	struct map *m;
	int rc;

	if (open_map(r, &m, e) < 0)
		return -1;
	rc = stores_apply(r, m, NULL, e);
	if (rc == 0)
		rc = next_after_apply(r, m, e);
	map_close(m);
	return rc;
}
