"""How GPT-2's files write bytes: each as one printable character, a space as ``Ġ``.

Radford et al. 2019, ``bytes_to_unicode``: a byte that Latin-1 prints is its own character, and the
others, in their order, are U+0100 and what follows.
"""

_PRINTED = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_HIDDEN = [byte for byte in range(256) if byte not in _PRINTED]

_CHARACTER_OF = {byte: chr(byte) for byte in _PRINTED} | {
    byte: chr(0x100 + i) for i, byte in enumerate(_HIDDEN)
}
_BYTE_OF = {character: byte for byte, character in _CHARACTER_OF.items()}


def spelled(token: bytes) -> str:
    """Bytes as GPT-2's files write them: ``b" the"`` is ``Ġthe``."""
    return "".join(map(_CHARACTER_OF.__getitem__, token))


def unspelled(text: str) -> bytes | None:
    """The bytes that a file of GPT-2 writes so; None if it would write none so."""
    try:
        return bytes(map(_BYTE_OF.__getitem__, text))
    except KeyError:
        return None
