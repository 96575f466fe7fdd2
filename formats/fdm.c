/*
 * The cache of UIDLs of fdm 1.9 (pop3-common.c), at the path that its configuration
 * names:
 *
 *     16 000000016b02f262
 *     5 1/(2)
 *
 * LENGTH UIDL, the length in bytes. fdm reads by the length, and nothing of a file in
 * which one is wrong: the account fails. So the two are one value here, and are written
 * together. Nothing says whose UIDLs they are but the configuration.
 */
#include "model/fdmconf.h"

/* Free; these are as people call it. */
static const char *const places[] = {".fdm/*cache*", ".fdm*cache*", NULL};
static const char *const settings_places[] = {".fdm.conf", NULL};
static const struct client_lock locks[] = {
	{LOCK_FILE, "~/.fdm.lock"},
	{LOCK_PROCESS, "fdm"},
	{LOCK_NONE, NULL},
};

/* A line as fdm writes it: the number has no zeros before it. */
static bool
take_entry(struct text line, struct text *uidl)
{
	struct cursor c = {line, 0};
	struct text number;
	uint64_t len;

	if (line.len == 0 || line.at[0] == '0' || !take_until(&c, ' ', &number) ||
		!text_number(number, &len))
		return false;
	*uidl = (struct text){line.at + c.off, line.len - c.off};
	return uidl->len > 0 && len == uidl->len;
}

static bool
is_plain(struct text uidl)
{
	for (size_t i = 0; i < uidl.len; i++)
		if ((unsigned char)uidl.at[i] <= ' ' || uidl.at[i] == 0x7f)
			return false;
	return true;
}

static int
fdm_probe(const struct source *src)
{
	struct cursor c = {src->bytes, 0};
	struct text line, uidl;

	if (!take_lf_line(&c, &line))
		return PROBE_CONTENT;
	return take_entry(line, &uidl) && is_plain(uidl) ? PROBE_CONTENT : PROBE_NO;
}

static int
fdm_read(struct store *s, struct err *e)
{
	struct cursor c = {s->source->bytes, 0};
	struct text line, uidl;
	uint32_t account = store_add_nobody(s);

	while (take_lf_line(&c, &line)) {
		if (!take_entry(line, &uidl) || !is_plain(uidl))
			return err_at_line(e, s->source, store_span(s, line).off,
				"want \"LENGTH UIDL\" and the UIDL of that length: this is "
				"not fdm's cache of UIDLs");
		if (store_add_record(s,
			    (struct record){
				    .uidl = uidl.at,
				    .uidl_len = (uint32_t)uidl.len,
				    .account = account,
				    .at = store_span(s, line),
				    .whole = store_span(s, line),
				    .status = '-',
			    },
			    e) < 0)
			return -1;
	}
	return 0;
}

static int
fdm_spell(const struct store *s, enum edit_what what, struct text value, struct buf *out,
	struct err *e)
{
	(void)what;
	if (value.len == 0 || !is_plain(value)) {
		char shown[120];
		text_escape(value, shown, sizeof(shown));
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there as a UIDL: fdm takes none with "
			"blanks or control bytes",
			s->source->path, shown);
	}
	buf_print(out, "%zu ", value.len);
	buf_add(out, value);
	return 0;
}

const struct format format_fdm = {
	.name = "fdm",
	.client = "fdm",
	.what = "cache of new-only",
	.proof = "the real fdm 1.9 (make check-clients)",
	.places = places,
	.settings_places = settings_places,
	.locks = locks,
	.probe = fdm_probe,
	.read = fdm_read,
	.spell = fdm_spell,
	.accounts = fdm_accounts,
};
