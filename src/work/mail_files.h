/*
 * The files in which Thunderbird keeps mail: mbox files and their *.sbd folders, and
 * maildir folders with their cur/.
 */
#ifndef WORK_MAIL_FILES_H
#define WORK_MAIL_FILES_H

#include "base/watch.h"
#include "mailbox/local.h"
#include "model/format.h"
#include "model/mozilla_mail.h"

struct mail_file {
	char *path;
	uint64_t size;
	bool single;	       /* one message, in a maildir folder */
	size_t patched, stuck; /* heads that follow; that have no room for it */
};

struct mail_files {
	struct mail_file *at;
	size_t n, cap;
	uint64_t bytes;
	struct arena arena;
};

/* Regular files only, no link is followed, in the order of their names. The first is
 * Mozilla's tree; the second asks the format (local_places). */
int mail_files_find(struct mail_files *l, const struct local_mail *where, struct err *e);
int mail_files_of(struct mail_files *l, const struct format *f,
	const struct local_mail *where, struct err *e);
/* The same for those who only read, in the arena. */
const struct mailbox_file *mail_files_places(const struct mail_files *l, struct arena *a);
void mail_files_release(struct mail_files *l);
/* nsMsgLocalStoreUtils::nsShouldIgnoreFile. */
bool mail_name_is_ignored(const char *name);

/* The file through the scanner, a window at a time. `beat` (may be NULL) is called after
 * each with the bytes done; -1 ends it. */
struct mail_beat {
	int (*beat)(void *arg, uint64_t done, struct err *e);
	void *arg;
};
int mail_file_scan(struct mail_scan *s, int fd, const char *path,
	const struct mail_beat *beat, struct err *e);

#endif
