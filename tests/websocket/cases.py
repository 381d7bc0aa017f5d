"""What a client does to a WebSocket server, case by case, and what the app does meanwhile.

A case is a name, the app's script (see ``app.py``) and the client's steps: bytes to send, ``EOF``
to half-close. After each step the client reads until the server is quiet.
"""

import struct
import zlib
from typing import Any, Final

KEY: Final = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION: Final = b"Sec-WebSocket-Version: 13"
UPGRADE: Final = b"Upgrade: websocket"
CONNECTION: Final = b"Connection: Upgrade"
DEFLATE: Final = b"Sec-WebSocket-Extensions: permessage-deflate"
EOF: Final = b""

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
MASK: Final = bytes((0x37, 0xFA, 0x21, 0x3D))

CONNECT: Final = ["receive"]
ACCEPT: Final = ["send", {"type": "websocket.accept"}]
ECHO: Final = [["echo"]]


def request(*headers: bytes, line: bytes = b"GET /ws?%s HTTP/1.1") -> bytes:
    """A head; the case's name goes where the line has ``%s``."""
    return b"\r\n".join((line, b"Host: example.com", *headers, b"", b""))


def handshake(*more: bytes, line: bytes = b"GET /ws?%s HTTP/1.1") -> bytes:
    """A handshake that every server accepts."""
    return request(UPGRADE, CONNECTION, KEY, VERSION, *more, line=line)


def frame(
    opcode: int,
    payload: bytes = b"",
    first: int = FIN,
    *,
    masked: bool = True,
    width: int | None = None,
    length: int | None = None,
) -> bytes:
    """A frame; ``width`` is the length field's size in bytes, ``length`` what stands in it."""
    said = len(payload) if length is None else length
    width = (1 if said < 126 else 3 if said < 65536 else 9) if width is None else width
    bit = 0x80 if masked else 0
    head = {
        1: lambda: struct.pack("!BB", first | opcode, bit | said),
        3: lambda: struct.pack("!BBH", first | opcode, bit | 126, said),
        9: lambda: struct.pack("!BBQ", first | opcode, bit | 127, said),
    }[width]()
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def close(code: int, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


def deflated(payload: bytes, bits: int = 15) -> bytes:
    """A message compressed on its own (RFC 7692, section 7.2.1)."""
    encoder = zlib.compressobj(wbits=-bits)
    return (encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH))[:-4]


def sends(**message: Any) -> list[Any]:
    """An operation of a script."""
    return ["send", {"type": "websocket.send", **message}]


def closes(*arguments: Any) -> list[Any]:
    """An operation of a script: close with a code and a reason."""
    return ["send", {"type": "websocket.close", **dict(zip(("code", "reason"), arguments))}]


