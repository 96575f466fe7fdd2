/*
 * The messages of a Maildir as its POP3 server lists them: new/ and cur/, each with the
 * UIDL that the server gives it. Folders of IMAP (.Sent) are none of POP3's.
 *
 * Who the server is, is seen from what it has left there:
 *
 *     courierpop3dsizelist    Courier: number, validity and size of each file
 *     dovecot-uidlist         Dovecot: P is the UIDL (empty: the base name); without P
 *                             it is made by a rule, {u:08x}{v:08x} unless one is named
 *     neither                 qmail: the file's name
 *
 * What a list states is the server's own word. A UIDL made by a rule is `computed`: nothing
 * here proves it. Files that the server's list does not have were put there since; which
 * UIDLs they will get is not known, so they are left out and counted.
 */
#ifndef MAILBOX_MAILDIR_H
#define MAILBOX_MAILDIR_H

#include "base/arena.h"
#include "base/err.h"
#include "model/sizelist.h"
#include "model/uidlist.h"

enum maildir_server { MAILDIR_COURIER, MAILDIR_DOVECOT, MAILDIR_NAMES };

struct maildir_file {
	char *name;	  /* "cur/1162738321.M1P2.host:2,S" */
	struct text base; /* "1162738321.M1P2.host" */
	struct text uidl;
	uint64_t size;	 /* as POP3 counts it */
	uint32_t record; /* of `uidlist`, where there is one */
	bool sized;	 /* the size is known */
	bool computed;
};

struct maildir {
	char *path;
	int fd; /* of the folder */
	enum maildir_server server;
	const char *rule; /* by which UIDLs are computed */
	struct maildir_file *at;
	size_t n, cap;
	size_t unlisted; /* files that the server's list does not have */
	size_t odd;	 /* files whose names no server can have given */
	size_t computed;
	struct uidlist uidlist; /* MAILDIR_DOVECOT */
	char *bytes;		/* of the server's list */
	size_t bytes_len;
	struct arena arena;
};

/* PATH is the folder that has cur/ and new/. `words` is --X-uidl-rule, NULL: none. Nothing
 * is kept from before; also after an error to be released. Both servers' lists there, and
 * no rule that says which: ERR_USAGE. */
int maildir_read(struct maildir *d, const char *path, const char *words, struct err *e);
/* For maildir_uidl.c: the files of new and cur, by their base names. */
int maildir_list_files(struct maildir *d, struct err *e);
/* Only what its server has stated is left in the list: computed UIDLs become unlisted. */
void maildir_drop_computed(struct maildir *d);
/* The names of now; how many were not there before goes to *more. Files that got another
 * name, as they do when they are read, are found under it afterwards. */
int maildir_look_again(struct maildir *d, size_t *more, struct err *e);
void maildir_release(struct maildir *d);

#endif
