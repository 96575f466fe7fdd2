#include "model/mozilla_mail.h"

#define KEY_LINE  "X-Account-Key: "
#define UIDL_LINE "X-UIDL: "
#define KEYS_LINE "X-Mozilla-Keys: "

/* Up to and with the line's end; false if it has none here. */
static bool
take_whole(struct cursor *c, struct text *line)
{
	struct text rest = {c->all.at + c->off, c->all.len - c->off};
	size_t n = text_find(rest, '\n');

	if (n == rest.len)
		return false;
	*line = (struct text){rest.at, n + 1};
	c->off += n + 1;
	return true;
}

static struct text
without_end(struct text line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

bool
mail_line_is_clients(struct text line)
{
	return text_starts(line, "X-Account-Key:") || text_starts(line, "X-UIDL:") ||
	       text_starts(line, "X-Mozilla-");
}

/* The client's reader takes all that follows "X-UIDL: ", blanks at the end as well. */
static struct text
value_of(struct text line, const char *name)
{
	size_t n = strlen(name);

	return text_starts(line, name) ? (struct text){line.at + n, line.len - n}
				       : (struct text){line.at, 0};
}

static void
see_keys(struct mail_head *h, struct text line)
{
	size_t from = strlen(KEYS_LINE);

	h->pad_at = (size_t)(line.at - h->bytes.at) + line.len;
	for (h->pad = 0; line.len > from && line.at[line.len - 1] == ' '; line.len--) {
		h->pad++;
		h->pad_at--;
	}
}

bool
mail_head_read(struct mail_head *h, struct text t, struct text key)
{
	struct cursor c = {t, 0};
	struct text line;
	bool ours = false, keyed = false, named = false;
	size_t end = 0;

	*h = (struct mail_head){.bytes = t, .uidl = {t.at, 0}, .pad_at = SIZE_MAX};
	for (; take_whole(&c, &line) && mail_line_is_clients(line); end = c.off) {
		line = without_end(line);
		if (!keyed && text_starts(line, "X-Account-Key:")) {
			keyed = true;
			ours = text_equal(value_of(line, KEY_LINE), key) && key.len > 0;
		} else if (keyed && !named && text_starts(line, "X-UIDL:")) {
			named = true;
			h->uidl = value_of(line, UIDL_LINE);
		} else if (h->pad_at == SIZE_MAX && text_starts(line, KEYS_LINE)) {
			see_keys(h, line);
		}
	}
	h->bytes.len = end;
	return ours && h->uidl.len > 0;
}

bool
mail_head_patch(const struct mail_head *h, struct text uidl, char *out)
{
	size_t was = (size_t)(h->uidl.at - h->bytes.at), longer, shorter;
	bool padded = h->pad_at != SIZE_MAX;

	longer = uidl.len > h->uidl.len ? uidl.len - h->uidl.len : 0;
	shorter = uidl.len < h->uidl.len ? h->uidl.len - uidl.len : 0;
	if (longer > 0 && (!padded || h->pad < longer))
		return false;
	if (shorter > 0 && !padded)
		return false;
	for (size_t i = 0; i <= h->bytes.len; i++) {
		if (i == was) {
			memcpy(out, uidl.at, uidl.len);
			out += uidl.len;
			i += h->uidl.len;
		}
		if (i == h->pad_at) {
			memset(out, ' ', h->pad + shorter - longer);
			out += h->pad + shorter - longer;
			i += h->pad;
		}
		if (i < h->bytes.len)
			*out++ = h->bytes.at[i];
	}
	return true;
}

size_t
mail_find_separator(struct text t)
{
	static const char from[] = "\nFrom ";
	const char *at = t.at, *end = t.at + t.len, *hit;

	while ((hit = memmem(at, (size_t)(end - at), from, strlen(from))) != NULL) {
		size_t n = (size_t)(hit - t.at);
		if ((n >= 1 && hit[-1] == '\n') ||
			(n >= 2 && hit[-1] == '\r' && hit[-2] == '\n'))
			return n + 1;
		at = hit + 1;
	}
	return t.len;
}

/* Does the head end in here? What comes behind it must be seen, or it may go on. */
static bool
head_is_whole(struct text t)
{
	struct cursor c = {t, 0};
	struct text line;

	while (take_whole(&c, &line))
		if (!mail_line_is_clients(line))
			return true;
	return t.len >= MAIL_HEAD_MAX;
}

static int
at_head(struct mail_scan *s, struct text t, uint64_t off, size_t *n, struct err *e)
{
	struct mail_head h;

	if (t.len > MAIL_HEAD_MAX)
		t.len = MAIL_HEAD_MAX;
	bool ours = mail_head_read(&h, t, s->key);
	h.off = off;
	*n = h.bytes.len;
	s->place = MAIL_BODY;
	s->done = s->single;
	return ours ? s->found(s->arg, &h, e) : 0;
}

/* Whole bytes from `t` that were looked at, 0: it takes more of the file. */
static int
step(struct mail_scan *s, struct text t, uint64_t off, bool last, size_t *n,
	struct err *e)
{
	*n = 0;
	switch (s->place) {
	case MAIL_START:
		if (t.len < 5 && !last)
			return 0;
		s->place = s->single ? MAIL_HEAD : MAIL_FROM;
		s->done = !s->single && !text_starts(t, "From ");
		return 0;
	case MAIL_FROM:
		*n = text_find(t, '\n');
		if (*n < t.len) {
			++*n;
			s->place = MAIL_HEAD;
		}
		return 0;
	case MAIL_HEAD:
		return last || head_is_whole(t) ? at_head(s, t, off, n, e) : 0;
	default:
		*n = mail_find_separator(t);
		if (*n < t.len)
			s->place = MAIL_FROM;
		else if (!last)
			*n = t.len > MAIL_SEPARATOR_MAX ? t.len - MAIL_SEPARATOR_MAX : 0;
		return 0;
	}
}

int
mail_scan_window(struct mail_scan *s, struct text window, uint64_t off, bool last,
	size_t *used, struct err *e)
{
	for (*used = 0; !s->done;) {
		struct text rest = {window.at + *used, window.len - *used};
		enum mail_place was = s->place;
		size_t n;

		if (step(s, rest, off + *used, last, &n, e) < 0)
			return -1;
		*used += n;
		if (s->place == was)
			break;
	}
	if (s->done || last)
		*used = window.len;
	return 0;
}
