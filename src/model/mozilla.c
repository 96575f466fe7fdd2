/*
 * mail.accountmanager.accounts = "account1,account2" names the accounts,
 * mail.account.account1.server = "server1" leads to a server, and mail.server.server1.*
 * says all of it: type, hostname, directory-rel …
 */
#include "model/mozilla.h"
#include "model/prefs.h"

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

/* One spelling of a path: '/' between parts, no "." and "..", none empty. */
static struct text
plain_path(struct arena *a, struct text path)
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

/* The folder in which a server's popstate.dat lies. */
static struct text
local_path(
	const struct prefs *p, const char *server, struct text profile, struct arena *a)
{
	struct text path;
	const char *prefix = "[ProfD]";

	if (pref_string(prefs_find(p, "mail.server.%s.directory-rel", server), &path) &&
		text_starts(path, prefix))
		path = text_of(arena_print(a, "%.*s/%.*s", TEXT_ARG(profile),
			(int)(path.len - strlen(prefix)), path.at + strlen(prefix)));
	else if (pref_string(prefs_find(p, "mail.server.%s.directory", server), &path))
		;
	else if (pref_string(prefs_find(p, "mail.server.%s.hostname", server), &path))
		path = text_of(arena_print(
			a, "%.*s/Mail/%.*s", TEXT_ARG(profile), TEXT_ARG(path)));
	else
		return (struct text){"", 0};
	return plain_path(a, path);
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
 * hostname and userName, not realhostname and realuserName: SeaMonkey and Thunderbird
 * before 99 look for the block of the first pair, and Thunderbird since 102 has no other.
 */
static void
fill_settings(const struct prefs *p, const char *server, struct arena *a,
	struct settings *settings)
{
	int64_t days = 7;

	*settings = (struct settings){.known = true, .port = port_of(p, server)};
	if (pref_string(
		    prefs_find(p, "mail.server.%s.hostname", server), &settings->host))
		settings->host = arena_text(a, settings->host);
	if (pref_string(
		    prefs_find(p, "mail.server.%s.userName", server), &settings->user))
		settings->user = arena_text(a, settings->user);
	settings->leave_on_server =
		pref_is_true(prefs_find(p, "mail.server.%s.leave_on_server", server));
	settings->until_deleted = pref_is_true(
		prefs_find(p, "mail.server.%s.delete_mail_left_on_server", server));
	if (!pref_is_true(
		    prefs_find(p, "mail.server.%s.delete_by_age_from_server", server)))
		return;
	pref_number(prefs_find(p, "mail.server.%s.num_days_to_leave_on_server", server),
		&days);
	if (days > 0)
		settings->delete_after_days = (uint32_t)days;
	else if (days < 0) /* The day is in the future: all of them go at once. */
		settings->leave_on_server = false;
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
			!text_equal(local_path(p, server, profile, a), folder))
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

int
mozilla_settings(const char *store_path, const struct source *source, struct arena *arena,
	struct settings *settings, struct err *e)
{
	struct arena a = {0};
	struct text folder = plain_path(&a, folder_of(text_of(store_path)));
	struct text profile = folder_of(text_of(source->path)), list = {"", 0}, key;
	struct prefs p;

	(void)e;
	*settings = (struct settings){0};
	prefs_read(&p, source->bytes);
	pref_string(prefs_find(&p, "mail.accountmanager.accounts"), &list);
	const char *server = find_account(&p, list, profile, folder, &key, &a);
	if (server != NULL)
		fill_settings(&p, server, arena, settings);
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
	struct text folder = plain_path(&a, folder_of(text_of(store_path)));
	struct text profile = folder_of(text_of(source->path)), list = {"", 0}, account;
	struct text key = {"", 0};
	struct prefs p;

	*mail = (struct local_mail){.key = {"", 0}};
	prefs_read(&p, source->bytes);
	pref_string(prefs_find(&p, "mail.accountmanager.accounts"), &list);
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
			path = local_path(&p, server, profile, &a);
		if (path.len > 0)
			add_folder(mail, path, arena);
	}
	prefs_release(&p);
	arena_free(&a);
	return known;
}
