#include "cmd/redact_know.h"

#include <stdlib.h>

#include "base/os_file.h"
#include "mailbox/mailbox.h"

static void
know_path(struct redact *r, const char *path)
{
	redact_token(r, REDACT_PATH, text_of(path != NULL ? path : ""));
}

static void
know_string(struct redact *r, enum redact_kind kind, const char *s)
{
	redact_token(r, kind, text_of(s != NULL ? s : ""));
}

/* As it was typed, and what it means; "store:PATH" and its like name a path. */
static void
know_url(struct redact *r, const char *url)
{
	struct text all = text_of(url != NULL ? url : "");
	size_t colon = text_find(all, ':');
	struct text rest = {all.at + colon, all.len - colon};
	struct mailbox_url parsed;
	struct arena a = {0};
	struct err ignored;

	if (url == NULL)
		return;
	if (mailbox_url_parse(url, &a, &parsed, &ignored) == 0) {
		know_string(r, REDACT_USER, parsed.user);
		know_string(r, REDACT_HOST, parsed.host);
	}
	arena_free(&a);
	if (text_starts(rest, "://"))
		redact_who(r, (struct text){rest.at + 3, rest.len - 3});
	else if (rest.len > 1)
		know_path(r, rest.at + 1);
	else
		redact_who(r, all);
}

static void
know_side(struct redact *r, const struct side_options *s)
{
	know_url(r, s->url);
	know_string(r, REDACT_USER, s->authzid);
	know_path(r, s->password_file);
	know_string(r, REDACT_TEXT, s->password_command);
	know_path(r, s->cafile);
	know_url(r, s->proxy);
}

void
know_options(struct redact *r, const struct options *o)
{
	const char *const whose[] = {o->account, o->into, o->old_account, o->new_account};
	const char *const paths[] = {
		o->map, o->state, o->report, o->log, o->import, o->to};
	struct arena a = {0};

	if (r == NULL)
		return;
	for (size_t s = 0; s < SIDES; s++)
		know_side(r, &o->side[s]);
	for (size_t i = 0; i < sizeof(whose) / sizeof(*whose); i++)
		if (whose[i] != NULL)
			redact_who(r, text_of(whose[i]));
	know_string(r, REDACT_HOST, o->client_host);
	know_string(r, REDACT_USER, o->client_user);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		know_path(r, paths[i]);
	for (size_t i = 0; i < o->nstores; i++)
		know_path(r, o->stores[i]);
	char *home = os_home(&a);
	know_path(r, home);
	if (home != NULL && strrchr(home, '/') != NULL)
		know_string(r, REDACT_USER, strrchr(home, '/') + 1);
	arena_free(&a);
}

void
know_words(struct redact *r, int argc, char **argv)
{
	for (int i = 1; r != NULL && i < argc; i++) {
		struct text word = text_of(argv[i]);
		struct text name = {word.at, text_find(word, '=')};

		while (name.len > 0 && name.at[0] == '-')
			name = (struct text){name.at + 1, name.len - 1};
		if (word.len == 0 || word.at[0] != '-')
			redact_token(r, REDACT_TEXT, word);
		else if (!options_have(name))
			redact_token(r, REDACT_TEXT, name);
		if (text_find(word, '=') < word.len)
			know_string(r, REDACT_TEXT, strchr(argv[i], '=') + 1);
	}
}

static void
know_settings(struct redact *r, const struct settings *s)
{
	redact_token(r, REDACT_HOST, s->host);
	redact_token(r, REDACT_USER, s->user);
	redact_token(r, REDACT_HOST, s->server_host);
	redact_token(r, REDACT_USER, s->server_user);
	redact_token(r, REDACT_NAME, s->name);
}

void
know_found(struct redact *r, const struct found_list *l)
{
	for (size_t i = 0; r != NULL && i < l->n; i++) {
		const struct found *f = &l->at[i];

		know_path(r, f->path);
		know_path(r, f->settings);
		know_path(r, f->named);
		know_path(r, f->live);
		know_path(r, f->copy);
		know_string(r, REDACT_NAME, f->profile);
		know_settings(r, &f->account);
	}
}

