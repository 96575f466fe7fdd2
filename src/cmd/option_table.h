/*
 * The table of options: a new one is a row in option_table.c, a field in struct options,
 * and an entry in docs/reuidl.1. What is read into the fields, printed by --help and said
 * again in "Next: ..." follows from the rows.
 */
#ifndef CMD_OPTION_TABLE_H
#define CMD_OPTION_TABLE_H

#include "base/text.h"
#include "cmd/options.h"

#include <stddef.h>

/* What the field at the row's offset is: bool, const char *, int64_t. */
enum option_kind { OPTION_FLAG, OPTION_STRING, OPTION_NUMBER };

struct option_row {
	const char *name; /* NULL: the end of the table */
	enum option_kind kind;
	size_t at;	      /* offset in struct options, or in struct side_options */
	const char *commands; /* names with blanks around each; NULL: all */
	const char *value, *help;
};

/* In the order of --help. Those of a server have the name behind --old or --new, dash and
 * all; the first is the URL itself, "". */
extern const struct option_row option_rows[], option_side_rows[];

#define OPTION_NO_SIDE (-1)

struct option_hit {
	const struct option_row *row; /* NULL: there is no such option */
	int side;		      /* 0 old, 1 new, SIDE_PLAIN, OPTION_NO_SIDE */
};

/* `name` without its two dashes. */
struct option_hit option_find(struct text name);
/* Does the command take this row of option_rows? NULL: any command. */
bool option_taken(const struct option_row *r, const char *command);
/* Does it talk to a server of that side? */
bool option_side_taken(int side, const char *command);

#endif
