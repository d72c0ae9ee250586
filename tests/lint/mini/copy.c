/* A static function whose name other files use, too; the first file's comes last in the image. */
#if COPY == 1
#define PLACE ".text.late"
#else
#define PLACE ".text"
#endif

#if COPY == 1
#line 1 "first.c"
#elif COPY == 2
#line 1 "second.c"
#else
#line 1 "third.c"
#endif
static __attribute__((used, noinline, section(PLACE))) int type_show(char *to)
{
	*to = COPY;
	return COPY;
}
#line 100 "copy.c"

/* A text that two files take in, as binfmt_elf.c is; a compiler made a clone of one. */
#if COPY == 1
int elf_map(char *to) __asm__("elf_map");
#elif COPY == 2
int elf_map(char *to) __asm__("elf_map.isra.0");
#endif
#if COPY < 3
__attribute__((used, noinline)) int elf_map(char *to)
{
	*to = COPY;
	return 1;
}
#endif
