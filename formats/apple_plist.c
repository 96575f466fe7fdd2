/*
 * MessageUidsAlreadyDownloaded2 of Apple's Mail, Mac OS X up to 10.4 (a real file; Mail
 * 2 of 10.4 wrote it), a property list in XML, one for each account:
 *
 *     <dict>
 *     	<key>1154111803.H358449P19268.mbox1.freenet.de,S=22050,L=363</key>
 *     	<dict>
 *     		<key>DateDownloaded</key>
 *     		<date>2006-07-28T19:13:46Z</date>
 *     	</dict>
 *     </dict>
 *
 * The key is the UIDL. What else an entry may hold is not known, and stays. Only & < >
 * are escaped (CFPropertyList.c of Apple's CF-Lite).
 *
 * The account stands in the name of the folder, POP-USER@HOST, and USER may have an '@'
 * of its own. Whether Mail goes on with that folder when the account gets another server
 * is not published, so nothing is renamed, and `show` and the diff say so.
 */
#include "model/format.h"
#include "model/xmlspan.h"

#define NAME "MessageUidsAlreadyDownloaded2"

static const char *const places[] = {"Library/Mail/POP-*/" NAME, NULL};

static const struct client_lock locks[] = {{LOCK_PROCESS, "Mail"}, {LOCK_NONE, NULL}};

#define BINARY	 "bplist"
#define PROLOGUE 1000 /* in which <plist must stand */

static int
apple_plist_probe(const struct source *src)
{
	struct text head = src->bytes;

	if (text_starts(head, BINARY))
		return PROBE_CONTENT | PROBE_MAGIC;
	if (head.len > PROLOGUE)
		head.len = PROLOGUE;
	for (size_t i = 0; i < head.len; i++)
		if (text_starts((struct text){head.at + i, head.len - i}, "<plist"))
			return PROBE_CONTENT | PROBE_MAGIC;
	return PROBE_NO;
}

struct plist {
	struct store *store;
	bool has_dict, has_key, is_date; /* of the entry that is read */
	uint32_t start;			 /* of its <key> */
	struct value uidl;
	uint32_t time;
};

static int
want(const struct plist *p, const struct xml_element *el, const char *what, struct err *e)
{
	return xmlspan_refuse(e, p->store->source, el->start,
		"want %s, there is <%.*s>: this is not Mail's " NAME, what,
		TEXT_ARG(el->name));
}

static bool
is_named(const struct xml_element *el, const char *name)
{
	return text_equal(el->name, text_of(name));
}

static int
plist_begin(void *arg, const struct xml_element *el, struct err *e)
{
	struct plist *p = arg;

	if (el->depth == 1 && !is_named(el, "plist"))
		return want(p, el, "<plist>", e);
	if (el->depth == 2 && (p->has_dict || !is_named(el, "dict")))
		return want(p, el, "one <dict>", e);
	if (el->depth == 3 && !is_named(el, p->has_key ? "dict" : "key"))
		return want(p, el, p->has_key ? "the <dict> of this key" : "<key>", e);
	p->has_dict |= el->depth == 2;
	return 0;
}

static uint32_t
number_at(struct text t, size_t off, size_t len)
{
	uint64_t n = 0;

	return text_number((struct text){t.at + off, len}, &n) ? (uint32_t)n : UINT32_MAX;
}

/* "2006-07-28T19:13:46Z"; 0 if it is none, or not within 1970 and 2105. */
static uint32_t
seconds_of(struct text t)
{
	static const char shape[] = "0000-00-00T00:00:00Z";
	uint32_t year, month, day, days;

	if (t.len != sizeof(shape) - 1)
		return 0;
	for (size_t i = 0; i < t.len; i++)
		if (shape[i] == '0' ? t.at[i] < '0' || t.at[i] > '9'
				    : t.at[i] != shape[i])
			return 0;
	year = number_at(t, 0, 4);
	month = number_at(t, 5, 2);
	day = number_at(t, 8, 2);
	if (year < 1970 || year > 2105 || month < 1 || month > 12)
		return 0;
	/* Years that begin in March, so that the leap day is the last. */
	uint32_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
	days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 719469;
	return days * 86400 + number_at(t, 11, 2) * 3600 + number_at(t, 14, 2) * 60 +
	       number_at(t, 17, 2);
}