def handshakes() -> dict[str, tuple[list[Any], list[bytes]]]:
    """How connections begin, and how they do not."""
    cases: dict[str, tuple[list[Any], list[bytes]]] = {}

    def begin(name: str, *head: bytes, app: list[Any] | None = None) -> None:
        cases[f"handshake-{name}"] = (app or ECHO, list(head))

    begin("plain", handshake())
    begin("lower-case-connection", request(UPGRADE, b"Connection: upgrade", KEY, VERSION))
    begin("connection-list", request(UPGRADE, b"Connection: keep-alive, Upgrade", KEY, VERSION))
    begin("connection-twice", request(UPGRADE, b"Connection: keep-alive", CONNECTION, KEY, VERSION))
    begin("connection-missing", request(UPGRADE, KEY, VERSION))
    begin("connection-bad-list", request(UPGRADE, b"Connection: Upgrade, a b", KEY, VERSION))
    begin("upgrade-case", request(b"Upgrade: WebSocket", CONNECTION, KEY, VERSION))
    begin("upgrade-missing", request(CONNECTION, KEY, VERSION))
    begin("upgrade-other", request(b"Upgrade: h2c", CONNECTION, KEY, VERSION))
    begin("upgrade-list", request(b"Upgrade: websocket, h2c", CONNECTION, KEY, VERSION))
    begin("upgrade-twice", request(UPGRADE, UPGRADE, CONNECTION, KEY, VERSION))
    begin("key-missing", request(UPGRADE, CONNECTION, VERSION))
    begin("key-empty", request(UPGRADE, CONNECTION, b"Sec-WebSocket-Key: ", VERSION))
    begin("key-short", request(UPGRADE, CONNECTION, b"Sec-WebSocket-Key: c2hvcnQ=", VERSION))
    begin("key-not-base64", request(UPGRADE, CONNECTION, b"Sec-WebSocket-Key: ???", VERSION))
    begin("key-padding", request(UPGRADE, CONNECTION, b"Sec-WebSocket-Key: c2hvcnQ", VERSION))
    begin("key-twice", request(UPGRADE, CONNECTION, KEY, KEY, VERSION))
    begin("version-missing", request(UPGRADE, CONNECTION, KEY))
    begin("version-8", request(UPGRADE, CONNECTION, KEY, b"Sec-WebSocket-Version: 8"))
    begin("version-empty", request(UPGRADE, CONNECTION, KEY, b"Sec-WebSocket-Version: "))
    begin("version-twice", request(UPGRADE, CONNECTION, KEY, VERSION, VERSION))
    begin("host-missing", handshake().replace(b"Host: example.com\r\n", b""))
    begin("http-1.0", handshake(line=b"GET /ws?%s HTTP/1.0"))
    begin("post", handshake(line=b"POST /ws?%s HTTP/1.1"))
    begin("post-with-body", handshake(b"Content-Length: 3", line=b"POST /ws?%s HTTP/1.1") + b"abc")
    begin("get-with-body", handshake(b"Content-Length: 3") + b"abc")
    begin("get-with-empty-body", handshake(b"Content-Length: 0"))
    begin("get-chunked", handshake(b"Transfer-Encoding: chunked") + b"0\r\n\r\n")
    begin("head", handshake(line=b"HEAD /ws?%s HTTP/1.1"))
    begin("origin", handshake(b"Origin: http://example.com"))
    begin("origin-twice", handshake(b"Origin: http://a", b"Origin: http://b"))
    begin("frame-with-head", handshake() + frame(TEXT, b"early"), frame(TEXT, b"late"))
    begin("absolute-target", handshake(line=b"GET http://example.com/ws?%s HTTP/1.1"))
    begin("subprotocol-offered", handshake(b"Sec-WebSocket-Protocol: chat, superchat"))
    begin("subprotocol-empty", handshake(b"Sec-WebSocket-Protocol: "))
    begin("subprotocol-bad", handshake(b"Sec-WebSocket-Protocol: a b, ,c"))
    begin(
        "forwarded",
        handshake(b"X-Forwarded-For: 10.1.2.3", b"X-Forwarded-Proto: https"),
        app=[["scope"], *ECHO],
    )
    begin("forwarded-wss", handshake(b"X-Forwarded-Proto: wss"), app=[["scope"], *ECHO])
    begin(
        "scope",
        handshake(
            b"X-Custom: \xe9",
            b"X-Custom: two",
            b"Sec-WebSocket-Protocol: a,  b",
            b"Sec-WebSocket-Protocol: c",
            line=b"GET /a%%20%%C3%%A9/%%2F?%s HTTP/1.1",
        ),
        app=[["scope"], *ECHO],
    )
    begin("expect-continue", handshake(b"Expect: 100-continue"))
    value = b"v" * (8192 - len(b"x-long: \r\n"))
    begin("field-of-8192", handshake(b"X-Long: " + value))
    begin("field-of-8193", handshake(b"X-Long: v" + value))
    begin("fields-128", handshake(*[b"X-Many: 1"] * (128 - 5)))
    begin("fields-129", handshake(*[b"X-Many: 1"] * (129 - 5)))
    for name, offer in {
        "": b"",
        "client-bits": b"; client_max_window_bits",
        "client-bits-10": b"; client_max_window_bits=10",
        "client-bits-8": b"; client_max_window_bits=8",
        "client-bits-7": b"; client_max_window_bits=7",
        "client-bits-15": b"; client_max_window_bits=15",
        "server-bits-9": b"; server_max_window_bits=9",
        "server-bits-8": b"; server_max_window_bits=8",
        "server-bits-15": b"; server_max_window_bits=15",
        "server-bits-none": b"; server_max_window_bits",
        "quoted": b'; client_max_window_bits="11"',
        "takeover": b"; server_no_context_takeover; client_no_context_takeover",
        "takeover-value": b"; server_no_context_takeover=1",
        "duplicate": b"; client_max_window_bits; client_max_window_bits",
        "unknown": b"; mystery=1",
        "fallback": b"; mystery=1, permessage-deflate; client_max_window_bits",
        "twice": b", permessage-deflate; server_no_context_takeover",
        "browser": b"; client_max_window_bits, x-webkit-deflate-frame",
        "bad-syntax": b"; ; =",
    }.items():
        begin(f"deflate-{name}", handshake(DEFLATE + offer))
    begin("deflate-two-headers", handshake(b"Sec-WebSocket-Extensions: foo", DEFLATE))
    return cases


