/*
 * popstate.dat of Thunderbird, Betterbird and SeaMonkey, as Thunderbird 153 writes it
 * (no newline at the end; CRLF on Windows):
 *
 *     # POP3 State File
 *     # This is a generated file!  Do not edit.
 *
 *     *pop.example.org alice
 *     k 000000016b02f262 1795355234
 *     b 000000026b02f262 1795355234
 *
 * *HOST USER begins a block; USER is the rest of the line. An entry is a letter, the
 * UIDL, and when it was received. k: downloaded, left on the server; d: to be deleted
 * there at the next check; b, f: only a part was fetched. Nothing is quoted.
 *
 * Two readers exist. Pop3Client.sys.mjs (Thunderbird since 99) looks at no host and
 * takes the entries of all blocks as its own; nsPop3Protocol.cpp (before, and SeaMonkey
 * to this day) takes those of the block that bears its account's name. The first splits
 * at each blank, the second at runs of blanks and tabs; where they disagree, we take the
 * second word, which one of them takes for the UIDL.
 */
#include "model/format.h"
#include "model/prefs.h"
#include "model/prefs.h"

#define HEADER "# POP3 State File"

/* Below the home folder; the user's own folders (-profile) need --client. */
static const char *const places[] = {
	".thunderbird/*/Mail/*/popstate.dat",
	".icedove/*/Mail/*/popstate.dat", /* Debian before 2017 */
	".mozilla/seamonkey/*/Mail/*/popstate.dat",
	"snap/thunderbird/common/.thunderbird/*/Mail/*/popstate.dat",
	".var/app/*/.thunderbird/*/Mail/*/popstate.dat",
	"AppData/Roaming/Thunderbird/Profiles/*/Mail/*/popstate.dat",
	"AppData/Local/Packages/MozillaThunderbird.MZLA_*/LocalCache/Roaming/Thunderbird/"
	"Profiles/*/Mail/*/popstate.dat",
	"AppData/Roaming/Mozilla/SeaMonkey/Profiles/*/Mail/*/popstate.dat",
	"Library/Thunderbird/Profiles/*/Mail/*/popstate.dat",
	"Library/Application Support/SeaMonkey/Profiles/*/Mail/*/popstate.dat",
	NULL,
};

static bool
is_seamonkey(const char *path)
{
	return strstr(path, "/.mozilla/seamonkey/") != NULL ||
	       text_starts(text_of(path), ".mozilla/seamonkey/") ||
	       strstr(path, "/SeaMonkey/") != NULL;
}

/* `off`: the line that decided. */
static int
find_evidence(const struct source *src, size_t *off)
{
	struct cursor c = {src->bytes, 0};
	struct text line;

	for (*off = 0; take_line(&c, &line); *off = c.off) {
		if (text_starts(line, HEADER))
			return PROBE_CONTENT | PROBE_MAGIC;
		if (line.len > 0 && line.at[0] != '#')
			return line.at[0] == '*' ? PROBE_CONTENT : PROBE_NO;
	}
	/* Nothing but comments, or nothing at all: a client without an entry. */
	return PROBE_CONTENT;
}

static int
thunderbird_probe(const struct source *src)
{
	size_t off;

	return find_evidence(src, &off);
}

static struct value
value_at(const struct store *s, struct text t)
{
	/* Not in the file: it cannot be edited. */
	if (t.len == 0)
		return (struct value){{"", 0}, {0, 0}};
	return (struct value){t, store_span(s, t)};
}

/* "*HOST USER"; nsPop3Protocol.cpp ends USER at a tab. */
static uint32_t
read_account(struct store *s, struct text line)
{
	struct cursor c = {line, 1};
	struct text host = {line.at, 0}, user = {line.at, 0};

	if (take_word(&c, &host) && c.off < line.len) {
		user = (struct text){line.at + c.off + 1, line.len - c.off - 1};
		user.len = text_find(user, '\t');
	}
	return store_add_account(s,
		(struct account){.host = value_at(s, host), .user = value_at(s, user)});
}

static enum record_state
state_of(char status)
{
	switch (status) {
	case 'd':
		return RECORD_DELETE;
	case 'b':
	case 'f':
		return RECORD_PARTIAL;
	default:
		/* Letters it does not know, Thunderbird keeps and does nothing. */
		return RECORD_KNOWN;
	}
}

/* A line with fewer than two words is no entry; false. */
static bool
take_record(const struct store *s, struct text line, struct record *r, bool *timed)
{
	struct cursor c = {line, 0};
	struct text status, uidl, time;
	uint64_t seconds;

	if (!take_word(&c, &status) || !take_word(&c, &uidl))
		return false;
	*timed = take_word(&c, &time);
	*r = (struct record){
		.uidl = uidl.at,
		.uidl_len = (uint32_t)uidl.len,
		.at = store_span(s, uidl),
		.whole = store_span(s, line),
		.state = (uint8_t)state_of(status.at[0]),
		.status = status.at[0] > ' ' && status.at[0] <= '~' ? status.at[0] : '?',
	};
	if (*timed && text_number(time, &seconds) && seconds <= UINT32_MAX)
		r->time = (uint32_t)seconds;
	return true;
}

