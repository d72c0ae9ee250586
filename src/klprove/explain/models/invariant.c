/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <klprove.h>

/* Two words that belong together are written one after the other. */
int begin, end;

invariant(ordered, begin <= end);

__task(0) void grow(void)
{
	begin = 1;
	end = 2;
}
