#include "map/map.h"
int map_export_csv(struct map *m, FILE *to, struct err *e){(void)m;(void)to;return err_set(e,ERR_INTERNAL,"","stub");}
int map_import_csv(const char *csv, const char *path, const struct map_side sides[2], int64_t now, struct err *e){(void)csv;(void)path;(void)sides;(void)now;return err_set(e,ERR_INTERNAL,"","stub");}