/* Thunderbird since 99 reads the file as UTF-8 and gives up on the whole of it. */
static void
note_not_utf8(struct store *s)
{
	struct cursor c = {s->source->bytes, 0};
	struct text line;
	size_t number = 0;

	if (text_is_utf8(s->source->bytes))
		return;
	while (take_line(&c, &line)) {
		number++;
		if (!text_is_utf8(line))
			break;
	}
	store_note(s,
		"line %zu is not valid UTF-8: Thunderbird 99 and later cannot read this "
		"file and fetches no mail until it is repaired",
		number);
}

static void
note_no_time(struct store *s, size_t n)
{
	if (n == 1)
		store_note(s, "1 entry has no time: Thunderbird will forget it at its "
			      "next check");
	else if (n > 1)
		store_note(s,
			"%zu entries have no time: Thunderbird will forget them at its "
			"next check",
			n);
}

static int
refuse_content(const struct store *s, struct err *e)
{
	const struct source *src = s->source;
	struct text all = src->bytes;
	size_t nul = text_find(all, '\0'), off;

	if (nul < all.len)
		return err_at_byte(e, src, nul,
			"a NUL byte: this is not a Thunderbird popstate.dat");
	if (find_evidence(src, &off) == PROBE_NO)
		return err_at_line(e, src, off,
			"want \"" HEADER
			"\" or \"*HOST USER\" before the entries: this is "
			"not a Thunderbird popstate.dat");
	return 0;
}

static int
thunderbird_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	uint32_t account = STORE_NO_ACCOUNT;
	struct text line;
	size_t no_time = 0;

	if (refuse_content(s, e) < 0)
		return -1;
	s->merged = !is_seamonkey(s->source->path);
	/* Since 96 the line is written from today's settings and never looked at (1a). */
	s->account_rewritten = s->merged;
	while (take_line(&c, &line)) {
		struct record r;
		bool timed;

		/* A last line that was cut between CR and LF. */
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (line.at[0] == '*') {
			account = read_account(s, line);
			continue;
		}
		if (account == STORE_NO_ACCOUNT || !take_record(s, line, &r, &timed))
			continue;
		r.account = account;
		no_time += !timed;
		if (store_add_record(s, r, e) < 0)
			return -1;
	}
	note_not_utf8(s);
	note_no_time(s, no_time);
	return 0;
}

/* Nothing can be quoted, so what would break a line or a word cannot be written. */
static int
thunderbird_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	bool bad = value.len == 0;

	for (size_t i = 0; i < value.len && !bad; i++) {
		char c = value.at[i];
		bad = c == '\t' || c == '\r' || c == '\n' || c == '\0' ||
		      (c == ' ' && what != EDIT_USER);
	}
	if (bad) {
		char shown[120];
		text_escape(value, shown, sizeof(shown));
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there as a %s: Thunderbird has no "
			"way "
			"to quote it",
			s->source->path, shown,
			what == EDIT_UIDL   ? "UIDL"
			: what == EDIT_HOST ? "host"
					    : "user name");
	}
	buf_add(out, value);
	return 0;
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

/* The server of the account, if it is one of POP3. */
static char *
pop3_server(const struct prefs *p, struct text account, struct arena *a)
{
	struct text server, type;

	if (!pref_string(prefs_find(p, "mail.account.%.*s.server", TEXT_ARG(account)),
		    &server))
		return NULL;
	char *name = arena_string(a, server);
	if (!pref_string(prefs_find(p, "mail.server.%s.type", name), &type) ||
		!text_equal(type, text_of("pop3")))
		return NULL;
	return name;
}

/*
 * The account whose local path is the store's folder. Servers that the list of accounts
 * does not lead to are leftovers; two accounts with one folder leave it unknown.
 */
static int
thunderbird_settings(const char *store_path, const struct source *source,
	struct arena *arena, struct settings *settings, struct err *e)
{
	struct arena a = {0};
	struct text folder = plain_path(&a, folder_of(text_of(store_path)));
	struct text profile = folder_of(text_of(source->path)), list = {"", 0}, account;
	const char *found = NULL;
	struct prefs p;

	(void)e;
	*settings = (struct settings){0};
	prefs_read(&p, source->bytes);
	pref_string(prefs_find(&p, "mail.accountmanager.accounts"), &list);
	for (struct cursor c = {list, 0}; c.off < list.len;) {
		if (!take_until(&c, ',', &account)) {
			account = (struct text){list.at + c.off, list.len - c.off};
			c.off = list.len;
		}
		char *server = pop3_server(&p, text_trim(account), &a);
		if (server == NULL ||
			!text_equal(local_path(&p, server, profile, &a), folder))
			continue;
		if (found != NULL && strcmp(found, server) != 0) {
			*settings = (struct settings){0};
			break;
		}
		found = server;
		fill_settings(&p, server, arena, settings);
	}
	prefs_release(&p);
	arena_free(&a);
	return 0;
}

const struct format format_thunderbird = {
	.name = "thunderbird",
	.client = "Mozilla Thunderbird, SeaMonkey, Betterbird",
	.what = "popstate.dat",
	.proof = "the real Thunderbird (make check-clients)",
	.places = places,
	.settings_file = "prefs.js",
	.account_from_settings = true,
	.lock = {".parentlock", "lock"},
	.probe = thunderbird_probe,
	.read = thunderbird_read,
	.spell = thunderbird_spell,
	.settings = thunderbird_settings,
};
