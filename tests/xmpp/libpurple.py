"""A client of everyday life: libpurple, the inside of Pidgin and finch, driven through its C interface.

All that concerns libpurple happens in one thread, with GLib's main loop; `Client` does it there and waits.
"""

import ctypes
import queue
import threading
from ctypes import CFUNCTYPE, Structure, byref, c_char_p, c_int, c_uint, c_void_p, cast
from pathlib import Path

PATIENCE = 20
READ, WRITE = 1, 2
G_IN, G_OUT, G_ERROR = 1, 4, 8 | 16
TIMER = CFUNCTYPE(c_int, c_void_p)
READY = CFUNCTYPE(None, c_void_p, c_int, c_int)
WATCH = CFUNCTYPE(c_int, c_int, c_int, c_void_p)
AVAILABLE, IM = 2, 1


class EventLoop(Structure):
    _fields_ = [("timeout_add", CFUNCTYPE(c_uint, c_uint, c_void_p, c_void_p)),
                ("timeout_remove", CFUNCTYPE(c_int, c_uint)),
                ("input_add", CFUNCTYPE(c_uint, c_int, c_int, c_void_p, c_void_p)),
                ("input_remove", CFUNCTYPE(c_int, c_uint)),
                ("input_get_error", c_void_p),
                ("timeout_add_seconds", CFUNCTYPE(c_uint, c_uint, c_void_p, c_void_p)),
                ("reserved", c_void_p * 3)]


