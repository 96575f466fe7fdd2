/*
 * Writing a journalled set of mail patches: the only code that writes to mail. A head is
 * written only where it stands, byte for byte, as the journal has it in one of its three
 * forms; in a file that has changed since, it is looked for by account and UIDL, put
 * into the journal where it is now, and written then.
 */
#ifndef WORK_MAIL_DRIVE_H
#define WORK_MAIL_DRIVE_H

#include "map/journal_mail.h"

enum mail_want {
	WANT_FROM,
	WANT_VIA, /* those that make a detour; the others stay */
	WANT_TO,
};

struct mail_driven {
	size_t written; /* heads */
	size_t lost;	/* not found: moved to another file, or gone */
};

/* Each file is synced and has its time back when this returns. `search`: files may have
 * changed; else a head that is not as expected is an error. */
int mail_drive(struct journal *j, const struct journal_mail *set, enum mail_want want,
	bool search, struct mail_driven *d, struct err *e);

#endif
