#include "model/camel.h"

#define FOLDER_LEN 3 /* "3f/" */

/* camel_url_encode() with the extra bytes of camel_file_util_safe_filename(). Bytes are
 * signed there, and those from 80 on are less than a blank. */
static bool
must_escape(char c)
{
	static const char unsafe[] = "\"\\<>#%|{}[]`^/?()'*";
	unsigned char byte = (unsigned char)c;

	return byte <= 0x20 || byte >= 0x7f || memchr(unsafe, c, sizeof(unsafe) - 1);
}

/* g_str_hash() */
static uint32_t
hash(struct text t)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < t.len; i++) {
		int byte = (signed char)t.at[i];
		h = h * 33u + (uint32_t)byte;
	}
	return h;
}

void
camel_cache_name(struct text uidl, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t folder = (hash(uidl) >> 5) & 0x3f;

	buf_byte(out, hex[folder >> 4]);
	buf_byte(out, hex[folder & 15]);
	buf_byte(out, '/');
	for (size_t i = 0; i < uidl.len; i++) {
		unsigned char c = (unsigned char)uidl.at[i];
		if (!must_escape(uidl.at[i])) {
			buf_byte(out, uidl.at[i]);
			continue;
		}
		buf_byte(out, '%');
		buf_byte(out, hex[c >> 4]);
		buf_byte(out, hex[c & 15]);
	}
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
camel_cache_uidl(struct text name, struct buf *out)
{
	struct buf again;
	size_t start = out->len;

	if (name.len <= FOLDER_LEN || name.at[FOLDER_LEN - 1] != '/')
		return false;
	for (size_t i = FOLDER_LEN; i < name.len; i++) {
		if (name.at[i] != '%') {
			buf_byte(out, name.at[i]);
			continue;
		}
		if (name.len - i < 3 || hex_value(name.at[i + 1]) < 0 ||
			hex_value(name.at[i + 2]) < 0)
			return false;
		buf_byte(out, (char)(hex_value(name.at[i + 1]) * 16 +
				      hex_value(name.at[i + 2])));
		i += 2;
	}
	buf_init(&again, SIZE_MAX);
	camel_cache_name((struct text){out->at + start, out->len - start}, &again);
	/* Its UIDLs are strings of C. */
	bool same = text_equal(buf_text(&again), name) &&
		    memchr(out->at + start, '\0', out->len - start) == NULL;
	buf_release(&again);
	return same;
}

struct text
camel_cache_message(struct text bytes)
{
	if (bytes.len > 0 && bytes.at[0] == '*')
		bytes.len = 0;
	if (bytes.len > 0 && bytes.at[0] == '#')
		bytes = (struct text){bytes.at + 1, bytes.len - 1};
	return bytes;
}
