/* Strings of other characters than char. */
/* refused: unsupported 4:14 */
int x;
int wide[] = L"wide";
__task(0) void run(void) { x = wide[0]; }
