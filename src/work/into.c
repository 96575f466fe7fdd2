#include "work/into.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/os_file.h"

#define REASON "into"
/* Accounts that a sentence lists. */
#define LISTED_MAX 6

static const char *
name_of(const struct listed_account *l, struct arena *a)
{
	const struct settings *s = &l->settings;

	return arena_print(a, "%.*s@%.*s%s%.*s%s", TEXT_ARG(s->user), TEXT_ARG(s->host),
		s->key.len > 0 ? " (" : "", TEXT_ARG(s->key), s->key.len > 0 ? ")" : "");
}

static bool
is_meant(const struct listed_account *l, struct text account)
{
	const struct settings *s = &l->settings;
	size_t at = account.len;

	if (text_equal(s->key, account) || text_equal(s->name, account))
		return true;
	while (at > 0 && account.at[at - 1] != '@')
		at--;
	return at > 0 && text_equal(s->user, (struct text){account.at, at - 1}) &&
	       text_equal_nocase(
		       s->host, (struct text){account.at + at, account.len - at});
}

/* An account may be listed with each of the places where its store could be. */
static bool
is_again(const struct account_list *l, size_t i)
{
	const struct settings *is = &l->at[i].settings;

	for (size_t k = 0; k < i; k++) {
		const struct settings *was = &l->at[k].settings;
		if (l->at[k].one_of_several && l->at[i].one_of_several &&
			text_equal(was->key, is->key) &&
			text_equal(was->user, is->user) &&
			text_equal_nocase(was->host, is->host))
			return true;
	}
	return false;
}

/* "anna@old (account1), anna@new (account2)": all, or those that are meant. */
static const char *
list(const struct account_list *l, const char *account, struct arena *a)
{
	const char *names = "";
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (is_again(l, i) ||
			(account != NULL && !is_meant(&l->at[i], text_of(account))))
			continue;
		if (n++ < LISTED_MAX)
			names = arena_print(a, "%s%s%s", names, n > 1 ? ", " : "",
				name_of(&l->at[i], a));
	}
	return n <= LISTED_MAX ? names
			       : arena_print(a, "%s and %zu more", names, n - LISTED_MAX);
}

static int
choose(const struct account_list *l, const struct target *t, const char *account,
	const struct listed_account **chosen, struct arena *a, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (is_meant(&l->at[i], text_of(account)) && !is_again(l, i)) {
			*chosen = &l->at[i];
			n++;
		}
	if (n == 1)
		return 0;
	if (n > 1)
		return err_set(e, ERR_GUARD, REASON,
			"%s: --into %s could be any of %s; say which by its key, the word "
			"in parentheses",
			t->path, account, list(l, account, a));
	if (l->n == 0)
		return err_set(e, ERR_GUARD, REASON,
			"%s: the client's settings list no POP3 account (--into %s)",
			t->path, account);
	return err_set(e, ERR_GUARD, REASON,
		"%s: its client has no POP3 account %s in %s; it has %s", t->path,
		account, t->settings.path, list(l, NULL, a));
}

/* The store's own account, and one that shares its folder with another, have no place of
 * their own to carry anything to. */
static int
check_alone(struct into *in, const struct account_list *l,
	const struct listed_account *chosen, const struct target *t, struct arena *a,
	struct err *e)
{
	struct err ignored;
	const char *real =
		os_exists(chosen->store) ? os_resolve(a, chosen->store, &ignored) : NULL;

	in->itself = real != NULL && strcmp(real, t->path) == 0;
	if (in->itself)
		return err_set(e, ERR_GUARD, REASON,
			"%s: this is the record of %s itself; without --into it is "
			"rewritten for the new server",
			t->path, name_of(chosen, a));
	for (size_t i = 0; i < l->n; i++)
		if (&l->at[i] != chosen && strcmp(l->at[i].store, chosen->store) == 0)
			return err_set(e, ERR_GUARD, REASON,
				"%s: %s and %s keep their records in one file; a new "
				"account must have a folder of its own",
				chosen->store, name_of(&l->at[i], a), name_of(chosen, a));
	return 0;
}

/* Root writes into nobody else's folder because a file of this user's names it. */
static int
check_owner(const char *folder, const struct os_stat *st, const struct target *t,
	struct err *e)
{
	if (os_user() != 0 || st->uid == t->source.stat.uid)
		return 0;
	return err_set(e, ERR_GUARD, REASON,
		"%s: it belongs to another user (%u) than %s (%u)", folder,
		(unsigned)st->uid, t->path, (unsigned)t->source.stat.uid);
}

/* The folder may be one that the client is still to make; then what is above it is there. */
static int
find_place(struct into *in, const struct target *t, const char *store, struct arena *a,
	struct err *e)
{
	char *folder = os_folder_of(a, store), *above = os_folder_of(a, folder);
	struct os_stat st;

	in->new_folder = os_stat_link(folder, &st) < 0;
	if (!in->new_folder) {
		above = folder = os_resolve(a, folder, e);
		if (folder == NULL)
			return -1;
	} else if (!os_exists(above)) {
		return err_set(e, ERR_GUARD, REASON,
			"%s: there is neither this folder, where %s is to keep its "
			"record, nor the one that it lies in; start the client once, "
			"quit it, and try again",
			folder, in->name);
	} else {
		above = os_resolve(a, above, e);
		if (above == NULL)
			return -1;
		folder = arena_print(a, "%s%s", above, strrchr(folder, '/'));
	}
	if (os_stat(above, &st, e) < 0 || check_owner(above, &st, t, e) < 0 ||
		os_can_write(above, e) < 0)
		return -1;
	in->path = arena_print(a, "%s%s", folder, strrchr(store, '/'));
	in->there = os_stat_link(in->path, &st) == 0;
	return 0;
}

int
into_choose(struct into *in, const struct target *t, const char *account, struct arena *a,
	struct err *e)
{
	const struct listed_account *chosen = NULL;
	struct account_list l = {0};

	*in = (struct into){0};
	if (t->format->accounts == NULL || t->settings.path == NULL)
		return err_set(e, ERR_GUARD, REASON,
			"%s: the settings of its client are not at hand, so nobody knows "
			"where the record of %s is to be (--into)",
			t->path, account);
	int rc = t->format->accounts(&t->settings, a, &l, e);
	if (rc == 0)
		rc = choose(&l, t, account, &chosen, a, e);
	if (rc == 0)
		rc = check_alone(in, &l, chosen, t, a, e);
	if (rc == 0) {
		in->name = name_of(chosen, a);
		in->settings = chosen->settings;
		if (chosen->guessed || chosen->one_of_several)
			rc = err_set(e, ERR_GUARD, REASON,
				"%s: the client has not chosen a folder for %s yet. Start "
				"it once, its automatic checks for mail off, quit it, "
				"and try again",
				t->settings.path, in->name);
	}
	if (rc == 0)
		rc = find_place(in, t, chosen->store, a, e);
	free(l.at);
	return rc;
}
