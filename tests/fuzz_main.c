/*
 * Runs a fuzz target without libFuzzer: over each file given, and each file in each
 * folder given, below too. --first=N puts that byte before the files that follow it:
 * the targets choose by it what the rest is.
 */
#include "base/os.h"
#include "fuzz.h"

#include <stdio.h>

#define FILE_MAX ((uint64_t)64 << 20)

static int
run_file(const char *path, int first, size_t *n)
{
	char *bytes;
	size_t len;
	struct os_stat st;
	struct err e;

	if (os_read(path, FILE_MAX, &bytes, &len, &st, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		return -1;
	}
	/* In memory of its own size, so that a step outside is seen. */
	size_t before = first >= 0;
	uint8_t *data = must_alloc(before + len);
	if (before > 0)
		data[0] = (uint8_t)first;
	if (len > 0)
		memcpy(data + before, bytes, len);
	LLVMFuzzerTestOneInput(data, before + len);
	free(data);
	free(bytes);
	++*n;
	return 0;
}

static int
run_path(const char *path, int first, size_t *n)
{
	struct arena a = {0};
	struct os_stat st;
	struct err e;
	char **names;
	size_t nnames;
	int result = 0;

	if (os_stat(path, &st, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		return -1;
	}
	if (!st.folder)
		return run_file(path, first, n);
	if (os_list(&a, path, &names, &nnames, &e) < 0) {
		fprintf(stderr, "%s\n", e.message);
		result = -1;
	} else
		for (size_t i = 0; i < nnames; i++)
			if (run_path(arena_print(&a, "%s/%s", path, names[i]), first, n) <
				0)
				result = -1;
	arena_free(&a);
	return result;
}

int
main(int argc, char **argv)
{
	size_t n = 0;
	int first = -1, result = 0;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--first=", 8) == 0)
			first = (int)strtol(argv[i] + 8, NULL, 10) & 0xff;
		else if (run_path(argv[i], first, &n) < 0)
			result = 1;
	printf("%zu inputs\n", n);
	return result;
}
