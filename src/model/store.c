#include "model/format.h"
#include "model/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t
end_of(struct span at)
{
	return (uint64_t)at.off + at.len;
}

/* How far into its place the UIDL begins, and then is all of it; false if it is not
 * there as it is. */
static bool
find_lead(const struct store *s, const struct record *r, size_t *lead)
{
	struct text there = store_at(s, r->at);

	if (there.len < r->uidl_len || there.len - r->uidl_len >= 1 << 6)
		return false;
	*lead = there.len - r->uidl_len;
	return memcmp(there.at + *lead, r->uidl, r->uidl_len) == 0;
}

/* Can it be told from the bytes of the file, so that store_record() gives it back? */
static bool
fits(const struct record *r)
{
	return r->at.len > 0 && r->at.len < RECORD_WIDE && r->account <= UINT16_MAX &&
	       r->whole.off <= r->at.off && r->at.off - r->whole.off <= UINT8_MAX &&
	       end_of(r->at) <= end_of(r->whole) &&
	       end_of(r->whole) - end_of(r->at) <= UINT8_MAX;
}

static struct packed_record
pack(struct store *s, const struct record *r)
{
	size_t lead;

	if (!fits(r) || !find_lead(s, r, &lead)) {
		s->wide =
			array_grow(s->wide, &s->wide_cap, s->nwide + 1, sizeof(*s->wide));
		s->wide[s->nwide] = *r;
		return (struct packed_record){
			.at = (uint32_t)s->nwide++, .len = RECORD_WIDE};
	}
	return (struct packed_record){.at = r->at.off,
		.len = (uint16_t)r->at.len,
		.account = (uint16_t)r->account,
		.before = (uint8_t)(r->at.off - r->whole.off),
		.behind = (uint8_t)(end_of(r->whole) - end_of(r->at)),
		.state = r->state & 3u,
		.lead = lead & 63,
		.status = r->status};
}

/* From the first record on that has one. */
static void
put_time(struct store *s, uint32_t time)
{
	bool first = s->times == NULL;

	s->times =
		array_grow(s->times, &s->times_cap, s->nrecords + 1, sizeof(*s->times));
	if (first)
		memset(s->times, 0, s->nrecords * sizeof(*s->times));
	s->times[s->nrecords] = time;
}

int
store_add_record(struct store *s, struct record record, struct err *e)
{
	if (s->account_in_records && store_check_prefix(s, &record, e) < 0)
		return -1;
	if (s->check != NULL)
		return verify_record(s, &record, e);
	s->records = array_grow(
		s->records, &s->records_cap, s->nrecords + 1, sizeof(*s->records));
	s->records[s->nrecords] = pack(s, &record);
	if (record.time != 0 || s->times != NULL)
		put_time(s, record.time);
	s->nrecords++;
	return 0;
}

void
store_note(struct store *s, const char *fmt, ...)
{
	char note[512], safe[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(note, sizeof(note), fmt, args);
	va_end(args);
	text_escape(text_of(note), safe, sizeof(safe));
	s->notes = array_grow(s->notes, &s->notes_cap, s->nnotes + 1, sizeof(*s->notes));
	s->notes[s->nnotes++] = arena_string(&s->arena, text_of(safe));
}

struct text
store_at(const struct store *s, struct span at)
{
	struct text all = s->source->bytes;

	if (at.off > all.len || at.len > all.len - at.off)
		return (struct text){"", 0};
	return (struct text){all.at + at.off, at.len};
}

struct span
store_span(const struct store *s, struct text t)
{
	return (struct span){(uint32_t)(t.at - s->source->bytes.at), (uint32_t)t.len};
}

int
store_read(
	struct store *s, const struct format *f, const struct source *src, struct err *e)
{
	*s = (struct store){.format = f, .source = src};
	if (src->bytes.len > SOURCE_MAX)
		return err_set(e, ERR_DATA, "format",
			"%s: %zu bytes: no mail client writes a list of UIDLs of that "
			"size",
			src->path, src->bytes.len);
	if (f->read(s, e) < 0) {
		store_release(s);
		return -1;
	}
	s->records =
		array_trim(s->records, &s->records_cap, s->nrecords, sizeof(*s->records));
	return 0;
}

void
store_release(struct store *s)
{
	free(s->accounts);
	free(s->records);
	free(s->wide);
	free(s->times);
	free(s->accounts_table);
	free(s->dates);
	free((void *)s->notes);
	arena_free(&s->arena);
	*s = (struct store){0};
}

bool
store_find_value(const struct store *s, const struct edit *edit, struct value *v)
{
	if (edit->what == EDIT_UIDL) {
		if (edit->index >= s->nrecords)
			return false;
		struct record r = store_record(s, edit->index);
		*v = (struct value){record_uidl(&r), r.at};
		return true;
	}
	if (edit->what == EDIT_SERVER) {
		if (!s->server_in_records || edit->index >= s->nrecords)
			return false;
		struct record r = store_record(s, edit->index);
		*v = (struct value){s->accounts[r.account].host.text, r.whole};
		return true;
	}
	if (edit->index >= s->naccounts)
		return false;
	const struct account *a = &s->accounts[edit->index];
	*v = edit->what == EDIT_HOST ? a->host : a->user;
	return true;
}

struct text
store_value(const struct store *s, const struct edit *edit)
{
	struct value v;

	return store_find_value(s, edit, &v) ? v.text : (struct text){"", 0};
}
