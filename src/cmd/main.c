#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"
#include "cmd/command.h"
#include "cmd/console.h"
#include "cmd/redact_know.h"
#include "cmd/report.h"

#define VERSION "0.1"

/* `diff` and its like write their JSON through the results; those that print something
 * of their own say so. */
static const struct command commands[] = {
	{"migrate", "--old URL --new URL [STORE…]",
		"the whole job: match, show, ask, apply", 2, false, cmd_migrate},
	{"match", "--old URL --new URL --map FILE", "find out which message is which", 2,
		false, cmd_match},
	{"diff", "--map FILE [STORE…]", "dry run: what apply would change", 0, false,
		cmd_diff},
	{"apply", "--map FILE [STORE…]", "change the stores, with a backup", 0, false,
		cmd_apply},
	{"undo", "[--run ID] [STORE…]", "take back the last run", 0, false, cmd_undo},
	{"check", "--new URL [STORE…]", "what the client would download next", 1, false,
		cmd_check},
	{"capture", "URL --to FILE",
		"keep what a mailbox is, for when its server is gone", COMMAND_PLAIN_SIDE,
		false, cmd_capture},
	{"find", "[STORE…]", "stores on this machine", 0, true, cmd_find},
	{"show", "STORE", "accounts and UIDLs of a store", 0, true, cmd_show},
	{"map", "FILE", "list, export or import a map", 0, true, cmd_map},
	{"formats", "", "the clients that reuidl knows", 0, true, cmd_formats},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *
command_named(const char *name)
{
	for (size_t i = 0; name != NULL && i < NCOMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* The codes are a contract: docs/reuidl.1, EXIT STATUS. */
int
kind_exit(enum err_kind kind)
{
	static const int codes[] = {
		[ERR_NONE] = 0,
		[ERR_USAGE] = 64,
		[ERR_DATA] = 65,
		[ERR_NO_STORE] = 66,
		[ERR_UNREACHABLE] = 69,
		[ERR_INTERNAL] = 70,
		[ERR_IO] = 74,
		[ERR_BUSY] = 75,
		[ERR_PROTOCOL] = 76,
		[ERR_LOGIN] = 77,
		[ERR_GUARD] = 78,
		[ERR_DECLINED] = 79,
		[ERR_EMPTY] = 80,
	};

	return codes[kind];
}

static void
help(FILE *to, const char *command)
{
	const struct command *c = command_named(command);

	fprintf(to, "reuidl " VERSION
		    " keeps POP3 mail clients from downloading everything again\n"
		    "after a mailbox has moved to another server.\n\n");
	if (c != NULL) {
		fprintf(to, "usage: reuidl %s [OPTIONS] %s\n       %s\n\n", c->name,
			c->arguments, c->summary);
		options_help(c->name);
		return;
	}
	fprintf(to, "usage: reuidl [OPTIONS] COMMAND …\n\n");
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(to, "  %-8s %-34s %s\n", commands[i].name, commands[i].arguments,
			commands[i].summary);
	fprintf(to,
		"\nreuidl COMMAND --help tells a command's options; man reuidl tells the "
		"rest.\n");
}

static int
exit_code(const struct run *r, int rc, const struct err *e)
{
	enum err_kind worst = results_worst(&r->results);

	if (rc < 0)
		return kind_exit(e->kind);
	if (worst != ERR_NONE)
		return kind_exit(worst);
	if (r->results.changes_shown)
		return 1;
	return r->results.unmatched_strict ? 3 : 0;
}

static void
begin_json(struct json *j, const struct options *o, int code)
{
	json_open(j, NULL, '{');
	json_number(j, "schema", 1);
	json_string(j, "command", o->command != NULL ? o->command : "");
	json_number(j, "exit", code);
}

static void
error_json(struct json *j, const char *message, const char *reason)
{
	json_open(j, "error", '{');
	json_string(j, "message", message);
	json_string(j, "reason", reason != NULL ? reason : "");
	json_close(j, '}');
}

static void
print_json(const struct run *r, int rc, int code, const struct err *e)
{
	const struct result *worst = results_worst_store(&r->results);
	struct json j = console_json(r->console);

	begin_json(&j, r->options, code);
	if (rc < 0)
		error_json(&j, e->message, e->reason);
	else if (worst != NULL)
		error_json(&j, worst->message, worst->reason);
	results_json(&r->results, &j);
	if (r->json_more != NULL)
		r->json_more(r->json_arg, &j);
	json_close(&j, '}');
}

/* A report that cannot be written does not undo what the run has done; it only spoils a
 * success. */
static int
report(const struct run *r, int code, const char *error)
{
	struct err e;

	if (r->options->report == NULL ||
		report_write(r, r->options->report, code, error, &e) == 0)
		return code;
	console_error(r->console, e.message);
	return code == 0 ? kind_exit(e.kind) : code;
}

static int
run(const struct options *o, struct err *e)
{
	struct console console;
	struct run r = {.options = o, .console = &console, .now = os_now()};
	const struct command *c = command_named(o->command);
	int rc, code;

	console_init(&console, o->json, o->quiet, o->verbose);
	if (o->redact) {
		console.redact = redact_new();
		know_options(console.redact, o);
	}
	if (o->report != NULL)
		buf_init(&console.transcript, (size_t)64 << 20);
	r.run_id = journal_new_run(&r.arena);
	rc = o->log != NULL ? console_log(&console, o->log, e) : 0;
	if (rc == 0)
		rc = c->run(&r, e);
	console_settle(&console);
	code = exit_code(&r, rc, e);
	if (rc < 0)
		console_error(&console, e->message);
	code = report(&r, code, rc < 0 ? e->message : NULL);
	if (o->json && !(c->prints && rc == 0))
		print_json(&r, rc, code, e);
	if ((fflush(stdout) != 0 || ferror(stdout)) &&
		(code == 0 || code == 1 || code == 3)) {
		console_error(&console, "cannot write the output");
		code = kind_exit(ERR_IO);
	}
	results_release(&r.results);
	console_release(&console);
	arena_free(&r.arena);
	return code;
}

/* The command line says nothing that can be done. A script that asks for JSON gets it
 * though the fault stands before the --json. */
static int
refuse(const struct options *o, int argc, char **argv, const struct err *e)
{
	bool wants_json = o->json;

	struct console console = {.open = false};
	int code = kind_exit(e->kind);

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		wants_json = wants_json || strcmp(argv[i], "--json") == 0;
		if (strcmp(argv[i], "--redact") == 0 && console.redact == NULL)
			console.redact = redact_new();
	}
	know_words(console.redact, argc, argv);
	console_error(&console, e->message);
	fprintf(stderr, "reuidl --help tells more\n");
	if (wants_json) {
		struct json j = console_json(&console);

		begin_json(&j, o, code);
		error_json(&j, e->message, e->reason);
		json_close(&j, '}');
	}
	console_release(&console);
	return code;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct arena arena = {0};
	struct err e = {0};
	int code;

	setlocale(LC_CTYPE, "");
	os_start();
	if (options_parse(&o, argc, argv, &arena, &e) < 0) {
		code = refuse(&o, argc, argv, &e);
	} else if (o.version) {
		puts("reuidl " VERSION);
		code = 0;
	} else if (o.help) {
		help(stdout, o.command);
		code = 0;
	} else if (o.command == NULL) {
		help(stderr, NULL);
		err_set(&e, ERR_USAGE, "", "want a command");
		code = refuse(&o, argc, argv, &e);
	} else {
		code = run(&o, &e);
	}
	arena_free(&arena);
	return code;
}
