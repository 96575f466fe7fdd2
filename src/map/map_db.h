/* What the files of the map share; nobody else includes this. */
#ifndef MAP_MAP_DB_H
#define MAP_MAP_DB_H

#include "base/buf.h"
#include "map/map.h"
#include "map/sql.h"

/* A map, or a capture (capture.h), which has the same tables and one side only. */
struct map_form {
	const char *what;     /* "map" */
	const char *maker;    /* the command that makes it */
	const char *use;      /* for who takes it for the other one */
	uint32_t application; /* SQLite's application_id */
};

extern const struct map_form map_form_map, map_form_capture;

struct map {
	struct sql sql;
	const struct map_form *form;
	bool writing;
	bool open;     /* a transaction is */
	double opened; /* when, os_seconds() */
	sqlite3_stmt *evidence[2], *describe[2];
	/* A capture that is read: the rows, and the digest over those of the evidence. */
	sqlite3_stmt *rows;
	struct hash rows_hash;
};

/* "old", "new": what the tables of a side begin with. */
extern const char *const map_side_names[2];

/* map_check.c: the statements that make the tables. */
#define MAP_TABLES 12
extern const char *const map_tables[MAP_TABLES];

/* What the first 100 bytes say, read without SQLite. */
struct map_header {
	const struct map_form *form; /* what it should be */
	uint64_t size;		     /* of the file */
	uint64_t claimed;	     /* by its header; 0: says nothing */
	bool hot; /* a journal that must be rolled back lies beside it */
};

int map_header_read(struct map_header *h, const struct map_form *form, const char *path,
	struct err *e);
/* Schema, length and damage of an open file. */
int map_check(struct map *m, const struct map_header *h, struct err *e);

/* map.c: a new file (mode 0600, ERR_USAGE if there is one), with the tables. */
int map_make(const struct map_form *form, const char *path,
	const struct map_side sides[2], struct map **out, struct err *e);
/* Open a file that is there, and prove that it is ours and whole. */
int map_open_checked(const struct map_form *form, const char *path, bool writing,
	struct map **out, struct err *e);
/* map_create() of a map or a capture; of the latter the new side is all "". */
int map_create_form(const struct map_form *form, const char *path,
	const struct map_side sides[2], struct map **out, struct err *e);
/* 32 hex digits and a NUL. */
void map_random_id(char id[33]);
/* ERR_USAGE: there is such a file; returns -1. */
int map_exists(const char *path, struct err *e);
/* ERR_DATA "PATH: this map is damaged (…)"; returns -1. */
int map_damaged(struct map *m, const char *what, struct err *e);

/* map_write.c */
int map_begin(struct map *m, struct err *e);
int map_commit(struct map *m, struct err *e);
/* May evidence of the list that is there be used for this one? matching.md, The wire. */
int map_cache_usable(struct map *m, enum side side, const struct listing *l, bool *usable,
	struct err *e);

/* What side.list proves: UIDLs and sizes, in their order. */
struct list_hash {
	struct hash hash;
	struct buf bytes;
};

void list_hash_begin(struct list_hash *h);
void list_hash_add(struct list_hash *h, struct text uidl, uint64_t size);
struct digest list_hash_end(struct list_hash *h);

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
