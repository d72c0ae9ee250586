/* klp_transition.c - the livepatch core: a patch is disabled and goes.
 *
 * Models: klp_init_transition, klp_start_transition,
 * klp_try_complete_transition, klp_complete_transition,
 * klp_update_patch_state of kernel/livepatch/transition.c; klp_patch_pending of
 * include/linux/livepatch.h; klp_unpatch_func of
 * patch.c; __klp_disable_patch of core.c, as in v4.12.
 * Leaves out: enabling and reversing (the same steps with the other target);
 * klp_try_switch_task (a task that runs on its CPU is refused, and ours always
 * does); the updater's own task; objects and several functions; klp_mutex
 * (one updater); sysfs.
 */
static struct klp_patch *klp_transition_patch;
static int klp_target_state = KLP_UNDEFINED;

static inline notrace bool klp_patch_pending(struct task_struct *task)
{
	return test_bit(TIF_PATCH_PENDING, &task->thread_flags);
}

/* The task itself calls this, at a place where it is in no patched function. */
static void klp_update_patch_state(struct task_struct *task)
{
	preempt_disable_notrace();
	if (test_and_clear_bit(TIF_PATCH_PENDING, &task->thread_flags))
		task->patch_state = READ_ONCE(klp_target_state);
	preempt_enable_notrace();
}

#if NR_CPUS > 1

static notrace void klp_init_transition(struct klp_patch *patch, int state)
{
	klp_transition_patch = patch;
	klp_target_state = state;
	if (patch->immediate)
		return;
	per_cpu(cpu_task, READER_CPUS).patch_state = !state;
	smp_wmb();	/* states before func->transition; with the handler's 2nd rmb */
	patch->func->transition = true;
}

static notrace void klp_start_transition(void)
{
	struct task_struct *task = per_cpu_ptr(&cpu_task, READER_CPUS);

	if (task->patch_state != klp_target_state)
		set_bit(TIF_PATCH_PENDING, &task->thread_flags);
}

/* Not the only entry of its stack: it is unlinked, and that is all. (The last
 * one is unlinked after unregister_ftrace_function, which waits.) */
static notrace void klp_unpatch_func(struct klp_func *func)
{
	list_del_rcu(&func->stack_node);
	func->patched = false;
}

/* Its own function so that a handler's author can say when not to. */
static notrace void klp_release_module(struct klp_patch *patch)
{
	patch->mod.refcnt--;	/* module_put() */
}

static notrace void klp_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;

	if (klp_target_state == KLP_UNPATCHED) {
		klp_unpatch_func(patch->func);
		klp_synchronize_transition();	/* no handler holds the entry now */
	}
	if (!patch->immediate) {
		patch->func->transition = false;
		if (klp_target_state == KLP_UNPATCHED && !patch->func->immediate)
			klp_release_module(patch);
		if (klp_target_state == KLP_PATCHED)
			klp_synchronize_transition();
		per_cpu(cpu_task, READER_CPUS).patch_state = KLP_UNDEFINED;
	}
	klp_target_state = KLP_UNDEFINED;
	klp_transition_patch = NULL;
}

/* The kernel looks about once a second; we, when there is something to see. */
static notrace void klp_try_complete_transition(void)
{
	await(per_cpu(cpu_task, READER_CPUS).patch_state == klp_target_state);
	klp_complete_transition();
}

static notrace void __klp_disable_patch(struct klp_patch *patch)
{
	klp_init_transition(patch, KLP_UNPATCHED);
	smp_wmb();	/* func->transition before TIF_PATCH_PENDING */
	klp_start_transition();
	patch->enabled = false;
	klp_try_complete_transition();
}

#endif
