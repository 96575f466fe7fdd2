/*
 * Dies, fails and falls short at every file-changing system call of a command that
 * replaces a store, and looks at what is left.
 *
 *   crash [-j JOBS] SCENARIO STORE [MAIL…] [--becomes STORE | --copied-to STORE |
 *     --sqlite QUERY] --apply CMD… --then CMD… --undo CMD…
 *   crash [-j JOBS]
 *
 * SCENARIO is a folder, copied anew for each point; STORE is the store's path in it. In
 * the commands an '@' that begins a word stands for the copy, and the state folder must
 * be @/state:
 *
 *   crash DIR p/Mail/h/popstate.dat --apply build/reuidl apply --yes --state @/state
 *     --map @/map @/p/Mail/h/popstate.dat --then … --undo build/reuidl undo --state @/state
 *
 * --becomes is for a store that gets another name, --copied-to for one that stays as it is,
 * always, while a second is made from it (that is then "the new one"; no such file, and no
 * new folder for it, is "the old one"). With --sqlite the store is a database, which may
 * have a -wal, and what is compared are not its bytes but the rows of that query, as
 * SQLite gives them from a copy of both; it must be sound, too. Without arguments two small
 * scenarios of its own, with and without that, with the crash_driver beside this program.
 *
 * For `apply`, and then for `undo` of an applied store: for each n and each mode
 * (crash_trace.h) the command runs in a fresh copy with its n-th call gone wrong. Then
 *   1. the store is the old or the new one, byte for byte; the new one if `apply` ended
 *      with 0 (the old one for `undo`), and the one of before if it said "nothing was
 *      changed"; a short write is no reason to fail at all;
 *   2. after --then it is still one of the two, under one name only, and its folder has as many names as
 *      after an `apply` without faults;
 *   3. after --undo it is the very old one;
 *   4. a MAIL file has its size; each of its X-UIDL lines is the old or the new one, or a
 *      tombstone, and never that of another message in the store; after --then it is wholly what the store is, and after --undo the very
 *      old one, with its time as it was;
 *   5. no file of the message CACHE bears a UIDL that is not its message's on the server
 *      that the store speaks of (crash_cache.h); after --then and --undo all are in place.
 * No command may take longer than ten seconds. Prints the number of points; exit 1, and a
 * line each, if something was not so. CRASH_SHARE=K/F makes every K-th point only, from
 * the F-th on.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash_cache.h"
#include "crash_trace.h"

#define SECONDS	  10.0
#define MAX_ARGS  64
#define MAX_WORDS 10 /* failures said by each process */
#define MAX_MAIL  4

enum command { APPLY, THEN, UNDO, COMMANDS };

struct bytes {
	char *at;
	size_t len;
};

struct job {
	const char *scenario, *store;
	const char *becomes;	  /* the store's path after the run; NULL: it stays */
	bool copies;		  /* and `store` stays as well */
	size_t above;		  /* names above the folder of the copy, without it */
	const char *query;	  /* what a database means; NULL: it is no database */
	char **command[COMMANDS]; /* with their '@' */
	char base[256];		  /* our own folder */
	char work[300], from[320], log[320], applied[320];
	struct bytes old, new;
	const char *mail[MAX_MAIL]; /* files beside the store */
	struct bytes mail_old[MAX_MAIL], mail_new[MAX_MAIL];
	struct timespec mail_time[MAX_MAIL];
	size_t nmail;
	const char *cache; /* a folder beside the store, or NULL */
	size_t ncached;
	size_t names;	     /* in the store's folder */
	size_t part, parts;  /* this process makes every parts-th point */
	size_t every, first; /* of all points only every such one, from the first on */
	size_t points, bad;
};

static void
die(const char *what, const char *path)
{
	fprintf(stderr, "crash: %s: %s: %s\n", path, what, strerror(errno));
	exit(2);
}

static char *
join(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 2;
	char *path = malloc(n);

	if (path == NULL)
		die("memory", a);
	snprintf(path, n, "%s/%s", a, b);
	return path;
}

