/* lint: clean */
#include "patch.h"

struct kobject;
struct kobj_attribute;

static long new_show(struct kobject *of, struct kobj_attribute *which, char *to) { return 0; }

LIVEPATCH({ .old_name = "type_show", .new_func = new_show, .old_sympos = 2 });
