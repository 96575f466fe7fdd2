#include "cmd/options.h"
#include "cmd/command.h"
#include "model/format.h"

#include <stddef.h>
#include <stdio.h>

enum kind { FLAG, STRING, NUMBER };

struct row {
	const char *name;
	enum kind kind;
	size_t at;	      /* offset in struct options */
	const char *commands; /* names with blanks around each; NULL: all */
	const char *value, *help;
};

#define AT(field) offsetof(struct options, field)
#define PLAN	  " diff apply migrate check "
#define MATCH	  " match migrate "

static const struct row rows[] = {
	{"map", STRING, AT(map), " match diff apply migrate ", "FILE", "the map"},
	{"refresh", FLAG, AT(refresh), " match ", NULL, "prove an existing map again"},
	{"to", STRING, AT(to), " capture ", "FILE", "where it is kept"},
	{"no-cache", FLAG, AT(no_cache), MATCH " capture ", NULL,
		"forget what an earlier run has learnt"},
	{"strict", FLAG, AT(strict), MATCH, NULL, "exit 3 if something is unmatched"},
	{"trust-rule", FLAG, AT(trust_rule), MATCH " check capture ", NULL,
		"use a UIDL rule that no POP3 server proves"},
	{"evidence", STRING, AT(evidence), MATCH " capture ", "header|size",
		"size: where every header costs a round trip"},
	{"wait", NUMBER, AT(wait), " match migrate check capture ", "SECONDS",
		"how long to wait for a locked mailbox (60)"},
	{"client", STRING, AT(client), PLAN " match show find ", "NAME",
		"the client's name, see formats"},
	{"account", STRING, AT(account), PLAN " match ", "USER@HOST",
		"the store's account, when it is not the old URL's"},
	{"client-host", STRING, AT(client_host), PLAN, "HOST",
		"what the client's settings will say for the new server"},
	{"client-user", STRING, AT(client_user), PLAN, "USER", "likewise the user"},
	{"client-port", NUMBER, AT(client_port), PLAN, "PORT",
		"likewise the port, where the client keeps it in a store's name"},
	{"into", STRING, AT(into), " diff apply migrate ", "ACCOUNT",
		"carry the record over to this new account of the client"},
	{"no-mail", FLAG, AT(no_mail), PLAN, NULL,
		"leave the UIDLs in the client's local mail"},
	{"force", FLAG, AT(force), PLAN, NULL,
		"half of the UIDLs known to the old server are enough"},
	{"before-first-contact", FLAG, AT(before_first_contact), PLAN, NULL,
		"the client has not been at the new server yet"},
	{"allow-deletes", FLAG, AT(allow_deletes), PLAN, NULL,
		"the client may delete renamed messages at its next check"},
	{"accept-size-evidence", FLAG, AT(accept_size), PLAN, NULL,
		"use pairs found by size alone"},
	{"max-age", NUMBER, AT(max_age), PLAN, "DAYS", "accept a map as old as that"},
	{"stat", FLAG, AT(stat), " diff migrate ", NULL, "counts only"},
	{"all", FLAG, AT(all), " diff apply migrate match check ", NULL, "every line"},
	{"run", STRING, AT(run), " undo ", "ID", "the run to take back"},
	{"from-backup", FLAG, AT(from_backup), " undo ", NULL,
		"put the file of before back, whatever it is now"},
	{"list", FLAG, AT(list), " undo ", NULL, "show the runs"},
	{"forget", NUMBER, AT(forget), " undo ", "DAYS",
		"remove backups older than that"},
	{"export", STRING, AT(export), " map ", "FORM",
		"print it as csv or json; for a new server on a Maildir, what makes it go on "
		"with the old UIDLs: dovecot-uidlist, maildir-rename"},
	{"import", STRING, AT(import), " map ", "PAIRS.csv", "make the map from a CSV"},
	{"old-account", STRING, AT(old_account), " map match migrate ", "USER@HOST",
		"of an imported map, or of --old maildir:PATH and mbox:FILE"},
	{"new-account", STRING, AT(new_account), " map match migrate ", "USER@HOST",
		"of an imported map, or of --new maildir:PATH and mbox:FILE"},
	{"yes", FLAG, AT(yes), NULL, NULL, "do not ask"},
	{"no-input", FLAG, AT(no_input), NULL, NULL, "never ask anything"},
	{"json", FLAG, AT(json), NULL, NULL, "one JSON object on stdout"},
	{"quiet", FLAG, AT(quiet), NULL, NULL, "errors only"},
	{"verbose", FLAG, AT(verbose), NULL, NULL, "say more"},
	{"report", STRING, AT(report), NULL, "FILE.html",
		"a report with pictures, to hand on"},
	{"redact", FLAG, AT(redact), NULL, NULL,
		"no names, UIDLs, subjects and paths in what is said"},
	{"log", STRING, AT(log), NULL, "FILE", "append what is said, with the time"},
	{"state", STRING, AT(state), NULL, "DIR",
		"where backups and the journal are kept"},
	{"help", FLAG, AT(help), NULL, NULL, "this text"},
	{"version", FLAG, AT(version), NULL, NULL, "the version"},
};

