#include "cmd/console.h"
#include "model/format.h"
#include "cmd/command.h"

static const char *
proof_of(const struct format *f)
{
	return f->proof != NULL ? f->proof : "no real client has proved it yet";
}

static void
show_json(void)
{
	struct json j = {.to = stdout};

	json_open(&j, NULL, '{');
	json_number(&j, "schema", 1);
	json_string(&j, "command", "formats");
	json_number(&j, "exit", 0);
	json_open(&j, "formats", '[');
	for (size_t i = 0; formats[i] != NULL; i++) {
		const struct format *f = formats[i];

		json_open(&j, NULL, '{');
		json_string(&j, "name", f->name);
		json_string(&j, "client", f->client);
		json_string(&j, "rewrites", f->what);
		json_string(&j, "proof", proof_of(f));
		json_open(&j, "places", '[');
		for (size_t k = 0; f->places[k] != NULL; k++)
			json_string(&j, NULL, f->places[k]);
		json_close(&j, ']');
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

int
cmd_formats(struct run *r, struct err *e)
{
	(void)e;
	if (r->options->json) {
		show_json();
		return 0;
	}
	for (size_t i = 0; formats[i] != NULL; i++) {
		const struct format *f = formats[i];

		out_colour(r->console, '!', "%s: %s", f->name, f->client);
		out(r->console, "  rewrites %s; proof: %s\n", f->what, proof_of(f));
		for (size_t k = 0; f->places[k] != NULL; k++)
			out(r->console, "  ~/%s\n", f->places[k]);
	}
	return 0;
}
