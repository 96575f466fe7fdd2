#include "cmd/option_table.h"
#include "cmd/command.h"

#include <stdio.h>

#define AT(field) offsetof(struct options, field)
#define PLAN	  " diff apply migrate check "
#define MATCH	  " match migrate "

const struct option_row option_rows[] = {
	{"map", OPTION_STRING, AT(map), " match diff apply migrate ", "FILE", "the map"},
	{"refresh", OPTION_FLAG, AT(refresh), " match ", NULL,
		"prove an existing map again"},
	{"to", OPTION_STRING, AT(to), " capture ", "FILE", "where it is kept"},
	{"no-cache", OPTION_FLAG, AT(no_cache), MATCH " capture ", NULL,
		"forget what an earlier run has learnt"},
	{"strict", OPTION_FLAG, AT(strict), MATCH, NULL,
		"exit 3 if something is unmatched"},
	{"trust-rule", OPTION_FLAG, AT(trust_rule), MATCH " check capture ", NULL,
		"use a UIDL rule that no POP3 server proves"},
	{"evidence", OPTION_STRING, AT(evidence), MATCH " capture ", "header|size",
		"size: where every header costs a round trip"},
	{"wait", OPTION_NUMBER, AT(wait), " match migrate check capture ", "SECONDS",
		"how long to wait for a locked mailbox (60)"},
	{"client", OPTION_STRING, AT(client), PLAN " match show find ", "NAME",
		"the client's name, see formats"},
	{"account", OPTION_STRING, AT(account), PLAN " match ", "USER@HOST",
		"the store's account, when it is not the old URL's"},
	{"client-host", OPTION_STRING, AT(client_host), PLAN, "HOST",
		"what the client's settings will say for the new server"},
	{"client-user", OPTION_STRING, AT(client_user), PLAN, "USER",
		"likewise the user"},
	{"client-port", OPTION_NUMBER, AT(client_port), PLAN, "PORT",
		"likewise the port, where the client keeps it in a store's name"},
	{"into", OPTION_STRING, AT(into), " diff apply migrate ", "ACCOUNT",
		"carry the record over to this new account of the client"},
	{"no-mail", OPTION_FLAG, AT(no_mail), PLAN, NULL,
		"leave the UIDLs in the client's local mail"},
	{"force", OPTION_FLAG, AT(force), PLAN, NULL,
		"half of the UIDLs known to the old server are enough"},
	{"before-first-contact", OPTION_FLAG, AT(before_first_contact), PLAN, NULL,
		"the client has not been at the new server yet"},
	{"allow-deletes", OPTION_FLAG, AT(allow_deletes), PLAN, NULL,
		"the client may delete renamed messages at its next check"},
	{"accept-size-evidence", OPTION_FLAG, AT(accept_size), PLAN, NULL,
		"use pairs found by size alone"},
	{"max-age", OPTION_NUMBER, AT(max_age), PLAN, "DAYS",
		"accept a map as old as that"},
	{"stat", OPTION_FLAG, AT(stat), " diff migrate ", NULL, "counts only"},
	{"all", OPTION_FLAG, AT(all), " diff apply migrate match check ", NULL,
		"every line"},
	{"run", OPTION_STRING, AT(run), " undo ", "ID", "the run to take back"},
	{"from-backup", OPTION_FLAG, AT(from_backup), " undo ", NULL,
		"put the file of before back, whatever it is now"},
	{"list", OPTION_FLAG, AT(list), " undo ", NULL, "show the runs"},
	{"forget", OPTION_NUMBER, AT(forget), " undo ", "DAYS",
		"remove backups older than that"},
	{"export", OPTION_STRING, AT(export), " map ", "FORM",
		"print it as csv or json; for a new server on a Maildir, what makes it go on "
		"with the old UIDLs: dovecot-uidlist, maildir-rename"},
	{"import", OPTION_STRING, AT(import), " map ", "PAIRS.csv",
		"make the map from a CSV"},
	{"old-account", OPTION_STRING, AT(old_account), " map match migrate ",
		"USER@HOST",
		"of an imported map, or of --old maildir:PATH and mbox:FILE"},
	{"new-account", OPTION_STRING, AT(new_account), " map match migrate ",
		"USER@HOST",
		"of an imported map, or of --new maildir:PATH and mbox:FILE"},
	{"yes", OPTION_FLAG, AT(yes), NULL, NULL, "do not ask"},
	{"no-input", OPTION_FLAG, AT(no_input), NULL, NULL, "never ask anything"},
	{"json", OPTION_FLAG, AT(json), NULL, NULL, "one JSON object on stdout"},
	{"quiet", OPTION_FLAG, AT(quiet), NULL, NULL, "errors only"},
	{"verbose", OPTION_FLAG, AT(verbose), NULL, NULL, "say more"},
	{"report", OPTION_STRING, AT(report), NULL, "FILE.html",
		"a report with pictures, to hand on"},
	{"redact", OPTION_FLAG, AT(redact), NULL, NULL,
		"no names, UIDLs, subjects and paths in what is said"},
	{"log", OPTION_STRING, AT(log), NULL, "FILE",
		"append what is said, with the time"},
	{"state", OPTION_STRING, AT(state), NULL, "DIR",
		"where backups and the journal are kept"},
	{"help", OPTION_FLAG, AT(help), NULL, NULL, "this text"},
	{"version", OPTION_FLAG, AT(version), NULL, NULL, "the version"},
	{.name = NULL},
};