def apps() -> dict[str, tuple[list[Any], list[bytes]]]:
    """What apps do."""
    cases: dict[str, tuple[list[Any], list[bytes]]] = {}
    hello = frame(TEXT, b"hello")
    reply = close(1000)

    def runs(name: str, app: list[Any], *steps: bytes) -> None:
        cases[f"app-{name}"] = (app, [handshake(b"Sec-WebSocket-Protocol: chat"), *steps])

    accepts = {"type": "websocket.accept"}
    runs("accept-subprotocol", [CONNECT, ["send", {**accepts, "subprotocol": "chat"}], CONNECT])
    runs("accept-other-subprotocol", [CONNECT, ["try", {**accepts, "subprotocol": "other"}]])
    runs("accept-empty-subprotocol", [CONNECT, ["try", {**accepts, "subprotocol": ""}], CONNECT])
    headers = [
        [{"$b": "X-Extra"}, {"$b": "1"}],
        [{"$b": "set-cookie"}, {"$b": "a=b"}],
        [{"$b": "Set-Cookie"}, {"$b": "c=\u00e9"}],
    ]
    runs("accept-headers", [CONNECT, ["send", {**accepts, "headers": headers}], CONNECT])
    replaced = [[{"$b": "Server"}, {"$b": "mine"}], [{"$b": "date"}, {"$b": "today"}]]
    runs("accept-replaces", [CONNECT, ["send", {**accepts, "headers": replaced}], CONNECT])
    newline = [[{"$b": "x"}, {"$b": "a\r\nb: c"}]]
    runs("accept-bad-header", [CONNECT, ["try", {**accepts, "headers": newline}]])
    runs("accept-without-receive", [ACCEPT, CONNECT, CONNECT], hello)
    runs("accept-twice", [CONNECT, ACCEPT, ["try", accepts], closes()], reply)
    runs("close-before-accept", [CONNECT, closes(), CONNECT])
    runs("close-code-before-accept", [CONNECT, closes(4000, "no"), CONNECT])
    runs("send-after-rejection", [CONNECT, closes(), ["try", sends(text="x")[1]]])
    runs("send-before-accept", [CONNECT, ["try", sends(text="x")[1]]])
    runs("wrong-type-before-accept", [CONNECT, ["try", {"type": "http.response.start"}]])
    runs("returns-before-accept", [CONNECT])
    runs("returns-at-once", [])
    runs("raises-before-accept", [CONNECT, ["raise", "boom"]])
    runs("returns-after-accept", [CONNECT, ACCEPT])
    runs("returns-value", [CONNECT, ACCEPT, ["return", "value"]])
    runs("raises-after-accept", [CONNECT, ACCEPT, ["raise", "boom"]])
    runs("raises-after-message", [CONNECT, ACCEPT, CONNECT, ["raise", "boom"]], hello)
    runs("close", [CONNECT, ACCEPT, closes(), CONNECT], reply)
    runs("close-code", [CONNECT, ACCEPT, closes(4001, "bye \u00e9"), CONNECT], close(4001))
    runs("close-reason-none", [CONNECT, ACCEPT, closes(1001, None), CONNECT], reply)
    runs("close-bad-code", [CONNECT, ACCEPT, ["try", closes(999)[1]], closes()], reply)
    runs("close-1005", [CONNECT, ACCEPT, ["try", closes(1005)[1]], closes()], reply)
    runs(
        "close-long-reason", [CONNECT, ACCEPT, ["try", closes(1000, "r" * 124)[1]], closes()], reply
    )
    runs("close-twice", [CONNECT, ACCEPT, closes(), ["try", closes()[1]]], reply)
    runs(
        "send-after-close", [CONNECT, ACCEPT, closes(), ["try", sends(text="x")[1]], CONNECT], reply
    )
    runs(
        "close-then-messages",
        [CONNECT, ACCEPT, closes(), CONNECT, CONNECT],
        hello,
        frame(PING, b"p"),
        reply,
    )
    runs("close-without-reply", [CONNECT, ACCEPT, closes(), CONNECT], EOF)
    runs("send-text", [CONNECT, ACCEPT, sends(text="caf\u00e9"), CONNECT], reply)
    runs("send-bytes", [CONNECT, ACCEPT, sends(bytes={"$b": "\x00\xff"}), CONNECT], reply)
    runs("send-both", [CONNECT, ACCEPT, sends(bytes={"$b": "b"}, text="t"), CONNECT], reply)
    runs("send-bytes-none", [CONNECT, ACCEPT, sends(bytes=None, text="t"), CONNECT], reply)
    runs("send-text-none", [CONNECT, ACCEPT, sends(bytes={"$b": "b"}, text=None), CONNECT], reply)
    runs("send-nothing", [CONNECT, ACCEPT, ["try", {"type": "websocket.send"}], CONNECT], reply)
    runs("send-empty-text", [CONNECT, ACCEPT, sends(text=""), CONNECT], reply)
    runs("send-empty-bytes", [CONNECT, ACCEPT, sends(bytes={"$b": ""}), CONNECT], reply)
    runs("send-125", [CONNECT, ACCEPT, sends(text={"$repeat": ["a", 125]}), CONNECT], reply)
    runs("send-126", [CONNECT, ACCEPT, sends(text={"$repeat": ["a", 126]}), CONNECT], reply)
    runs("send-65536", [CONNECT, ACCEPT, sends(text={"$repeat": ["a", 65536]}), CONNECT], reply)
    runs(
        "send-wrong-type",
        [CONNECT, ACCEPT, ["try", {"type": "http.response.body"}], CONNECT],
        reply,
    )
    runs(
        "send-after-disconnect",
        [CONNECT, ACCEPT, CONNECT, ["try", sends(text="x")[1]], ["try", closes()[1]], CONNECT],
        close(1001, b"gone"),
    )
    runs("send-after-eof", [CONNECT, ACCEPT, CONNECT, ["try", sends(text="x")[1]]], EOF)
    runs("receive-after-disconnect", [CONNECT, ACCEPT, CONNECT, CONNECT], close(1001, b"gone"))
    runs("eof-before-accept", [CONNECT, CONNECT], EOF)
    start = {
        "type": "websocket.http.response.start",
        "status": 401,
        "headers": [[{"$b": "X-Why"}, {"$b": "no"}]],
    }
    body = {"type": "websocket.http.response.body"}
    runs(
        "response",
        [CONNECT, ["send", start], ["send", {**body, "body": {"$b": "denied"}}], CONNECT],
    )
    runs(
        "response-in-parts",
        [
            CONNECT,
            ["send", start],
            ["send", {**body, "body": {"$b": "de"}, "more_body": True}],
            ["send", {**body, "body": {"$b": "nied"}}],
        ],
    )
    runs(
        "response-with-length",
        [
            CONNECT,
            [
                "send",
                {
                    **start,
                    "headers": [
                        [{"$b": "Content-Length"}, {"$b": "2"}],
                        [{"$b": "content-type"}, {"$b": "text/x"}],
                    ],
                },
            ],
            ["send", {**body, "body": {"$b": "no"}}],
        ],
    )
    runs(
        "response-status-599",
        [CONNECT, ["send", {**start, "status": 599}], ["send", {**body, "body": {"$b": ""}}]],
    )
    runs("response-status-600", [CONNECT, ["try", {**start, "status": 600}]])
    runs("response-without-body", [CONNECT, ["send", start]])
    runs("response-then-accept", [CONNECT, ["send", start], ["try", accepts]])
    runs(
        "response-after-response",
        [
            CONNECT,
            ["send", start],
            ["send", {**body, "body": {"$b": ""}}],
            ["try", {**body, "body": {"$b": ""}}],
        ],
    )
    runs("response-after-accept", [CONNECT, ACCEPT, ["try", start], closes()], reply)
    runs("response-then-raise", [CONNECT, ["send", start], ["raise", "boom"]])
    late = [CONNECT, ["pause"], ACCEPT, ["echo"]]
    runs("early-text", late, hello)
    runs("early-ping", late, frame(PING, b"p"))
    runs("early-close", late, reply)
    runs("early-bad-frame", late, frame(3, b"x"))
    runs("early-eof", late, EOF)
    runs("early-text-then-rejected", [CONNECT, ["pause"], closes(), CONNECT, CONNECT], hello)
    runs("reads-nothing", [CONNECT, ACCEPT, sends(text="x"), ["return", None]], hello)
    return cases


