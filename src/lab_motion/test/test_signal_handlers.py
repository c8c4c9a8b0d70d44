"""A library in C that takes SIGINT and SIGTERM for itself does not keep them."""

import ctypes
import os
import signal
import threading

from lab_motion.planning.moveit.signal_handlers import kept_signal_handlers


def test_handlers_are_pythons_again_whoever_took_them():
    heard = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: heard.set())
    library = ctypes.CDLL(None)
    library.signal.restype, library.signal.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
    ignore = 1

    def take():  # as moveit_py does it: in C, in the thread that configures the node
        with kept_signal_handlers():
            library.signal(signal.SIGTERM, ignore)

    try:
        taker = threading.Thread(target=take)
        taker.start()
        taker.join()
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard.wait(5.0)
    finally:
        signal.signal(signal.SIGTERM, before)
