/*
 * The history of a POP3 account of Outlook 2002 and later, a property of a hidden message
 * in the Inbox (Microsoft, "POP3 UIDL history", "Parsing the Message Download History":
 * BlobPOP<address>, PidTagAttachDataBinary). It is exported from there and put back with
 * MFCMAPI, Outlook closed; reuidl sees it as a file between the two.
 *
 *     03 00   17 00   "+b20120906131138" "0BC535DB$2dEA63$2d11E1$2dA75C$2d00215AD7BB74" 00
 *     version count   a tag: operation, content, yyyyMMddhhmmss, the UIDL; and so on
 *
 * Operations: + got, - deleted, & got and deleted. Contents: blank nothing, h the header,
 * b the body. In the UIDL each byte but letters and digits is '$' and two digits of hex,
 * in the published bytes lower case. Of which zone the time is, is not said: it stays as
 * it is, and counts as unknown.
 *
 * No server stands in it. The account is the address that the attachment is named after.
 */
#include "model/format.h"

/* The attachment's own name, which MFCMAPI proposes for the file. */
static const char *const places[] = {"BlobPOP*", NULL};

#define VERSION	    3
#define HEAD	    4
#define TIME_DIGITS 14
#define UIDL_AT	    (2 + TIME_DIGITS)

static unsigned
word_at(struct text t, size_t off)
{
	return (unsigned char)t.at[off] | (unsigned)(unsigned char)t.at[off + 1] << 8;
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Is this how a tag begins? */
static bool
is_tag(struct text t)
{
	uint64_t digits;

	return t.len > UIDL_AT && memchr("+-&", t.at[0], 3) != NULL &&
	       memchr(" hb", t.at[1], 3) != NULL &&
	       text_number((struct text){t.at + 2, TIME_DIGITS}, &digits);
}

static int
outlook_probe(const struct source *src)
{
	struct text all = src->bytes;

	if (all.len < HEAD || word_at(all, 0) != VERSION)
		return PROBE_NO;
	if (word_at(all, 2) == 0)
		return all.len == HEAD ? PROBE_CONTENT : PROBE_NO;
	return is_tag((struct text){all.at + HEAD, all.len - HEAD}) ? PROBE_CONTENT
								    : PROBE_NO;
}

/* Only what Outlook's own writer makes: the rest could not be put back byte for byte. */
static bool
decode(struct text in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		if (is_plain(in.at[i])) {
			buf_byte(out, in.at[i]);
			continue;
		}
		if (in.at[i] != '$' || in.len - i < 3)
			return false;
		int high = hex_digit(in.at[i + 1]), low = hex_digit(in.at[i + 2]);
		char c = (char)(high * 16 + low);
		if (high < 0 || low < 0 || c == '\0' || is_plain(c))
			return false;
		buf_byte(out, c);
		i += 2;
	}
	return !out->full;
}

static uint8_t
state_of(struct text tag)
{
	/* Whether Outlook deletes again what it has deleted is not said; so it may. */
	if (tag.at[0] != '+')
		return RECORD_DELETE;
	/* A header without its body, or nothing of it at all. */
	return tag.at[1] == 'b' ? RECORD_KNOWN : RECORD_PARTIAL;
}

static int
add_tag(struct store *s, struct text tag, struct buf *scratch, struct err *e)
{
	const struct source *src = s->source;
	size_t off = (size_t)(tag.at - src->bytes.at);
	struct text uidl = {tag.at + UIDL_AT, tag.len - UIDL_AT}, means = uidl;

	buf_clear(scratch);
	if (!decode(uidl, scratch))
		return err_at_byte(e, src, off + UIDL_AT,
			"want letters, digits and \"$\" with two digits of hex (0-9, a-f) for "
			"all other bytes of a UIDL");
	if (!text_equal(buf_text(scratch), uidl))
		means = arena_text(&s->arena, buf_text(scratch));
	struct record r = {.uidl = means.at,
		.uidl_len = (uint32_t)means.len,
		.at = store_span(s, uidl),
		.whole = store_span(s, tag),
		.state = state_of(tag),
		.status = tag.at[0]};
	return store_add_record(s, r, e);
}

static int
read_tags(struct store *s, unsigned count, struct buf *scratch, struct err *e)
{
	const struct source *src = s->source;
	struct cursor c = {src->bytes, HEAD};
	struct text tag;

	for (unsigned i = 0; i < count; i++) {
		size_t off = c.off;

		if (!take_until(&c, '\0', &tag))
			return err_at_byte(e, src, off,
				"want %u entries, there are %u whole ones: the export is not "
				"complete",
				count, i);
		if (!is_tag(tag))
			return err_at_byte(e, src, off,
				"want an entry: one of \"+-&\", one of \" hb\", 14 digits and a "
				"UIDL");
		if (add_tag(s, tag, scratch, e) < 0)
			return -1;
	}
	if (c.off != src->bytes.len)
		return err_at_byte(
			e, src, c.off, "want the end behind %u entries", count);
	return 0;
}

static int
outlook_read(struct store *s, struct err *e)
{
	struct text all = s->source->bytes;
	struct buf scratch;

	if (all.len < HEAD)
		return err_at_byte(e, s->source, all.len,
			"want a version and a count of two bytes each");
	if (word_at(all, 0) != VERSION)
		return err_at_byte(e, s->source, 0,
			"want version 3 of Outlook's POP3 history, there is %u",
			word_at(all, 0));
	store_add_nobody(s);
	store_note(s, "this is an exported property: close Outlook, put it back where it "
		      "came from, and only then let Outlook go to the new server");
	buf_init(&scratch, all.len);
	int rc = read_tags(s, word_at(all, 2), &scratch, e);
	buf_release(&scratch);
	return rc;
}

static int
outlook_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	char shown[120];

	(void)what; /* Only UIDLs stand in the file. */
	if (value.len == 0 || text_find(value, '\0') < value.len)
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there as a UIDL: it is empty, or has a "
			"NUL",
			s->source->path, text_escape(value, shown, sizeof(shown)));
	for (size_t i = 0; i < value.len; i++)
		if (is_plain(value.at[i]))
			buf_byte(out, value.at[i]);
		else
			buf_print(out, "$%02x", (unsigned char)value.at[i]);
	return 0;
}

const struct format format_outlook = {
	.name = "outlook",
	.client = "Microsoft Outlook 2002 and later",
	.what = "the exported POP3 history, BlobPOP*",
	.places = places,
	.probe = outlook_probe,
	.read = outlook_read,
	.spell = outlook_spell,
};
