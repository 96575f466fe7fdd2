/* Dates of messages; the seconds are those of `date -u -d`. */
#include "model/date.h"

#include <criterion/criterion.h>

Test(date, read)
{
	static const struct {
		const char *value;
		int64_t seconds;
	} at[] = {
		{"Thu, 19 Nov 2026 14:26:53 +0000", 1795098413},
		{" thu, 19 nov 2026 14:26:53 GMT", 1795098413},
		{"Thu,\r\n 19 Nov\t2026\n 14:26:53 +0000 (UTC)\r\n", 1795098413},
		{"1 Jan 1970 00:00:00 +0000", 0},
		{"29 Feb 2024 23:59:00 -0830", 1709281740},
		{"31 Dec 1999 12:00 +1400", 946591200},
		{"1 Mar 2100 00:00:00 +0000", 4107542400},
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		int64_t seconds = -1;
		cr_expect(date_read(text_of(at[i].value), &seconds), "%s", at[i].value);
		cr_expect_eq(seconds, at[i].seconds, "%s: %lld", at[i].value,
			(long long)seconds);
	}
}

/* Clients guess, each in its own way. */
Test(date, not_read)
{
	static const char *const at[] = {"", "Thu", "19 Nov 26 14:26:53 +0000",
		"Thu 19 Nov 2026 14:26:53 +0000", "19 Nov 2026", "19 Nov 2026 14:26:53",
		"19 Nov 2026 14:26:53 EST", "19 Nov 2026 14:26:53 +000",
		"19 Nov 2026 24:26:53 +0000", "19 Nov 2026 14:60:53 +0000",
		"32 Nov 2026 14:26:53 +0000", "19 Nix 2026 14:26:53 +0000",
		"2026-11-19T14:26:53Z", "19 Nov 2026 14:26:53 +0000 and more",
		"Thu Nov 19 14:26:53 2026", "19 Nov 1969 14:26:53 +0000"};
	int64_t seconds;

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		cr_expect_not(date_read(text_of(at[i]), &seconds), "%s", at[i]);
}

#define DATE "Date: Thu, 19 Nov 2026 14:26:53 +0000\n"

Test(date, of_a_message)
{
	static const struct {
		const char *bytes;
		bool found;
	} at[] = {
		{DATE "\nbody", true},
		{"From: a\nX: b\n Date: c\nDATE:\n Thu, 19 Nov 2026\n 14:26:53 +0000\nTo: d\n\nb",
			true},
		{"From: a\r\nDate: Thu, 19 Nov 2026 14:26:53 +0000\r\n\r\nbody", true},
		{"From: a\n\n" DATE "\nbody", false},
		{DATE DATE "\nbody", false},
		{DATE "From: a", false},
		{DATE, false},
		{"Date: soon\n\nbody", false},
		{"Dates: x\n\nbody", false},
		{"", false},
	};

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		int64_t seconds = 0;
		cr_expect_eq(date_of_message(text_of(at[i].bytes), &seconds), at[i].found,
			"%s", at[i].bytes);
		cr_expect(!at[i].found || seconds == 1795098413, "%s", at[i].bytes);
	}
}
