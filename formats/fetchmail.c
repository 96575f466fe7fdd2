/*
 * ~/.fetchids of fetchmail 6.3 and 6.4 (uid.c), for all its accounts:
 *
 *     alice@pop.example.org 000000016b02f262
 *     bob@example.net@mail.example.net 000000026b02f262
 *
 * USER@HOST UIDL. Nothing is quoted. The name ends at the first blank behind its first
 * '@' (before that the user may have blanks), and the last '@' in it begins the host,
 * which is the server of the "poll" entry or its "via", without a port. Names are
 * compared without case. The UIDL ends at a blank, a tab or the line's end. Lines of
 * another shape are dropped at the next poll.
 *
 * The file must be its user's own and nobody else's to read, or fetchmail does not run.
 */
#include "model/fetchmailrc.h"
#include "model/spell.h"

/* fgets() into 512 bytes: what is longer is two lines for it. */
#define LINE_MAX_BYTES 510

static const char *const places[] = {".fetchids", NULL};
static const char *const settings_places[] = {".fetchmailrc", NULL};

/* A daemon keeps what it has read, and writes it back. */
static const struct client_lock locks[] = {
	{LOCK_PID, "~/.fetchmail.pid"},
	{LOCK_PID, "$FETCHMAILHOME/fetchmail.pid"},
	{LOCK_PID, "/var/run/fetchmail.pid"}, /* root's, of the whole machine */
	{LOCK_NONE, NULL},
};

struct entry {
	struct text user, host, uidl;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* False: fetchmail takes nothing from this line. */
static bool
take_entry(struct text line, struct entry *entry)
{
	struct text name = text_trim(line);
	size_t start = (size_t)(name.at - line.at), at = start, end;

	at += text_find(name, '@');
	while (at < line.len && line.at[at] != ' ')
		at++;
	if (at >= line.len)
		return false;
	for (end = at; end > start && is_blank(line.at[end - 1]); end--)
		;
	while (at < line.len && line.at[at] == ' ')
		at++;
	entry->uidl = (struct text){line.at + at, 0};
	while (at < line.len && !is_blank(line.at[at++]))
		entry->uidl.len++;
	name.len = end - start;
	size_t sign = name.len;
	while (sign > 0 && name.at[sign - 1] != '@')
		sign--;
	if (sign == 0)
		return false;
	entry->user = (struct text){name.at, sign - 1};
	entry->host = (struct text){name.at + sign, name.len - sign};
	return entry->user.len > 0 && entry->host.len > 0 && entry->uidl.len > 0;
}

static int
fetchmail_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct entry entry;
	struct text line;

	while (take_lf_line(&c, &line))
		if (line.len > 0)
			return take_entry(line, &entry) ? PROBE_CONTENT : PROBE_NO;
	return PROBE_CONTENT;
}

static int
refuse_line(const struct store *s, struct text line, struct err *e)
{
	size_t off = store_span(s, line).off;

	if (text_find(line, '\0') < line.len)
		return err_at_line(e, s->source, off,
			"a NUL byte: this is not fetchmail's list of UIDLs");
	if (line.len > LINE_MAX_BYTES)
		return err_at_line(e, s->source, off,
			"%zu bytes: fetchmail reads lines of at most %d", line.len,
			LINE_MAX_BYTES);
	if (text_find(line, '\r') < line.len)
		return err_at_line(e, s->source, off,
			"a CR: fetchmail takes it for a part of the UIDL, and so knows no "
			"such message");
	return 0;
}

/* It may be a name, but none that anybody has. */
static int
refuse_tab(const struct store *s, const struct entry *entry, struct err *e)
{
	if (text_find(entry->user, '\t') == entry->user.len &&
		text_find(entry->host, '\t') == entry->host.len)
		return 0;
	return err_at_line(e, s->source, store_span(s, entry->user).off,
		"a tab in the account's name: want \"USER@HOST UIDL\"");
}

