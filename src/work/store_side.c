#include "work/store_side.h"

#include <stdlib.h>

#include "work/mail_files.h"
#include "work/plan.h"
#include "work/replace.h"
#include "work/settings.h"

/* Accounts are named in sentences. */
#define NAMES_MAX 400

struct look {
	struct store_side *side;
	const struct store_side_options *options;
	size_t accounts;   /* that could be meant */
	struct buf names;  /* theirs */
	struct err failed; /* of the first store that could not be used */
	bool any_failed;
};

static bool
is_named(const char *account, struct text user, struct text host)
{
	const char *at = strrchr(account, '@');

	return at != NULL && text_equal_nocase(text_of(at + 1), host) &&
	       text_equal((struct text){account, (size_t)(at - account)}, user);
}

static void
copy_uidls(struct store_side *side, const struct store *s, size_t account)
{
	struct text *to = arena_alloc(&side->arena, (s->nrecords + 1) * sizeof(*to));
	size_t n = 0;

	for (size_t i = 0; i < s->nrecords; i++)
		if (store_record(s, i).account == account &&
			!plan_is_tombstone(store_uidl(s, i)))
			to[n++] = arena_text(&side->arena, store_uidl(s, i));
	side->mail.uidls = to;
	side->mail.nuidls = n;
}

static int
find_mail_files(struct store_side *side, const struct format *f,
	const struct local_mail *where, struct err *e)
{
	struct mail_files files;

	if (mail_files_of(&files, f, where, e) < 0)
		return -1;
	side->mail.files = mail_files_places(&files, &side->arena);
	side->mail.nfiles = files.n;
	mail_files_release(&files);
	return 0;
}

static int
find_mail(struct store_side *side, const struct target *t, const struct account *a,
	const char *named, struct local_mail *where, struct err *e)
{
	const struct format *f = t->format;

	if ((f->mail == NULL && f->mail_beside == NULL) || f->local == NULL)
		return err_set(e, ERR_DATA, "format",
			"%s: %s keeps no UIDLs in its mail that reuidl could read",
			t->path, f->client);
	if (f->mail_beside != NULL
			? f->mail_beside(t->path, a, &side->arena, where)
			: t->settings.path != NULL &&
				  f->mail(named, &t->settings, &side->arena, where))
		return 0;
	return err_set(e, ERR_DATA, "format",
		"%s: where its mail lies is in the client's settings, and these do "
		"not name it",
		t->path);
}

/* It could be this one. */
static int
consider(struct look *l, const struct target *t, const struct store *s, size_t account,
	const char *named, struct err *e)
{
	struct store_side *side = l->side;
	const struct account *a = &s->accounts[account];
	struct settings settings = {0};
	struct local_mail where;

	if (t->settings.path != NULL && settings_of(t->format, named, a, &t->settings,
						&side->arena, &settings, e) < 0)
		return -1;
	struct text host = a->host.text.len > 0 ? a->host.text : settings.host;
	struct text user = a->user.text.len > 0 ? a->user.text : settings.user;
	if (l->options->account != NULL && !is_named(l->options->account, user, host))
		return 0;
	buf_print(&l->names, "%s%.*s@%.*s", l->accounts > 0 ? ", " : "", TEXT_ARG(user),
		TEXT_ARG(host));
	if (l->accounts++ > 0)
		return 0;
	if (find_mail(side, t, a, named, &where, e) < 0)
		return -1;
	side->path = arena_string(&side->arena, text_of(t->path));
	side->host = arena_string(&side->arena, host);
	side->user = arena_string(&side->arena, user);
	side->mail.format = t->format;
	side->mail.key = where.key;
	side->mail.passed_over = plan_is_tombstone;
	copy_uidls(side, s, account);
	return find_mail_files(side, t->format, &where, e);
}

static int
look_at(struct look *l, const struct found *f, struct err *e)
{
	const char *client = l->options->client;
	struct target t;
	struct store s = {0};

	if (client == NULL && f->format != NULL)
		client = f->format->name;
	if (target_open_of(
		    &t, f->path, f->settings, client, false, l->options->state, e) < 0)
		return -1;
	int rc = store_read(&s, t.format, &t.source, e);
	for (size_t i = 0; rc == 0 && i < s.naccounts; i++)
		rc = consider(l, &t, &s, i, f->named != NULL ? f->named : t.path, e);
	store_release(&s);
	target_close(&t);
	return rc;
}

static int
judge(const struct look *l, const char *path, struct err *e)
{
	const char *account = l->options->account;

	if (l->accounts == 1)
		return 0;
	if (l->accounts > 1)
		return err_set(e, ERR_USAGE, "account",
			"%s: there are %zu accounts: say which with --account: %.*s",
			path, l->accounts, TEXT_ARG(buf_text(&l->names)));
	if (account != NULL)
		return err_set(e, ERR_NO_STORE, "account",
			"%s: no store here is that of %s", path, account);
	return err_set(
		e, ERR_NO_STORE, "account", "%s: no store here names an account", path);
}

int
store_side_open(struct store_side *s, const char *path,
	const struct store_side_options *o, struct err *e)
{
	struct look l = {.side = s, .options = o};
	struct found_list list = {0};
	int rc;

	*s = (struct store_side){.path = NULL};
	buf_init(&l.names, NAMES_MAX);
	rc = find_in(path, o->client, &s->arena, &list, e);
	found_keep_live(&list);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		struct err failed;
		if (look_at(&l, &list.at[i], &failed) == 0)
			continue;
		if (!l.any_failed)
			l.failed = failed;
		l.any_failed = true;
	}
	if (rc == 0 && l.any_failed && l.accounts <= 1 && s->path == NULL) {
		*e = l.failed;
		rc = -1;
	}
	if (rc == 0)
		rc = judge(&l, path, e);
	buf_release(&l.names);
	found_release(&list);
	return rc;
}

void
store_side_release(struct store_side *s)
{
	arena_free(&s->arena);
	*s = (struct store_side){.path = NULL};
}
