/* properties.c - what klprove reports about a handler, as ghost code.
 *
 * Nothing here is the kernel's. Ghost code takes no step and changes nothing
 * that kernel code reads. One word a CPU says what the handler that runs there
 * has done; whatever interrupts it puts the word aside and back.
 *
 * Findings: unwatched-silent, unwatched-warned, false-alarm, nested-unwatched,
 * state-corrupted here; redirect-lost in ftrace.c.
 */
enum { IN_HANDLER = 1, UNPROTECTED = 2, NOTICED = 4 };
static __percpu int handler_record;

/* Once state-corrupted is reported on a CPU, nothing new arrives there: what
 * is under way runs to its end, so the consequences show, and no counter can
 * drift for ever. */
static __percpu bool state_corrupted;

__ghost static bool watching(void)
{
	return THIS_CPU_WATCHING;
}

/* Would the updater's wait wait for what this CPU does right now? Belongs to
 * the wait: klp_wait.c, or the user's file. */
__ghost static bool klp_updater_waits(void);

__ghost static void klp_note_read(void)
{
	if ((this_cpu(handler_record) & IN_HANDLER) && !klp_updater_waits())
		this_cpu(handler_record) |= UNPROTECTED;
}

__on_warn static void klp_note_warning(void)
{
	if (!(this_cpu(handler_record) & IN_HANDLER))
		return;
	if (watching())
		finding("false-alarm");
	this_cpu(handler_record) |= NOTICED;
}

/* Around a handler: begin gives the outer record, which end takes back. */
__ghost static int handler_begin(void)
{
	int outer = this_cpu(handler_record);

	this_cpu(handler_record) = IN_HANDLER;
	return outer;
}

__ghost static void handler_end(int outer)
{
	int record = this_cpu(handler_record);

	if ((record & UNPROTECTED) && (record & NOTICED))
		finding("unwatched-warned");
	if ((record & UNPROTECTED) && !(record & NOTICED))
		finding("unwatched-silent");
	this_cpu(handler_record) = outer;
}

/* Called by the body of everything that interrupts. */
__ghost static void body_needs_rcu(void)
{
	if (!watching())
		finding("nested-unwatched");
}

/* What every context must leave as it found it. */
struct context_mark {
	bool watching;
	s64 nesting;
	long nmi_nesting;
	int other;
	int count;
	unsigned int guard;
	int record;
};

__ghost static void context_begin(struct context_mark *mark)
{
	assume(!this_cpu(state_corrupted));
	mark->watching = watching();
	mark->nesting = THIS_CPU_NESTING;
	mark->nmi_nesting = THIS_CPU_NMI_NESTING;
	mark->other = OTHER_WORD;
	mark->count = this_cpu(__preempt_count);
	mark->guard = current->trace_recursion;
	mark->record = this_cpu(handler_record);
	this_cpu(handler_record) = 0;
}

__ghost static void context_end(const struct context_mark *mark)
{
	if (mark->watching != watching()
	    || mark->nesting != THIS_CPU_NESTING
	    || mark->nmi_nesting != THIS_CPU_NMI_NESTING
	    || mark->other != OTHER_WORD
	    || mark->count != this_cpu(__preempt_count)
	    || mark->guard != current->trace_recursion) {
		finding("state-corrupted");
		this_cpu(state_corrupted) = true;
	}
	this_cpu(handler_record) = mark->record;
}

/* Process level between two passes of the idle loop: everything is at rest. */
__ghost static bool task_state_right(void)
{
	return watching()
	       && THIS_CPU_NESTING == NESTING_AT_REST
	       && THIS_CPU_NMI_NESTING == NMI_NESTING_AT_REST
	       && OTHER_WORD == 0
	       && this_cpu(__preempt_count) == 0
	       && current->trace_recursion == 0;
}
