/* transition_properties.c - what klprove reports about a transition, as ghost code.
 *
 * Nothing here is the kernel's. Ghost code takes no step and changes nothing
 * that kernel code reads.
 *
 * Findings: mixed-versions, stale-entry, stale-frame, invariant, stuck here;
 * use-after-free by itself, where a task executes text that is gone.
 */
/* The version in which each frame of each task really is. */
static const char *frames[NR_TASKS][DEPTH];

/* What everybody is to run when no transition is under way, and whether one is. */
static const char *universe = A_ENABLED ? &klp_text[A] : &old_text;
static bool in_transition;

/* Whoever marks a patch as immediate says that it may mix with the original. */
__ghost static bool may_mix(const char *one, const char *other)
{
	return one == other || (ACTION == ACTION_immediate && one != &klp_text[B]
				&& other != &klp_text[B]);
}

__ghost static void frame_begins(struct task_struct *task, int depth, const char *text)
{
	int outer;

	frames[task - tasks][depth] = text;
	for (outer = 0; outer < depth; outer++)
		if (frames[task - tasks][outer] && !may_mix(frames[task - tasks][outer], text))
			finding("mixed-versions");
	if (!in_transition && !may_mix(text, universe))
		finding("stale-entry");
}

/* An interrupt belongs to whatever it interrupted. */
__ghost static void interrupt_runs(struct task_struct *task, const char *text)
{
	int depth;

	for (depth = 0; task && depth < DEPTH; depth++)
		if (frames[task - tasks][depth] && !may_mix(frames[task - tasks][depth], text))
			finding("mixed-versions");
	if (!in_transition && !may_mix(text, universe))
		finding("stale-entry");
}

__ghost static void frame_ends(struct task_struct *task, int depth)
{
	frames[task - tasks][depth] = NULL;
}

__ghost static void transition_begins(void)
{
	in_transition = true;
}

/* Everybody is said to be switched: to `text`. */
__ghost static void transition_ends(const char *text)
{
	int task, depth;

	universe = text;
	in_transition = false;
	for (task = 0; task < NR_TASKS; task++)
		for (depth = 0; depth < DEPTH; depth++)
			if (frames[task][depth] && !may_mix(frames[task][depth], text))
				finding("stale-frame");
}

__ghost static bool all_at_rest(void)
{
	int task;

	for (task = 0; task < NR_TASKS; task++)
		if (tasks[task].on_list
		    && (tasks[task].patch_state != KLP_UNDEFINED
			|| test_bit(TIF_PATCH_PENDING, &tasks[task].thread_flags)))
			return false;
	return true;
}

/* A transition can always still end, without a second thought of anybody's. */
eventually(transition_ends, !klp_transition_patch)

/* Outside a transition nobody has a state, and nobody owes a switch. */
invariant(no_state_at_rest, klp_transition_patch || all_at_rest())
