/* What has been done to a store, and what it means for its local mail. */
#include "cmd/stores.h"

void
show_stuck(struct console *c, size_t n)
{
	if (n > 0)
		out(c,
			"  %zu messages have no room for their new UIDL in the local mail: do not "
			"delete old ones locally while \"until I delete them\" is on\n",
			n);
}

void
show_no_mail(struct console *c)
{
	out(c, "  local mail is left alone (--no-mail): it keeps the old UIDLs, so \"until I "
	       "delete them\" does not reach old mail on the new server\n");
}

void
show_into_mail(struct console *c)
{
	out(c, "  local mail is left alone: it is the old account's, so deleting an old "
	       "message in the client does not delete it on the new server, not even with "
	       "\"until I delete them\"\n");
}

void
show_applied(struct run *r, const struct result *res)
{
	struct console *c = r->console;

	switch (res->state) {
	case STATE_APPLIED:
		if (r->options->into != NULL) {
			out(c,
				"%s: made from %s, which stays as it is: %zu with their "
				"new UIDL, %zu kept, %zu set aside\n",
				res->path, res->source, res->renamed, res->kept,
				res->tombstones);
			if (format_named(text_of(res->client))->mail != NULL)
				show_into_mail(c);
			break;
		}
		out(c, "%s: %zu renamed, %zu kept, %zu set aside; backup %s\n", res->path,
			res->renamed, res->kept, res->tombstones, res->backup);
		if (res->mail_patched + res->mail_left > 0)
			out(c, "%s: %zu messages in the local mail have their new UIDL\n",
				res->path, res->mail_patched);
		if (res->new_path[0] != '\0')
			out(c, "%s: it is now %s\n", res->path, res->new_path);
		show_stuck(c, res->mail_left);
		if (res->cached > 0)
			out(c, "%s: %zu cached messages have their new UIDL\n", res->path,
				res->cached);
		if (r->options->no_mail)
			show_no_mail(c);
		break;
	case STATE_ALREADY:
		out(c, "%s: this map has been applied already (undo takes it back)\n",
			res->path);
		break;
	default:
		out(c, "%s: nothing to change\n", res->path);
	}
}