def frames() -> dict[str, tuple[list[Any], list[bytes]]]:
    """What comes on an open connection: well-formed and not."""
    cases: dict[str, tuple[list[Any], list[bytes]]] = {}
    bye = close(1000)

    def gets(name: str, *steps: bytes, head: bytes = handshake()) -> None:
        cases[f"frames-{name}"] = (ECHO, [head, *steps])

    gets("text", frame(TEXT, "h\u00e9llo".encode()), bye)
    gets("binary", frame(BINARY, b"\x00\x01\xff"), bye)
    gets("empty-text", frame(TEXT), bye)
    gets("empty-binary", frame(BINARY), bye)
    gets("two-at-once", frame(TEXT, b"one") + frame(TEXT, b"two"), bye)
    gets("with-close", frame(TEXT, b"one") + bye)
    gets("split", frame(TEXT, b"hello")[:1], frame(TEXT, b"hello")[1:7], frame(TEXT, b"hello")[7:])
    gets("fragments", frame(TEXT, b"a", 0) + frame(0, b"b", 0) + frame(0, b"c"), bye)
    gets("fragments-with-ping", frame(BINARY, b"a", 0) + frame(PING, b"p") + frame(0, b"b"), bye)
    gets("fragments-split-character", frame(TEXT, b"\xc3", 0) + frame(0, b"\xa9"), bye)
    gets("fragments-empty", frame(TEXT, b"", 0) + frame(0, b""), bye)
    gets("fragment-then-text", frame(TEXT, b"a", 0) + frame(TEXT, b"b"))
    gets("fragment-then-close", frame(TEXT, b"a", 0) + bye)
    gets("unexpected-continuation", frame(0, b"x"))
    gets("unexpected-continuation-unfinished", frame(0, b"x", 0))
    gets("ping", frame(PING, b"data"), bye)
    gets("ping-empty", frame(PING), bye)
    gets("ping-125", frame(PING, b"p" * 125), bye)
    gets("ping-126", frame(PING, b"p" * 126))
    gets("ping-fragmented", frame(PING, b"p", 0))
    gets("pong-unsolicited", frame(PONG, b"data"), frame(TEXT, b"x"), bye)
    gets("unmasked", frame(TEXT, b"x", masked=False))
    gets("unmasked-close", frame(CLOSE, b"", masked=False))
    gets("rsv1", frame(TEXT, b"x", FIN | RSV1))
    gets("rsv2", frame(TEXT, b"x", FIN | RSV2))
    gets("rsv3", frame(PING, b"x", FIN | RSV3))
    gets("opcode-3", frame(3, b"x"))
    gets("opcode-11", frame(11, b"x"))
    gets("length-not-minimal-2", frame(TEXT, b"x", width=3), bye)
    gets("length-not-minimal-8", frame(TEXT, b"x", width=9), bye)
    gets("length-2-to-63", frame(TEXT, b"", width=9, length=2**63))
    gets("length-huge", frame(TEXT, b"", width=9, length=2**40))
    gets("invalid-utf8", frame(TEXT, b"a\xffb"))
    gets("invalid-utf8-surrogate", frame(TEXT, b"\xed\xa0\x80"))
    gets("invalid-utf8-truncated", frame(TEXT, b"abc\xe2\x82"))
    gets("invalid-utf8-overlong", frame(TEXT, b"\xc0\xaf"))
    gets("invalid-utf8-in-fragment", frame(TEXT, b"a\xff", 0), frame(0, b"b"))
    gets("close", bye)
    gets("close-empty", frame(CLOSE))
    gets("close-reason", close(1001, "g\u00f6ne".encode()))
    gets("close-3000", close(3000, b"x"))
    gets("close-4999", close(4999))
    gets("close-one-byte", frame(CLOSE, b"\x03"))
    gets("close-bad-utf8", close(1000, b"\xff"))
    for code in (0, 999, 1004, 1005, 1006, 1011, 1012, 1014, 1015, 1016, 2999, 5000, 65535):
        gets(f"close-code-{code}", close(code))
    gets("close-then-text", bye + frame(TEXT, b"late"))
    gets("eof", EOF)
    gets("eof-in-frame", frame(TEXT, b"hello")[:4], EOF)
    gets("message-too-big", frame(TEXT, b"m" * 1001), bye)
    gets("message-of-the-limit", frame(TEXT, b"m" * 1000), bye)
    gets("fragments-too-big", frame(TEXT, b"m" * 600, 0) + frame(0, b"m" * 401))
    gets("many-at-once", b"".join(frame(TEXT, b"%d" % n) for n in range(70)), bye)

    deflate = handshake(DEFLATE + b"; client_max_window_bits")
    hello = deflated(b"Hello")
    gets("deflate", frame(TEXT, hello, FIN | RSV1), bye, head=deflate)
    gets(
        "deflate-twice",
        frame(TEXT, hello, FIN | RSV1) + frame(TEXT, hello, FIN | RSV1),
        bye,
        head=deflate,
    )
    shared = zlib.compressobj(wbits=-12)
    first = (shared.compress(b"Hello") + shared.flush(zlib.Z_SYNC_FLUSH))[:-4]
    second = (shared.compress(b"Hello") + shared.flush(zlib.Z_SYNC_FLUSH))[:-4]
    gets(
        "deflate-takeover",
        frame(TEXT, first, FIN | RSV1),
        frame(TEXT, second, FIN | RSV1),
        bye,
        head=deflate,
    )
    gets(
        "deflate-no-takeover-used-anyway",
        frame(TEXT, first, FIN | RSV1),
        frame(TEXT, second, FIN | RSV1),
        bye,
        head=handshake(DEFLATE + b"; client_no_context_takeover"),
    )
    gets(
        "deflate-server-no-takeover",
        frame(TEXT, hello, FIN | RSV1),
        frame(TEXT, hello, FIN | RSV1),
        bye,
        head=handshake(DEFLATE + b"; server_no_context_takeover"),
    )
    gets("deflate-uncompressed", frame(TEXT, b"Hello"), bye, head=deflate)
    gets("deflate-fragments", frame(TEXT, hello[:3], RSV1) + frame(0, hello[3:]), bye, head=deflate)
    gets(
        "deflate-fragments-with-ping",
        frame(TEXT, hello[:3], RSV1) + frame(PING, b"p") + frame(0, hello[3:]),
        bye,
        head=deflate,
    )
    gets(
        "deflate-rsv1-continuation",
        frame(TEXT, hello[:3], RSV1) + frame(0, hello[3:], FIN | RSV1),
        head=deflate,
    )
    gets("deflate-rsv1-ping", frame(PING, b"x", FIN | RSV1), head=deflate)
    gets("deflate-rsv2", frame(TEXT, hello, FIN | RSV1 | RSV2), head=deflate)
    gets("deflate-garbage", frame(TEXT, b"\xff\xff\xff\xff", FIN | RSV1), head=deflate)
    gets("deflate-empty", frame(TEXT, b"\x00", FIN | RSV1), bye, head=deflate)
    gets("deflate-no-bytes", frame(TEXT, b"", FIN | RSV1), bye, head=deflate)
    gets(
        "deflate-final-block",
        frame(TEXT, bytes.fromhex("f348cdc9c90700"), FIN | RSV1),
        frame(TEXT, hello, FIN | RSV1),
        bye,
        head=deflate,
    )
    gets("deflate-bad-utf8", frame(TEXT, deflated(b"\xff"), FIN | RSV1), head=deflate)
    gets("deflate-bomb", frame(TEXT, deflated(b"b" * 5000), FIN | RSV1), head=deflate)
    gets("deflate-of-the-limit", frame(TEXT, deflated(b"b" * 1000), FIN | RSV1), bye, head=deflate)
    gets(
        "deflate-bomb-in-fragments",
        frame(TEXT, deflated(b"b" * 600), RSV1) + frame(0, deflated(b"b" * 600)),
        head=deflate,
    )
    return cases


def all_cases() -> dict[str, tuple[list[Any], list[bytes]]]:
    """Every case by its name."""
    named = {**handshakes(), **apps(), **frames()}
    for name, (_, steps) in named.items():
        steps[0] = steps[0].replace(b"%s", name.encode()).replace(b"%%", b"%")
    return named
