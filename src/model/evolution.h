/*
 * The accounts of Evolution: key files of e-data-server since 3.6, a POP3 account each,
 *
 *     ~/.config/evolution/sources/UID.source      (flatpak: ~/.var/app/org.gnome.Evolution/config/…)
 *
 *     [Authentication] Host=pop.example.org Port=995 User=anna
 *     [Pop Backend] KeepOnServer=true DeleteAfterDays=7
 *
 * and until 3.2 one list in GConf, whose strings are XML documents themselves:
 *
 *     <account name="Anna" uid="1160000000.1234.0@host" enabled="true">
 *       <source keep-on-server="true"><url>pop://anna;auth=PLAIN@pop.example.org/;delete_after=7</url>
 *
 * Evolution 3.4 had them in GSettings, whose database is not read here.
 */
#ifndef MODEL_EVOLUTION_H
#define MODEL_EVOLUTION_H

#include "model/format.h"

/* For format->accounts. */
int evolution_accounts(const struct source *src, struct arena *a,
	struct account_list *out, struct err *e);

/* format->local: the message in a file of the cache, evolution_local.c. */
int evolution_local(struct local_file *f, const struct local_sink *sink, struct err *e);

#endif
