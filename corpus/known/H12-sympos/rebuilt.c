/* klprove: expect violated assert; states 5 */

/* type_show() is a name of two functions. The livepatch says which it means by its
 * position; the kernel that runs was linked in another order. */
#define UNIQUE 1
#include "symbols.h"

static struct symbol runs[3] = {
	{ TYPE_SHOW, THERMAL }, { VFS_READ, READ }, { TYPE_SHOW, ACPI },
};

static int klp_find_object_symbol(struct symbol *table, int name, int pos)
{
	struct found found = look(table, name, pos);

	if (found.count > 1 && pos == 0)
		return NOBODY;		/* unresolvable ambiguity */
	if (pos > 0 && found.count != pos)
		return NOBODY;		/* no symbol at that position */
	return found.address;
}

__task(0) void klp_init_func(void)
{
	int old_addr = klp_find_object_symbol(runs, TYPE_SHOW, 2);

	assert(old_addr == NOBODY || old_addr == THERMAL);
	reach(patched);
	await(0);
}
