#include "cmd/next.h"

int
cmd_diff(struct run *r, struct err *e)
{
	struct map *m;
	int rc;

	if (open_map(r, &m, e) < 0)
		return -1;
	rc = stores_diff(r, m, e);
	if (rc == 0)
		rc = next_after_diff(r, e);
	map_close(m);
	return rc;
}
