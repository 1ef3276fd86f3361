"""Event records as TensorBoard stores them: messages of protocol buffers in a TFRecord file.

A record is its length (uint64), a checksum of that, the message, and a checksum of the message;
the checksums are CRC-32C, rotated and shifted so that a checksum of a checksum differs.
Numbers are little-endian. Of the messages only the few fields that are needed are written.

Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto and
tensorflow/core/framework/summary.proto, TensorFlow 2.
"""

import struct

POLYNOMIAL = 0x82F63B78  # of CRC-32C (Castagnoli), its bits reversed
MASK = 0xA282EAD8
STRING = 7  # DT_STRING of tensorflow/core/framework/types.proto


def _build_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


TABLE = _build_table()


def compute_crc(content: bytes) -> int:
    """Return the CRC-32C of some bytes.

    >>> hex(compute_crc(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in content:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def encode_record(message: bytes) -> bytes:
    """Return a message as a record of a TFRecord file."""
    length = struct.pack("<Q", len(message))
    return b"".join((length, _checksum(length), message, _checksum(message)))


def encode_version(time: float) -> bytes:
    """Return the event that begins a file; `time` is in seconds since 1970, UTC."""
    return _event(time, 0, _text_field(3, b"brain.Event:2"))


def encode_scalar(time: float, step: int, tag: str, value: float) -> bytes:
    """Return the event of one number.

    Args:
        time: seconds since 1970, UTC.
        step: of the training, from 0.
        tag: which chart it belongs to.
        value: stored as float32.
    """
    number = _key(2, 5) + struct.pack("<f", value)
    return _event(time, step, _summary(_text_field(1, tag.encode()) + number))


def encode_text(time: float, tag: str, text: str) -> bytes:
    """Return the event of a text, which TensorBoard shows as Markdown."""
    shape = _text_field(2, _text_field(2, _key(1, 0) + _varint(1)))
    tensor = _key(1, 0) + _varint(STRING) + shape + _text_field(8, text.encode())
    plugin = _text_field(1, _text_field(1, b"text"))
    value = _text_field(1, tag.encode()) + _text_field(8, tensor) + _text_field(9, plugin)
    return _event(time, 0, _summary(value))


def _event(time: float, step: int, what: bytes) -> bytes:
    return _key(1, 1) + struct.pack("<d", time) + _key(2, 0) + _varint(step) + what


def _summary(value: bytes) -> bytes:
    return _text_field(5, _text_field(1, value))


def _text_field(number: int, content: bytes) -> bytes:
    """Return a field of text, of bytes or of another message."""
    return _key(number, 2) + _varint(len(content)) + content


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """Return a whole number from 0 on, seven bits a byte, the lowest first."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _checksum(content: bytes) -> bytes:
    crc = compute_crc(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF)
