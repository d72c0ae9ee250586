/* Mutant: a stack is believed although an interrupt's frame is on it. */
static notrace bool stack_is_reliable(struct task_struct *task)
{
	return true;
}
