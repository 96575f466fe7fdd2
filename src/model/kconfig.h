/*
 * Files of KConfig (KDE 2 to Frameworks 6; kconfigini.cpp), a line at a time:
 *
 *     [LeaveOnServer]
 *     seenUidList=000000016b02f1c3,1/(V)\\,?
 *
 * A value has escapes (\\ \s \t \n \r \xHH), and if it is a list, each item has others
 * below those: \ and , have a \ before them. So in the file a comma in an item is \\, and
 * a backslash is \\\\. Lines of another shape are skipped, as KConfig does. Everything
 * points into the bytes, but for what is in an arena.
 */
#ifndef MODEL_KCONFIG_H
#define MODEL_KCONFIG_H

#include "base/arena.h"
#include "base/buf.h"

struct kconfig {
	struct cursor at; /* {bytes, 0} to begin with */
	struct text
		group;	 /* as it is spelled, "A][B" if nested; empty before the first */
	struct text key; /* without what follows in brackets */
	struct text marks; /* "[de]", "[$e]"; empty */
	struct text value; /* as it is spelled */
};

/* The next KEY=VALUE; false at the end. */
bool kconfig_next(struct kconfig *k);
/* It is not one language's. */
bool kconfig_is_plain(const struct kconfig *k);

/* A value's meaning; in the arena where it is not what stands there. */
struct text kconfig_text(struct text value, struct arena *a);
/* Anything else is the default. */
bool kconfig_bool(struct text value, bool standard);
/* A number that may be negative; anything else, and what is too large, is the default. */
int32_t kconfig_number(struct text value, int32_t standard);

/* Position in the spelling of a list. */
struct kconfig_list {
	struct text value;
	size_t off;
	bool begun;
};

/* Where the next item stands. 1; 0 at the end; -1: an item has an escape in it that no
 * client writes for one, at l->off. A list of one empty item has one of length 0. */
int kconfig_item(struct kconfig_list *l, struct text *item);
struct text kconfig_item_text(struct text item, struct arena *a);
/* The item as KConfig spells it. It has no blank at either end and no control byte. */
void kconfig_spell_item(struct text item, struct buf *out);

#endif
