/*
 * mpop's configuration: which accounts there are, which file has their UIDLs, and whether
 * mail stays on the server.
 *
 *     defaults
 *     keep on
 *     account work
 *     host pop.example.org
 *     user alice
 *     uidls_file ~/.mpop_uidls/%U_at_%H
 *     account spare : work
 *     host pop.example.net
 *
 * A line that only mpop can find out ("eval") may decide anything: then no account is
 * listed.
 */
#ifndef MODEL_MPOPRC_H
#define MODEL_MPOPRC_H

#include "model/format.h"

int mpop_accounts(const struct source *rc, struct arena *a, struct account_list *out,
	struct err *e);

#endif
