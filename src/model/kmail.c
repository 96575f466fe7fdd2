#include "model/kmail.h"

#include "model/kconfig.h"

#define UIDLS "seenUidList"
#define TIMES "seenUidTimeList"

/* KConfig takes the last of several, and [$e] makes it replace what looks like a variable:
 * KMail writes neither. */
static int
take_list(const struct store *s, const struct kconfig *k, struct kconfig_list *list,
	bool *there, struct err *e)
{
	size_t off = (size_t)(k->key.at - s->source->bytes.at);

	if (*there)
		return err_at_line(e, s->source, off, "%.*s stands here a second time",
			TEXT_ARG(k->key));
	if (k->marks.len > 0)
		return err_at_line(e, s->source, off, "want \"%.*s=\", without %.*s",
			TEXT_ARG(k->key), TEXT_ARG(k->marks));
	*there = true;
	*list = (struct kconfig_list){.value = k->value};
	return 0;
}

static int
find_lists(const struct store *s, const char *group, struct kconfig_list *uidls,
	struct kconfig_list *times, struct err *e)
{
	struct kconfig k = {.at = {s->source->bytes, 0}, .group = {"", 0}};
	bool have_uidls = false, have_times = false;

	while (kconfig_next(&k)) {
		if (!text_equal(k.group, text_of(group)))
			continue;
		if (text_equal(k.key, text_of(UIDLS)) &&
			take_list(s, &k, uidls, &have_uidls, e) < 0)
			return -1;
		if (text_equal(k.key, text_of(TIMES)) &&
			take_list(s, &k, times, &have_times, e) < 0)
			return -1;
	}
	return 0;
}

static int
check_item(const struct store *s, struct text item, struct err *e)
{
	for (size_t i = 0; i < item.len; i++)
		if ((unsigned char)item.at[i] <= ' ' || item.at[i] == '\x7f')
			return err_at_byte(e, s->source, store_span(s, item).off + i,
				"a blank or control byte in a list of UIDLs or of times");
	if (!text_is_utf8(item))
		return err_at_byte(e, s->source, store_span(s, item).off,
			"this item is not valid UTF-8");
	return 0;
}

/* The items, each of which is to be as KMail writes it. */
static int
count(const struct store *s, struct kconfig_list list, size_t *n, struct err *e)
{
	struct text item;
	int rc;

	for (*n = 0; (rc = kconfig_item(&list, &item)) > 0; ++*n)
		if (check_item(s, item, e) < 0)
			return -1;
	if (rc == 0)
		return 0;
	return err_at_byte(e, s->source, store_span(s, list.value).off + list.off,
		"want \"\\\\\\\\\" for a backslash and \"\\\\,\" for a comma, as KMail writes "
		"them in a list");
}

static uint32_t
time_of(struct kconfig_list *times)
{
	struct text item;
	uint64_t seconds;

	if (kconfig_item(times, &item) > 0 && text_number(item, &seconds) &&
		seconds <= UINT32_MAX)
		return (uint32_t)seconds;
	return 0;
}

static int
add_records(struct store *s, uint32_t account, struct kconfig_list uidls,
	struct kconfig_list *times, struct err *e)
{
	struct text item;

	while (kconfig_item(&uidls, &item) > 0) {
		struct text uidl = kconfig_item_text(item, &s->arena);
		struct record r = {
			.uidl = uidl.at,
			.uidl_len = (uint32_t)uidl.len,
			.account = account,
			.at = store_span(s, item),
			.whole = store_span(s, item),
			.time = times != NULL ? time_of(times) : 0,
			.state = RECORD_KNOWN,
			.status = '-',
		};
		/* No server gives an empty UIDL. */
		if (uidl.len > 0 && store_add_record(s, r, e) < 0)
			return -1;
	}
	return 0;
}

int
kmail_read_seen(
	struct store *s, const char *group, uint32_t account, bool *paired, struct err *e)
{
	struct kconfig_list uidls = {.value = {"", 0}}, times = uidls;
	size_t nuidls, ntimes;

	if (find_lists(s, group, &uidls, &times, e) < 0 ||
		count(s, uidls, &nuidls, e) < 0 || count(s, times, &ntimes, e) < 0)
		return -1;
	*paired = nuidls == ntimes;
	if (!*paired)
		store_note(s,
			"%zu UIDLs and %zu times: it is not known when each message was "
			"fetched",
			nuidls, ntimes);
	return add_records(s, account, uidls, *paired ? &times : NULL, e);
}

int
kmail_spell(const struct store *s, enum edit_what what, struct text value,
	struct buf *out, struct err *e)
{
	char shown[120];
	bool bad = value.len == 0 || !text_is_utf8(value);

	(void)what; /* a host and a user are the client's settings, and stay */
	for (size_t i = 0; i < value.len && !bad; i++)
		bad = (unsigned char)value.at[i] <= ' ' || value.at[i] == '\x7f';
	if (bad) {
		text_escape(value, shown, sizeof(shown));
		return err_set(e, ERR_DATA, "format",
			"%s: \"%s\" cannot be written there as a UIDL for KMail",
			s->source->path, shown);
	}
	kconfig_spell_item(value, out);
	return 0;
}

void
kmail_leaves(const struct kmail_leave *l, struct settings *out)
{
	out->leave_on_server = l->leave && l->count <= 0 && l->size <= 0;
	out->delete_after_days = l->leave && l->days > 0 ? (uint32_t)l->days : 0;
}
