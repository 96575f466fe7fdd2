#include "work/check.h"

#include <stdlib.h>

bool
check_deletes(
	const struct store *s, size_t record, const struct settings *set, int64_t now)
{
	struct record r = store_record(s, record);
	int64_t days = (int64_t)set->delete_after_days * 86400;

	if (r.state == RECORD_DELETE)
		return true;
	if (!set->known || r.state == RECORD_PARTIAL)
		return false;
	if (!set->leave_on_server)
		return true;
	if (days == 0)
		return false;
	if (!set->by_message_date)
		return r.time != 0 && (int64_t)r.time < now - days;
	/* One of unknown date may be old enough. Camel counts the hours of the zone wrongly
	 * (camel_pop3_folder_delete_old()): a day more is on the safe side. */
	uint32_t date = s->dates != NULL ? s->dates[record] : 0;
	return date == 0 || (int64_t)date < now - days + 86400;
}

struct entry {
	struct text key;
	uint32_t record;
};

static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = text_compare(x->key, y->key);

	/* Of records with one UIDL the last one counts (thunderbird.md 1a). */
	return c != 0 ? c : x->record < y->record ? -1 : x->record > y->record;
}

/* Kept for the sorting where it is not the UIDL itself. */
static struct text
key_of(const struct format *f, struct text uidl, struct arena *a)
{
	struct buf scratch;

	buf_init(&scratch, 1 << 20);
	struct text key = format_key(f, uidl, &scratch);
	if (f->key != NULL)
		key = arena_text(a, key);
	buf_release(&scratch);
	return key;
}

static const struct entry *
look_up(const struct entry *at, size_t n, struct text key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (text_compare(at[mid].key, key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && text_equal(at[low - 1].key, key) ? &at[low - 1] : NULL;
}

uint8_t *
check_store(const struct store *s, const struct settings *settings, size_t account,
	const struct listing *l, int64_t now)
{
	uint8_t *verdict = must_alloc(l->n);
	struct entry *at = must_alloc(s->nrecords * sizeof(*at));
	struct arena a = {0};
	size_t n = 0;

	for (size_t i = 0; i < s->nrecords; i++)
		if (s->merged || store_record(s, i).account == account)
			at[n++] = (struct entry){
				key_of(s->format, store_uidl(s, i), &a), (uint32_t)i};
	qsort(at, n, sizeof(*at), by_key);
	for (size_t i = 0; i < l->n; i++) {
		const struct entry *hit =
			look_up(at, n, key_of(s->format, message_uidl(&l->at[i]), &a));

		if (hit == NULL) {
			verdict[i] = VERDICT_DOWNLOAD;
			continue;
		}
		verdict[i] = check_deletes(s, hit->record, settings, now) ? VERDICT_DELETE
									  : VERDICT_KEEP;
	}
	free(at);
	arena_free(&a);
	return verdict;
}
