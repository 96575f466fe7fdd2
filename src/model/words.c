#include "model/words.h"
#include "base/os.h"

#include <string.h>

/* A word has at most 75 bytes by the RFC; some senders write longer ones. */
#define WORD_MAX 1000
/* What is decoded of one value: people read a line of it. */
#define SHOWN_MAX 4096

/* Charsets that mail is written in. Only these reach the system's converter, which loads
 * code by the name that it is given. */
static const char *const charsets[] = {"us-ascii", "utf-8", "iso-8859-1", "iso-8859-2",
	"iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
	"iso-8859-8", "iso-8859-9", "iso-8859-10", "iso-8859-13", "iso-8859-14",
	"iso-8859-15", "iso-8859-16", "windows-1250", "windows-1251", "windows-1252",
	"windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257",
	"windows-1258", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "euc-jp",
	"shift_jis", "euc-kr"};

struct word {
	const char *charset;
	char encoding; /* 'b' or 'q' */
	struct text text;
	size_t whole; /* bytes from "=?" to "?=" */
};

static const char *
charset_named(struct text name)
{
	/* RFC 2231 allows a language behind it: "us-ascii*en". */
	name.len = text_find(name, '*');
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (text_equal_nocase(name, text_of(charsets[i])))
			return charsets[i];
	return NULL;
}

/* The text must not hold blanks; it ends at the first "?=". */
static bool
take_encoded(struct text t, struct word *w)
{
	struct cursor c = {{t.at, t.len < WORD_MAX ? t.len : WORD_MAX}, 2};
	struct text charset, encoding;

	if (!text_starts(t, "=?") || !take_until(&c, '?', &charset) ||
		!take_until(&c, '?', &encoding) || encoding.len != 1 ||
		!take_until(&c, '?', &w->text) || c.off == c.all.len ||
		c.all.at[c.off] != '=')
		return false;
	for (size_t i = 0; i < w->text.len; i++)
		if ((unsigned char)w->text.at[i] <= ' ')
			return false;
	w->whole = c.off + 1;
	w->encoding = (char)(encoding.at[0] | 0x20);
	w->charset = charset_named(charset);
	return w->charset != NULL && (w->encoding == 'b' || w->encoding == 'q');
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
		c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static bool
decode_q(struct text t, struct buf *to)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] != '=') {
			buf_byte(to, t.at[i] == '_' ? ' ' : t.at[i]);
			continue;
		}
		int high = i + 2 < t.len ? hex_digit(t.at[i + 1]) : -1;
		int low = i + 2 < t.len ? hex_digit(t.at[i + 2]) : -1;
		if (high < 0 || low < 0)
			return false;
		buf_byte(to, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

static bool
decode_b(struct text t, struct buf *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;

	while (t.len > 0 && t.at[t.len - 1] == '=')
		t.len--;
	for (size_t i = 0; i < t.len; i++) {
		const char *at = t.at[i] != '\0' ? strchr(digits, t.at[i]) : NULL;
		if (at == NULL)
			return false;
		bits = (bits << 6 | (unsigned)(at - digits)) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_byte(to, (char)(bits >> have & 0xff));
		}
	}
	return true;
}

static bool
add_word(const struct word *w, struct buf *to)
{
	struct buf bytes;
	bool done;

	buf_init(&bytes, WORD_MAX);
	done = w->encoding == 'q' ? decode_q(w->text, &bytes) : decode_b(w->text, &bytes);
	/* UTF-8 goes through as it is: senders cut characters between two words, and what
	 * is wrong in it is escaped when it is shown. */
	if (done &&
		(strcmp(w->charset, "utf-8") == 0 || strcmp(w->charset, "us-ascii") == 0))
		buf_add(to, buf_text(&bytes));
	else if (done)
		done = os_to_utf8(w->charset, buf_text(&bytes), to);
	buf_release(&bytes);
	return done;
}

static size_t
blanks(struct text t)
{
	size_t n = 0;

	while (n < t.len && t.at[n] != '\0' && strchr(" \t\r\n", t.at[n]) != NULL)
		n++;
	return n;
}

void
words_decode(struct text value, struct buf *to)
{
	bool behind_word = false;

	while (value.len > 0) {
		size_t n = blanks(value);
		struct text next = {value.at + n, value.len - n};
		struct word w;

		if (take_encoded(next, &w)) {
			size_t before = to->len;
			/* Blanks between two encoded words are the fold's, not the text's. */
			if (!behind_word)
				buf_add(to, (struct text){value.at, n});
			behind_word = add_word(&w, to);
			if (behind_word) {
				value = (struct text){
					next.at + w.whole, next.len - w.whole};
				continue;
			}
			to->len = before;
		}
		/* No word begins here: the blanks, and up to where one may. */
		n += n < value.len;
		while (n < value.len && value.at[n] != '=' &&
			blanks((struct text){value.at + n, 1}) == 0)
			n++;
		buf_add(to, (struct text){value.at, n});
		value = (struct text){value.at + n, value.len - n};
		behind_word = false;
	}
}

char *
words_show(struct text value, char *out, size_t size)
{
	struct buf plain;

	buf_init(&plain, 4 * SHOWN_MAX);
	if (value.len > SHOWN_MAX)
		value.len = SHOWN_MAX;
	words_decode(value, &plain);
	text_escape(buf_text(&plain), out, size);
	buf_release(&plain);
	return out;
}
