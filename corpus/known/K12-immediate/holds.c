/* klprove: expect holds; with ../../klp-immediate-mix/fixed.c; states 93 */

/* Without the feature (Linux kernel commit d0807da78e11, in v4.16). */
