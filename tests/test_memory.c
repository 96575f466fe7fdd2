/* Large memory is got in large pages, in one piece that can grow where it lies. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/os.h"

/* Does one mapping hold it all, of which the kernel has been told so (VmFlags: hg)? A line
 * of a mapping begins "7f0000000000-7f0000800000 ", the others with a name. */
static bool
is_large(const void *at, size_t n)
{
	uintptr_t begin = (uintptr_t)at;
	bool here = false, large = false;
	char line[512], *dash, *end;
	FILE *f = fopen("/proc/self/smaps", "r");

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		uintptr_t from = strtoul(line, &dash, 16);
		if (dash > line && *dash == '-')
			here = from <= begin && begin + n <= strtoul(dash + 1, &end, 16);
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			large = strstr(line, " hg ") != NULL;
	}
	fclose(f);
	return large;
}

Test(memory, what_is_large_comes_in_large_pages)
{
	static const size_t large = (size_t)8 << 20;
	size_t cap = 0;

	os_start();
	char *at = must_alloc(large);
	if (!os_exists("/sys/kernel/mm/transparent_hugepage"))
		cr_skip_test("this kernel has no large pages");
	cr_assert(is_large(at, large));
	cr_assert_eq(at[0] | at[large / 2] | at[large - 1], 0);
	free(at);
	at = array_grow(NULL, &cap, large, 1);
	for (size_t i = 0; i < large; i++)
		at[i] = (char)(i % 251);
	at = array_grow(at, &cap, cap + 1, 1);
	cr_assert(is_large(at, cap));
	for (size_t i = 0; i < large; i++)
		cr_assert_eq(at[i], (char)(i % 251), "byte %zu", i);
	free(at);
	at = must_alloc(4096);
	cr_assert(!is_large(at, 4096));
	free(at);
}
