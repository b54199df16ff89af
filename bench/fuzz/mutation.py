"""A plain mutator: good input damaged in a few places, which gets deeper than bytes by chance."""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

from bench.fuzz.seeds import SEEDS, WORDS, write_sentence

MOST_ROUNDS = 6
MOST_CUTS = 6
LONGEST_REPEAT = 50
LONGEST_INPUT = 6_000
SENTENCE = re.compile(rb"\$([^$*\r\n]*)\*[^\r\n]{0,4}\r?\n?")


def draw_inputs(target: str, count: int, seed: int) -> Iterator[tuple[bytes, list[int]]]:
    """So many inputs with the places to cut them, the same for the same seed."""
    chance = Random(seed)
    seeds = SEEDS[target]
    for _ in range(count):
        data = mutate(chance.choice(seeds), seeds, chance)
        if "nmea" in target and chance.random() < 0.6:
            data = SENTENCE.sub(lambda found: write_sentence(found[1]), data)
        cuts = [chance.randrange(LONGEST_INPUT) for _ in range(chance.randrange(MOST_CUTS))]
        yield data, cuts


def mutate(data: bytes, others: Sequence[bytes], chance: Random) -> bytes:
    """Damage the data one to six times."""
    for _ in range(chance.randint(1, MOST_ROUNDS)):
        begin, end = sorted(chance.randint(0, len(data)) for _ in range(2))
        data = chance.choice(OPERATIONS)(data, begin, end, others, chance)[:LONGEST_INPUT]
    return data


def _flip(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    if begin == len(data):
        return data
    return data[:begin] + bytes([data[begin] ^ 1 << chance.randrange(8)]) + data[begin + 1 :]


def _overwrite(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    width = min(end - begin, chance.randint(1, 4))
    return data[:begin] + chance.randbytes(width) + data[begin + width :]


def _insert_word(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    return data[:begin] + chance.choice(WORDS) + data[begin:]


def _replace_by_word(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    return data[:begin] + chance.choice(WORDS) + data[min(end, begin + 12) :]


def _replace_number(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    number = b"%d" % chance.choice((0, 1, -1, 90, 91, 360, 1 << 31, 1 << 63, 1 << 64, 10**11, -(10**14)))
    return data[:begin] + re.sub(rb"-?\d+(\.\d+)?", number, data[begin:], count=1)


def _delete(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    return data[:begin] + data[end:]


def _truncate(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    return data[:end]


def _repeat(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    return data[:begin] + data[begin:end] * chance.randint(2, LONGEST_REPEAT) + data[end:]


def _splice(data: bytes, begin: int, end: int, others: Sequence[bytes], chance: Random) -> bytes:
    other = chance.choice(others)
    return data[:begin] + other[chance.randint(0, len(other)) :] + data[end:]


OPERATIONS: tuple[Callable[[bytes, int, int, Sequence[bytes], Random], bytes], ...] = (
    _flip,
    _overwrite,
    _insert_word,
    _replace_by_word,
    _replace_number,
    _delete,
    _truncate,
    _repeat,
    _splice,
)
