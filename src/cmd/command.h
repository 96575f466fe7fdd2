/*
 * A command is one file, cmd_NAME.c, with one function; main.c has the table. To add
 * one: write the file, declare the function here, add a row to the table in main.c, and
 * name the command in the rows of option_table.c whose options it takes.
 *
 * A command prints, and returns 0 or -1 with the error set; main.c alone turns the kind
 * of an error into an exit code. What it did to each store goes into the run's results,
 * whose worst decides the exit code if the command itself succeeded.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/options.h"
#include "cmd/results.h"

struct run {
	const struct options *options;
	struct console *console;
	struct results results;
	struct arena arena;
	const char *run_id; /* names this run in the journals */
	int64_t now;
	/* What is shown will be done at once: the local mail is read when it is, not for a
	 * count before that. */
	bool no_count;
	struct leftovers *leftovers; /* NULL, or told of each store that is read */
	/* A command's own part of the JSON object; what it points to must outlive it. */
	void (*json_more)(void *arg, struct json *j);
	void *json_arg;
};

/* One server, given by its URL alone; its options have no prefix. */
#define COMMAND_PLAIN_SIDE (-1)

struct command {
	const char *name, *arguments, *summary;
	int sides;   /* servers it talks to: 0, 1 (new), 2, COMMAND_PLAIN_SIDE */
	bool prints; /* writes the whole --json output itself when it succeeds */
	int (*run)(struct run *, struct err *);
};

const struct command *command_named(const char *name);

int cmd_migrate(struct run *r, struct err *e);
int cmd_match(struct run *r, struct err *e);
int cmd_diff(struct run *r, struct err *e);
int cmd_apply(struct run *r, struct err *e);
int cmd_undo(struct run *r, struct err *e);
int cmd_check(struct run *r, struct err *e);
int cmd_capture(struct run *r, struct err *e);
int cmd_find(struct run *r, struct err *e);
int cmd_show(struct run *r, struct err *e);
int cmd_map(struct run *r, struct err *e);
int cmd_formats(struct run *r, struct err *e);

#endif
