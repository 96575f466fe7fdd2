/*
 * lmos.dat of Eudora for Windows, 5 to 7 (its source code, published by the Computer
 * History Museum), in spool\ of its folder for the dominant personality and in
 * spool\PERSONALITY\ for each other one. Little-endian, 256 bytes a record:
 *
 *     header   +0 version, 1    +4 account, 128 bytes    +132 last purge
 *              +144 type of server, 16 bits    rest 0
 *     record   +0 UIDL, 70 bytes    +70 Message-ID, 128 bytes    +198 date
 *              +202 flags    +206 hash    +210 size    rest 0
 *
 * Texts are filled up with NULs; a UIDL of 70 characters has none. Blanks in a UIDL are
 * kept as '-', and no UIDL as "udef".
 *
 * Eudora looks at the hash alone (model/eudora_hash.h). The personality's name is part of
 * it, and what that is for the dominant one we have not seen; so it is computed from the
 * file's own hashes, which must all agree, or the file is refused. A hash of 0 Eudora
 * computes when it reads the file; such ones stay 0.
 */
#include "model/eudora_hash.h"
#include "model/format.h"

#define SIZE	    256u
#define VERSION	    1
#define ACCOUNT	    4u
#define TYPE_END    146u
#define UIDL_MAX    70u
#define ACCOUNT_MAX 128u
#define ID	    70u
#define ID_MAX	    128u
#define DATE	    198u
#define FLAGS	    202u
#define HASH	    206u
#define USED	    214u
#define NO_UIDL	    "udef"

enum flag {
	FLAG_DELETE = 1,
	FLAG_RETRIEVE = 0x40,
	FLAG_SKIP = 0x100,
};

static const char *const places[] = {
	"AppData/Roaming/Qualcomm/Eudora/spool/lmos.dat",
	"AppData/Roaming/Qualcomm/Eudora/spool/*/lmos.dat",
	"Application Data/Qualcomm/Eudora/spool/lmos.dat", /* Windows 2000, XP */
	"Application Data/Qualcomm/Eudora/spool/*/lmos.dat",
	NULL,
};

static uint32_t
number_at(struct text bytes, size_t off)
{
	const unsigned char *at = (const unsigned char *)bytes.at + off;

	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static struct text
record_at(struct text all, size_t i)
{
	return (struct text){all.at + (i + 1) * SIZE, SIZE};
}

static size_t
count_of(struct text all)
{
	return all.len / SIZE - 1;
}

static struct text
uidl_of(struct text record)
{
	return (struct text){
		record.at, text_find((struct text){record.at, UIDL_MAX}, '\0')};
}

static bool
is_zero(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] != '\0')
			return false;
	return true;
}

/* A text in a field of that size, and nothing but NULs behind it. */
static bool
is_padded(const char *at, size_t size)
{
	size_t len = text_find((struct text){at, size}, '\0');

	return is_zero((struct text){at + len, size - len});
}

/* The name of the folder that the file lies in. */
static struct text
folder_name(struct text path)
{
	size_t end = path.len, start;

	while (end > 0 && path.at[end - 1] != '/')
		end--;
	if (end > 0)
		end--;
	for (start = end; start > 0 && path.at[start - 1] != '/'; start--)
		;
	return (struct text){path.at + start, end - start};
}

/* With one record: the personality, if the file's place says it. */
static bool
guess(const char *path, struct text record, struct eudora_hash *h)
{
	const struct text names[] = {
		text_of("<Dominant>"), text_of(""), folder_name(text_of(path))};

	for (int i = 0; i < 3; i++) {
		eudora_hash_of_name(h, names[i]);
		if (eudora_hash_stored(h, uidl_of(record)) == number_at(record, HASH))
			return true;
	}
	return false;
}

/* The first two records with hashes of different UIDLs; at NULL: there are none. */
static void
find_two(struct text all, struct text *a, struct text *b)
{
	*a = *b = (struct text){NULL, 0};
	for (size_t i = 0; i < count_of(all) && b->at == NULL; i++) {
		struct text r = record_at(all, i);
		if (number_at(r, HASH) == 0)
			continue;
		if (a->at == NULL)
			*a = r;
		else if (!text_equal(uidl_of(*a), uidl_of(r)))
			*b = r;
	}
}