/* --old-NAME and --new-NAME; offsets in struct side_options. */
#define SIDE_AT(field) offsetof(struct side_options, field)

static const struct row side_rows[] = {
	{"", STRING, SIDE_AT(url), NULL, "URL",
		"pop3://user@host[:port], pop3s://…, imap://…, imaps://…, maildir:PATH, "
		"mbox:FILE, capture:FILE, or a client's own mail: store:PATH"},
	{"-password-file", STRING, SIDE_AT(password_file), NULL, "FILE",
		"the password is its first line; mode 0600"},
	{"-password-command", STRING, SIDE_AT(password_command), NULL, "COMMAND",
		"prints the password"},
	{"-password-env", STRING, SIDE_AT(password_env), NULL, "VAR",
		"environment variable that holds it"},
	{"-netrc", FLAG, SIDE_AT(netrc), NULL, NULL, "it is in ~/.netrc"},
	{"-token-command", STRING, SIDE_AT(token_command), NULL, "COMMAND",
		"prints an OAuth2 access token, in place of a password"},
	{"-auth", STRING, SIDE_AT(auth), NULL, "MECH",
		"user, apop, plain, login, cram-md5, xoauth2 or oauthbearer"},
	{"-authzid", STRING, SIDE_AT(authzid), NULL, "USER",
		"whose mailbox, for master users"},
	{"-tls", STRING, SIDE_AT(tls), NULL, "required|off",
		"off sends the password in clear"},
	{"-cafile", STRING, SIDE_AT(cafile), NULL, "FILE", "certificates to trust (PEM)"},
	{"-fingerprint", STRING, SIDE_AT(fingerprint), NULL, "SHA256",
		"trust this certificate, and no other"},
	{"-cert", STRING, SIDE_AT(cert), NULL, "FILE",
		"our own certificate (PEM), and its key unless -key names that"},
	{"-key", STRING, SIDE_AT(key), NULL, "FILE", "the key of our own certificate"},
	{"-proxy", STRING, SIDE_AT(proxy), NULL, "URL", "socks5h://… or http://…"},
	{"-pipelining", STRING, SIDE_AT(pipelining), NULL, "auto|off",
		"off asks one thing at a time"},
	{"-mailbox", STRING, SIDE_AT(mailbox), NULL, "NAME",
		"of an IMAP server, in place of INBOX; '*': all of them"},
	{"-uidl-rule", STRING, SIDE_AT(uidl_rule), NULL, "RULE",
		"how UIDLs are made: a server's name, or a template like {v}.{u}"},
	{"-pop3", STRING, SIDE_AT(pop3), NULL, "URL|none",
		"where the rule is proved, in place of pop3s:// on the same host"},
};

static bool
takes(const struct row *r, const char *command)
{
	char word[32];

	if (r->commands == NULL || command == NULL)
		return true;
	snprintf(word, sizeof(word), " %s ", command);
	return strstr(r->commands, word) != NULL;
}

static bool
takes_side(int side, const char *command)
{
	const struct command *c = command_named(command);

	if (c == NULL || c->sides == COMMAND_PLAIN_SIDE)
		return c != NULL && side == SIDE_PLAIN;
	return side == 1 ? c->sides > 0 : side == 0 && c->sides > 1;
}

