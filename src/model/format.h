/*
 * A format is one file: formats/NAME.c defines `const struct format format_NAME`, and
 * fixtures/NAME/ holds stores that it must read. The table of formats is made from the
 * folder by make, so adding a client touches nothing else.
 *
 * A format opens nothing, prints nothing and keeps nothing between calls: bytes in,
 * bytes out. All access to a client's folder is src/work/.
 */
#ifndef MODEL_FORMAT_H
#define MODEL_FORMAT_H

#include "base/buf.h"
#include "model/local.h"
#include "model/store.h"

/* Bits of evidence for format->probe. */
enum probe {
	PROBE_NO = 0,
	PROBE_CONTENT = 1, /* the bytes look like it */
	PROBE_MAGIC = 2,   /* the bytes say so: a signature, a header comment */
	PROBE_PATH = 4,	   /* the path is one of the format's places */
};

/* What a client's own settings say of an account whose store is at hand. */
struct settings {
	bool known;		/* false: nothing below is */
	struct text host, user; /* what the account is set to today; in the arena */
	uint32_t port;		/* 0 unknown */
	bool leave_on_server;
	uint32_t delete_after_days; /* 0: not by age */
	bool until_deleted;	    /* deleting locally deletes on the server */
	/* The days are counted from the message's own date, which no record has: any of
	 * which it is not known may be old enough. */
	bool by_message_date;
	/* For people, and to know an account again; in the arena. */
	struct text key, name; /* "account1", "Anna's mail" */
	/* What it really connects to, where that is not host and user; else empty. */
	struct text server_host, server_user;
	struct text
		deferred_to; /* key of the account that gets its mail; empty: itself */
	bool maildir;	     /* its mail is kept a file a message */
	/* Of the client, and there even if `known` is false: the major version that ran
	 * last (0 unknown), and whether that was on Windows. */
	uint32_t version;
	bool windows;
	/* What the user is to do once after the move, for format->adapt to tell; static.
	 * NULL: nothing. */
	const char *advice;
};

/* An account that the client's settings list. */
struct listed_account {
	const char *store;  /* where its store is, or will be; absolute, in the arena */
	const char *server; /* what the settings call its server: "server1" */
	/* `store` is what the client will choose as things are now: the settings name no
	 * place yet, and it takes another one if that is there by then. */
	bool guessed;
	struct settings settings;
	bool one_of_several; /* places where it may be: that it is not there says nothing */
};

struct account_list {
	struct listed_account *at; /* the caller frees it */
	size_t n, cap;
};

/* A profile that the client has a list of. */
struct profile {
	const char *name, *folder; /* in the arena; the folder is absolute */
	bool standard;		   /* the one that the client opens unasked */
};

struct profile_list {
	struct profile *at; /* the caller frees it */
	size_t n, cap;
};

/* A folder in which a client keeps its list of profiles. */
struct client_root {
	const char *path;   /* glob below the home; NULL ends the table */
	const char *client; /* whose it is, for people */
	/* At its first start the client there has copied what was in this root, which
	 * it does not look at since; NULL: it has not. */
	const char *copy_of;
};

/* Where a client keeps the mail that it fetched, with each message's UIDL in it. */
struct local_mail {
	struct text key;      /* what its messages of this account are marked with */
	struct text *folders; /* whose files may hold them */
	size_t nfolders;
};

/* Files that hold local mail, of one message each or of any number. */
struct local_place {
	const char *glob; /* below a folder of local_mail, '/' between parts */
	bool single;
};

/*
 * A client that keeps each message in a file named after its UIDL, and that takes what it
 * finds there for the message, instead of a download. Pure: names only.
 */
struct message_cache {
	/* The folders in which this store's client may look; absolute, in the arena. */
	size_t (*folders)(const char *store_path, const struct settings *, struct arena *,
		const char *folders[]);
	/* Below such a folder, the file of a UIDL, "3f/NAME"; and the UIDL of a file,
	 * false if the client would not call one that. Both add to `out`. */
	void (*name)(struct text uidl, struct buf *out);
	bool (*uidl)(struct text name, struct buf *out);
	/* The message in a file's first bytes; len 0 if the file does not hold it whole. */
	struct text (*message)(struct text bytes);
};

#define CACHE_FOLDERS 4 /* at most */

/*
 * How a client shows that it runs. A name without '/' is looked for beside the settings
 * file, else beside the store; "~/NAME" below the home that the store lies in (see
 * format_home()); "/…/%u" anywhere, %u being the number of the store's owner; "$VAR/NAME"
 * below what that variable says, and nowhere if it is unset; "%sNAME" is the store's own path
 * and NAME behind it. The last part of a LOCK_PID,
 * LOCK_FILE and LOCK_SOCKET may be a glob.
 */
enum lock_kind {
	LOCK_NONE,    /* ends the table */
	LOCK_FCNTL,   /* fcntl write lock on the whole file, which we take as well */
	LOCK_SYMLINK, /* its target is "address:[+]pid"; a '+': a LOCK_FCNTL decides */
	LOCK_PID,  /* begins with a process number, or has a line pid=NUMBER; without that
	                 process it is stale */
	LOCK_FILE, /* is there while it runs */
	LOCK_SOCKET, /* a Unix socket on which somebody listens */
	LOCK_DOT,    /* is there while somebody writes to the store; we make it as well */
	LOCK_STORE,  /* fcntl write lock on the store itself, which we take as well */
	LOCK_PROCESS, /* a process of the store's owner has this name: the last part of
	                 its program, or of the script that its interpreter runs */
};

struct client_lock {
	enum lock_kind what;
	const char *name;
};

