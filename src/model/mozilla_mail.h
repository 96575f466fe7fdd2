/*
 * What Thunderbird writes at the head of each message that it fetched by POP3, in its
 * mbox files after "From - DATE", in its maildir files as the first lines
 * (nsPop3Sink::IncorporateBegin):
 *
 *     X-Account-Key: account1
 *     X-UIDL: 000000016b02ec17
 *     X-Mozilla-Status: 0001
 *     X-Mozilla-Status2: 00000000
 *     X-Mozilla-Keys: (80 blanks)
 *
 * The unbroken run of such lines is the *head*; a server's own X-UIDL behind it belongs
 * to the message and is never looked at. A head gets another UIDL without changing its
 * length: the difference is taken from, or given to, the blanks at the end of
 * X-Mozilla-Keys. So no message moves, and the way back is as exact.
 *
 * Pure: bytes in, places out. A file is read by windows and no message is ever held.
 */
#ifndef MODEL_MOZILLA_MAIL_H
#define MODEL_MOZILLA_MAIL_H

#include "model/local.h"

/* A longer head is not one of the client's. */
#define MAIL_HEAD_MAX ((size_t)16384)

struct mail_head {
	uint64_t off;	    /* of the head in the file */
	struct text bytes;  /* all of it, in the window */
	struct text uidl;   /* in `bytes` */
	size_t pad_at, pad; /* blanks that can be taken away; SIZE_MAX: no such line */
};

/* The head that begins where `t` does; the lines up to the first that is none of the
 * client's. False if it names another account or no UIDL. A head that reaches the end
 * of `t` counts as whole. */
bool mail_head_read(struct mail_head *h, struct text t, struct text key);
/* The head with another UIDL into `out`, which has room for h->bytes.len. False if there
 * are not enough blanks. */
bool mail_head_patch(const struct mail_head *h, struct text uidl, char *out);

enum mail_place { MAIL_START, MAIL_FROM, MAIL_HEAD, MAIL_BODY };

struct mail_scan {
	struct text key; /* the account's: other accounts' heads are passed over */
	bool single;	 /* maildir: one message, its head at the start */
	int (*found)(void *arg, const struct mail_head *h, struct err *e);
	void *arg;
	enum mail_place place; /* 0 to begin with */
	bool done; /* nothing more can come: a file that is no mail, a maildir file */
};

/*
 * The bytes of the file from `off` on; `last`: they end with the file. `*used` says how
 * many are done with: the next window begins there. Of a window of more than
 * MAIL_HEAD_MAX bytes something is always used, unless it is the last.
 */
int mail_scan_window(struct mail_scan *s, struct text window, uint64_t off, bool last,
	size_t *used, struct err *e);

/* The next "From " that begins a line after an empty one; t.len if there is none. As the
 * client does, we take it for a separator: its own mail has ">From " in there. */
size_t mail_find_separator(struct text t);
/* The longest of a line's end, an empty line and "From ", less one byte: so much of a
 * window without a separator must be looked at again with the next one. */
#define MAIL_SEPARATOR_MAX ((size_t)16)
/* Is it one of the lines that make a head? */
bool mail_line_is_clients(struct text line);

/* format->local: all messages of the account, mozilla_local.c. */
int mozilla_local(struct local_file *f, const struct local_sink *sink, struct err *e);

#endif
