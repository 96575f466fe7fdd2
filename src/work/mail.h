/*
 * The UIDLs in a client's local mail follow its store. The store's lock is held from
 * mail_prepare() to mail_finish(); at every instant between, and after a crash until the
 * next run has settled it, deleting local mail may fail to reach the server, and never
 * reaches another message:
 *
 *   mail_prepare()    all patches go into the journal, then UIDLs that the two servers
 *                     might both have give way to tombstones
 *   target_replace()  the store
 *   mail_finish()     all UIDLs become what they are to be; or, if the store is still
 *                     the old one, what they were
 */
#ifndef WORK_MAIL_H
#define WORK_MAIL_H

#include "map/journal_mail.h"
#include "work/mail_drive.h"
#include "work/mail_files.h"
#include "work/mail_wish.h"
#include "work/replace.h"

struct mail {
	bool known;    /* there is local mail that names UIDLs */
	bool may_stay; /* if it cannot be read, the user may say so: --no-mail */
	struct local_mail where;
	struct mail_wishes wishes;
	struct mail_files files;
	struct journal_mail set; /* row 0: nothing to be changed */
	size_t patched, stuck;	 /* heads that follow; that have no room for it */
	size_t files_patched;
	size_t lost;		   /* after mail_finish(): not found any more */
	const struct watch *watch; /* may be NULL */
	struct arena arena;
};

/* Where the mail is, and what is to become of it. `known` false: nothing to do. */
int mail_plan(struct mail *m, const struct target *t, const struct plan *p,
	const struct store *s, struct map *map, struct err *e);
/* The same to take a run back, by the journal. */
int mail_plan_back(struct mail *m, const struct target *t, struct journal *j,
	const struct journal_file *f, struct err *e);
/* How much of it there is; changes nothing. */
int mail_count(struct mail *m, struct err *e);
/* On error all mail is as before, or the next run puts it back. */
int mail_prepare(struct mail *m, struct journal *j, const struct target *t,
	const char *run, struct err *e);
/* Whatever became of the store: the journal knows. */
int mail_finish(struct mail *m, struct journal *j, struct err *e);
void mail_release(struct mail *m);

/* The mail of a set to where it belongs, and the set settled. */
int mail_follow(struct journal *j, const struct journal_mail *set, enum journal_goal goal,
	struct mail_driven *driven, struct err *e);

#endif
