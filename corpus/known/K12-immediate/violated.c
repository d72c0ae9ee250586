/* klprove: expect violated assert; with ../../klp-immediate-mix/buggy.c; states 99 */

/* The twin of this name in the corpus: the third livepatch looks for the second's
 * code only, and a task sleeps in the first's. */
