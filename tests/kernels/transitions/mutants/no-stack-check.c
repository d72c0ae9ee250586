/* Mutant: nobody looks at the stacks of tasks that sleep. */
static notrace bool klp_check_stack(struct task_struct *task)
{
	return false;
}
