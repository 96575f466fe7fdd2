/*
 * The words of fetchmail's run control file, after rcfile_l.l of fetchmail 6.3: words and
 * quoted strings, in no lines; a keyword in quotes is none.
 */
#ifndef MODEL_FETCHMAILRC_WORDS_H
#define MODEL_FETCHMAILRC_WORDS_H

#include "base/arena.h"

enum rc_word {
	RC_NOISE, /* means nothing, or nothing to us, and stands alone */
	RC_VALUE, /* has one value, which we do not need */
	RC_LIST,  /* has strings up to the next keyword */
	RC_NUMBERED,
	RC_POLL,
	RC_DEFAULTS,
	RC_NO,
	RC_MAP,
	RC_VIA,
	RC_PROTOCOL,
	RC_PORT,
	RC_USER,
	RC_HERE,
	RC_THERE,
	RC_KEEP,
	RC_NOKEEP,
	RC_FLUSH,
	RC_NOFLUSH,
	RC_SSL,
	RC_FASTUIDL,
	RC_IDFILE,
	RC_DAEMON,
	RC_STRING, /* no keyword */
	RC_END,
	RC_LOST, /* not to be understood */
};

struct rc_words {
	struct cursor at; /* {bytes, 0} to begin with */
	struct arena *arena;
};

/* The next word, and what it is if it is no keyword's value. */
enum rc_word rc_take(struct rc_words *rc, struct text *t);
/* What stands behind a keyword; a "set" may have a '=' before it. A keyword may be the
 * name of a user, or a password. False: there is none. */
bool rc_take_value(struct rc_words *rc, struct text *value);

#endif
