/* A mailbox on a disk, made file by file, and opened as a mailbox. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "mailbox/mailbox.h"

struct folder {
	char dir[64];
	struct mailbox box;
	struct mailbox_options options;
	struct evidence seen[64];
	size_t nseen;
	char words[64][64]; /* Subject */
	struct err e;
};

static inline void
folder_make(struct folder *f)
{
	*f = (struct folder){.dir = "/tmp/folder.XXXXXX"};
	cr_assert(mkdtemp(f->dir) != NULL);
	cr_assert_eq(chdir(f->dir), 0);
	cr_assert(mkdir("cur", 0700) == 0 && mkdir("new", 0700) == 0);
}

static inline void
folder_put(const char *path, const char *bytes)
{
	FILE *f = fopen(path, "wb");

	cr_assert(f != NULL, "%s", path);
	fputs(bytes, f);
	fclose(f);
}

static inline void
folder_gzip(const char *path, const char *bytes)
{
	gzFile f = gzopen(path, "wb");

	cr_assert(f != NULL, "%s", path);
	cr_assert(gzwrite(f, bytes, (unsigned)strlen(bytes)) > 0);
	gzclose(f);
}

static inline int
folder_open(struct folder *f, char *scheme, const char *rule, bool trust)
{
	struct mailbox *m = &f->box;

	f->options = (struct mailbox_options){.name = "old mailbox",
		.url = {.scheme = scheme, .user = "me", .host = "h", .path = f->dir},
		.uidl_rule = rule,
		.trust_rule = trust};
	cr_assert_eq(mailbox_init(&f->box, &f->options, &f->e), 0);
	return mailbox_open(&m, 1, NULL, &f->e);
}

static inline int
folder_take(void *arg, struct mailbox *m, size_t index, const struct evidence *ev,
	struct err *e)
{
	struct folder *f = arg;

	(void)m, (void)e;
	cr_assert_lt(index, 64);
	f->seen[index] = *ev;
	f->nseen++;
	return 0;
}

static inline int
folder_word(void *arg, struct mailbox *m, size_t index, const struct text values[3],
	struct err *e)
{
	struct folder *f = arg;

	(void)m, (void)e;
	snprintf(f->words[index], 64, "%.*s", TEXT_ARG(values[2]));
	return 0;
}

static inline void
folder_headers(struct folder *f)
{
	struct mailbox *m = &f->box;

	f->nseen = 0;
	cr_assert_eq(mailbox_headers(&m, 1, NULL, folder_take, f, NULL, &f->e), 0);
}

static inline void
folder_bodies(struct folder *f)
{
	struct mailbox *m = &f->box;

	f->nseen = 0;
	cr_assert_eq(mailbox_bodies(&m, 1, NULL, folder_take, f, NULL, &f->e), 0);
}

static inline void
folder_describe(struct folder *f)
{
	struct mailbox *m = &f->box;

	cr_assert_eq(mailbox_describe(&m, 1, NULL, folder_word, f, NULL, &f->e), 0);
}

/* "a b c": the UIDLs, in order. */
static inline void
folder_lists(const struct folder *f, const char *want)
{
	char all[4096] = "";

	for (size_t i = 0; i < f->box.listing.n; i++) {
		size_t len = strlen(all);
		snprintf(all + len, sizeof(all) - len, "%s%s", i > 0 ? " " : "",
			f->box.listing.at[i].uidl);
	}
	cr_expect_str_eq(all, want);
}

static inline bool
folder_noted(const struct folder *f, const char *words)
{
	for (size_t i = 0; i < f->box.nnotes; i++)
		if (strstr(f->box.notes[i], words) != NULL)
			return true;
	return false;
}

static inline void
folder_end(struct folder *f)
{
	struct mailbox *m = &f->box;
	char command[192];

	mailbox_close(&m, 1);
	mailbox_release(m);
	snprintf(
		command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", f->dir, f->dir);
	cr_assert(system(command) == 0);
}

#endif
