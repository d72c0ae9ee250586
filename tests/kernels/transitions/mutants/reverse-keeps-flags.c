/* Mutant: flags of the transition that is given up stay set. */
static notrace void klp_reverse_transition(void)
{
	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	klp_synchronize_transition();
	klp_start_transition();
}
