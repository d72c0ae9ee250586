/* A module that livepatches change: what a rule looks for in an old body, once each. Linked with
 * two of copy.c: two functions of one name, the second of which stands first in the file. */
#include <linux/module.h>
#include <linux/kernel.h>

#define kept __attribute__((__used__, __noinline__))
#define notrace __attribute__((no_instrument_function))
#define in(name) __attribute__((section(name)))

MODULE_INFO(srcversion, "0123456789ABCDEF0123456");

static struct mutex lock;
static int seen;

kept int driver_open(int *device) { mutex_lock(&lock); seen += device[0]; mutex_unlock(&lock); return seen; }
kept notrace int driver_fast(int *device) { return device[0]; }
in(".init.text") kept int driver_probe(int *device) { return device[1]; }
kept int driver_read(char *to) { to[0] = 1; return 1; }
kept int driver_read_copy(char *to) __asm__("driver_read.isra.0");
kept int driver_read_copy(char *to) { to[0] = 2; return 1; }
kept int driver_last(int *device) { device[0]++; return device[1]; }
kept int driver_first(int *device) { device[2] = 0; return driver_last(device); }
kept int driver_wait(int *device)
{
	if (unlikely(device[0])) {
		_printk("waiting\n");
		msleep(1);
	}
	return 0;
}
void driver_report(int *device) __attribute__((cold));
kept int driver_check(int *device)
{
	if (unlikely(device[0]))
		driver_report(device);
	device[1] = device[2];
	return device[0];
}
kept int driver_main(int *device) { while (device[0]) msleep(1); return 0; }
void kthread_create_on_node(int (*main)(int *), int *data, int node, const char *name);
kept void driver_start(int *device) { kthread_create_on_node(driver_main, device, 0, "driver"); }
__asm__(".pushsection __ksymtab,\"a\"; __ksymtab_driver_open: .long 0; .popsection");
__asm__(".pushsection __kcrctab,\"a\"; __crc_driver_open: .long 0x77; .popsection");
