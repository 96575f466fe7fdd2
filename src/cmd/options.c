#include "cmd/options.h"
#include "cmd/command.h"
#include "cmd/option_table.h"
#include "model/format.h"

#include <stdio.h>

static int
set(void *base, const struct option_row *r, const char *name, const char *value,
	struct err *e)
{
	char *field = (char *)base + r->at;
	uint64_t n;

	if (r->kind == OPTION_FLAG) {
		if (value != NULL)
			return err_set(e, ERR_USAGE, "", "--%s takes no value", name);
		*(bool *)(void *)field = true;
	} else if (r->kind == OPTION_STRING) {
		*(const char **)(void *)field = value;
	} else {
		if (!text_number(text_of(value), &n) || n > 100000000)
			return err_set(e, ERR_USAGE, "",
				"--%s wants a number, not \"%s\"", name, value);
		*(int64_t *)(void *)field = (int64_t)n;
	}
	return 0;
}

static int
option(struct options *o, char **argv, int argc, int *i, struct err *e)
{
	struct text name = text_of(argv[*i] + 2);
	size_t eq = text_find(name, '=');
	const char *value = eq < name.len ? argv[*i] + 2 + eq + 1 : NULL;
	struct option_hit hit;

	name.len = eq;
	hit = option_find(name);
	if (hit.row == NULL)
		return err_set(e, ERR_USAGE, "", "unknown option --%.*s", TEXT_ARG(name));
	if (hit.row->kind != OPTION_FLAG && value == NULL) {
		if (*i + 1 >= argc)
			return err_set(
				e, ERR_USAGE, "", "--%.*s wants a value", TEXT_ARG(name));
		value = argv[++*i];
	}
	char label[64];
	snprintf(label, sizeof(label), "%.*s", TEXT_ARG(name));
	return set(hit.side == OPTION_NO_SIDE ? (void *)o : (void *)&o->side[hit.side],
		hit.row, label, value, e);
}

static bool
hit_taken(struct option_hit hit, const char *command)
{
	if (hit.side == OPTION_NO_SIDE)
		return option_taken(hit.row, command);
	return option_side_taken(hit.side, command);
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
		struct option_hit hit = option_find(name);
		if (hit.row != NULL && !hit_taken(hit, o->command))
			return err_set(e, ERR_USAGE, "", "%s does not take --%.*s",
				o->command, TEXT_ARG(name));
		if (hit.row != NULL && hit.row->kind != OPTION_FLAG &&
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
	return option_find(name).row != NULL;
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
decides(const struct option_row *r, const char *command)
{
	if (r->commands == NULL)
		return strcmp(r->name, "state") == 0;
	return option_taken(r, command) && strcmp(r->name, "all") != 0;
}

void
options_again(const struct options *o, const char *command, struct buf *out)
{
	for (const struct option_row *r = option_rows; r->name != NULL; r++) {
		const char *field = (const char *)o + r->at;
		const char *word = NULL;
		char number[24];

		if (!decides(r, command))
			continue;
		if (r->kind == OPTION_STRING)
			word = *(const char *const *)(const void *)field;
		if (r->kind == OPTION_NUMBER) {
			int64_t n = *(const int64_t *)(const void *)field;
			snprintf(number, sizeof(number), "%lld", (long long)n);
			word = n != 0 ? number : NULL;
		}
		if (r->kind == OPTION_FLAG ? !*(const bool *)(const void *)field
					   : word == NULL)
			continue;
		buf_print(out, " --%s", r->name);
		if (word != NULL)
			options_quote(o, word, out);
	}
}

static void
help_line(const char *prefix, const char *name, const struct option_row *r)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s %s", prefix, name,
		r->value != NULL ? r->value : "");
	printf("  %-32s %s\n", left, r->help);
}

void
options_help(const char *command)
{
	static const char *const sides[] = {"old", "new"};
	const struct option_row *r;

	for (int s = 0; s < SIDE_PLAIN; s++)
		for (r = option_side_rows;
			option_side_taken(s, command) && r->name != NULL; r++)
			help_line(sides[s], r->name, r);
	if (option_side_taken(SIDE_PLAIN, command))
		for (r = option_side_rows + 1; r->name != NULL; r++)
			help_line("", r->name + 1, r);
	for (r = option_rows; r->name != NULL; r++)
		if (option_taken(r, command))
			help_line("", r->name, r);
}
