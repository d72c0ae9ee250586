/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits for an interrupt, as the original; RCU is off there, so nothing in it may be traced. */
#define OLD "arch_cpu_idle"

static notrace void replacement(void)
{
	asm volatile("sti; hlt" : : : "memory");
}
