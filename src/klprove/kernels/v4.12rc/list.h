/* list.h - the doubly linked list of the kernel, as far as func_stack needs it.
 *
 * Models: include/linux/list.h, rculist.h (list_add_rcu, list_del_rcu,
 * list_first_or_null_rcu, list_entry_rcu) as in v4.12.
 * Leaves out: LIST_DEBUG; sparse annotations; lockdep's view of the readers.
 */
struct list_head {
	struct list_head *next, *prev;
};

/* What a removed entry's back pointer becomes: a place that nothing owns. */
#define LIST_POISON2	((struct list_head *)0x200)

#define list_entry_rcu(ptr, type, member)	container_of(ptr, type, member)

/* One read of the head decides: empty, or this entry. */
#define list_first_or_null_rcu(head, type, member) ({			\
	struct list_head *__head = (head);				\
	struct list_head *__first = READ_ONCE(__head->next);		\
	__first != __head ? list_entry_rcu(__first, type, member) : NULL; })

/* The entry is complete before the head leads to it. */
static inline notrace void list_add_rcu(struct list_head *new, struct list_head *head)
{
	struct list_head *first = head->next;

	new->next = first;
	new->prev = head;
	smp_store_release(&head->next, new);
	first->prev = new;
}

/* A reader that stands on the entry can still walk on: next is kept. */
static inline notrace void list_del_rcu(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	next->prev = prev;
	WRITE_ONCE(prev->next, next);
	entry->prev = LIST_POISON2;
}
