/* What is on this machine, and what can be known of it before anything is done. */
#include "cmd/find_accounts.h"

#include <stdlib.h>
#include <time.h>

#include "base/os_file.h"
#include "work/running.h"

static const char *const kinds[] = {
	[FOUND_LIVE] = "live",
	[FOUND_ABSENT] = "absent",
	[FOUND_COPY] = "copy",
	[FOUND_STRAY] = "stray",
	[FOUND_LEFTOVER] = "leftover",
};

/* A store as it is shown: what was found, and what it says when it is opened. */
struct sight {
	const struct found *found;
	struct settings settings;
	const char *client, *folder; /* folder: of the profile, NULL unknown */
	int64_t changed;	     /* seconds since 1970; 0: there is no file */
	bool running;
	const char **notes;
	size_t nnotes, notes_cap;
	struct account_sight *accounts; /* if there are several */
	size_t naccounts;
};

static void
note(struct sight *s, const char *sentence)
{
	s->notes = array_grow(s->notes, &s->notes_cap, s->nnotes + 1, sizeof(*s->notes));
	s->notes[s->nnotes++] = sentence;
}

static void
note_kind(struct sight *s, struct run *r)
{
	const struct found *f = s->found;

	switch (f->state) {
	case FOUND_ABSENT:
		note(s, "it is not there yet: the client has fetched no mail of this "
			"account, or has none on the server");
		break;
	case FOUND_COPY:
		note(s, arena_print(&r->arena,
				"an old copy, which the client does not read: it reads "
				"%s",
				f->live));
		break;
	case FOUND_STRAY:
		note(s, "the client does not read a file of this name");
		break;
	case FOUND_LEFTOVER:
		note(s, "no account of this profile has it: the client does not read it");
		break;
	case FOUND_LIVE:
		if (f->copy != NULL)
			note(s, arena_print(&r->arena,
					"another client has copied it, and its copy was "
					"changed earlier: %s; both count",
					f->copy));
	}
}

static void
note_settings(struct sight *s, struct run *r)
{
	if (s->settings.deferred_to.len > 0)
		note(s, arena_print(&r->arena, "its mail goes to the folders of %.*s",
				TEXT_ARG(s->settings.deferred_to)));
	if (s->settings.server_host.len > 0)
		note(s, arena_print(&r->arena, "it connects to %.*s",
				TEXT_ARG(s->settings.server_host)));
	if (s->settings.server_user.len > 0)
		note(s, arena_print(&r->arena, "it logs in as %.*s",
				TEXT_ARG(s->settings.server_user)));
}

/* Everything that outlives the job is copied. */
static void
see_store(struct sight *s, struct result *res, struct run *r, const struct job *j)
{
	const struct store *st = &j->store;

	if (j->settings.known || j->settings.version > 0)
		s->settings = j->settings;
	s->settings = settings_kept(&r->arena, &s->settings);
	s->running = j->target.running != NULL;
	s->changed = j->target.source.stat.mtime / 1000000000;
	if (j->target.settings.path != NULL)
		s->folder = os_folder_of(&r->arena, j->target.settings.path);
	if (s->client == NULL)
		s->client = j->target.format->client;
	for (size_t i = 0; i < st->nnotes; i++)
		note(s, arena_string(&r->arena, text_of(st->notes[i])));
	if (st->naccounts > 0) {
		res->host = arena_string(&r->arena, st->accounts[0].host.text);
		res->user = arena_string(&r->arena, st->accounts[0].user.text);
	}
	if (st->naccounts > 1)
		note(s, arena_print(&r->arena, "it has the entries of %zu accounts",
				st->naccounts));
	/* Settings of one account are those of all, where the client takes all entries for
	 * that one's. */
	if (st->naccounts > 1 && !s->settings.known) {
		s->accounts = accounts_see(r, j);
		s->naccounts = st->naccounts;
	}
	res->client = j->target.format->name;
	res->records = res->kept = st->nrecords;
}

static void
see_absent(struct sight *s, struct result *res, struct run *r)
{
	const struct found *f = s->found;

	res->client = f->format->name;
	res->host = arena_string(&r->arena, f->account.host);
	res->user = arena_string(&r->arena, f->account.user);
	if (s->client == NULL)
		s->client = f->format->client;
	struct running look = {
		.format = f->format, .store = f->path, .settings = f->settings};
	struct os_stat st;
	struct err ignored;

	look.owner = f->settings != NULL && os_stat(f->settings, &st, NULL) == 0
			     ? st.uid
			     : os_user();
	running_look(&look, NULL, &r->arena, &s->running, &ignored);
}

static void
see(struct sight *s, struct result *res, struct run *r)
{
	const struct found *f = s->found;
	struct err failed = {0};
	struct job j;

	s->settings = f->account;
	s->client = f->client;
	if (f->settings != NULL)
		s->folder = os_folder_of(&r->arena, f->settings);
	res->state = STATE_SHOWN;
	note_kind(s, r);
	if (f->state == FOUND_ABSENT) {
		see_absent(s, res, r);
	} else if (job_open(&j, r, f, false, &failed) == 0) {
		see_store(s, res, r, &j);
		job_close(&j);
	} else {
		results_failed(res, r, &failed);
		/* What no client reads need not be readable; what is known to be of no use
		 * is found all the same. */
		if (f->state != FOUND_LIVE || strcmp(failed.reason, "read-only") == 0)
			res->failure = ERR_NONE;
	}
	note_settings(s, r);
}

