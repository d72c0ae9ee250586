"""What every test may rely on."""

import signal

# A run in the background, or under nohup, starts with Ctrl-C ignored, and its children inherit it;
# the tests of Ctrl-C send it to themselves and to their children.
signal.signal(signal.SIGINT, signal.default_int_handler)