/* fetchmail would look at the lines of both; we must not move half of them. */
static int
refuse_other_spelling(
	const struct store *s, uint32_t account, const struct entry *entry, struct err *e)
{
	for (uint32_t i = 0; i < account; i++) {
		const struct account *a = &s->accounts[i];
		if (text_equal_nocase(a->host.text, entry->host) &&
			text_equal_nocase(a->user.text, entry->user))
			return err_at_line(e, s->source, store_span(s, entry->user).off,
				"this account is also spelled %.*s@%.*s: run fetchmail "
				"once, and it writes both alike",
				TEXT_ARG(a->user.text), TEXT_ARG(a->host.text));
	}
	return 0;
}

static int
read_entry(struct store *s, struct text line, const struct entry *entry, struct err *e)
{
	const char *start = entry->user.at;
	struct text prefix = {start, (size_t)(entry->host.at + entry->host.len - start)};
	struct account a = {
		.host = {entry->host, store_span(s, entry->host)},
		.user = {entry->user, store_span(s, entry->user)},
		.prefix = store_span(s, prefix),
	};
	struct record r = {
		.uidl = entry->uidl.at,
		.uidl_len = (uint32_t)entry->uidl.len,
		.at = store_span(s, entry->uidl),
		.whole = store_span(
			s, (struct text){start, (size_t)(line.at + line.len - start)}),
		.status = '-',
	};
	size_t known = s->naccounts;

	if (store_account_of(s, a, &r.account, e) < 0 ||
		(s->naccounts > known &&
			refuse_other_spelling(s, r.account, entry, e) < 0))
		return -1;
	return store_add_record(s, r, e);
}

static int
fetchmail_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct entry entry;
	struct text line;
	size_t lost = 0;

	if (fetchmail_probe(s->source) == PROBE_NO)
		return err_at_line(e, s->source, 0,
			"want \"USER@HOST UIDL\": this is not fetchmail's list of UIDLs");
	s->account_in_records = true;
	/* An account's lines are those of the server that had this name last: under
	 * another one fetchmail begins new lines, and leaves these alone. */
	s->account_rewritten = true;
	while (take_lf_line(&c, &line)) {
		if (refuse_line(s, line, e) < 0)
			return -1;
		if (take_entry(line, &entry)) {
			if (refuse_tab(s, &entry, e) < 0 ||
				read_entry(s, line, &entry, e) < 0)
				return -1;
		} else
			lost += line.len > 0;
	}
	if (lost > 0)
		store_note(s,
			"%zu line%s not \"USER@HOST UIDL\": fetchmail makes nothing of %s",
			lost, lost == 1 ? " is" : "s are", lost == 1 ? "it" : "them");
	return 0;
}

static void
fetchmail_adapt(struct store *s, const struct settings *set)
{
	if (set->advice != NULL)
		store_note(s, "%s", set->advice);
}

/* A user may hold blanks, but none behind its first '@', where the name would end. */
static int
fetchmail_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	bool bad = value.len == 0 || value.len > LINE_MAX_BYTES || value.at[0] == ' ';
	bool blank_ends = what != EDIT_USER;

	for (size_t i = 0; i < value.len && !bad; i++) {
		char c = value.at[i];
		bad = c == '\t' || c == '\r' || c == '\n' || c == '\0' ||
		      (c == ' ' && blank_ends) || (c == '@' && what == EDIT_HOST);
		blank_ends |= c == '@';
	}
	return spell_plain(s, value, bad, spell_word(what), "fetchmail", out, e);
}

const struct format format_fetchmail = {
	.name = "fetchmail",
	.client = "fetchmail",
	.what = ".fetchids",
	.proof = "the real fetchmail (make check-clients)",
	.places = places,
	.settings_places = settings_places,
	.locks = locks,
	.probe = fetchmail_probe,
	.read = fetchmail_read,
	.spell = fetchmail_spell,
	.accounts = fetchmail_accounts,
	.adapt = fetchmail_adapt,
};
