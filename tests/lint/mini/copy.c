/* A static function whose name other files use, too; the first file's comes last in the image. */
#if COPY == 1
#define PLACE ".text.late"
#else
#define PLACE ".text"
#endif

static __attribute__((used, noinline, section(PLACE))) int type_show(char *to)
{
	*to = COPY;
	return COPY;
}
