/*
 * The command line, taken apart: docs/reuidl.1 is its description.
 *
 * Options may stand anywhere; "--" ends them. Each row of option_table.c says which
 * commands take an option, and --help is made from it.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* The third is the server of a command that has only one, with options that have no
 * prefix. */
enum { SIDE_PLAIN = 2, SIDES = 3 };

/* Of one server; check uses [1], the new side. */
struct side_options {
	const char *url, *password_file, *password_command, *password_env, *authzid,
		*auth;
	const char *tls, *cafile, *fingerprint, *proxy, *pipelining;
	const char *token_command, *cert, *key;
	const char *mailbox, *uidl_rule, *pop3;
	bool netrc;
};

struct options {
	struct side_options side[SIDES];
	const char *map, *client, *account, *client_host, *client_user, *into, *state,
		*run, *report, *log, *to;
	const char *export, *import, *old_account, *new_account;
	int64_t wait, max_age, forget, client_port;
	const char *evidence;
	bool refresh, no_cache, strict, trust_rule;
	bool stat, all, yes, no_input, json, quiet, verbose;
	bool no_mail, force, before_first_contact, allow_deletes, accept_size,
		from_backup, list;
	bool redact;
	bool help, version;
	const char *command;
	const char **stores;
	size_t nstores;
};

/* Strings are argv's own. */
int
options_parse(struct options *o, int argc, char **argv, struct arena *a, struct err *e);
/* Is there an option of that name, without its dashes? */
bool options_have(struct text name);
/* What was given and `command` takes as well and is decided by, as it can be typed again:
 * " --map FILE --account USER@HOST". */
void options_again(const struct options *o, const char *command, struct buf *out);
/* A blank, and a word for a shell. */
void options_quote(const struct options *o, const char *word, struct buf *out);
/* The options that a command takes, a line each, to stdout. */
void options_help(const char *command);

#endif
