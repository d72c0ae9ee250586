/*
 * What a program made by Csmith expects of its runtime: integer types, arithmetic that is defined
 * for every operand, and a checksum over its global variables.
 *
 * Arithmetic wraps (the kernel is built with -fno-strict-overflow). Shifts by a wrong amount and
 * divisions without a result give the left operand.
 */
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef unsigned long size_t;

long long out[2];

static void fold(unsigned long value)
{
	out[0] = ((unsigned long)out[0] ^ value) * 0x100000001b3UL + (value >> 7);
	out[1]++;
}

#define crc32_context			0U
#define crc32_gentab()			((void)0)
#define platform_main_begin()		fold(0)
#define platform_main_end(sum, print)	((void)0)
#define printf(...)			((void)0)
#define transparent_crc(value, name, print)		fold(value)
#define transparent_crc_bytes(from, size, name, print)	fold_bytes((const void *)(from), size)

static void fold_bytes(const unsigned char *from, int size)
{
	for (int i = 0; i < size; i++)
		fold(from[i]);
}

#define BITS(type)	((int)sizeof(type) * 8)
#define LEAST(type)	((type)(1UL << (BITS(type) - 1)))

#define SHIFTS(name, type, sign, count, by)							\
	static type safe_lshift_func_##name##_##sign##_##by(type left, count right)	\
	{										\
		return right < 0 || right >= BITS(type) ? left : left << right;	\
	}										\
	static type safe_rshift_func_##name##_##sign##_##by(type left, count right)	\
	{										\
		return right < 0 || right >= BITS(type) ? left : left >> right;	\
	}
#define ARITHMETIC(name, type, sign, stuck)						\
	static type safe_unary_minus_func_##name##_##sign(type a) { return -a; }		\
	static type safe_add_func_##name##_##sign##_##sign(type a, type b) { return a + b; }	\
	static type safe_sub_func_##name##_##sign##_##sign(type a, type b) { return a - b; }	\
	static type safe_mul_func_##name##_##sign##_##sign(type a, type b)			\
	{										\
		return (unsigned long)a * (unsigned long)b;				\
	}										\
	static type safe_div_func_##name##_##sign##_##sign(type a, type b)			\
	{										\
		return stuck ? a : a / b;						\
	}										\
	static type safe_mod_func_##name##_##sign##_##sign(type a, type b)			\
	{										\
		return stuck ? a : a % b;						\
	}										\
	SHIFTS(name, type, sign, int, s)							\
	SHIFTS(name, type, sign, unsigned int, u)
#define BOTH(bits)									\
	ARITHMETIC(int##bits##_t, int##bits##_t, s,					\
		   b == 0 || (b == -1 && a == LEAST(int##bits##_t)))			\
	ARITHMETIC(uint##bits##_t, uint##bits##_t, u, b == 0)

BOTH(8)
BOTH(16)
BOTH(32)
BOTH(64)

#define main(nothing)	run(nothing)
__task(0) int run(void);
