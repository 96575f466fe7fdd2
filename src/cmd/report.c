#include "cmd/report.h"
#include "cmd/console.h"

#include <stdio.h>
#include <time.h>

#define WIDTH 640.0

static const char style[] =
	"body{font:15px/1.45 sans-serif;max-width:52em;margin:2em auto;padding:0 1em}"
	"h2{font-size:1.05em;margin-top:2em;overflow-wrap:anywhere}"
	"pre{background:#f4f4f4;padding:1em;overflow:auto;font-size:13px}"
	"td{padding:0 1.2em 0 0}.bad{color:#a00}svg{display:block;margin:.3em 0}";

static void
put(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '&':
			fputs("&amp;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			putc(*text, to);
		}
	}
}

/* Paths and names may hold anything. */
static void
put_safe(FILE *to, const struct run *r, const char *text)
{
	char safe[4096];
	struct buf b;

	buf_init(&b, SIZE_MAX);
	redact_value(r->console->redact, text_of(text), true, &b);
	put(to, text_escape(buf_text(&b), safe, sizeof(safe)));
	buf_release(&b);
}

struct part {
	size_t n;
	const char *colour, *what;
};

/* One bar, its parts as wide as they are many, and its legend. */
static void
bar(FILE *to, const char *title, const struct part *parts, size_t n)
{
	double x = 0;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += parts[i].n;
	fprintf(to, "<p>%s: %zu\n<svg width=\"%.0f\" height=\"18\" role=\"img\">\n",
		title, total, WIDTH);
	for (size_t i = 0; i < n && total > 0; i++) {
		double width = WIDTH * (double)parts[i].n / (double)total;

		fprintf(to,
			"<rect x=\"%.1f\" width=\"%.1f\" height=\"18\" fill=\"%s\">"
			"<title>%zu %s</title></rect>\n",
			x, width, parts[i].colour, parts[i].n, parts[i].what);
		x += width;
	}
	fputs("</svg>\n<table><tr>\n", to);
	for (size_t i = 0; i < n; i++)
		fprintf(to,
			"<td><svg width=\"11\" height=\"11\" style=\"display:inline\"><rect width=\"11\" "
			"height=\"11\" fill=\"%s\"/></svg> %zu %s</td>\n",
			parts[i].colour, parts[i].n, parts[i].what);
	fputs("</tr></table>\n", to);
}

static void
put_store(FILE *to, const struct run *r, const struct result *s)
{
	struct part entries[] = {
		{s->renamed, "#2a7d2a", "get their new UIDL"},
		{s->kept, "#b5b5b5", "stay"},
		{s->tombstones, "#d9a400", "are set aside"},
	};
	struct part messages[] = {
		{s->keep, "#2a7d2a", "known"},
		{s->download, "#2c62b4", "to be downloaded"},
		{s->remove, "#b02020", "to be deleted there"},
	};

	fputs("<h2>", to);
	put_safe(to, r, s->path);
	fputs("</h2>\n<p>", to);
	put_safe(to, r, s->client);
	fputs(", account ", to);
	put_safe(to, r, s->user);
	fputs("@", to);
	put_safe(to, r, s->host);
	fprintf(to, ": <b>%s</b>", result_state(s));
	if (*s->backup != '\0') {
		fputs(", backup ", to);
		put_safe(to, r, s->backup);
	}
	if (*s->message != '\0') {
		fputs("<p class=\"bad\">", to);
		put_safe(to, r, s->message);
	}
	fputs("\n", to);
	if (s->renamed + s->kept + s->tombstones > 0)
		bar(to, "Entries of the client", entries, 3);
	if (s->will_delete > 0)
		fprintf(to, "<p class=\"bad\">%zu will be deleted on the new server\n",
			s->will_delete);
	if (s->checked)
		bar(to, "Messages on the new server, at the client's next check",
			messages, 3);
}

static void
put_match(FILE *to, const struct results *rs)
{
	struct part old[] = {
		{rs->pairs, "#2a7d2a", "found on the new server"},
		{rs->ambiguous, "#d9a400", "that nothing tells apart"},
		{rs->old_only - rs->ambiguous, "#b5b5b5", "only here"},
	};
	struct part new[] = {
		{rs->pairs, "#2a7d2a", "found on the old server"},
		{rs->new_only, "#2c62b4", "only here"},
	};

	fputs("<h2>The two mailboxes</h2>\n", to);
	bar(to, "Messages on the old server", old, 3);
	bar(to, "Messages on the new server", new, 2);
}

static void
put_page(FILE *to, const struct run *r, int code, const char *error)
{
	time_t now = (time_t)r->now;
	struct tm *tm = localtime(&now);
	char when[32] = "";

	if (tm != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", tm);
	fprintf(to,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<title>reuidl %s</title><style>%s</style></head>\n<body>\n"
		"<h1>reuidl %s</h1>\n<p>%s, exit status %d\n",
		r->options->command, style, r->options->command, when, code);
	if (error != NULL) {
		fputs("<p class=\"bad\">", to);
		put_safe(to, r, error);
	}
	if (r->results.matched)
		put_match(to, &r->results);
	for (size_t i = 0; i < r->results.n; i++)
		put_store(to, r, &r->results.at[i]);
	fputs("<h2>What the run said</h2>\n<pre>", to);
	if (r->console->transcript.len > 0)
		put(to, r->console->transcript.at);
	fputs("</pre>\n</body></html>\n", to);
}

int
report_write(
	const struct run *r, const char *path, int code, const char *error, struct err *e)
{
	FILE *to = fopen(path, "we");

	if (to == NULL)
		return err_io(e, path, "open the report");
	buf_byte(&r->console->transcript, '\0');
	put_page(to, r, code, error);
	bool bad = ferror(to) != 0;
	if (fclose(to) != 0 || bad)
		return err_io(e, path, "write the report");
	return 0;
}
