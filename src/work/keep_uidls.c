#include "work/keep_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "model/rule.h"

#define UIDL_MOST 4096
/* The whole file, with a P field more a record. */
#define OUT_MAX ((size_t)2 << 30)

/* --- what the server's rule will give --------------------------------------------- */

/* The rule with {prefix} in place of its {u}, so that rule_prefix() finds the number; NULL:
 * there is no UID in it, and it gives nothing twice. */
static int
inverse_of(struct keep *k, const char **inverse, struct err *e)
{
	const char *rule = k->dir.rule, *at = strstr(rule, "{u"), *end;
	unsigned needs;

	*inverse = NULL;
	if (rule_check(rule, &needs, e) < 0)
		return -1;
	if (!(needs & RULE_UID))
		return 0;
	end = at != NULL ? strchr(at, '}') : NULL;
	if (end == NULL)
		return err_set(e, ERR_INTERNAL, "", "%s: where is its {u}?", rule);
	*inverse =
		arena_print(&k->arena, "%.*s{prefix}%s", (int)(at - rule), rule, end + 1);
	if (strstr(end, "{u") != NULL)
		return err_set(e, ERR_USAGE, "",
			"the rule %s has more than one {u}: which UIDLs it will give cannot "
			"be told",
			rule);
	return 0;
}

/* The UID for which the rule gives this UIDL; 0: none. */
static uint32_t
uid_of(const struct keep *k, const char *inverse, struct text uidl, struct buf *out)
{
	struct rule_fields f = {
		.validity = k->dir.uidlist.validity, .has_validity = true};
	struct text digits;
	char copy[32], *end;

	if (inverse == NULL || !rule_prefix(inverse, &f, uidl, &digits) ||
		digits.len >= sizeof(copy))
		return 0;
	memcpy(copy, digits.at, digits.len);
	copy[digits.len] = '\0';
	f.has_uid = true;
	for (int base = 10; base <= 16; base += 6) {
		unsigned long long n = strtoull(copy, &end, base);

		f.uid = (uint32_t)n;
		if (*end == '\0' && n > 0 && n <= UINT32_MAX &&
			rule_uidl(k->dir.rule, &f, out) &&
			text_equal(buf_text(out), uidl))
			return f.uid;
	}
	return 0;
}

/* A message to come gets the next UID, and with it a UIDL that may be an old one. */
static void
drop_future(struct keep *k, const char *inverse)
{
	uint32_t next = k->dir.uidlist.next;
	struct buf out;

	buf_init(&out, UIDL_MOST);
	for (size_t i = 0; i < k->dir.n; i++) {
		struct keep_message *m = &k->at[i];

		if (m->give.len == 0 || uid_of(k, inverse, m->give, &out) < next)
			continue;
		m->give.len = 0;
		k->n->future++;
	}
	for (size_t i = 0; i < k->nold; i++) {
		uint32_t uid = uid_of(k, inverse, k->old[i], &out);

		if (uid < next)
			continue;
		k->n->next = next;
		if (uid > k->n->last)
			k->n->last = uid;
	}
	buf_release(&out);
}

/* --- dovecot-uidlist -------------------------------------------------------------- */

/* reuidl- and 32 hex digits: of the map, the folder and the message, so that the same
 * export says the same. */
static struct text
fresh_uidl(struct keep *k, uint32_t index)
{
	char hex[65];
	struct digest d = digest_of(text_of(arena_print(
		&k->arena, "%s\n%.*s", k->info.id, TEXT_ARG(k->dir.at[index].base))));

	digest_hex(&d, hex);
	return text_of(arena_print(&k->arena, "reuidl-%.32s", hex));
}

/* A client that knows the old server's UIDL would pass over this message. */
static void
free_from_others(struct keep *k)
{
	for (size_t i = 0; i < k->dir.n; i++) {
		struct keep_message *m = &k->at[i];
		struct text own = k->dir.at[i].uidl;

		if (m->give.len > 0 || text_equal(m->old, own) || !keep_was_old(k, own))
			continue;
		m->give = fresh_uidl(k, (uint32_t)i);
		k->n->fresh++;
	}
}

/* P ends at a blank. */
static void
drop_unfit(struct keep *k)
{
	for (size_t i = 0; i < k->dir.n; i++)
		if (k->at[i].give.len > 0 && !uidl_is_printable(k->at[i].give)) {
			k->at[i].give.len = 0;
			k->n->unfit++;
		}
}

static int
check_dovecot(const struct keep *k, struct err *e)
{
	const struct maildir *d = &k->dir;

	if (d->server != MAILDIR_DOVECOT)
		return err_set(e, ERR_USAGE, "",
			"%s: there is no dovecot-uidlist: let Dovecot open the mailbox once, "
			"and match again",
			d->path);
	if (d->uidlist.version != 3)
		return err_set(e, ERR_USAGE, "",
			"%s/dovecot-uidlist: is of version %u, which has no place for UIDLs: "
			"let a Dovecot of today open the mailbox once",
			d->path, d->uidlist.version);
	if (d->uidlist.torn.len > 0)
		return err_set(e, ERR_BUSY, "",
			"%s/dovecot-uidlist: is being written just now: stop the server "
			"first",
			d->path);
	return 0;
}

static void
write_list(struct keep *k, struct buf *out)
{
	const struct uidlist *l = &k->dir.uidlist;
	struct text *pop3 = must_alloc((l->n + 1) * sizeof(*pop3));

	for (size_t i = 0; i < k->dir.n; i++)
		pop3[k->dir.at[i].record] = k->at[i].give;
	buf_init(out, OUT_MAX);
	uidlist_write(l, pop3, out);
	free(pop3);
}

int
keep_in_uidlist(struct map *m, struct buf *out, struct keep_counts *n, struct err *e)
{
	const char *inverse = NULL;
	struct keep k;
	int rc = keep_load(&k, m, n, e);

	if (rc == 0)
		rc = check_dovecot(&k, e);
	if (rc == 0)
		rc = inverse_of(&k, &inverse, e);
	if (rc == 0) {
		drop_unfit(&k);
		drop_future(&k, inverse);
		/* Before, for what it frees; and after, for what has its own again. */
		free_from_others(&k);
		keep_settle(&k, &n->taken);
		free_from_others(&k);
		n->given =
			n->pairs - n->already - n->weak - n->unfit - n->future - n->taken;
		write_list(&k, out);
	}
	keep_release(&k);
	return rc;
}
