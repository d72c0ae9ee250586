/* No jump leads to a jump, no branch has one target, nothing unreachable or unused is left. */
int x;

__task(0) void f(void)
{
	int unused = x, i = 0, kept;

	if (x) {
		if (x > 1)
			goto out;
	} else {
		;
	}
	while (1) {
		if (x == 3)
			break;
		kept = i++;
		if (0)
			x = 100;
		continue;
	}
	x = kept;
out:
	if (i)
		;
}