/* --old-NAME and --new-NAME; offsets in struct side_options. */
#define SIDE_AT(field) offsetof(struct side_options, field)

const struct option_row option_side_rows[] = {
	{"", OPTION_STRING, SIDE_AT(url), NULL, "URL",
		"pop3://user@host[:port], pop3s://…, imap://…, imaps://…, maildir:PATH, "
		"mbox:FILE, capture:FILE, or a client's own mail: store:PATH"},
	{"-password-file", OPTION_STRING, SIDE_AT(password_file), NULL, "FILE",
		"the password is its first line; mode 0600"},
	{"-password-command", OPTION_STRING, SIDE_AT(password_command), NULL, "COMMAND",
		"prints the password"},
	{"-password-env", OPTION_STRING, SIDE_AT(password_env), NULL, "VAR",
		"environment variable that holds it"},
	{"-netrc", OPTION_FLAG, SIDE_AT(netrc), NULL, NULL, "it is in ~/.netrc"},
	{"-token-command", OPTION_STRING, SIDE_AT(token_command), NULL, "COMMAND",
		"prints an OAuth2 access token, in place of a password"},
	{"-auth", OPTION_STRING, SIDE_AT(auth), NULL, "MECH",
		"user, apop, plain, login, cram-md5, xoauth2 or oauthbearer"},
	{"-authzid", OPTION_STRING, SIDE_AT(authzid), NULL, "USER",
		"whose mailbox, for master users"},
	{"-tls", OPTION_STRING, SIDE_AT(tls), NULL, "required|off",
		"off sends the password in clear"},
	{"-cafile", OPTION_STRING, SIDE_AT(cafile), NULL, "FILE",
		"certificates to trust (PEM)"},
	{"-fingerprint", OPTION_STRING, SIDE_AT(fingerprint), NULL, "SHA256",
		"trust this certificate, and no other"},
	{"-cert", OPTION_STRING, SIDE_AT(cert), NULL, "FILE",
		"our own certificate (PEM), and its key unless -key names that"},
	{"-key", OPTION_STRING, SIDE_AT(key), NULL, "FILE",
		"the key of our own certificate"},
	{"-proxy", OPTION_STRING, SIDE_AT(proxy), NULL, "URL", "socks5h://… or http://…"},
	{"-pipelining", OPTION_STRING, SIDE_AT(pipelining), NULL, "auto|off",
		"off asks one thing at a time"},
	{"-mailbox", OPTION_STRING, SIDE_AT(mailbox), NULL, "NAME",
		"of an IMAP server, in place of INBOX; '*': all of them"},
	{"-uidl-rule", OPTION_STRING, SIDE_AT(uidl_rule), NULL, "RULE",
		"how UIDLs are made: a server's name, or a template like {v}.{u}"},
	{"-pop3", OPTION_STRING, SIDE_AT(pop3), NULL, "URL|none",
		"where the rule is proved, in place of pop3s:// on the same host"},
	{.name = NULL},
};

bool
option_taken(const struct option_row *r, const char *command)
{
	char word[32];

	if (r->commands == NULL || command == NULL)
		return true;
	snprintf(word, sizeof(word), " %s ", command);
	return strstr(r->commands, word) != NULL;
}

bool
option_side_taken(int side, const char *command)
{
	const struct command *c = command_named(command);

	if (c == NULL || c->sides == COMMAND_PLAIN_SIDE)
		return c != NULL && side == SIDE_PLAIN;
	return side == 1 ? c->sides > 0 : side == 0 && c->sides > 1;
}

struct option_hit
option_find(struct text name)
{
	static const char *const prefixes[] = {"old", "new"};

	for (const struct option_row *r = option_rows; r->name != NULL; r++)
		if (text_equal(name, text_of(r->name)))
			return (struct option_hit){r, OPTION_NO_SIDE};
	for (int s = 0; s < 2; s++)
		for (const struct option_row *r = option_side_rows; r->name != NULL;
			r++) {
			struct text tail = {name.at + 3, name.len - 3};
			if (text_starts(name, prefixes[s]) &&
				text_equal(tail, text_of(r->name)))
				return (struct option_hit){r, s};
		}
	/* The first is the URL, which is no option there; the others begin with '-'. */
	for (const struct option_row *r = option_side_rows + 1; r->name != NULL; r++)
		if (text_equal(name, text_of(r->name + 1)))
			return (struct option_hit){r, SIDE_PLAIN};
	return (struct option_hit){NULL, OPTION_NO_SIDE};
}
