/* transition_signal.c - tasks that lag behind are told so.
 *
 * Models: nothing: v4.12 leaves them alone. Diverges at Linux kernel commit
 * 43347d56c8d9 ("livepatch: send a fake signal to all blocking tasks") (in v4.16).
 * Leaves out: nothing.
 */
static notrace void klp_send_signals(void)
{
}
