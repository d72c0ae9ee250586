/* klprove: expect violated assert; arrivals nmi=2; states 1295 */
#include <klprove.h>

/* perf_output_put_handle(): the outermost writer drops rb->nest before it
 * publishes its (by then stale) head. */
int nest;
int head;
int data_head;			/* mmap()ed: read by user space on CPU 1 */

static void put_handle(void)
{
	int h;

	do {
		h = READ_ONCE(head);
		if (atomic_dec_return(&nest) != 0)
			return;		/* the outer writer publishes */
		WRITE_ONCE(data_head, h);
		if (h == READ_ONCE(head))
			return;
		atomic_inc_return(&nest);
	} while (1);
}

static void write_event(void)
{
	atomic_inc_return(&nest);
	atomic_inc_return(&head);	/* reserve and fill one record */
	put_handle();
}

__task(0) void task(void) { write_event(); }

__nmi(0) void nmi(void) { write_event(); }

__task(1) void user_reader(void)
{
	int first = READ_ONCE(data_head);
	int second = READ_ONCE(data_head);

	assert(second >= first);	/* head never moves backwards */
}