static int
set(void *base, const struct row *r, const char *name, const char *value, struct err *e)
{
	char *field = (char *)base + r->at;
	uint64_t n;

	if (r->kind == FLAG) {
		if (value != NULL)
			return err_set(e, ERR_USAGE, "", "--%s takes no value", name);
		*(bool *)(void *)field = true;
	} else if (r->kind == STRING) {
		*(const char **)(void *)field = value;
	} else {
		if (!text_number(text_of(value), &n) || n > 100000000)
			return err_set(e, ERR_USAGE, "",
				"--%s wants a number, not \"%s\"", name, value);
		*(int64_t *)(void *)field = (int64_t)n;
	}
	return 0;
}

struct hit {
	const struct row *row;
	int side; /* 0 old, 1 new, SIDE_PLAIN, -1: none */
};

static struct hit
look_up(struct text name)
{
	static const char *const prefixes[] = {"old", "new"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_equal(name, text_of(rows[i].name)))
			return (struct hit){&rows[i], -1};
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < sizeof(side_rows) / sizeof(side_rows[0]); i++) {
			struct text tail = {name.at + 3, name.len - 3};
			if (text_starts(name, prefixes[s]) &&
				text_equal(tail, text_of(side_rows[i].name)))
				return (struct hit){&side_rows[i], s};
		}
	/* The first is the URL, which is no option there; the others begin with '-'. */
	for (size_t i = 1; i < sizeof(side_rows) / sizeof(side_rows[0]); i++)
		if (text_equal(name, text_of(side_rows[i].name + 1)))
			return (struct hit){&side_rows[i], SIDE_PLAIN};
	return (struct hit){NULL, -1};
}

static int
option(struct options *o, char **argv, int argc, int *i, struct err *e)
{
	struct text name = text_of(argv[*i] + 2);
	size_t eq = text_find(name, '=');
	const char *value = eq < name.len ? argv[*i] + 2 + eq + 1 : NULL;
	struct hit hit;

	name.len = eq;
	hit = look_up(name);
	if (hit.row == NULL)
		return err_set(e, ERR_USAGE, "", "unknown option --%.*s", TEXT_ARG(name));
	if (hit.row->kind != FLAG && value == NULL) {
		if (*i + 1 >= argc)
			return err_set(
				e, ERR_USAGE, "", "--%.*s wants a value", TEXT_ARG(name));
		value = argv[++*i];
	}
	char label[64];
	snprintf(label, sizeof(label), "%.*s", TEXT_ARG(name));
	return set(hit.side < 0 ? (void *)o : (void *)&o->side[hit.side], hit.row, label,
		value, e);
}

/* A second pass, when the command is known. */
static int
check_commands(const struct options *o, int argc, char **argv, struct err *e)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		struct text name = text_of(argv[i]);

		if (!text_starts(name, "--"))
			continue;
		name = (struct text){name.at + 2, name.len - 2};
		name.len = text_find(name, '=');
		struct hit hit = look_up(name);
		if (hit.row != NULL && !(hit.side < 0 ? takes(hit.row, o->command)
						      : takes_side(hit.side, o->command)))
			return err_set(e, ERR_USAGE, "", "%s does not take --%.*s",
				o->command, TEXT_ARG(name));
		if (hit.row != NULL && hit.row->kind != FLAG &&
			strchr(argv[i], '=') == NULL)
			i++;
	}
	return 0;
}

static int
check_into(const struct options *o, struct err *e)
{
	if (o->into != NULL && o->into[0] == '\0')
		return err_set(e, ERR_USAGE, "",
			"--into wants an account: USER@HOST, its key or its name");
	if (o->into != NULL &&
		(o->client_host != NULL || o->client_user != NULL || o->client_port != 0))
		return err_set(e, ERR_USAGE, "",
			"--into takes host, user and port from the new account's settings, "
			"so they are not to be said with --client-host, --client-user or "
			"--client-port");
	return 0;
}

static int
check_values(const struct options *o, struct err *e)
{
	const char *at = o->account != NULL ? strrchr(o->account, '@') : NULL;

	if (o->client != NULL && format_named(text_of(o->client)) == NULL)
		return err_set(e, ERR_USAGE, "",
			"--client: there is no client \"%s\"; reuidl formats lists them",
			o->client);
	if (o->evidence != NULL && strcmp(o->evidence, "header") != 0 &&
		strcmp(o->evidence, "size") != 0)
		return err_set(e, ERR_USAGE, "",
			"--evidence is header or size, not \"%s\"", o->evidence);
	if (o->client_port > UINT16_MAX)
		return err_set(e, ERR_USAGE, "", "--client-port wants a port, not %lld",
			(long long)o->client_port);
	/* Without HOST for stores whose accounts have a name and no server. */
	if (o->account != NULL && (at == NULL || at == o->account))
		return err_set(e, ERR_USAGE, "", "--account wants USER@HOST, not \"%s\"",
			o->account);
	return check_into(o, e);
}