class Client:
    """Somebody with Pidgin. `states` has what was seen of contacts as (name, state, message), `texts` what came as (sender,
    text). It agrees to whoever wants to see him. There can be one in a process."""

    def __init__(self, jid, address, place, certificate):
        self.states, self.texts, self.signed_on = queue.Queue(), queue.Queue(), threading.Event()
        self.jid, self.address, self.place = jid, address, Path(place)
        # A server's certificate that the user has accepted once.
        known = self.place / "certificates" / "x509" / "tls_peers"
        known.mkdir(parents=True)
        (known / address).write_bytes(Path(certificate).read_bytes())
        self.kept, self.watches, self.failure = [], {}, None
        # Plug-ins find libpurple's functions among those of the program.
        self.purple = ctypes.CDLL("libpurple.so.0", ctypes.RTLD_GLOBAL)
        self.glib = ctypes.CDLL("libglib-2.0.so.0")
        threading.Thread(target=self.run, daemon=True).start()
        assert self.signed_on.wait(PATIENCE), f"{jid} is not signed on: {self.failure}"

    # In the thread of libpurple.

    def run(self):
        self.set_up_loop()
        self.void("purple_util_set_user_dir", str(self.place).encode())
        self.void("purple_debug_set_enabled", 0)
        assert self.purple.purple_core_init(b"herald-test")
        self.void("purple_set_blist", self.pointer("purple_blist_new"))
        for handle, signal, function, kinds in (
                ("purple_connections_get_handle", b"signed-on", self.on_signed_on, [c_void_p]),
                ("purple_connections_get_handle", b"connection-error", self.on_error, [c_void_p, c_int, c_char_p]),
                ("purple_blist_get_handle", b"buddy-status-changed", self.on_status, [c_void_p, c_void_p, c_void_p]),
                ("purple_blist_get_handle", b"buddy-signed-on", self.on_change, [c_void_p]),
                ("purple_blist_get_handle", b"buddy-signed-off", self.on_change, [c_void_p]),
                ("purple_conversations_get_handle", b"received-im-msg", self.on_text,
                 [c_void_p, c_char_p, c_char_p, c_void_p, c_int])):
            self.connect(handle, signal, CFUNCTYPE(None, *kinds, c_void_p)(function))
        self.connect("purple_accounts_get_handle", b"account-authorization-requested",
                     CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)(lambda *_: 1))
        self.account = self.pointer("purple_account_new", f"{self.jid}/Home".encode(), b"prpl-jabber")
        self.void("purple_account_set_password", self.account, b"secret")
        self.void("purple_account_set_string", self.account, b"connect_server", self.address.encode())
        self.void("purple_accounts_add", self.account)
        self.void("purple_account_set_enabled", self.account, b"herald-test", 1)
        self.void("purple_savedstatus_activate", self.pointer("purple_savedstatus_new", None, AVAILABLE))
        while True:
            self.glib.g_main_context_iteration(None, 1)

    def set_up_loop(self):
        def add(descriptor, condition, function, data):
            wanted = (G_IN if condition & READ else 0) | (G_OUT if condition & WRITE else 0) | G_ERROR

            def ready(_, found, __):
                READY(function)(data, descriptor, (READ if found & (G_IN | G_ERROR) else 0)
                                | (WRITE if found & (G_OUT | G_ERROR) else 0))
                return 1
            callback = WATCH(ready)
            handle = self.glib.g_unix_fd_add(descriptor, wanted, callback, None)
            self.watches[handle] = callback
            return handle
        fields = dict(EventLoop._fields_)
        self.loop = EventLoop(cast(self.glib.g_timeout_add, fields["timeout_add"]),
                              cast(self.glib.g_source_remove, fields["timeout_remove"]), fields["input_add"](add),
                              cast(self.glib.g_source_remove, fields["input_remove"]), None,
                              cast(self.glib.g_timeout_add_seconds, fields["timeout_add_seconds"]))
        self.purple.purple_eventloop_set_ui_ops(byref(self.loop))

    def connect(self, handle, signal, function):
        self.kept.append(function)
        self.purple.purple_signal_connect(c_void_p(self.pointer(handle)), signal, byref(self.loop), function, None)

    def void(self, name, *arguments):
        self.call(name, None, arguments)

    def pointer(self, name, *arguments):
        return self.call(name, c_void_p, arguments)

    def text(self, name, *arguments):
        found = self.call(name, c_char_p, arguments)
        return found.decode() if found is not None else None

    def call(self, name, kind, arguments):
        function = getattr(self.purple, name)
        function.restype = kind
        # What is no text and no small number is a pointer.
        return function(*(c_void_p(one) if isinstance(one, int) and one > 0xFFFF else one for one in arguments))

    def on_signed_on(self, *_):
        self.signed_on.set()

    def on_error(self, _, code, text, __):
        self.failure = (code, text)

    def on_status(self, buddy, *_):
        self.on_change(buddy)

    def on_change(self, buddy, *_):
        self.states.put(self.state(buddy))

    def on_text(self, _, sender, text, *__):
        self.texts.put((sender.decode().partition("/")[0], text.decode()))

    def state(self, buddy):
        status = self.pointer("purple_presence_get_active_status", self.pointer("purple_buddy_get_presence", buddy))
        return (self.text("purple_buddy_get_name", buddy), self.text("purple_status_get_id", status),
                self.text("purple_status_get_attr_string", status, b"message"))

    # For the user, from any thread.

    def do(self, action):
        """Does something in the thread of libpurple, and waits for its result."""
        done = queue.Queue()

        def act(_):
            done.put(action())
            return 0
        callback = TIMER(act)
        self.glib.g_idle_add(callback, None)
        return done.get(timeout=PATIENCE)

    def add(self, name):
        """Adds a buddy."""
        def add():
            buddy = self.pointer("purple_buddy_new", self.account, name.encode(), None)
            self.void("purple_blist_add_buddy", buddy, None, self.pointer("purple_group_new", b"Rooms"), None)
            self.void("purple_account_add_buddy", self.account, buddy)
        self.do(add)

    def remove(self, name):
        """Removes a buddy."""
        def remove():
            buddy = self.pointer("purple_find_buddy", self.account, name.encode())
            self.void("purple_account_remove_buddy", self.account, buddy, self.pointer("purple_buddy_get_group", buddy))
            self.void("purple_blist_remove_buddy", buddy)
        self.do(remove)

    def write(self, name, text):
        """Writes in the conversation with somebody."""
        def write():
            conversation = self.pointer("purple_conversation_new", IM, self.account, name.encode())
            self.void("purple_conv_im_send", self.pointer("purple_conversation_get_im_data", conversation), text.encode())
        self.do(write)

    def expect_state(self, name, state, message=None):
        seen = []
        while True:
            try:
                got = self.states.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{name} was never {(state, message)}, but {seen}") from None
            if got[:2] == (name, state) and message in (None, got[2]):
                return
            seen.append(got)

    def expect_text(self, sender, text):
        got = self.texts.get(timeout=PATIENCE)
        assert got[0] == sender and text in got[1], got
