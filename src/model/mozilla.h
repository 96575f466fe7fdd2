/*
 * The accounts of a Mozilla mail profile, as its prefs.js tells of them.
 */
#ifndef MODEL_MOZILLA_H
#define MODEL_MOZILLA_H

#include "model/format.h"

/* format->settings for stores that lie in a server's local path. */
int mozilla_settings(const char *store_path, const struct source *source,
	struct arena *arena, struct settings *settings, struct err *e);
/* format->mail: the account's key, and the folders of all accounts that keep mail here,
 * because messages are moved about: POP3's, and Local Folders (the type "none"). */
bool mozilla_mail(const char *store_path, const struct source *source,
	struct arena *arena, struct local_mail *mail);

#endif