static bool
read_bytes(const char *path, struct bytes *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	*b = (struct bytes){0};
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || (b->at = malloc((size_t)st.st_size + 1)) == NULL)
		die("read", path);
	ssize_t n = read(fd, b->at, (size_t)st.st_size);
	close(fd);
	b->len = n > 0 ? (size_t)n : 0;
	return true;
}

static void write_bytes(const char *path, const struct bytes *b, mode_t mode);

/* Its rows, a line each; "" if SQLite finds something wrong. */
static void
read_rows(const char *path, const char *query, struct bytes *b)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	FILE *f = open_memstream(&b->at, &b->len);

	if (f == NULL ||
		sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		die("open", path);
	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL) ==
			SQLITE_OK &&
		sqlite3_step(st) == SQLITE_ROW &&
		strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0) {
		sqlite3_finalize(st);
		sqlite3_prepare_v2(db, query, -1, &st, NULL);
		while (sqlite3_step(st) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(st); i++)
				fprintf(f, "%s ", sqlite3_column_text(st, i));
			fputc('\n', f);
		}
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	fclose(f);
}

/* The copy is beside our own folder of the point, so that nothing is added to that. */
static bool
read_store(const struct job *j, const char *path, struct bytes *b)
{
	static const char *const parts[] = {"", "-wal", "-journal"};
	char from[700], to[700];
	struct bytes part;

	if (j->query == NULL)
		return read_bytes(path, b);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(from, sizeof(from), "%s%s", path, parts[i]);
		snprintf(to, sizeof(to), "%s.look%s", j->work, parts[i]);
		unlink(to);
		if (read_bytes(from, &part))
			write_bytes(to, &part, 0600);
		else if (i == 0)
			return *b = (struct bytes){0}, false;
		free(part.at);
	}
	snprintf(to, sizeof(to), "%s.look", j->work);
	read_rows(to, j->query, b);
	return true;
}

static void
write_bytes(const char *path, const struct bytes *b, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, b->at, b->len) != (ssize_t)b->len || close(fd) < 0)
		die("write", path);
}

