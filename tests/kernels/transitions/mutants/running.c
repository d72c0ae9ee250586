/* Mutant: a task is switched while it runs. */
static inline notrace bool task_curr(struct task_struct *task)
{
	return false;
}