/* A key could not be put back if it were spelled otherwise than Mail does. */
static int
read_key(struct plist *p, const struct xml_element *el, struct err *e)
{
	struct store *s = p->store;
	struct text raw = store_at(s, el->at);
	struct buf spelled;
	bool same;

	if (!el->text_alone || el->text.len == 0)
		return xmlspan_refuse(e, s->source, el->start, "a key without a UIDL");
	buf_init(&spelled, 2 * XMLSPAN_TEXT);
	same = xmlspan_spell(el->text, &spelled) && text_equal(buf_text(&spelled), raw);
	buf_release(&spelled);
	if (!same)
		return xmlspan_refuse(e, s->source, el->at.off,
			"this key is not spelled as Mail does it; \"plutil -convert xml1\" "
			"spells it anew");
	p->uidl.at = el->at;
	p->uidl.text = el->text.at == raw.at ? raw : arena_text(&s->arena, el->text);
	p->start = el->start;
	p->time = 0;
	p->has_key = true;
	return 0;
}

static int
add_entry(struct plist *p, const struct xml_element *el, struct err *e)
{
	struct record r = {.uidl = p->uidl.text.at,
		.uidl_len = (uint32_t)p->uidl.text.len,
		.account = 0,
		.at = p->uidl.at,
		.whole = {p->start, el->end - p->start},
		.time = p->time,
		.status = '-'};

	p->has_key = false;
	return store_add_record(p->store, r, e);
}

static int
plist_end(void *arg, const struct xml_element *el, struct err *e)
{
	struct plist *p = arg;

	if (el->depth == 4) {
		if (p->is_date && is_named(el, "date") && el->text_alone)
			p->time = seconds_of(el->text);
		p->is_date = is_named(el, "key") && el->text_alone &&
			     text_equal(el->text, text_of("DateDownloaded"));
	}
	if (el->depth == 3)
		return p->has_key ? add_entry(p, el, e) : read_key(p, el, e);
	if (el->depth == 2 && p->has_key)
		return xmlspan_refuse(
			e, p->store->source, p->start, "a key without an entry");
	if (el->depth == 1 && !p->has_dict)
		return want(p, el, "a <dict> in it", e);
	return 0;
}

/* ".../POP-alice@pop.example.org/NAME" */
static void
read_account(struct store *s)
{
	struct text path = text_of(s->source->path), host = {"", 0}, user = {"", 0};
	size_t end = path.len, begin;

	while (end > 0 && path.at[end - 1] != '/')
		end--;
	end -= end > 0;
	for (begin = end; begin > 0 && path.at[begin - 1] != '/';)
		begin--;
	struct text folder =
		arena_text(&s->arena, (struct text){path.at + begin, end - begin});
	if (text_starts(folder, "POP-")) {
		size_t at = folder.len;
		while (at > 4 && folder.at[at - 1] != '@')
			at--;
		if (at > 5 && at < folder.len) {
			user = (struct text){folder.at + 4, at - 5};
			host = (struct text){folder.at + at, folder.len - at};
		}
	}
	store_add_account(
		s, (struct account){.host = {host, {0, 0}}, .user = {user, {0, 0}}});
	if (host.len > 0)
		store_note(s,
			"its account is told by the name of its folder, POP-USER@HOST, which "
			"stays as it is: if Mail has made a folder for the new server's name, "
			"it reads the list in that one");
	else
		store_note(s, "it does not say whose it is: its folder is not named "
			      "POP-USER@HOST");
}

static int
apple_plist_read(struct store *s, struct err *e)
{
	static const struct xml_handler handler = {plist_begin, plist_end};
	struct plist p = {.store = s};

	if (text_starts(s->source->bytes, BINARY))
		return err_at_byte(e, s->source, 0,
			"a binary property list. Quit Mail, make it an XML one with \"plutil "
			"-convert xml1 " NAME
			"\", which Mail reads as well, and run this again");
	read_account(s);
	return xmlspan_read(s->source, &handler, &p, e);
}

static int
apple_plist_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	char shown[120];

	(void)what; /* Only UIDLs stand in the file. */
	if (value.len > 0 && xmlspan_spell(value, out))
		return 0;
	return err_set(e, ERR_DATA, "format",
		"%s: \"%s\" cannot be written there as a UIDL: XML has no way to say it",
		s->source->path, text_escape(value, shown, sizeof(shown)));
}

const struct format format_apple_plist = {
	.name = "apple_plist",
	.client = "Apple Mail (Mac OS X up to 10.4)",
	.what = NAME,
	.places = places,
	.locks = locks,
	.probe = apple_plist_probe,
	.read = apple_plist_read,
	.spell = apple_plist_spell,
};
