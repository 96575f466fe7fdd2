/*
 * A message in Evolution's cache (cache/3f/NAME beside uid-cache; model/camel.h), as
 * evidence.
 *
 * camel-pop3-stream.c takes the stuffed dots away and every CR, those within a line as
 * well; camel-pop3-folder.c writes what is left behind a '*', and a '#' over that when all
 * has come (evolution-data-server 1.5 to 3.60). Later versions write no mark: how a file
 * looks that was not finished there is not known to us, so its body is not, either.
 */
#include "model/camel.h"
#include "model/evolution.h"

/* Longer lines cost the digest (as over POP3: pop3_top.c). */
#define HEADER_LINE_MAX ((size_t)1 << 20)
#define BODY_LINE_MAX	((size_t)16 << 20)
/* A file's name, and three bytes for its folder's. */
#define NAME_BYTES 4096

/* Its folder and its name. */
static struct text
cache_name(const char *path)
{
	size_t at = strlen(path);

	for (int slashes = 0; at > 0; at--)
		if (path[at - 1] == '/' && ++slashes == 2)
			break;
	return text_of(path + at);
}

/* `all`: the body is asked for, and the file has it. */
static int
read_message(struct local_file *f, const struct local_sink *sink, bool all,
	enum local_known *known, struct err *e)
{
	struct local_line l;
	bool in_body = false;

	*known = LOCAL_NOTHING;
	while (all || !in_body) {
		if (local_line(f, f->off, in_body ? BODY_LINE_MAX : HEADER_LINE_MAX, &l,
			    e) < 0)
			return -1;
		if (l.end)
			break;
		/* Too long; or torn off, for no line is written without its end. */
		if (l.cut || l.next == f->off + l.text.len)
			return 0;
		sink->line(sink->arg, l.text);
		f->off = l.next;
		in_body = in_body || l.text.len == 0;
		if (in_body)
			*known = LOCAL_HEADER;
	}
	if (all)
		*known = LOCAL_ALL;
	return 0;
}

int
evolution_local(struct local_file *f, const struct local_sink *sink, struct err *e)
{
	struct local_message m = {.at = 0};
	enum local_known known;
	bool wanted = true;
	struct buf uidl;
	struct text t;

	f->done = true;
	buf_init(&uidl, NAME_BYTES);
	bool named = camel_cache_uidl(cache_name(f->path), &uidl);
	m.uidl = buf_text(&uidl);
	int rc = named ? sink->begin(sink->arg, &m, &wanted, e) : 0;
	buf_release(&uidl);
	if (rc < 0 || !named || !wanted)
		return rc;
	if (local_bytes(f, 0, 1, &t, e) < 0)
		return -1;
	bool whole = t.len > 0 && t.at[0] == '#';
	f->off = t.len > 0 && (whole || t.at[0] == '*');
	if (read_message(f, sink, whole && !sink->headers_only, &known, e) < 0)
		return -1;
	return sink->end(sink->arg, known, e);
}