/* How the file's hashes are made; every one must be made so. */
static int
find_hashing(const struct source *src, struct eudora_hash *h, struct err *e)
{
	struct text all = src->bytes, a, b;
	bool known;

	*h = (struct eudora_hash){0, 0};
	find_two(all, &a, &b);
	if (a.at == NULL)
		return 0;
	known = b.at != NULL ? eudora_hash_solve(h, uidl_of(a), number_at(a, HASH),
				       uidl_of(b), number_at(b, HASH))
			     : guess(src->path, a, h);
	if (!known)
		return err_at_byte(e, src, (size_t)(a.at - all.at) + HASH,
			"its hash is of no personality: how Eudora would make a new "
			"one cannot be told");
	for (size_t i = 0; i < count_of(all); i++) {
		struct text r = record_at(all, i);
		uint32_t hash = number_at(r, HASH);
		if (hash != 0 && hash != eudora_hash_stored(h, uidl_of(r)))
			return err_at_byte(e, src, (size_t)(r.at - all.at) + HASH,
				"its hash is not that of its UIDL");
	}
	return 0;
}

static bool
is_header(struct text all)
{
	return all.len >= SIZE && number_at(all, 0) == VERSION &&
	       text_find((struct text){all.at + ACCOUNT, ACCOUNT_MAX}, '\0') > 0 &&
	       is_padded(all.at + ACCOUNT, ACCOUNT_MAX) &&
	       is_zero((struct text){all.at + TYPE_END, SIZE - TYPE_END});
}

static int
eudora_probe(const struct source *src)
{
	return is_header(src->bytes) && src->bytes.len % SIZE == 0 ? PROBE_CONTENT
								   : PROBE_NO;
}

static int
check_record(const struct source *src, struct text r, struct err *e)
{
	size_t off = (size_t)(r.at - src->bytes.at);
	struct text uidl = uidl_of(r);

	if (uidl.len == 0)
		return err_at_byte(e, src, off, "a record without a UIDL");
	for (size_t i = 0; i < uidl.len; i++)
		if (uidl.at[i] <= ' ' || uidl.at[i] >= 0x7f)
			return err_at_byte(
				e, src, off + i, "a byte that Eudora keeps in no UIDL");
	if (!is_padded(r.at, UIDL_MAX) || !is_padded(r.at + ID, ID_MAX) ||
		!is_zero((struct text){r.at + USED, SIZE - USED}))
		return err_at_byte(e, src, off,
			"something stands in this record where Eudora writes nothing");
	return 0;
}

static uint8_t
state_of(uint32_t flags)
{
	if (flags & FLAG_DELETE)
		return RECORD_DELETE;
	return flags & (FLAG_RETRIEVE | FLAG_SKIP) ? RECORD_PARTIAL : RECORD_KNOWN;
}

/* The account's name, "user@host", is no place for an edit: what it is compared with is
 * not known. */
static uint32_t
add_account(struct store *s)
{
	struct text name = {s->source->bytes.at + ACCOUNT, ACCOUNT_MAX};
	struct account a = {.host = {{"", 0}, {0, 0}}, .user = {{"", 0}, {0, 0}}};
	size_t at;

	name.len = text_find(name, '\0');
	for (at = name.len; at > 0 && name.at[at - 1] != '@'; at--)
		;
	if (at > 0) {
		a.user.text = (struct text){name.at, at - 1};
		a.host.text = (struct text){name.at + at, name.len - at};
	}
	return store_add_account(s, a);
}

static int
read_records(struct store *s, struct err *e)
{
	struct text all = s->source->bytes;
	uint32_t account = add_account(s);

	for (size_t i = 0; i < count_of(all); i++) {
		struct text r = record_at(all, i), uidl = uidl_of(r);
		struct record record = {.account = account,
			.uidl = uidl.at,
			.uidl_len = (uint32_t)uidl.len,
			.at = store_span(s, uidl),
			.whole = store_span(s, r),
			.time = number_at(r, DATE),
			.state = state_of(number_at(r, FLAGS)),
			.status = '-'};
		if (!text_equal(uidl, text_of(NO_UIDL)) &&
			store_add_record(s, record, e) < 0)
			return -1;
	}
	return 0;
}

