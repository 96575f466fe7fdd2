/*
 * fdm's configuration: the POP3 accounts that keep a cache of UIDLs.
 *
 *     $cache = "~/.fdm"
 *     account "work" pop3s server "pop.example.org"
 *         user "alice" pass "x" new-only cache "${cache}/work.cache" keep
 *
 * A file that is not understood lists no account. Files that it includes are not read.
 */
#ifndef MODEL_FDMCONF_H
#define MODEL_FDMCONF_H

#include "model/format.h"

int fdm_accounts(const struct source *conf, struct arena *a, struct account_list *out,
	struct err *e);

#endif