int
options_parse(struct options *o, int argc, char **argv, struct arena *a, struct err *e)
{
	bool ended = false;

	*o = (struct options){.wait = 60, .forget = -1};
	o->stores = arena_alloc(a, (size_t)(argc + 1) * sizeof(*o->stores));
	for (int i = 1; i < argc; i++) {
		if (!ended && strcmp(argv[i], "--") == 0)
			ended = true;
		else if (!ended && strcmp(argv[i], "-h") == 0)
			o->help = true;
		else if (!ended && strncmp(argv[i], "--", 2) == 0) {
			if (option(o, argv, argc, &i, e) < 0)
				return -1;
		} else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0')
			return err_set(e, ERR_USAGE, "", "unknown option %s", argv[i]);
		else if (o->command == NULL)
			o->command = argv[i];
		else
			o->stores[o->nstores++] = argv[i];
	}
	if (o->command == NULL)
		return 0;
	if (command_named(o->command) == NULL)
		return err_set(
			e, ERR_USAGE, "", "there is no command \"%s\"", o->command);
	if (check_commands(o, argc, argv, e) < 0)
		return -1;
	if (command_named(o->command)->sides == COMMAND_PLAIN_SIDE && o->nstores > 0)
		o->side[SIDE_PLAIN].url = o->stores[0];
	return check_values(o, e);
}

bool
options_have(struct text name)
{
	return look_up(name).row != NULL;
}

void
options_quote(const struct options *o, const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789@%_+=:,./-";

	buf_byte(out, ' ');
	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		buf_add(out, text_of(word));
		return;
	}
	buf_byte(out, '\'');
	for (; *word != '\0'; word++)
		/* A token of --redact is looked for as a whole, and is not to be typed. */
		if (*word == '\'' && !o->redact)
			buf_add(out, text_of("'\\''"));
		else
			buf_byte(out, *word);
	buf_byte(out, '\'');
}

/* Not what is said only, nor what every command takes; but where the journal is. */
static bool
decides(const struct row *r, const char *command)
{
	if (r->commands == NULL)
		return strcmp(r->name, "state") == 0;
	return takes(r, command) && strcmp(r->name, "all") != 0;
}

void
options_again(const struct options *o, const char *command, struct buf *out)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const char *field = (const char *)o + r->at;
		const char *word = NULL;
		char number[24];

		if (!decides(r, command))
			continue;
		if (r->kind == STRING)
			word = *(const char *const *)(const void *)field;
		if (r->kind == NUMBER) {
			int64_t n = *(const int64_t *)(const void *)field;
			snprintf(number, sizeof(number), "%lld", (long long)n);
			word = n != 0 ? number : NULL;
		}
		if (r->kind == FLAG ? !*(const bool *)(const void *)field : word == NULL)
			continue;
		buf_print(out, " --%s", r->name);
		if (word != NULL)
			options_quote(o, word, out);
	}
}

void
options_help(const char *command)
{
	static const char *const sides[SIDES] = {"old", "new", ""};

	for (int s = 0; s < SIDES; s++)
		for (size_t i = s == SIDE_PLAIN;
			takes_side(s, command) &&
			i < sizeof(side_rows) / sizeof(side_rows[0]);
			i++) {
			const struct row *r = &side_rows[i];
			char left[64];

			snprintf(left, sizeof(left), "--%s%s %s", sides[s],
				r->name + (s == SIDE_PLAIN),
				r->value != NULL ? r->value : "");
			printf("  %-32s %s\n", left, r->help);
		}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char left[64];

		if (!takes(&rows[i], command))
			continue;
		snprintf(left, sizeof(left), "--%s %s", rows[i].name,
			rows[i].value != NULL ? rows[i].value : "");
		printf("  %-32s %s\n", left, rows[i].help);
	}
}
