"""Stands in for QEMU: speaks QMP on one socket that it inherits and answers as a guest's shell on
the other. `LAB_STORY` (JSON) says how: `answers` by the beginning of a request, `status 0, text`;
`dies`, `hangs`, `garbles` at a request with that text, or at "boot"; `stubborn` to SIGTERM."""

import json
import os
import re
import signal
import socket
import sys
import threading
import time

STORY = json.loads(os.environ.get("LAB_STORY", "{}"))


def inherited(name: str) -> socket.socket:
    """The socket of the chardev of that id."""
    found = re.search(rf"socket,id={name},fd=(\d+)", " ".join(sys.argv))
    assert found
    return socket.socket(fileno=int(found[1]))


def control() -> None:
    """QMP: an event in between, `{}` to all but what is to be refused."""
    line = inherited("control").makefile("rwb", buffering=0)
    line.write(b'{"QMP": {"version": {}}}\n')
    for request in line:
        asked = json.loads(request)
        line.write(b'{"event": "RESUME"}\n')
        with open(STORY.get("asked", os.devnull), "a") as file:
            file.write(asked["execute"] + "\n")
        if asked["execute"] == STORY.get("refuses"):
            line.write(b'{"error": {"class": "GenericError", "desc": "no"}}\n')
        else:
            line.write(b'{"return": {}}\n')


def happens(request: str) -> None:
    """What the story has for this request, if it goes wrong there."""
    if STORY.get("dies") and STORY["dies"] in request:
        print("qemu: a guest that dies", file=sys.stderr, flush=True)
        os._exit(1)
    while STORY.get("hangs") and STORY["hangs"] in request:
        time.sleep(1)


def main() -> None:
    """Answer until the other side is gone."""
    if STORY.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=control, daemon=True).start()
    shell = inherited("shell")
    log = re.search(r"file,id=log,path=(\S+)", " ".join(sys.argv))
    if log:
        with open(log[1], "w") as file:
            file.write("the kernel's last words\n")
    happens("boot")
    shell.sendall(b"0 0\n")
    for line in shell.makefile("r"):
        happens(line)
        if STORY.get("garbles") and STORY["garbles"] in line:
            shell.sendall(b"what?\n")
            continue
        told = next((a for start, a in STORY.get("answers", {}).items() if start in line), "0:")
        status, _, text = told.partition(":")
        output = bytes.fromhex(text[4:]) if text.startswith("hex ") else text.encode()
        shell.sendall(b"%s %d\n%s" % (status.encode(), len(output), output))
    while STORY.get("stubborn"):
        time.sleep(1)


main()