static void
show_account(struct run *r, const struct result *res, const struct settings *s)
{
	char safe[3][256];

	if (!s->known) {
		if (res->user[0] != '\0' || res->host[0] != '\0')
			out(r->console, "    account %s@%s\n",
				text_escape(text_of(res->user), safe[0], sizeof(safe[0])),
				text_escape(
					text_of(res->host), safe[1], sizeof(safe[1])));
		return;
	}
	out(r->console, "    account %s@%s, port %u%s%s%s\n",
		text_escape(s->user, safe[0], sizeof(safe[0])),
		text_escape(s->host, safe[1], sizeof(safe[1])), s->port,
		s->name.len > 0 ? ", \"" : "",
		text_escape(s->name, safe[2], sizeof(safe[2])),
		s->name.len > 0 ? "\"" : "");
	if ((res->host[0] != '\0' || res->user[0] != '\0') &&
		(!text_equal(text_of(res->host), s->host) ||
			!text_equal(text_of(res->user), s->user)))
		out(r->console, "    its own line says %s@%s\n",
			text_escape(text_of(res->user), safe[0], sizeof(safe[0])),
			text_escape(text_of(res->host), safe[1], sizeof(safe[1])));
}

/* Of a client that shows nothing of itself, nothing is said. */
static const char *
running_words(const struct sight *s, const struct result *res)
{
	const struct format *f = format_named(text_of(res->client));

	if (f != NULL && f->locks == NULL)
		return "nothing here shows whether the client is running";
	return s->running ? "the client is running" : "the client is not running";
}

static void
show_text(struct run *r, const struct sight *s, const struct result *res)
{
	char when[40] = "", safe[2][1024];
	time_t changed = (time_t)s->changed;
	struct tm tm;

	text_escape(text_of(res->path), safe[0], sizeof(safe[0]));
	if (res->message[0] != '\0') {
		/* It names the file itself, as most do. */
		bool named = text_starts(text_of(res->message), res->path);
		out(r->console, "%s%s%s\n", named ? "" : safe[0], named ? "" : ": ",
			res->message);
	} else if (s->found->state == FOUND_ABSENT) {
		out(r->console, "%s: %s, no such file yet\n", safe[0], s->client);
	} else {
		out(r->console, "%s: %s, %zu %s\n", safe[0], s->client, res->records,
			res->records == 1 ? "entry" : "entries");
	}
	if (s->naccounts > 0)
		accounts_show(r, s->accounts, s->naccounts);
	else
		show_account(r, res, &s->settings);
	if (s->folder != NULL)
		out(r->console, "    profile %s%s%s\n",
			s->found->profile != NULL
				? text_escape(text_of(s->found->profile), safe[0], 256)
				: "",
			s->found->profile != NULL ? " in " : "",
			text_escape(text_of(s->folder), safe[1], sizeof(safe[1])));
	if (s->changed != 0 && localtime_r(&changed, &tm) != NULL)
		strftime(when, sizeof(when), "changed %Y-%m-%d %H:%M, ", &tm);
	if (res->message[0] == '\0')
		out(r->console, "    %s%s\n", when, running_words(s, res));
	if (s->naccounts == 0 && (s->settings.known || (s->found->state == FOUND_LIVE &&
							       res->message[0] == '\0')))
		out(r->console, "    %s\n", settings_words(&r->arena, &s->settings));
	for (size_t i = 0; i < s->nnotes; i++)
		out(r->console, "    note: %s\n",
			text_escape(text_of(s->notes[i]), safe[0], sizeof(safe[0])));
}

static void
show_json(struct json *j, const struct sight *s, const struct result *res)
{
	json_open(j, NULL, '{');
	result_json(res, j);
	json_string(j, "kind", kinds[s->found->state]);
	json_string(j, "live", s->found->live != NULL ? s->found->live : "");
	json_string(j, "product", s->client != NULL ? s->client : "");
	json_open(j, "profile", '{');
	json_string(j, "name", s->found->profile != NULL ? s->found->profile : "");
	json_string(j, "folder", s->folder != NULL ? s->folder : "");
	json_close(j, '}');
	json_number(j, "changed", s->changed);
	json_bool(j, "running", s->running);
	settings_json(&s->settings, j);
	if (s->naccounts > 0)
		accounts_json(s->accounts, s->naccounts, j);
	json_open(j, "notes", '[');
	for (size_t i = 0; i < s->nnotes; i++)
		json_string(j, NULL, s->notes[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void
find_one(struct run *r, const struct found *f, struct json *json)
{
	struct result *res = results_add(&r->results, f->path);
	struct sight s = {.found = f};

	see(&s, res, r);
	if (r->options->json)
		show_json(json, &s, res);
	else
		show_text(r, &s, res);
	free(s.notes);
	free(s.accounts);
}

int
cmd_find(struct run *r, struct err *e)
{
	struct json j = console_json(r->console);
	struct found_list list = {0};
	int rc = stores_find_any(r, &list, e);

	if (rc == 0 && r->options->json) {
		json_open(&j, NULL, '{');
		json_number(&j, "schema", 1);
		json_string(&j, "command", "find");
		json_open(&j, "stores", '[');
	}
	for (size_t i = 0; rc == 0 && i < list.n; i++)
		find_one(r, &list.at[i], &j);
	if (rc == 0 && r->options->json) {
		json_close(&j, ']');
		json_number(&j, "exit", kind_exit(results_worst(&r->results)));
		json_close(&j, '}');
	}
	found_release(&list);
	return rc;
}
