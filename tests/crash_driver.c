/*
 * What tests/crash.c runs when it is to prove src/work/replace.c without the rest of the
 * program: opening, replacing and taking back, as `apply` and `undo` do them.
 *
 *   crash_driver apply STATE STORE NEW [NAME]    the bytes of the file NEW into STORE,
 *                                         which gets that NAME
 *   crash_driver undo STATE               take back the last run, if there is one
 *   crash_driver recover STATE
 *
 * Exit 0 done, 1 failed, with the sentence on stderr.
 */
#include <stdio.h>

#include "work/undo.h"

static int
apply(struct journal *j, const char *path, const char *new_path, char *becomes,
	struct err *e)
{
	struct journal_file record = {
		.map_id = (char[]){"00"}, .renamed = 1, .becomes = becomes};
	struct target t;
	struct source new;
	bool applied;

	if (source_read(&new, new_path, e) < 0 ||
		target_open(&t, path, "thunderbird", true, journal_folder(j), e) < 0)
		return -1;
	int rc = journal_applied(j, t.path, "00", &applied, e);
	if (rc == 0 && !applied)
		rc = journal_add_tombstone(j, text_of("reuidl-00"), text_of("7"), e);
	if (rc == 0 && !applied)
		rc = target_replace(&t, new.bytes, j, &record, e);
	target_close(&t);
	source_release(&new);
	return rc;
}

static int
undo(struct journal *j, struct err *e)
{
	struct arena a = {0};
	struct journal_file *files;
	struct undo_result result;
	size_t n;
	int rc = journal_files(j, &a, false, &files, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		if (files[i].state == JOURNAL_DONE && files[i].undoes == 0) {
			rc = undo_file(j, &files[i], false, NULL, &result, e);
			break;
		}
	arena_free(&a);
	return rc;
}

static void
say(void *arg, const char *sentence)
{
	(void)arg;
	fprintf(stderr, "%s\n", sentence);
}

int
main(int argc, char **argv)
{
	struct journal *j = NULL;
	struct err e;

	if (argc < 3) {
		fprintf(stderr,
			"usage: crash_driver apply|undo|recover STATE [STORE NEW [NAME]]\n");
		return 64;
	}
	int rc = journal_open(argv[2], &j, &e);
	if (rc == 0)
		rc = replace_recover(j, say, NULL, &e);
	if (rc == 0 && strcmp(argv[1], "apply") == 0 && argc >= 5)
		rc = apply(j, argv[3], argv[4], argv[5], &e);
	if (rc == 0 && strcmp(argv[1], "undo") == 0)
		rc = undo(j, &e);
	journal_close(j);
	if (rc < 0)
		fprintf(stderr, "crash_driver: %s\n", e.message);
	return rc < 0 ? 1 : 0;
}
