/*
 * mail.accountmanager.accounts = "account1,account2" names the accounts,
 * mail.account.account1.server = "server1" leads to a server, and mail.server.server1.*
 * says all of it: type, hostname, directory-rel …
 */
#include "model/ini.h"
#include "model/mozilla.h"
#include "model/prefs.h"

/* What a pref_string() found, kept; empty if it is not set. */
static struct text
kept_string(struct arena *a, const struct pref *p)
{
	struct text value;

	return pref_string(p, &value) ? arena_text(a, value) : (struct text){"", 0};
}

/* The folder of a path, without the '/' at its end. */
static struct text
folder_of(struct text path)
{
	while (path.len > 0 && path.at[path.len - 1] != '/')
		path.len--;
	while (path.len > 1 && path.at[path.len - 1] == '/')
		path.len--;
	return path;
}

struct text
mozilla_path(struct arena *a, struct text path)
{
	char *plain = arena_alloc(a, path.len + 2);
	size_t n = 0;

	for (size_t i = 0; i < path.len;) {
		size_t end = i;
		while (end < path.len && path.at[end] != '/' && path.at[end] != '\\')
			end++;
		struct text part = {path.at + i, end - i};
		i = end + 1;
		if (part.len == 0 || text_equal(part, text_of(".")))
			continue;
		if (text_equal(part, text_of(".."))) {
			while (n > 0 && plain[--n] != '/')
				;
			continue;
		}
		plain[n++] = '/';
		memcpy(plain + n, part.at, part.len);
		n += part.len;
	}
	return (struct text){plain, n};
}

/* The folder in which a server's popstate.dat lies. *guessed (may be NULL): named by no
 * preference; nsMsgIncomingServer::GetLocalPath makes one of the host's name that is not
 * there, and names it then. */
static struct text
local_path(const struct prefs *p, const char *server, struct text profile,
	struct arena *a, bool *guessed)
{
	struct text path;
	const char *prefix = "[ProfD]";
	bool ignored = false;

	guessed = guessed != NULL ? guessed : &ignored;
	*guessed = false;
	if (pref_string(prefs_find(p, "mail.server.%s.directory-rel", server), &path) &&
		text_starts(path, prefix))
		path = text_of(arena_print(a, "%.*s/%.*s", TEXT_ARG(profile),
			(int)(path.len - strlen(prefix)), path.at + strlen(prefix)));
	else if (pref_string(prefs_find(p, "mail.server.%s.directory", server), &path))
		;
	else if ((*guessed = pref_string(
			  prefs_find(p, "mail.server.%s.hostname", server), &path)))
		path = text_of(arena_print(
			a, "%.*s/Mail/%.*s", TEXT_ARG(profile), TEXT_ARG(path)));
	else
		return (struct text){"", 0};
	return mozilla_path(a, path);
}

/* Absent or -1 is the usual port of the kind of connection. */
static uint32_t
port_of(const struct prefs *p, const char *server)
{
	int64_t number;

	if (pref_number(prefs_find(p, "mail.server.%s.port", server), &number) &&
		number > 0 && number < 65536)
		return (uint32_t)number;
	if (pref_number(prefs_find(p, "mail.server.%s.socketType", server), &number))
		return number == 3 ? 995 : 110;
	return pref_is_true(prefs_find(p, "mail.server.%s.isSecure", server)) ? 995 : 110;
}

/*
 * realhostname and realuserName are where versions before 129 really connect to. Since
 * 102 a start makes them hostname and userName and clears them (1b); 129 ignores them.
 */
static void
fill_server(
	const struct prefs *p, const char *server, struct arena *a, struct settings *s)
{
	s->server_host = s->server_user = (struct text){"", 0};
	if (s->version >= 129)
		return;
	s->server_host =
		kept_string(a, prefs_find(p, "mail.server.%s.realhostname", server));
	s->server_user =
		kept_string(a, prefs_find(p, "mail.server.%s.realuserName", server));
}

