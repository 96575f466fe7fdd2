/*
 * The profiles of a Mozilla mail client, and the accounts in one of them, as its own
 * files tell of them: profiles.ini and installs.ini, prefs.js, user.js, compatibility.ini.
 */
#ifndef MODEL_MOZILLA_H
#define MODEL_MOZILLA_H

#include "model/format.h"

#define MOZILLA_PREFS	   "prefs.js"
#define MOZILLA_USER_PREFS "user.js"	       /* decides over prefs.js at every start */
#define MOZILLA_VERSION	   "compatibility.ini" /* which version ran last */
#define MOZILLA_PROFILES   "profiles.ini"
#define MOZILLA_INSTALLS   "installs.ini"
#define MOZILLA_STORE	   "popstate.dat"

/* One spelling of a path: '/' between parts, no "." and "..", none empty. */
struct text mozilla_path(struct arena *a, struct text path);

/* format->settings, format->accounts and format->profiles for stores that lie in a
 * server's local path. */
int mozilla_settings(const char *store_path, const struct source *source,
	struct arena *arena, struct settings *settings, struct err *e);
int mozilla_accounts(const struct source *settings, struct arena *a,
	struct account_list *out, struct err *e);
int mozilla_profiles(const char *root, struct text profiles, struct text installs,
	struct arena *a, struct profile_list *out, struct err *e);
/* format->mail: the account's key, and the folders of all accounts that keep mail here,
 * because messages are moved about: POP3's, and Local Folders (the type "none"). */
bool mozilla_mail(const char *store_path, const struct source *source,
	struct arena *arena, struct local_mail *mail);

#endif