static void
copy_tree(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *entry;

	if (d == NULL || (mkdir(to, 0700) < 0 && errno != EEXIST))
		die("copy", from);
	while ((entry = readdir(d)) != NULL) {
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *source = join(from, entry->d_name),
		     *target = join(to, entry->d_name);
		if (lstat(source, &st) < 0)
			die("look", source);
		if (S_ISDIR(st.st_mode))
			copy_tree(source, target);
		else if (S_ISREG(st.st_mode)) {
			struct bytes b;
			read_bytes(source, &b);
			write_bytes(target, &b, st.st_mode & 07777);
			free(b.at);
			struct timespec times[2] = {st.st_atim, st.st_mtim};
			utimensat(AT_FDCWD, target, times, 0);
		}
		free(source);
		free(target);
	}
	closedir(d);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st, (void)type, (void)f;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
fresh(struct job *j, const char *from)
{
	remove_tree(j->work);
	copy_tree(from, j->work);
}

static char *
with_work(const struct job *j, const char *word)
{
	size_t n = strlen(word) + strlen(j->work) + 1;
	char *out = malloc(n);

	if (out == NULL)
		die("memory", word);
	snprintf(out, n, "%s%s", word[0] == '@' ? j->work : "",
		word[0] == '@' ? word + 1 : word);
	return out;
}

static struct crash_run
run(struct job *j, enum command c, enum crash_mode mode, size_t n)
{
	char *words[MAX_ARGS + 1] = {NULL};
	struct crash_run r;

	for (size_t i = 0; i < MAX_ARGS && j->command[c][i] != NULL; i++)
		words[i] = with_work(j, j->command[c][i]);
	crash_run(words, j->from, mode, n, SECONDS, j->log, &r);
	for (size_t i = 0; words[i] != NULL; i++)
		free(words[i]);
	return r;
}

enum found { FOUND_OTHER, FOUND_OLD, FOUND_NEW, FOUND_BOTH };

static bool
same(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* Each name is not there, or is what it is to be. */
static enum found
look_at_names(const struct job *j)
{
	char *from = join(j->work, j->store), *to = join(j->work, j->becomes);
	struct bytes old, new;
	bool has_old = read_bytes(from, &old), has_new = read_bytes(to, &new);
	enum found f = has_old && has_new ? FOUND_BOTH
		       : has_old	  ? FOUND_OLD
		       : has_new	  ? FOUND_NEW
					  : FOUND_OTHER;

	if (j->copies)
		f = !has_old ? FOUND_OTHER : has_new ? FOUND_NEW : FOUND_OLD;
	if ((has_old && !same(&old, &j->old)) || (has_new && !same(&new, &j->new)))
		f = FOUND_OTHER;
	free(old.at);
	free(new.at);
	free(from);
	free(to);
	return f;
}

static enum found
look(const struct job *j)
{
	char *path = join(j->work, j->store);
	struct bytes b;
	enum found f = FOUND_OTHER;

	if (j->becomes != NULL) {
		free(path);
		return look_at_names(j);
	}
	if (read_store(j, path, &b))
		f = same(&b, &j->old) ? FOUND_OLD : same(&b, &j->new) ? FOUND_NEW : f;
	free(b.at);
	free(path);
	return f;
}

/* The value of the n-th X-UIDL line; len 0 behind the last. */
static struct bytes
nth_uidl(const struct bytes *b, size_t n)
{
	static const char name[] = "\nX-UIDL: ";
	char *at = b->at, *end = b->at + b->len;

	for (;; n--) {
		at = memmem(at, (size_t)(end - at), name, strlen(name));
		if (at == NULL)
			return (struct bytes){NULL, 0};
		at += strlen(name);
		if (n == 0)
			break;
	}
	char *line_end = memchr(at, '\n', (size_t)(end - at));
	return (struct bytes){at, (size_t)((line_end != NULL ? line_end : end) - at)};
}

/* Has a store that record? */
static bool
has_record(const struct bytes *store, const struct bytes *uidl)
{
	char line[128];

	snprintf(line, sizeof(line), "\nk %.*s ", (int)uidl->len, uidl->at);
	return memmem(store->at, store->len, line, strlen(line)) != NULL;
}

/* Deleting the message locally must never reach another one: a UIDL that the store has
 * is the message's own, on the server that the store speaks of. */
static bool
mail_is_sound(const struct job *j, size_t mail, const struct bytes *b)
{
	const struct bytes *old = &j->mail_old[mail], *new = &j->mail_new[mail];
	bool is_new = look(j) == FOUND_NEW;
	const struct bytes *store = is_new ? &j->new : &j->old;

	if (b->len != old->len)
		return false;
	for (size_t n = 0;; n++) {
		struct bytes now = nth_uidl(b, n), was = nth_uidl(old, n),
			     will = nth_uidl(new, n);
		if (now.at == NULL || was.at == NULL)
			return now.at == was.at;
		if (same(&was, &will))
			continue; /* the server's own line, in the message */
		if (!same(&now, &was) && !same(&now, &will) &&
			(now.len != 39 || memcmp(now.at, "reuidl-", 7) != 0))
			return false;
		if (!same(&now, is_new ? &will : &was) && has_record(store, &now))
			return false;
	}
}

enum moment { AT_ONCE, THEN_DONE, UNDO_DONE };

/* What is wrong with the mail; NULL: nothing. */
static const char *
look_at_mail(const struct job *j, enum moment moment)
{
	enum found store = look(j);
	const char *wrong = NULL;

	for (size_t i = 0; i < j->nmail && wrong == NULL; i++) {
		char *path = join(j->work, j->mail[i]);
		const struct timespec *was = &j->mail_time[i];
		struct bytes b;
		struct stat st;

		if (!read_bytes(path, &b) || stat(path, &st) < 0)
			wrong = "a mail file is gone";
		else if (!mail_is_sound(j, i, &b))
			wrong = "a mail file has another size, or another message's UIDL";
		else if (moment != AT_ONCE &&
			 !same(&b,
				 store == FOUND_NEW ? &j->mail_new[i] : &j->mail_old[i]))
			wrong = "the mail is not what the store is";
		else if (moment != AT_ONCE && (st.st_mtim.tv_sec != was->tv_sec ||
						      st.st_mtim.tv_nsec != was->tv_nsec))
			wrong = "a mail file has another time";
		free(b.at);
		free(path);
	}
	return wrong;
}

static const char *
look_at_cache(const struct job *j, enum moment moment)
{
	if (j->cache == NULL)
		return NULL;
	char *folder = join(j->work, j->cache);
	const char *wrong = crash_cache_look(
		folder, look(j) == FOUND_NEW, moment != AT_ONCE, j->ncached);
	free(folder);
	return wrong;
}

static const char *
look_at_companions(const struct job *j, enum moment moment)
{
	const char *wrong = look_at_mail(j, moment);

	return wrong != NULL ? wrong : look_at_cache(j, moment);
}

/* SQLite may leave an empty log and its index; the next to open the database, which takes
 * neither for anything, removes them. */
static bool
is_nothing(const struct job *j, const char *path)
{
	size_t n = strlen(path);
	struct stat st;

	if (j->query == NULL || n < 4)
		return false;
	return strcmp(path + n - 4, "-shm") == 0 ||
	       (strcmp(path + n - 4, "-wal") == 0 && stat(path, &st) == 0 &&
		       st.st_size == 0);
}

static size_t
count_names(const struct job *j, const char *root, const char *store)
{
	char *path = join(root, store);
	struct dirent *entry;
	size_t n = 0;

	*strrchr(path, '/') = '\0';
	DIR *d = opendir(path);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		char *name = join(path, entry->d_name);
		n += !is_nothing(j, name);
		free(name);
	}
	if (d != NULL)
		closedir(d);
	free(path);
	return n;
}

/* In the folder of the store that is made, or changed. */
static size_t
count_beside(const struct job *j)
{
	return count_names(j, j->work, j->copies ? j->becomes : j->store);
}

static size_t
count_above(const struct job *j, const char *root)
{
	char *folder = strdup(j->copies ? j->becomes : j->store);

	*strrchr(folder, '/') = '\0';
	size_t n = strchr(folder, '/') != NULL ? count_names(j, root, folder) : 0;
	free(folder);
	return n;
}

static bool
log_says(const struct job *j, const char *words)
{
	struct bytes b;
	bool says = read_bytes(j->log, &b) &&
		    memmem(b.at, b.len, words, strlen(words)) != NULL;

	free(b.at);
	return says;
}

static void
bad(struct job *j, enum command c, enum crash_mode mode, size_t n, const char *call,
	const char *what)
{
	struct bytes b;

	if (++j->bad > MAX_WORDS)
		return;
	fprintf(stderr, "crash: %s, call %zu (%s), %s: %s\n",
		c == APPLY ? "apply" : "undo", n, call, crash_modes[mode], what);
	if (j->bad <= 3 && read_bytes(j->log, &b)) {
		fprintf(stderr, "  it said: %.*s\n", (int)b.len, b.at);
		free(b.at);
	}
}

/* One point. False if the command has no n-th call. */
static bool
point(struct job *j, enum command c, enum crash_mode mode, size_t n)
{
	enum found before = c == APPLY ? FOUND_OLD : FOUND_NEW;
	enum found after = c == APPLY ? FOUND_NEW : FOUND_OLD;

	fresh(j, c == APPLY ? j->scenario : j->applied);
	struct crash_run r = run(j, c, mode, n);
	if (r.calls < n && r.call == NULL && r.exit >= 0)
		return false;
	if (r.call == NULL)
		return true; /* a short write of something that is no write */
	j->points++;
	enum found f = look(j);
	if (r.exit == -2)
		bad(j, c, mode, n, r.call, "it hangs");
	else if (f == FOUND_OTHER)
		bad(j, c, mode, n, r.call,
			"the store is neither the old nor the new one");
	else if (r.exit == 0 && f != after)
		bad(j, c, mode, n, r.call, "it said it had succeeded, and it had not");
	else if (r.exit > 0 && log_says(j, "nothing was changed") && f != before)
		bad(j, c, mode, n, r.call, "it said \"nothing was changed\", and it was");
	else if (mode == CRASH_SHORT && r.exit != 0)
		bad(j, c, mode, n, r.call, "a short write is no failure");
	else if ((mode == CRASH_EIO || mode == CRASH_ENOSPC) && r.exit < 0)
		bad(j, c, mode, n, r.call, "it died of it");
	else if (look_at_companions(j, AT_ONCE) != NULL)
		bad(j, c, mode, n, r.call, look_at_companions(j, AT_ONCE));

	struct crash_run then = run(j, THEN, CRASH_NONE, 0);
	if (then.exit == -2)
		bad(j, c, mode, n, r.call, "the next run hangs");
	else if (look(j) == FOUND_OTHER || look(j) == FOUND_BOTH)
		bad(j, c, mode, n, r.call,
			"the next run left neither the old nor the new one alone");
	else if (count_beside(j) != j->names)
		bad(j, c, mode, n, r.call,
			"the next run left something beside the store");
	else if (then.exit == 0 && look_at_companions(j, THEN_DONE) != NULL)
		bad(j, c, mode, n, r.call, look_at_companions(j, THEN_DONE));

	struct crash_run undo = run(j, UNDO, CRASH_NONE, 0);
	if (undo.exit == -2)
		bad(j, c, mode, n, r.call, "the undo hangs");
	else if (look(j) != FOUND_OLD)
		bad(j, c, mode, n, r.call, "the undo did not bring the very bytes back");
	else if (j->copies && count_above(j, j->work) != j->above)
		bad(j, c, mode, n, r.call, "the undo left a folder");
	else if (look_at_companions(j, UNDO_DONE) != NULL)
		bad(j, c, mode, n, r.call, look_at_companions(j, UNDO_DONE));
	return true;
}

static void
points(struct job *j, enum command c, size_t calls)
{
	size_t number = 0;

	for (enum crash_mode mode = CRASH_KILL_BEFORE; mode < CRASH_MODES; mode++)
		for (size_t n = 1; n <= calls; n++, number++)
			if (number % j->every == j->first &&
				number / j->every % j->parts == j->part &&
				!point(j, c, mode, n))
				break;
}

static void
read_mail(struct job *j, const char *root, struct bytes *to)
{
	for (size_t i = 0; i < j->nmail; i++) {
		char *path = join(root, j->mail[i]);
		struct stat st;

		if (!read_bytes(path, &to[i]) || stat(path, &st) < 0)
			die("read", path);
		if (to == j->mail_old)
			j->mail_time[i] = st.st_mtim;
		free(path);
	}
}

/* Without faults: what the new bytes are, and how many calls there are. */
static void
rehearse(struct job *j, size_t calls[COMMANDS])
{
	char *scenario = join(j->scenario, j->store);
	char *copy = join(j->work, j->becomes != NULL ? j->becomes : j->store);

	if (!read_store(j, scenario, &j->old))
		die("read", scenario);
	read_mail(j, j->scenario, j->mail_old);
	if (j->cache != NULL) {
		char *folder = join(j->scenario, j->cache);
		j->ncached = crash_cache_count(folder);
		free(folder);
	}
	fresh(j, j->scenario);
	struct crash_run r = run(j, APPLY, CRASH_COUNT, 0);
	calls[APPLY] = r.calls;
	if (r.exit != 0 || !read_store(j, copy, &j->new) || same(&j->old, &j->new)) {
		bad(j, APPLY, CRASH_COUNT, 0, "none",
			"it does not even work without faults");
		exit(1);
	}
	read_mail(j, j->work, j->mail_new);
	if (look_at_cache(j, THEN_DONE) != NULL)
		bad(j, APPLY, CRASH_COUNT, 0, "none", look_at_cache(j, THEN_DONE));
	for (size_t i = 0; i < j->nmail; i++)
		if (same(&j->mail_old[i], &j->mail_new[i]))
			bad(j, APPLY, CRASH_COUNT, 0, "none",
				"it does not change the mail");
	j->names = count_beside(j);
	j->above = count_above(j, j->scenario);
	copy_tree(j->work, j->applied);
	r = run(j, UNDO, CRASH_COUNT, 0);
	calls[UNDO] = r.calls;
	if (r.exit != 0 || look(j) != FOUND_OLD) {
		bad(j, UNDO, CRASH_COUNT, 0, "none",
			"it does not even work without faults");
		exit(1);
	}
	free(scenario);
	free(copy);
}

struct result {
	size_t calls[COMMANDS], points, bad;
};

/* One of the processes that share the points; its result goes through the pipe. */
static void
work(struct job *j, int to)
{
	struct result r = {0};

	snprintf(j->work, sizeof(j->work), "%s/%zu", j->base, j->part);
	snprintf(j->from, sizeof(j->from), "%s/state", j->work);
	snprintf(j->log, sizeof(j->log), "%s.log", j->work);
	snprintf(j->applied, sizeof(j->applied), "%s.applied", j->work);
	rehearse(j, r.calls);
	points(j, APPLY, r.calls[APPLY]);
	points(j, UNDO, r.calls[UNDO]);
	r.points = j->points;
	r.bad = j->bad;
	if (write(to, &r, sizeof(r)) != sizeof(r))
		exit(2);
	exit(0);
}

static int
share(struct job *j)
{
	struct result all = {0}, one;
	int pipes[2];

	if (pipe(pipes) < 0)
		die("pipe", "-");
	for (j->part = 0; j->part < j->parts; j->part++)
		if (fork() == 0)
			work(j, pipes[1]);
	close(pipes[1]);
	size_t back = 0;
	for (; read(pipes[0], &one, sizeof(one)) == sizeof(one); back++) {
		memcpy(all.calls, one.calls, sizeof(all.calls));
		all.points += one.points;
		all.bad += one.bad;
	}
	while (wait(NULL) > 0)
		;
	if (back != j->parts)
		all.bad++;
	printf("crash: %zu points (%zu calls of apply, %zu of undo; killed before and "
	       "after, "
	       "EIO, ENOSPC, short writes): %zu bad\n",
		all.points, all.calls[APPLY], all.calls[UNDO], all.bad);
	return all.bad == 0 && all.points > 0 ? 0 : 1;
}

/* The scenario of our own; `becomes`: the store gets another name. */
static void
make_scenario(struct job *j, const char *program, const char *becomes)
{
	static const char head[] = "# POP3 State File\n# generated\n\n*localhost lab\n";
	static char *apply[] = {
		NULL, "apply", "@/state", "@/p/popstate.dat", "@/new", NULL, NULL};
	static char *undo[] = {NULL, "undo", "@/state", NULL};
	static char store[4096], new[4096];
	char *scenario = join(j->base, becomes != NULL ? "renamed" : "scenario");
	char *p = join(scenario, "p");
	const char *slash = strrchr(program, '/');
	char beside[4096];

	snprintf(beside, sizeof(beside), "%.*scrash_driver",
		slash != NULL ? (int)(slash - program + 1) : 0, program);
	apply[0] = undo[0] = strdup(beside);
	apply[5] = becomes != NULL ? join("@", becomes) : NULL;
	j->becomes = becomes;
	if (mkdir(scenario, 0700) < 0 || mkdir(p, 0700) < 0)
		die("make", scenario);
	snprintf(store, sizeof(store), "%s", head);
	snprintf(new, sizeof(new), "%s", head);
	for (int i = 0; i < 30; i++) {
		size_t n = strlen(store), m = strlen(new);
		snprintf(store + n, sizeof(store) - n, "k %016x 17000000%02d\n", i, i);
		snprintf(new + m, sizeof(new) - m, "k %08x-new 17000000%02d\n", i, i);
	}
	write_bytes(join(p, "prefs.js"), &(struct bytes){"\n", 1}, 0600);
	write_bytes(join(p, "popstate.dat"), &(struct bytes){store, strlen(store)}, 0600);
	write_bytes(join(scenario, "new"), &(struct bytes){new, strlen(new)}, 0600);
	j->scenario = scenario;
	j->store = "p/popstate.dat";
	j->command[APPLY] = j->command[THEN] = apply;
	j->command[UNDO] = undo;
}

/* "K/F": of K points that follow one another only the F-th, from 0. */
static bool
take_share(struct job *j, const char *share)
{
	char *end;

	j->every = 1;
	j->first = 0;
	if (share == NULL)
		return true;
	j->every = (size_t)strtoul(share, &end, 10);
	if (*end != '/')
		return false;
	j->first = (size_t)strtoul(end + 1, &end, 10);
	return *end == '\0' && j->every > 0 && j->first < j->every;
}

static int
usage(void)
{
	fprintf(stderr,
		"usage: [CRASH_SHARE=K/F] crash [-j JOBS] [SCENARIO STORE [MAIL…] [CACHE/] [--becomes STORE | --sqlite "
		"QUERY] --apply CMD… --then CMD… --undo CMD…]\n");
	return 64;
}

/* Each command ends where the next option stands. */
static bool
take_commands(struct job *j, char **argv)
{
	static const char *const names[] = {"--apply", "--then", "--undo"};
	size_t n = 0;

	for (; *argv != NULL && strncmp(*argv, "--", 2) != 0; argv++) {
		if ((*argv)[0] != '\0' && (*argv)[strlen(*argv) - 1] == '/') {
			j->cache = *argv;
			continue;
		}
		if (j->nmail == MAX_MAIL)
			return false;
		j->mail[j->nmail++] = *argv;
	}
	if (*argv != NULL &&
		(strcmp(*argv, "--becomes") == 0 || strcmp(*argv, "--copied-to") == 0 ||
			strcmp(*argv, "--sqlite") == 0)) {
		*(strcmp(*argv, "--sqlite") == 0 ? &j->query : &j->becomes) = argv[1];
		j->copies = strcmp(*argv, "--copied-to") == 0;
		argv += argv[1] != NULL ? 2 : 1;
	}
	for (; *argv != NULL; argv++) {
		bool name = false;
		for (int c = 0; c < COMMANDS && !name; c++)
			if (strcmp(*argv, names[c]) == 0) {
				j->command[c] = argv + 1;
				*argv = NULL;
				name = true;
				n = 0;
			}
		if (!name && ++n > MAX_ARGS)
			return false;
	}
	for (int c = 0; c < COMMANDS; c++)
		if (j->command[c] == NULL || j->command[c][0] == NULL)
			return false;
	return true;
}

int
main(int argc, char **argv)
{
	struct job j = {.parts = 2};
	/* In memory: some thousand runs, and every one of them syncs. */
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	int at = 1, rc;

	if (argc > 2 && strcmp(argv[1], "-j") == 0) {
		j.parts = (size_t)strtoul(argv[2], NULL, 10);
		at = 3;
	}
	if (j.parts == 0 || j.parts > 64 || !take_share(&j, getenv("CRASH_SHARE")))
		return usage();
	snprintf(j.base, sizeof(j.base), "%s/reuidl-crash-XXXXXX", tmp);
	if (mkdtemp(j.base) == NULL)
		die("make a folder", j.base);
	if (at == argc) {
		make_scenario(&j, argv[0], "p/popstate-moved.dat");
		rc = share(&j);
		fflush(stdout);
		remove_tree(j.base);
		if (rc != 0 || mkdir(j.base, 0700) < 0)
			return 1;
		make_scenario(&j, argv[0], NULL);
	} else if (argc - at > 2 && strchr(argv[at + 1], '/') != NULL) {
		j.scenario = argv[at];
		j.store = argv[at + 1];
		if (!take_commands(&j, argv + at + 2)) {
			remove_tree(j.base);
			return usage();
		}
	} else {
		remove_tree(j.base);
		return usage();
	}
	rc = share(&j);
	remove_tree(j.base);
	return rc;
}
