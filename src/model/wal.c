#include "model/wal.h"

#define HEADER	     32
#define FRAME_HEADER 24
#define MAGIC	     0x377f0682 /* + 1: checksums of big-endian words */
#define VERSION	     3007000

/* The checksum goes on from frame to frame. */
struct sum {
	uint32_t a, b;
	bool big_endian;
};

static uint32_t
word_at(struct text t, size_t off, bool big_endian)
{
	const unsigned char *p = (const unsigned char *)t.at + off;

	return big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
				    (uint32_t)p[2] << 8 | p[3]
			  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
				    (uint32_t)p[1] << 8 | p[0];
}

static void
sum_add(struct sum *s, struct text t)
{
	for (size_t i = 0; i + 8 <= t.len; i += 8) {
		s->a += word_at(t, i, s->big_endian) + s->b;
		s->b += word_at(t, i + 4, s->big_endian) + s->a;
	}
}

static bool
sum_is(const struct sum *s, struct text t, size_t off)
{
	return s->a == word_at(t, off, true) && s->b == word_at(t, off + 4, true);
}

static struct text
part(struct text t, size_t off, size_t len)
{
	return (struct text){t.at + off, len};
}

/* 0: the log is none. */
static size_t
page_size(struct text wal, struct sum *sum)
{
	uint32_t magic, page;

	if (wal.len < HEADER)
		return 0;
	magic = word_at(wal, 0, true);
	page = word_at(wal, 8, true);
	*sum = (struct sum){.big_endian = (magic & 1) != 0};
	sum_add(sum, part(wal, 0, 24));
	if ((magic & ~(uint32_t)1) != MAGIC || word_at(wal, 4, true) != VERSION ||
		page < 512 || page > 65536 || (page & (page - 1)) != 0 ||
		!sum_is(sum, wal, 24))
		return 0;
	return page;
}

static uint32_t
frame_page(struct text wal, size_t off)
{
	return word_at(wal, off, true);
}

/* Where the last commit ends, and how many pages the database has then. */
static size_t
find_commit(struct text wal, size_t page, struct sum *sum, uint32_t *npages)
{
	size_t frame = FRAME_HEADER + page, end = HEADER;

	for (size_t off = HEADER; wal.len - off >= frame; off += frame) {
		struct text salts = part(wal, off + 8, 8);
		uint32_t size = word_at(wal, off + 4, true);

		if (frame_page(wal, off) == 0 || !text_equal(salts, part(wal, 16, 8)))
			break;
		sum_add(sum, part(wal, off, 8));
		sum_add(sum, part(wal, off + FRAME_HEADER, page));
		if (!sum_is(sum, wal, off + 16))
			break;
		if (size != 0) {
			end = off + frame;
			*npages = size;
		}
	}
	return end;
}

int
wal_fold(struct text database, struct text wal, const char *path, struct buf *out,
	struct err *e)
{
	struct sum sum;
	uint32_t npages = 0;
	size_t page = page_size(wal, &sum);
	size_t end = page > 0 ? find_commit(wal, page, &sum, &npages) : HEADER;
	uint64_t size = (uint64_t)npages * page;

	/* SQLite throws the log of an empty database away. */
	if (end == HEADER || database.len == 0) {
		buf_add(out, database);
		return 0;
	}
	if (database.len % page != 0 || size > (uint64_t)database.len + wal.len)
		return err_set(e, ERR_DATA, "format",
			"%s-wal: it does not belong to this database", path);
	char *to = buf_room(out, (size_t)size);
	if (to == NULL)
		return err_set(
			e, ERR_DATA, "size", "%s: with its -wal it is too large", path);
	size_t have = database.len < size ? database.len : (size_t)size;
	memcpy(to, database.at, have);
	memset(to + have, 0, (size_t)size - have);
	for (size_t off = HEADER; off < end; off += FRAME_HEADER + page)
		if (frame_page(wal, off) <= npages)
			memcpy(to + (size_t)(frame_page(wal, off) - 1) * page,
				wal.at + off + FRAME_HEADER, page);
	out->len += (size_t)size;
	return 0;
}