/* Absent, it is never; the number alone does nothing. */
static void
fill_age(const struct prefs *p, const char *server, struct settings *s)
{
	int64_t days = 7;

	if (!pref_is_true(
		    prefs_find(p, "mail.server.%s.delete_by_age_from_server", server)))
		return;
	pref_number(prefs_find(p, "mail.server.%s.num_days_to_leave_on_server", server),
		&days);
	if (days > 0)
		s->delete_after_days = (uint32_t)days;
	else if (days < 0) /* The day is in the future: all of them go at once. */
		s->leave_on_server = false;
}

/*
 * hostname and userName, not realhostname and realuserName: SeaMonkey and Thunderbird
 * before 99 look for the block of the first pair, and Thunderbird since 102 has no other.
 */
static void
fill_settings(
	const struct prefs *p, const char *server, struct arena *a, struct settings *s)
{
	struct text contract = {"", 0};

	s->known = true;
	s->port = port_of(p, server);
	s->host = kept_string(a, prefs_find(p, "mail.server.%s.hostname", server));
	s->user = kept_string(a, prefs_find(p, "mail.server.%s.userName", server));
	s->name = kept_string(a, prefs_find(p, "mail.server.%s.name", server));
	s->deferred_to = kept_string(
		a, prefs_find(p, "mail.server.%s.deferred_to_account", server));
	pref_string(prefs_find(p, "mail.server.%s.storeContractID", server), &contract);
	s->maildir = text_starts(contract, "@mozilla.org/msgstore/maildirstore;");
	s->leave_on_server =
		pref_is_true(prefs_find(p, "mail.server.%s.leave_on_server", server));
	s->until_deleted = pref_is_true(
		prefs_find(p, "mail.server.%s.delete_mail_left_on_server", server));
	fill_server(p, server, a, s);
	fill_age(p, server, s);
}

/* The server of an account, if it is of that type. */
static char *
server_of(const struct prefs *p, struct text account, const char *want, struct arena *a)
{
	struct text server, type;

	if (!pref_string(prefs_find(p, "mail.account.%.*s.server", TEXT_ARG(account)),
		    &server))
		return NULL;
	char *name = arena_string(a, server);
	if (!pref_string(prefs_find(p, "mail.server.%s.type", name), &type) ||
		!text_equal(type, text_of(want)))
		return NULL;
	return name;
}

static bool
take_account(struct cursor *list, struct text *account)
{
	if (list->off >= list->all.len)
		return false;
	if (!take_until(list, ',', account)) {
		*account = (struct text){
			list->all.at + list->off, list->all.len - list->off};
		list->off = list->all.len;
	}
	*account = text_trim(*account);
	return true;
}

/*
 * The account whose local path is the store's folder; its server. Servers that the list
 * of accounts does not lead to are leftovers; two accounts with one folder: NULL.
 */
static const char *
find_account(const struct prefs *p, struct text list, struct text profile,
	struct text folder, struct text *key, struct arena *a)
{
	struct cursor c = {list, 0};
	const char *found = NULL;
	struct text account;

	while (take_account(&c, &account)) {
		char *server = server_of(p, account, "pop3", a);
		if (server == NULL ||
			!text_equal(local_path(p, server, profile, a, NULL), folder))
			continue;
		if (found != NULL && strcmp(found, server) != 0)
			return NULL;
		/* The one named first: another is the same account twice. */
		if (found == NULL)
			*key = account;
		found = server;
	}
	return found;
}

/* The file of that name among the settings files; NULL: it is not there. */
static const struct source *
beside(const struct source *settings, const char *name)
{
	for (const struct source *s = settings->beside; s != NULL; s = s->beside) {
		size_t folder = folder_of(text_of(s->path)).len;
		if (text_equal(text_of(s->path + folder + (s->path[folder] == '/')),
			    text_of(name)))
			return s;
	}
	return NULL;
}

/* What both files say, and the list of accounts in it. */
static struct text
read_prefs(struct prefs *p, const struct source *settings)
{
	const struct source *user = beside(settings, MOZILLA_USER_PREFS);
	struct text list = {"", 0};

	prefs_read_both(
		p, settings->bytes, user != NULL ? user->bytes : (struct text){"", 0});
	pref_string(prefs_find(p, "mail.accountmanager.accounts"), &list);
	return list;
}

