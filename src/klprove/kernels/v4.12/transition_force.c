/* transition_force.c - the administrator does not wait any longer.
 *
 * Models: nothing: v4.12 cannot. Diverges at Linux kernel commit c99a2be790b0
 * ("livepatch: force transition to finish") (in v4.16).
 * Leaves out: nothing.
 */
static notrace void klp_force_transition(void)
{
}
