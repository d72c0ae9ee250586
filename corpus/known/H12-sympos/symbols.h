/* symbols.h - the symbols of a kernel, and which of them a livepatch means.
 *
 * Models: kallsyms as klp_find_object_symbol() of kernel/livepatch/core.c walks
 * it: in the order of the image, names that need not be unique.
 * Leaves out: modules as objects, the length of names, kallsyms' own index.
 */
enum { TYPE_SHOW = 1, VFS_READ };		/* names */
enum { NOBODY, ACPI, READ, THERMAL };		/* functions: their addresses */

struct symbol {
	int name, address;
};

/* What the livepatch was built against: it means the second type_show(). */
static struct symbol built[3] = {
	{ TYPE_SHOW, ACPI }, { VFS_READ, READ }, { TYPE_SHOW, THERMAL },
};

struct found {
	int address, count;
};

/* Goes on to the symbol at `pos`; with 0, as far as it takes to see a second one. */
static struct found look(struct symbol *table, int name, int pos)
{
	struct found found = { NOBODY, 0 };

	for (int i = 0; i < 3; i++) {
		if (table[i].name != name)
			continue;
		found.address = table[i].address;
		found.count++;
		if (pos ? found.count == pos : found.count > UNIQUE)
			break;
	}
	return found;
}
