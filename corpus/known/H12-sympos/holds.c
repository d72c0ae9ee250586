/* klprove: expect holds; states 20 */

/* type_show() is a name of two functions. A livepatch says which it means by
 * klp_func.old_sympos; 0 says that there is one only. */
#define UNIQUE 1
#include "symbols.h"

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
	int pos = choose(4);
	int old_addr = klp_find_object_symbol(built, TYPE_SHOW, pos);

	if (old_addr == NOBODY) {
		reach(refused);
		await(0);		/* -EINVAL: the livepatch does not load */
	}
	assert(old_addr == (pos == 1 ? ACPI : THERMAL));
	assert(pos == 1 || pos == 2);
	reach(patched);
	await(0);
}
