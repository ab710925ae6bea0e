"""Assesses and explains one declaration through ctypes, as any language with a foreign function interface would.

    python3 assess.py libqingfeng_capi.so PACK
"""

import ctypes
import json
import sys
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint32, c_void_p

ABI_VERSION = 1
DECLARATION = (
    b'{"declaration_id": "530120160001", "mode": "0110", "destination": "KEN",'
    b' "items": [{"hs": "8711209000", "quantity": 40, "value": 8000.0}]}'
)


class Text(ctypes.Structure):
    _fields_ = [("bytes", c_void_p), ("length", c_size_t)]


class Problem(Exception):
    """What went wrong; `args[0]` has status, message, diagnostics and rejects."""


def load(path):
    library = ctypes.CDLL(path)
    message = [c_void_p, c_char_p, c_size_t, POINTER(Text)]
    signatures = {
        "qingfeng_abi_version": ([], c_uint32),
        "qingfeng_open_directory": (
            [c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_void_p), POINTER(Text)],
            c_int32,
        ),
        "qingfeng_pack_id": ([c_void_p, POINTER(Text)], c_int32),
        "qingfeng_assess": (message, c_int32),
        "qingfeng_explain": (message, c_int32),
        "qingfeng_close": ([POINTER(c_void_p)], None),
        "qingfeng_text_free": ([POINTER(Text)], None),
    }
    for name, (arguments, result) in signatures.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    if library.qingfeng_abi_version() != ABI_VERSION:
        raise SystemExit("the library has another interface")
    return library


class Engine:
    def __init__(self, library, pack):
        self.library, self.handle = library, c_void_p()
        path = pack.encode()
        self.ask(library.qingfeng_open_directory, path, len(path), None, 0, byref(self.handle))

    def ask(self, function, *arguments):
        """Calls a function whose last argument is its answer, and gives the answer as bytes."""
        text = Text()
        status = function(*arguments, byref(text))
        try:
            answer = ctypes.string_at(text.bytes, text.length)
        finally:
            self.library.qingfeng_text_free(byref(text))
        if status != 0:
            raise Problem(json.loads(answer))
        return answer

    def pack_id(self):
        return self.ask(self.library.qingfeng_pack_id, self.handle)

    def assess(self, message):
        return self.ask(self.library.qingfeng_assess, self.handle, message, len(message))

    def explain(self, message):
        return self.ask(self.library.qingfeng_explain, self.handle, message, len(message))

    def close(self):
        self.library.qingfeng_close(byref(self.handle))


def main():
    library_path, pack = sys.argv[1:]
    engine = Engine(load(library_path), pack)
    for answer in (engine.pack_id(), engine.assess(DECLARATION), engine.explain(DECLARATION)):
        print(answer.decode())
    try:
        engine.assess(b"{")
    except Problem as problem:
        assert problem.args[0]["status"] == "rejected", problem
    else:
        raise AssertionError("half a message was assessed")
    engine.close()
    try:
        engine.pack_id()
    except Problem as problem:
        assert problem.args[0]["status"] == "bad_argument", problem
    else:
        raise AssertionError("a closed engine answered")


main()
