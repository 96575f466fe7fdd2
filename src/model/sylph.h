/*
 * What Sylpheed and Claws Mail, which began as a copy of it, have in common: the lines of
 * uidl/HOST-USER and the accounts of accountrc.
 *
 *     000000016b02f262<TAB>1795355234          (Claws Mail: and <TAB>0)
 *
 *     [Account: 1]
 *     protocol=0
 *     receive_server=pop.example.org
 *     user_id=alice
 *
 * Both read a line with sscanf("%s\t%ld\t%s"), so any white space separates, and what is
 * missing has a default (libsylph/pop.c of Sylpheed 3.8, src/pop.c of Claws Mail 4).
 */
#ifndef MODEL_SYLPH_H
#define MODEL_SYLPH_H

#include "model/format.h"

#define SYLPH_SETTINGS "accountrc"

/* What stands for a time (enum RecvTime in pop.h). */
enum sylph_time {
	SYLPH_RECEIVED = 1, /* nobody knows when; a 0 is read as this */
	SYLPH_KEEP = 2,	    /* never deleted on the server */
	SYLPH_DELETE = 3,   /* Sylpheed: deleted at the next session */
};

struct sylph_entry {
	struct text line, uidl;
	struct text part; /* the third word, empty if there is none */
	bool timed;
	uint64_t time;
};

int sylph_probe(const struct source *src);
/* The next line that has a word in it. 1: it is in *entry; 0: there is none; -1: it is not
 * as these clients write it. `max`: the longest line that the client reads whole. */
int sylph_next(struct cursor *c, const struct source *src, size_t max,
	struct sylph_entry *entry, struct err *e);
/* The record of an entry, of the one account that these files have. */
struct record sylph_record(const struct store *s, const struct sylph_entry *entry);
/* format->spell: nothing can be quoted. */
int sylph_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e);
/* HOST-, for a file's name; -1 if that cannot be. */
int sylph_name_host(struct text host, struct text user, struct buf *out, struct err *e);
/* As format->rename. */
typedef int sylph_rename(struct text name, struct text host, struct text user,
	uint32_t port, struct buf *out, struct err *e);
/* The POP3 accounts of accountrc; their stores are uidl/NAME beside it. */
void sylph_accounts(sylph_rename *rename, const struct source *settings, struct arena *a,
	struct account_list *list);

#endif
