#include "cmd/path_side.h"
#include "cmd/options.h"

#include "base/os.h"

static const char *const side_names[] = {"old", "new"};

const char *
with_home(struct run *r, const char *path)
{
	const char *home = text_starts(text_of(path), "~/") ? os_home(&r->arena) : NULL;

	return home != NULL ? arena_print(&r->arena, "%s%s", home, path + 1) : path;
}

int
account_split(struct run *r, const char *wants, const char *account, char **user,
	char **host, struct err *e)
{
	const char *at = account != NULL ? strrchr(account, '@') : NULL;

	if (at == NULL || at == account || at[1] == '\0')
		return err_set(e, ERR_USAGE, "", "%s USER@HOST", wants);
	*user = arena_string(&r->arena, (struct text){account, (size_t)(at - account)});
	*host = arena_string(&r->arena, text_of(at + 1));
	return 0;
}

static const char *
account_of(const struct run *r, int side)
{
	return side == 0 ? r->options->old_account : r->options->new_account;
}

int
path_side(struct run *r, int side, struct mailbox_options *o, struct err *e)
{
	const char *name = side_names[side];

	if (account_split(r,
		    arena_print(&r->arena,
			    "--%s %s:PATH says not whose mailbox it is: it wants --%s-account",
			    name, o->url.scheme, name),
		    account_of(r, side), &o->url.user, &o->url.host, e) < 0)
		return -1;
	o->name = arena_print(&r->arena, "%s %s", name, o->url.scheme);
	o->url.path = os_resolve(&r->arena, with_home(r, o->url.path), e);
	return o->url.path != NULL ? 0 : -1;
}

int
path_side_none(const struct run *r, int side, const char *scheme, struct err *e)
{
	if (side == SIDE_PLAIN || account_of(r, side) == NULL)
		return 0;
	const char *name = side_names[side];
	return err_set(e, ERR_USAGE, "",
		"--%s-account says whose a mailbox on a disk is (maildir:PATH), or is of an "
		"imported map; --%s %s: says that itself",
		name, name, scheme);
}
