/* klprove: expect holds; arrivals nmi=2; states 1441 */
#include <klprove.h>

/* perf_output_put_handle(): rb->nest stays raised until the head has been
 * published, so a nested writer cannot publish in between. */
int nest;
int head;
int data_head;			/* mmap()ed: read by user space on CPU 1 */

static void put_handle(void)
{
	int h;

	do {
		h = READ_ONCE(head);
		if (READ_ONCE(nest) > 1) {
			atomic_dec_return(&nest);
			return;		/* the outer writer publishes */
		}
		WRITE_ONCE(data_head, h);
		WRITE_ONCE(nest, 0);	/* only now may others publish */
		if (h == READ_ONCE(head))
			return;
		WRITE_ONCE(nest, 1);
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