/* All accounts that the settings list: a sentence may name any of them. */
static void
know_accounts(struct redact *r, const struct target *t)
{
	struct account_list l = {0};
	struct arena a = {0};
	struct err ignored;

	if (t->format->accounts != NULL && t->settings.path != NULL &&
		t->format->accounts(&t->settings, &a, &l, &ignored) == 0)
		for (size_t i = 0; i < l.n; i++) {
			know_settings(r, &l.at[i].settings);
			know_path(r, l.at[i].store);
			know_path(r, os_folder_of(&a, l.at[i].store));
		}
	free(l.at);
	arena_free(&a);
}

/* Their names may have blanks and anything else in them. */
static void
know_mail(struct redact *r, const struct target *t)
{
	struct local_mail where;
	struct mail_files files;
	struct arena a = {0};
	struct err ignored;

	if (t->format->mail != NULL && t->settings.path != NULL &&
		t->format->mail(t->path, &t->settings, &a, &where)) {
		for (size_t i = 0; i < where.nfolders; i++)
			redact_token(r, REDACT_PATH, where.folders[i]);
		if (mail_files_find(&files, &where, &ignored) == 0) {
			for (size_t i = 0; i < files.n; i++)
				if (!files.at[i].single)
					know_path(r, files.at[i].path);
			mail_files_release(&files);
		}
	}
	arena_free(&a);
}

void
know_job(struct redact *r, const struct job *j)
{
	const struct store *s = &j->store;
	struct arena a = {0};

	if (r == NULL)
		return;
	know_path(r, j->target.path);
	know_path(r, os_folder_of(&a, j->target.path));
	know_path(r, j->target.state_dir);
	know_path(r, j->named);
	if (j->target.settings.path != NULL) {
		know_path(r, j->target.settings.path);
		know_path(r, os_folder_of(&a, j->target.settings.path));
	}
	know_settings(r, &j->settings);
	for (size_t i = 0; i < s->naccounts; i++) {
		redact_token(r, REDACT_HOST, s->accounts[i].host.text);
		redact_token(r, REDACT_USER, s->accounts[i].user.text);
		/* In the client's spelling. */
		redact_token(r, REDACT_HOST, store_at(s, s->accounts[i].host.at));
		redact_token(r, REDACT_USER, store_at(s, s->accounts[i].user.at));
	}
	for (size_t i = 0; i < s->nrecords; i++) {
		redact_token(r, REDACT_UIDL, store_uidl(s, i));
		redact_token(r, REDACT_UIDL, store_at(s, store_record(s, i).at));
	}
	know_accounts(r, &j->target);
	know_mail(r, &j->target);
	arena_free(&a);
}

static int
know_message(void *arg, const struct map_message *m, struct err *e)
{
	struct redact *r = arg;

	(void)e;
	redact_token(r, REDACT_UIDL, m->uidl);
	redact_token(r, REDACT_ADDRESS, m->from);
	redact_token(r, REDACT_SUBJECT, m->subject);
	return 0;
}

int
know_map(struct redact *r, struct map *m, struct err *e)
{
	struct arena a = {0};
	struct map_info info;
	int rc;

	if (r == NULL)
		return 0;
	rc = map_info(m, &a, &info, e);
	for (int s = 0; rc == 0 && s < 2; s++) {
		know_string(r, REDACT_USER, info.side[s].user);
		know_string(r, REDACT_HOST, info.side[s].host);
		rc = map_each(m, (enum side)s, know_message, r, e);
	}
	if (rc == 0)
		know_path(r, info.path);
	arena_free(&a);
	return rc;
}

void
know_run(struct redact *r, const struct journal_file *f)
{
	if (r == NULL)
		return;
	know_path(r, f->path);
	know_path(r, f->becomes);
	know_path(r, f->old_copy);
	redact_who(r, text_of(f->account));
}
