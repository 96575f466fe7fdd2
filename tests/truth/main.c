/*
 * truth [--small N] [--large N] [--seed S] [--one N] [--show]: pairs of mailboxes whose
 * truth is known, on all processors, and a table of what was found, in Markdown.
 * --one N plays the pair of seed S with N mails (0: a small one) alone; --show prints
 * its messages. Fails where a pair is wrong or where more than one in a thousand of
 * those that can be told is lost.
 */
#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct options {
	uint64_t small, large, seed, one;
	bool only, show;
};

/* What the processes share: nothing is written by two of them. */
struct work {
	struct score small, large;
	bool done;
};

static void
play(uint64_t seed, size_t nmails, struct score *s, bool show)
{
	struct truth t;

	truth_make(&t, seed, nmails);
	judge(&t, s, show);
	truth_release(&t);
}

static void
work(const struct options *o, uint64_t nth, uint64_t of, struct work *w)
{
	for (uint64_t i = nth; i < o->large; i += of)
		play(o->seed + i, 72000 + 1000 * i, &w->large, o->show);
	for (uint64_t i = nth; i < o->small; i += of)
		play(o->seed + i, 0, &w->small, o->show);
	w->done = true;
}

/* All children's results, or the loss of one. */
static bool
work_all(const struct options *o, struct score *small, struct score *large)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	size_t of = n > 0 && n < 64 ? (size_t)n : 1;
	struct work *w = mmap(NULL, of * sizeof(*w), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool whole = true;

	if (w == MAP_FAILED)
		return false;
	for (size_t i = 0; i < of; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return false;
		if (pid == 0) {
			work(o, i, of, &w[i]);
			_exit(0);
		}
	}
	for (size_t i = 0; i < of; i++)
		wait(NULL);
	for (size_t i = 0; i < of; i++) {
		score_add(small, &w[i].small);
		score_add(large, &w[i].large);
		whole = whole && w[i].done;
	}
	return whole;
}

static void
print_row(const char *name, const struct row *r)
{
	printf("| %s | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n", name, r->boxes,
		r->messages, r->both, r->pairs, r->tellable, r->found, r->wrong);
}

static void
print_table(const struct score *small, const struct score *large)
{
	struct score both = *small;

	score_add(&both, large);
	printf("| messages of the old side | mailbox pairs | messages | on both sides | "
	       "paired | can be told | of these paired | wrong |\n"
	       "|---|---|---|---|---|---|---|---|\n");
	print_row("all of small mailboxes", &small->all);
	print_row("all of large ones", &large->all);
	for (int k = 0; k < TROUBLES; k++)
		print_row(trouble_names[k], &both.row[k]);
}

static bool
read_options(char **argv, struct options *o)
{
	for (argv++; *argv != NULL; argv++) {
		uint64_t *number = strcmp(*argv, "--small") == 0   ? &o->small
				   : strcmp(*argv, "--large") == 0 ? &o->large
				   : strcmp(*argv, "--seed") == 0  ? &o->seed
				   : strcmp(*argv, "--one") == 0   ? &o->one
								   : NULL;
		o->only = o->only || number == &o->one;
		if (strcmp(*argv, "--show") == 0)
			o->show = true;
		else if (number == NULL || argv[1] == NULL)
			return false;
		else
			*number = strtoull(*++argv, NULL, 10);
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {.small = 100000, .large = 12, .seed = 1};
	static struct score small, large;
	bool whole = true;

	(void)argc;
	if (!read_options(argv, &o)) {
		fprintf(stderr, "truth: unknown option; tests/truth/main.c has them\n");
		return 64;
	}
	if (o.only)
		play(o.seed, o.one, &small, o.show);
	else
		whole = work_all(&o, &small, &large);
	print_table(&small, &large);
	score_add(&small, &large);
	if (!whole)
		fprintf(stderr, "truth: a process ended early\n");
	if (small.all.wrong > 0)
		fprintf(stderr, "truth: %zu wrong pairs\n", small.all.wrong);
	if (1000 * small.lost > small.all.tellable)
		fprintf(stderr, "truth: more than 1 in 1000 lost: %zu of %zu\n",
			small.lost, small.all.tellable);
	return !whole || small.all.wrong > 0 || 1000 * small.lost > small.all.tellable;
}
