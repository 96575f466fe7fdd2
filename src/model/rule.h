/*
 * How a server makes a message's UIDL of what IMAP, or a file's name, says of it.
 *
 * A rule is a template. What stands outside of braces stands for itself ({{ and }} are
 * braces); within them is a field, with a form where it is a number:
 *
 *     {u} {v}        IMAP's UID and UIDVALIDITY, in decimal
 *     {u:08x}        in hex, lower case, at least 8 digits with zeros; {u:08X}: upper case
 *     {u:010}        in decimal, at least 10 digits with zeros; {u:x}: as few as it takes
 *     {file}         base name of the Maildir file, up to its ':'
 *     {file:courier} the same, as Courier escapes it (format 0)
 *     {md5file}      MD5 of {file}, 32 lower-case hex digits
 *     {guid}         Dovecot's GUID of the message (G of dovecot-uidlist)
 *     {gmail}        X-GM-MSGID, lower-case hex without padding: {gmail:x} is the same
 *     {prefix}       the same bytes in all UIDLs of one mailbox, learnt from its list; once
 *
 * or one of the names of rule_table, which stands for the templates that the server is
 * known to use. Each is from the source or the documentation that its row names.
 * A rule proposes; whether it is right the caller proves (docs/matching.md). One without
 * {u}, {file}, {md5file}, {guid} or {gmail} gives all messages one UIDL, and is refused.
 */
#ifndef MODEL_RULE_H
#define MODEL_RULE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* What is known of one message. len 0, NULL, or false: not known. */
struct rule_fields {
	uint32_t uid, validity;
	uint64_t gmail;
	struct text file; /* base name, without flags */
	struct text guid;
	struct text prefix; /* rule_prefix() finds it */
	bool has_uid, has_validity, has_gmail;
};

enum rule_need { /* which fields a rule asks for */
	RULE_UID = 1,
	RULE_VALIDITY = 2,
	RULE_GMAIL = 4,
	RULE_FILE = 8,
	RULE_GUID = 16,
	RULE_PREFIX = 32,
};

struct rule_row {
	const char *name;   /* of the server: "dovecot"; several rows may have one name */
	const char *rule;   /* the template */
	const char *source; /* where that is known from */
};

extern const struct rule_row rule_table[]; /* name NULL ends it; likeliest first */

/* Is the template well formed, and what does it need? `needs` may be NULL. */
int rule_check(const char *rule, unsigned *needs, struct err *e);
/* The templates that WORDS names: those of a server of rule_table, or WORDS itself as a
 * template. NULL or "auto": all of the table. Each once; in the arena, NULL-terminated.
 * Neither a name nor a template: ERR_USAGE, in words that list the names. */
int rule_named(const char *words, struct arena *a, const char ***out, struct err *e);
/* The UIDL by a well-formed rule, in `out`, which is emptied first. False: a field that
 * the rule needs is not known, or `out` is too small. */
bool rule_uidl(const char *rule, const struct rule_fields *f, struct buf *out);
/* What {prefix} must stand for, so that the rule makes `uidl` of the fields; in `uidl`.
 * False: nothing can, or nothing at all would be it, or the rule has no {prefix}. */
bool rule_prefix(const char *rule, const struct rule_fields *f, struct text uidl,
	struct text *prefix);

#endif
