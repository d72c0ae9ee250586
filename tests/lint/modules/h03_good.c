/* lint: clean | 6.12: H12 error */
#include "patch.h"

struct file;
struct elf64_phdr;

static unsigned long new_map(struct file *file, unsigned long at, const struct elf64_phdr *part,
			     int prot, int type, unsigned long size)
{
	return at;
}
static int new_copy(char *to) { *to = 4; return 1; }

LIVEPATCH(NEW(elf_map, new_map), NEW(elf_map.isra.0, new_copy));
