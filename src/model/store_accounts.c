/*
 * The accounts of a store, above all where one stands at the start of every record
 * (store.h).
 */
#include "model/format.h"
#include "model/verify.h"

#include <stdlib.h>

/* A file of more is no client's, and would make slow what looks at all of them. */
#define ACCOUNTS_MAX 10000
#define TABLE_SIZE   16384 /* a power of two above it */

uint32_t
store_add_account(struct store *s, struct account account)
{
	if (s->check != NULL)
		verify_account(s, &account);
	s->accounts = array_grow(
		s->accounts, &s->accounts_cap, s->naccounts + 1, sizeof(*s->accounts));
	s->accounts[s->naccounts] = account;
	return (uint32_t)s->naccounts++;
}

int
store_account_of(struct store *s, struct account account, uint32_t *index, struct err *e)
{
	struct text prefix = store_at(s, account.prefix);
	size_t at = text_hash(prefix) % TABLE_SIZE;

	if (s->accounts_table == NULL)
		s->accounts_table = calloc(TABLE_SIZE, sizeof(*s->accounts_table));
	if (s->accounts_table == NULL)
		return err_set(e, ERR_INTERNAL, "memory", "out of memory");
	for (; s->accounts_table[at] != 0; at = (at + 1) % TABLE_SIZE) {
		*index = s->accounts_table[at] - 1;
		if (text_equal(prefix, store_at(s, s->accounts[*index].prefix)))
			return 0;
	}
	if (s->naccounts == ACCOUNTS_MAX)
		return err_at_byte(e, s->source, account.prefix.off,
			"this is its account number %d: no client has as many",
			ACCOUNTS_MAX + 1);
	*index = store_add_account(s, account);
	s->accounts_table[at] = *index + 1;
	return 0;
}

struct span
store_account_at(const struct store *s, const struct record *r, struct value v)
{
	uint32_t start = s->accounts[r->account].prefix.off;

	return (struct span){r->whole.off + (v.at.off - start), v.at.len};
}

static bool
within(struct span inner, struct span outer)
{
	return inner.len == 0 ||
	       (inner.off >= outer.off && (uint64_t)inner.off + inner.len <=
						  (uint64_t)outer.off + outer.len);
}

static bool
begins_with(const struct store *s, const struct record *r, const struct account *a)
{
	struct span start = {r->whole.off, a->prefix.len};

	return within(a->host.at, a->prefix) && within(a->user.at, a->prefix) &&
	       r->whole.len >= a->prefix.len &&
	       r->at.off >= (uint64_t)r->whole.off + a->prefix.len &&
	       text_equal(store_at(s, a->prefix), store_at(s, start));
}

int
store_check_prefix(const struct store *s, const struct record *r, struct err *e)
{
	if (r->account < s->naccounts && begins_with(s, r, &s->accounts[r->account]))
		return 0;
	return err_set(e, ERR_INTERNAL, "format",
		"%s: byte 0x%x: the record does not begin with its account's name",
		s->source->path, r->whole.off);
}
