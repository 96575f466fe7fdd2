/*
 * Mozilla's prefs.js, as far as it concerns us: the last value of each preference.
 *
 *     user_pref("mail.server.server1.hostname", "pop.example.org");
 *     user_pref("mail.server.server1.port", 995);
 *     user_pref("mail.server.server1.leave_on_server", true);
 *
 * Never an error: a line of another shape is skipped, as the client itself would
 * complain about it and go on.
 */
#ifndef MODEL_PREFS_H
#define MODEL_PREFS_H

#include "base/arena.h"

enum pref_kind { PREF_STRING, PREF_NUMBER, PREF_BOOL };

struct pref {
	struct text name, string; /* escapes undone */
	int64_t number;		  /* a bool is 0 or 1 */
	uint32_t place;		  /* of several with one name, the last counts */
	uint8_t kind;		  /* enum pref_kind */
};

struct prefs {
	struct pref *at; /* sorted by name, each once */
	size_t n, cap;
	struct arena arena;
};

void prefs_read(struct prefs *p, struct text bytes);
/* prefs.js with user.js read after it: what both set, the second one decides. */
void prefs_read_both(struct prefs *p, struct text bytes, struct text user);
void prefs_release(struct prefs *p);

/* The preference, NULL if it is not set; no name is longer than 255 bytes. */
__attribute__((format(printf, 2, 3))) const struct pref *
prefs_find(const struct prefs *p, const char *fmt, ...);
/* The values, if it is set and of that kind. */
bool pref_string(const struct pref *p, struct text *value);
bool pref_number(const struct pref *p, int64_t *value);
bool pref_is_true(const struct pref *p);

#endif
