/* own.c - nothing of its own: the handler that the kernel model has, with the wait
 * that it has. For `klprove check handlers/own.c --kernel K --patch each`.
 */