struct format {
	const char *name;   /* "thunderbird" */
	const char *client; /* "Mozilla Thunderbird, SeaMonkey, Betterbird" */
	const char *what;   /* what is rewritten, for `formats`: "popstate.dat" */
	const char *proof;  /* what proves it, for `formats` and the diff */
	/* Globs below the home folder, '/' between parts, ended by NULL. The last part
	 * is the store's name; a folder given as STORE is searched for it. */
	const char *const *places;
	/* Names of the client's settings file in the nearest folder above the store, and
	 * of its lock; NULL: none is known. */
	const char *settings_file;
	/* Globs below the home for settings that do not lie above the store; ended by
	 * NULL. Those whose `accounts` list a store are its settings. */
	const char *const *settings_places;
	const struct client_lock *locks; /* ended by LOCK_NONE; NULL: none is known */
	/* How it is quit, where closing its windows is not enough; NULL: it is. */
	const char *quit;
	/* Other files of that folder which belong to its settings, at most
	 * SETTINGS_BESIDE; they come as settings->beside. NULL: none. */
	const char *const *settings_beside;
	/* Where the client lists its profiles (NULL: nowhere), and the files it does that
	 * in; the second may be NULL. */
	const struct client_root *roots;
	const char *profiles_file, *installs_file;
	/* Globs for the names of files that look like its store, lie beside it, and are
	 * never read by the client; NULL: none. No place is one of theirs. */
	const char *const *strays;
	/* An SQLite database: what stands in a -wal beside it belongs to it. */
	bool sqlite;
	/* After the move the account's host and user are to be what the client's settings
	 * say, not what the new URL says; unknown settings leave them as they are. */
	bool account_from_settings;

	/* Bits of enum probe; the path's are added by the caller. */
	int (*probe)(const struct source *);
	int (*read)(struct store *, struct err *);
	/* A value in this client's spelling; NULL: as it is. -1 if it cannot be said. */
	int (*spell)(const struct store *, enum edit_what, struct text value,
		struct buf *out, struct err *);
	/* Apply the edits; NULL: splice. */
	int (*write)(const struct store *, const struct edit *, size_t n, struct buf *out,
		struct err *);
	/* With `write` only: all that the file means, each record and column in the order
	 * of `read`, but for the UIDLs and what depends on them. It is of bytes that `read`
	 * has taken. An output must give what
	 * the input gives, byte for byte. */
	int (*dump)(const struct source *, struct buf *out, struct err *);
	/* The account stands in the file's own name: the last part of its path for this
	 * account (port 0: unknown) into `out`. `name` is today's. NULL: it does not, and
	 * the path stays. */
	int (*rename)(struct text name, struct text host, struct text user, uint32_t port,
		struct buf *out, struct err *);
	/* What the client compares, into `out` (NULL: the bytes). */
	void (*key)(struct text uidl, struct buf *out);
	/* What it keeps, and a new UIDL is written like; NULL: what it compares. */
	void (*kept)(struct text uidl, struct buf *out);
	/* The settings of the account whose store lies at `store_path`. Leaves known false
	 * if they do not name that store. NULL: what `accounts` lists of it. */
	int (*settings)(const char *store_path, const struct source *settings,
		struct arena *, struct settings *, struct err *);
	/* What the reader cannot know without the settings: `merged`,
	 * `account_rewritten`, and notes. NULL: nothing. */
	void (*adapt)(struct store *, const struct settings *);
	/* All accounts with a store of this format that the settings list. */
	int (*accounts)(const struct source *settings, struct arena *,
		struct account_list *, struct err *);
	/* The profiles of a root, from the bytes of profiles_file and installs_file. */
	int (*profiles)(const char *root, struct text profiles, struct text installs,
		struct arena *, struct profile_list *, struct err *);
	/* Likewise where the account's mail is, in the arena; false if it is not known.
	 * NULL: this client's mail names no UIDLs. */
	bool (*mail)(const char *store_path, const struct source *settings,
		struct arena *, struct local_mail *);
	/* The same for a client whose mail lies where its store does, whatever its settings
	 * say; such mail is read as evidence only. */
	bool (*mail_beside)(const char *store_path, const struct account *,
		struct arena *, struct local_mail *);
	/* Which files below mail's folders hold it, ended by a glob of NULL; NULL: those
	 * of Mozilla's tree (work/mail_files.h). */
	const struct local_place *local_places;
	/* The messages in one such file, with their UIDLs, for evidence: model/local.h
	 * says how. NULL: its mail is not read. */
	int (*local)(struct local_file *, const struct local_sink *, struct err *);
	const struct message_cache *cache; /* NULL: it keeps none */
};

#define SETTINGS_BESIDE 2

extern const struct format *const formats[]; /* sorted by name, NULL at the end */

/* What the client compares: format->key into `scratch`, which is emptied first and must
 * outlive the answer; the UIDL itself where the format has no key. */
struct text format_key(const struct format *f, struct text uidl, struct buf *scratch);
/* Likewise what it keeps: format->kept, or else the same. */
struct text format_kept(const struct format *f, struct text uidl, struct buf *scratch);
const struct format *format_named(struct text name);
/* How much of the path is the home that it lies in, by the place that it fits; 0: it fits
 * none of the format's places. */
size_t format_home(const struct format *f, const char *path);
/* True if the path ends like one of the format's places, and is no stray. */
bool format_place(const struct format *f, const char *path);
/* True if it is a stray: the name says so, and if any file could have that name ("*.bak"),
 * the folders do. */
bool format_stray(const struct format *f, const char *path);
/* True if a glob for a name, without its folders, says whose file it is. */
bool format_glob_tells(const char *glob);
/* The one format for this source; `name` (may be NULL) is the user's choice. */
const struct format *
format_for(const struct source *src, const char *name, struct err *e);

#endif
