/* transition_switch.c - a task goes over to the other universe.
 *
 * Models: klp_update_patch_state, klp_check_stack_func, klp_check_stack,
 * klp_try_switch_task of kernel/livepatch/transition.c, as in v4.12; its middle
 * has the name that it got later, klp_check_and_switch_task.
 * Leaves out: architectures that cannot walk a stack reliably.
 */

/* The task itself calls this, at a place where it is in no patched function. */
static notrace void klp_update_patch_state(struct task_struct *task)
{
	preempt_disable_notrace();
	if (test_and_clear_bit(TIF_PATCH_PENDING, &task->thread_flags))
		task->patch_state = READ_ONCE(klp_target_state);
	preempt_enable_notrace();
}

/* Is a return address in the version that is to be left? */
static notrace bool klp_check_stack_func(struct klp_func *func, const char *address)
{
	const char *start;

	if (func->immediate)
		return false;
	if (klp_target_state == KLP_UNPATCHED)
		start = func->new_func;
	else if (list_is_singular(&klp_ops.func_stack))
		start = &old_text;
	else
		start = list_entry_rcu(func->stack_node.next, struct klp_func,
				       stack_node)->new_func;
	return address >= start && address < start + FUNC_SIZE;
}

/* save_stack_trace_tsk_reliable() */
static notrace bool stack_is_reliable(struct task_struct *task)
{
	return !PREEMPTED || !task->unreliable;
}

static notrace bool klp_check_stack(struct task_struct *task)
{
	int depth;

	if (!stack_is_reliable(task))
		return true;
	if (!klp_transition_patch->func->patched)
		return false;
	for (depth = 0; depth < DEPTH; depth++)
		if (task->stack[depth]
		    && klp_check_stack_func(klp_transition_patch->func, task->stack[depth]))
			return true;
	return false;
}

/* In nothing that is to be left? Then it is switched. */
static notrace bool klp_check_and_switch_task(struct task_struct *task)
{
	if (klp_check_stack(task))
		return false;
	clear_bit(TIF_PATCH_PENDING, &task->thread_flags);
	task->patch_state = klp_target_state;
	return true;
}

/* From outside: only a task that is off its CPU, and stays off meanwhile. */
static notrace bool klp_try_switch_task(struct task_struct *task)
{
	bool success = false;

	if (task->patch_state == klp_target_state)
		return true;
	rq_lock(&runqueue);
	if (!task_curr(task))
		success = klp_check_and_switch_task(task);
	rq_unlock(&runqueue);
	return success;
}
