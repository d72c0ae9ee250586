/* klprove: expect holds; kernel v4.12;
 *   patch vfs_read+handle_irq+default_do_nmi; arrivals irq=1,nmi=1,exception=0; states 26218 */

/* The guard since Linux kernel commit 726b3d3f141f: a context that preempt_count
 * does not show yet may come in once. Two edges on top of each other: once is
 * not enough. With noinstr entry code only the bodies can be patched. */
static __always_inline notrace int trace_test_and_set_recursion(int start)
{
	unsigned int val = current->trace_recursion;
	int bit = trace_get_context_bit() + start;

	if (val & (1u << bit)) {
		bit = start + 4;	/* the bit for the edge of a context */
		if (val & (1u << bit))
			return -1;
	}
	current->trace_recursion = val | (1u << bit);
	barrier();
	return bit;
}
