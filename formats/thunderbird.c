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
#include "model/mozilla.h"
#include "model/spell.h"
#include "model/mozilla_mail.h"

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

/* Betterbird shares Thunderbird's on all systems, and its profiles.ini. */
static const struct client_root roots[] = {
	{".thunderbird", "Thunderbird", NULL},
	{".icedove", "Icedove", NULL}, /* also as a link to the one before */
	{".mozilla/seamonkey", "SeaMonkey", NULL},
	{"snap/thunderbird/common/.thunderbird", "Thunderbird (snap)", ".thunderbird"},
	/* org.mozilla.[Tt]hunderbird, net.thunderbird.Thunderbird, eu.betterbird… */
	{".var/app/*/.thunderbird", "Thunderbird (flatpak)", NULL},
	{"AppData/Roaming/Thunderbird", "Thunderbird", NULL},
	{"AppData/Local/Packages/MozillaThunderbird.MZLA_*/LocalCache/Roaming/"
	 "Thunderbird",
		"Thunderbird (store)", NULL},
	{"AppData/Roaming/Mozilla/SeaMonkey", "SeaMonkey", NULL},
	{"Library/Thunderbird", "Thunderbird", NULL},
	{"Library/Application Support/SeaMonkey", "SeaMonkey", NULL},
	{NULL, NULL, NULL},
};

static const char *const settings_beside[] = {MOZILLA_USER_PREFS, MOZILLA_VERSION, NULL};

static const struct client_lock locks[] = {
	{LOCK_FCNTL, ".parentlock"},
	{LOCK_SYMLINK, "lock"},
	{LOCK_NONE, NULL},
};

static const char *const strays[] = {"popstate-[0-9]*.dat", NULL};

static bool
is_seamonkey(const char *path)
{
	return strstr(path, ".mozilla/seamonkey/") != NULL ||
	       strstr(path, "/SeaMonkey/") != NULL;
}

/* A CR alone ends a line for the older reader. For the newer one it is part of a UIDL
 * that no server can have, so nothing is lost by ending the line there. */
static bool
take_entry(struct cursor *c, struct text *line)
{
	if (!take_line(c, line))
		return false;
	size_t cr = text_find(*line, '\r');
	if (cr < line->len) {
		line->len = cr;
		c->off = (size_t)(line->at - c->all.at) + cr + 1;
	}
	return true;
}

/* `off`: the line that decided. */
static int
find_evidence(const struct source *src, size_t *off)
{
	struct cursor c = {src->bytes, 0};
	struct text line;

	for (*off = 0; take_entry(&c, &line); *off = c.off) {
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
	while (take_entry(&c, &line)) {
		struct record r;
		bool timed;

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

/*
 * Which reader will look at it (the comment at the top). 96 brought the new one, and 99
 * made it the standard one: between the two it is either, so all entries are looked at,
 * and what the account line says proves nothing. SeaMonkey's 2.53 is below both.
 */
static void
thunderbird_adapt(struct store *s, const struct settings *set)
{
	struct text bytes = s->source->bytes;
	size_t lf = text_find(bytes, '\n');

	if (set->version == 0)
		return;
	s->merged = set->version >= 96;
	s->account_rewritten = set->version >= 99;
	s->adapted = true;
	/* bug 1933365 */
	if (set->windows && set->version >= 96 && set->version < 136 && s->nrecords > 0 &&
		lf < bytes.len && (lf == 0 || bytes.at[lf - 1] != '\r'))
		store_note(s,
			"its lines end with LF, and Thunderbird %u on Windows wants "
			"CRLF: it will see no entry and fetch all mail again",
			set->version);
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
	return spell_plain(s, value, bad, spell_word(what), "Thunderbird", out, e);
}

const struct format format_thunderbird = {
	.name = "thunderbird",
	.client = "Mozilla Thunderbird, SeaMonkey, Betterbird",
	.what = "popstate.dat",
	.proof = "the real Thunderbird (make check-clients)",
	.places = places,
	.settings_file = MOZILLA_PREFS,
	.settings_beside = settings_beside,
	.roots = roots,
	.profiles_file = MOZILLA_PROFILES,
	.installs_file = MOZILLA_INSTALLS,
	.strays = strays,
	.account_from_settings = true,
	.locks = locks,
	.probe = thunderbird_probe,
	.read = thunderbird_read,
	.spell = thunderbird_spell,
	.settings = mozilla_settings,
	.mail = mozilla_mail,
	.local = mozilla_local,
	.adapt = thunderbird_adapt,
	.accounts = mozilla_accounts,
	.profiles = mozilla_profiles,
};
