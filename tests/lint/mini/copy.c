/* A static function whose name other files use, too. */
static __attribute__((used, noinline)) int type_show(char *to) { *to = COPY; return COPY; }
