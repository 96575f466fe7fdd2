/* What the files of the map share; nobody else includes this. */
#ifndef MAP_MAP_DB_H
#define MAP_MAP_DB_H

#include "map/map.h"
#include "map/sql.h"

#define MAP_APPLICATION 0x72554944 /* "rUID" */

struct map {
	struct sql sql;
	bool writing;
	bool open;     /* a transaction is */
	double opened; /* when, os_seconds() */
	sqlite3_stmt *evidence[2], *describe[2];
};

/* "old", "new": what the tables of a side begin with. */
extern const char *const map_side_names[2];

/* map_check.c: the statements that make the tables. */
#define MAP_TABLES 12
extern const char *const map_tables[MAP_TABLES];

/* What the first 100 bytes say, read without SQLite. */
struct map_header {
	uint64_t size;	  /* of the file */
	uint64_t claimed; /* by its header; 0: says nothing */
	bool hot;	  /* a journal that must be rolled back lies beside it */
};

int map_header_read(struct map_header *h, const char *path, struct err *e);
/* Schema, length and damage of an open file. */
int map_check(struct map *m, const struct map_header *h, struct err *e);

/* map.c: a new file (mode 0600, ERR_USAGE if there is one), with the tables. */
int map_make(const char *path, const struct map_side sides[2], struct map **out,
	struct err *e);
/* 32 hex digits and a NUL. */
void map_random_id(char id[33]);
/* ERR_USAGE: there is such a file; returns -1. */
int map_exists(const char *path, struct err *e);
/* ERR_DATA "PATH: this map is damaged (…)"; returns -1. */
int map_damaged(struct map *m, const char *what, struct err *e);

/* map_write.c */
int map_begin(struct map *m, struct err *e);
int map_commit(struct map *m, struct err *e);

/* A row "i, flags, header_octets, message_id, strict, loose, id, damaged, body" of a
 * side's evidence; false: it makes no sense. */
bool map_take_evidence(sqlite3_stmt *st, struct evidence *ev);

/* map_read.c: what the rows of a side say. */
int
map_read_rows(struct map *map, enum side side, map_sink sink, void *arg, struct err *e);
/* map_packed.c: write the side as map_each() reads it, and the digest over that. */
int map_pack_side(struct map *m, enum side side, struct digest *digest, struct err *e);

#define MAP_MESSAGE_NONE                                                                 \
	{                                                                                \
		.uidl = {"", 0}, .date = {"", 0}, .from = {"", 0}, .subject = {"", 0},   \
		.partner = MATCH_NONE, .evidence = EVIDENCE_NONE                         \
	}

#endif