/* compatibility.ini: LastVersion=153.7.0_20261101/20261101, LastOSABI=WINNT_x86_64-msvc. */
static void
fill_client(const struct source *settings, struct settings *s)
{
	const struct source *file = beside(settings, MOZILLA_VERSION);
	struct ini i = {.at = {file != NULL ? file->bytes : (struct text){"", 0}, 0}};

	while (ini_next(&i)) {
		uint64_t number;

		if (!text_equal(i.section, text_of("Compatibility")))
			continue;
		if (text_equal(i.key, text_of("LastOSABI")))
			s->windows = text_starts(i.value, "WINNT");
		if (!text_equal(i.key, text_of("LastVersion")))
			continue;
		i.value.len = text_find(i.value, '.');
		if (text_number(i.value, &number) && number < 100000)
			s->version = (uint32_t)number;
	}
}

static bool
is_listed(const struct account_list *l, const char *server)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].server, server) == 0)
			return true;
	return false;
}

int
mozilla_accounts(const struct source *settings, struct arena *a, struct account_list *out,
	struct err *e)
{
	struct text profile = folder_of(text_of(settings->path)), key;
	struct settings client = {0};
	struct prefs p;

	(void)e;
	fill_client(settings, &client);
	for (struct cursor c = {read_prefs(&p, settings), 0}; take_account(&c, &key);) {
		char *server = server_of(&p, key, "pop3", a);
		struct text folder = {"", 0};
		bool guessed = false;
		if (server != NULL && !is_listed(out, server))
			folder = local_path(&p, server, profile, a, &guessed);
		if (folder.len == 0)
			continue;
		struct listed_account account = {
			.store = arena_print(
				a, "%.*s/%s", TEXT_ARG(folder), MOZILLA_STORE),
			.server = server,
			.guessed = guessed,
			.settings = client,
		};
		fill_settings(&p, server, a, &account.settings);
		account.settings.key = arena_text(a, key);
		out->at = array_grow(out->at, &out->cap, out->n + 1, sizeof(*out->at));
		out->at[out->n++] = account;
	}
	prefs_release(&p);
	return 0;
}

int
mozilla_settings(const char *store_path, const struct source *source, struct arena *arena,
	struct settings *settings, struct err *e)
{
	struct arena a = {0};
	struct text folder = mozilla_path(&a, folder_of(text_of(store_path)));
	struct text profile = folder_of(text_of(source->path)), key = {"", 0};
	struct prefs p;

	(void)e;
	*settings = (struct settings){0};
	fill_client(source, settings);
	struct text list = read_prefs(&p, source);
	const char *server = find_account(&p, list, profile, folder, &key, &a);
	if (server != NULL) {
		fill_settings(&p, server, arena, settings);
		settings->key = arena_text(arena, key);
	}
	prefs_release(&p);
	arena_free(&a);
	return 0;
}

static void
add_folder(struct local_mail *mail, struct text folder, struct arena *arena)
{
	for (size_t i = 0; i < mail->nfolders; i++)
		if (text_equal(mail->folders[i], folder))
			return;
	mail->folders[mail->nfolders++] = arena_text(arena, folder);
}

bool
mozilla_mail(const char *store_path, const struct source *source, struct arena *arena,
	struct local_mail *mail)
{
	struct arena a = {0};
	struct text folder = mozilla_path(&a, folder_of(text_of(store_path)));
	struct text profile = folder_of(text_of(source->path)), key = {"", 0}, account;
	struct prefs p;

	*mail = (struct local_mail){.key = {"", 0}};
	struct text list = read_prefs(&p, source);
	bool known = find_account(&p, list, profile, folder, &key, &a) != NULL;
	mail->key = arena_text(arena, key);
	mail->folders = arena_alloc(arena, (list.len + 2) * sizeof(*mail->folders));
	add_folder(mail, folder, arena);
	for (struct cursor c = {list, 0}; take_account(&c, &account);) {
		char *server = server_of(&p, account, "pop3", &a);
		if (server == NULL)
			server = server_of(&p, account, "none", &a);
		struct text path = {"", 0};
		if (server != NULL)
			path = local_path(&p, server, profile, &a, NULL);
		if (path.len > 0)
			add_folder(mail, path, arena);
	}
	prefs_release(&p);
	arena_free(&a);
	return known;
}