static int
eudora_read(struct store *s, struct err *e)
{
	const struct source *src = s->source;
	struct eudora_hash h;

	if (!is_header(src->bytes))
		return err_at_byte(e, src, 0,
			"want the header of version 1: this is not Eudora's lmos.dat");
	if (src->bytes.len % SIZE != 0)
		return err_at_byte(e, src, src->bytes.len / SIZE * SIZE,
			"the file ends in the middle of a record");
	for (size_t i = 0; i < count_of(src->bytes); i++)
		if (check_record(src, record_at(src->bytes, i), e) < 0)
			return -1;
	if (find_hashing(src, &h, e) < 0)
		return -1;
	return read_records(s, e);
}

static int
refuse_uidl(const struct store *s, struct text uidl, const char *why, struct err *e)
{
	char shown[120];

	return err_set(e, ERR_DATA, "format", "%s: \"%s\" cannot be written there: %s",
		s->source->path, text_escape(uidl, shown, sizeof(shown)), why);
}

static void
put_number(char *at, uint32_t n)
{
	for (int i = 0; i < 4; i++, n >>= 8)
		at[i] = (char)(n & 0xff);
}

static int
write_uidl(const struct store *s, char *record, const struct eudora_hash *h,
	struct text uidl, struct err *e)
{
	bool hashed = number_at((struct text){record, SIZE}, HASH) != 0;

	if (uidl.len == 0 || uidl.len > UIDL_MAX)
		return refuse_uidl(s, uidl, "Eudora keeps 1 to 70 characters", e);
	for (size_t i = 0; i < uidl.len; i++)
		if (uidl.at[i] <= ' ' || uidl.at[i] >= 0x7f)
			return refuse_uidl(s, uidl, "Eudora keeps no such character", e);
	if (text_equal(uidl, text_of(NO_UIDL)))
		return refuse_uidl(s, uidl, "Eudora takes that for no UIDL", e);
	if (!hashed && uidl.len == UIDL_MAX)
		return refuse_uidl(s, uidl,
			"its record has no hash, and Eudora would hash more than 70 "
			"characters",
			e);
	memset(record, 0, UIDL_MAX);
	memcpy(record, uidl.at, uidl.len);
	if (hashed)
		put_number(record + HASH, eudora_hash_stored(h, uidl));
	return 0;
}

static int
eudora_write(const struct store *s, const struct edit *edits, size_t n, struct buf *out,
	struct err *e)
{
	struct eudora_hash h;

	if (find_hashing(s->source, &h, e) < 0)
		return -1;
	buf_add(out, s->source->bytes);
	for (size_t i = 0; i < n && !out->full; i++)
		if (write_uidl(s, out->at + store_record(s, edits[i].index).whole.off, &h,
			    edit_text(&edits[i]), e) < 0)
			return -1;
	return 0;
}

/* All but the UIDLs and their hashes. */
static int
eudora_dump(const struct source *src, struct buf *out, struct err *e)
{
	(void)e;
	size_t start = out->len;

	buf_add(out, src->bytes);
	for (size_t i = 0; i < count_of(src->bytes) && !out->full; i++) {
		char *record = out->at + start + (i + 1) * SIZE;
		memset(record, 0, UIDL_MAX);
		/* That there is one stays. */
		if (number_at((struct text){record, SIZE}, HASH) != 0)
			put_number(record + HASH, 1);
	}
	return 0;
}

static void
eudora_kept(struct text uidl, struct buf *out)
{
	if (uidl.len == 0)
		buf_add(out, text_of(NO_UIDL));
	for (size_t i = 0; i < uidl.len; i++)
		buf_byte(out, uidl.at[i] == ' ' ? '-' : uidl.at[i]);
}

/* The name behind it is one for all, so two hashes are equal if these are. */
static void
eudora_key(struct text uidl, struct buf *out)
{
	char bytes[4];
	struct buf kept;

	buf_init(&kept, SOURCE_MAX);
	eudora_kept(uidl, &kept);
	put_number(bytes, eudora_hash_alone(buf_text(&kept)));
	buf_release(&kept);
	buf_add(out, (struct text){bytes, sizeof(bytes)});
}

const struct format format_eudora = {
	.name = "eudora",
	.client = "Eudora for Windows",
	.what = "lmos.dat",
	.places = places,
	.probe = eudora_probe,
	.read = eudora_read,
	.write = eudora_write,
	.dump = eudora_dump,
	.key = eudora_key,
	.kept = eudora_kept,
};
