"""Raw deflate data as zlib writes them: docs/format.md, *Deflate*. Python's zlib would do where it is zlib itself, and
not another library of that name."""

from __future__ import annotations

from collections.abc import Callable

# By level: good, lazy, nice, chain
LEVELS = {
    **{1: (4, 4, 8, 4), 2: (4, 5, 16, 8), 3: (4, 6, 32, 32), 4: (4, 4, 16, 16), 5: (8, 16, 32, 32)},
    **{6: (8, 16, 128, 128), 7: (8, 32, 128, 256), 8: (32, 128, 258, 1024), 9: (32, 258, 258, 4096)},
}
FIRST_SLOW = 4  # level
BLOCK = (1 << 14) - 1  # symbols
SHORTEST, LONGEST, FARTHEST, TOO_FAR = 3, 258, (1 << 15) - 262, 4096
NONE = SHORTEST - 1  # the length of no match
END = 256
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
FIXED = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8


def deflate(data: bytes, level: int, filtered: bool) -> bytes:
    """The data, of a level 1 to 9, with the strategy Z_FILTERED or the default one."""
    return _Deflate(data, level, filtered).result()


def length_symbol(length: int) -> tuple[int, int, int]:
    """Symbol of a match's length, further bits, and how many."""
    less = length - SHORTEST
    extra = 0 if less < 8 or length == LONGEST else less.bit_length() - 3
    if length == LONGEST:
        return 285, 0, 0
    return 257 + 4 * extra + (less >> extra), less % (1 << extra), extra


def distance_symbol(distance: int) -> tuple[int, int, int]:
    """The same of its distance."""
    less = distance - 1
    extra = 0 if less < 4 else less.bit_length() - 2
    return 2 * extra + (less >> extra), less % (1 << extra), extra


def extra_of_literal(symbol: int) -> int:
    """Bits that follow a symbol of literals and lengths: RFC 1951, 3.2.5."""
    return 0 if symbol < 265 or symbol == 285 else (symbol - 261) // 4


def extra_of_distance(symbol: int) -> int:
    """Bits that follow a symbol of distances: RFC 1951, 3.2.5."""
    return 0 if symbol < 4 else symbol // 2 - 1


def extra_of_length(symbol: int) -> int:
    """Bits that follow a symbol of code lengths: RFC 1951, 3.2.7."""
    return {16: 2, 17: 3, 18: 7}.get(symbol, 0)


class Code:
    """A Huffman code of the symbols with these frequencies: code lengths, codes with the first bit lowest, and how many
    bits all of them take."""

    def __init__(self, frequencies: list[int], longest: int, extra: Callable[[int], int]) -> None:
        self.lengths = _code_lengths(frequencies, longest)
        self.codes = _codes(self.lengths)
        self.highest = max(symbol for symbol, length in enumerate(self.lengths) if length)
        self.bits = sum(
            count * (self.lengths[symbol] + extra(symbol)) for symbol, count in enumerate(frequencies) if count
        )


def _code_lengths(frequencies: list[int], longest: int) -> list[int]:
    """zlib's build_tree and gen_bitlen."""
    weights = {symbol: count for symbol, count in enumerate(frequencies) if count}
    heap = list(weights)
    highest = heap[-1] if heap else -1
    while len(heap) < 2:
        highest, symbol = (highest + 1, highest + 1) if highest < 2 else (highest, 0)
        heap.append(symbol)
        weights[symbol] = 1
    depths = dict.fromkeys(weights, 0)

    def sift(at: int) -> None:
        """Heap with places from 1 on."""
        node = heap[at - 1]
        while (child := 2 * at) <= len(heap):
            if child < len(heap) and before(heap[child], heap[child - 1]):
                child += 1
            if before(node, heap[child - 1]):
                break
            heap[at - 1], at = heap[child - 1], child
        heap[at - 1] = node

    def before(a: int, b: int) -> bool:
        return (weights[a], depths[a]) <= (weights[b], depths[b])

    for at in reversed(range(1, len(heap) // 2 + 1)):
        sift(at)
    parents: dict[int, int] = {}
    ordered: list[int] = []  # nodes from the leaves up
    node = len(frequencies)
    while len(heap) > 1:
        first, heap[0] = heap[0], heap[-1]
        heap.pop()
        sift(1)
        second = heap[0]
        ordered += [first, second]
        weights[node], depths[node] = weights[first] + weights[second], max(depths[first], depths[second]) + 1
        parents[first] = parents[second] = heap[0] = node
        node += 1
        sift(1)
    return _limited(ordered[::-1], parents, heap[0], len(frequencies), longest)


def _limited(downwards: list[int], parents: dict[int, int], root: int, symbols: int, longest: int) -> list[int]:
    """Code lengths, none of them above `longest`."""
    lengths, counts, overflow = {root: 0}, [0] * (longest + 1), 0
    for node in downwards:
        length = lengths[parents[node]] + 1
        overflow += length > longest
        lengths[node] = min(length, longest)
        if node < symbols:
            counts[lengths[node]] += 1
    if overflow:
        while overflow > 0:
            length = max(each for each in range(1, longest) if counts[each])
            counts[length] -= 1
            counts[length + 1] += 2
            counts[longest] -= 1
            overflow -= 2
        leaves = [node for node in reversed(downwards) if node < symbols]
        for length in reversed(range(1, longest + 1)):
            for leaf in leaves[: counts[length]]:
                lengths[leaf] = length
            leaves = leaves[counts[length] :]
    return [lengths.get(symbol, 0) for symbol in range(symbols)]


def _codes(lengths: list[int]) -> list[int]:
    codes, code = [0] * len(lengths), 0
    for length in range(1, max(lengths) + 1):
        for symbol, own in enumerate(lengths):
            if own == length:
                codes[symbol] = int(f"{code:0{length}b}"[::-1], 2)
                code += 1
        code <<= 1
    return codes


def _run_lengths(lengths: list[int]) -> list[tuple[int, int, int]]:
    """Code lengths as symbols of their own alphabet, each with further bits and how many."""
    found: list[tuple[int, int, int]] = []
    at, before = 0, -1
    while at < len(lengths):
        length = lengths[at]
        most = 138 if length == 0 else 6 if length == before else 7
        run = 1
        while run < most and lengths[at + run : at + run + 1] == [length]:
            run += 1
        at += run
        if length and length != before and run >= 4:
            found += [(length, 0, 0), (16, run - 4, 2)]
        elif length and length == before and run >= 3:
            found.append((16, run - 3, 2))
        elif length == 0 and run >= 3:
            found.append((17, run - 3, 3) if run <= 10 else (18, run - 11, 7))
        else:
            found += [(length, 0, 0)] * run
        before = length
    return found


class _Deflate:
    def __init__(self, data: bytes, level: int, filtered: bool) -> None:
        self.data, self.filtered = data, filtered
        self.good, self.lazy, self.nice, self.chain = LEVELS[level]
        self.slow = level >= FIRST_SLOW
        self.out, self.bits, self.count = bytearray(), 0, 0
        self.start = 0
        self.symbols: list[tuple[int, int]] = []  # of the block: length and distance, or literal and 0
        self.seen: dict[int, int] = {}  # by hash of three bytes: where they were last
        self.before: dict[int, int] = {}  # by place: where its three bytes were before it

    def result(self) -> bytes:
        if self.slow:
            self._slow()
        else:
            self._fast()
        self._end_block(len(self.data), last=True)
        return bytes(self.out)

    # ---- matches ----

    def _insert(self, at: int) -> int:
        a, b, c = self.data[at : at + SHORTEST]
        key = (a << 10 ^ b << 5 ^ c) & 0x7FFF
        self.before[at] = self.seen.get(key, -1)
        self.seen[key] = at
        return self.before[at]

    def _find(self, at: int, best: int) -> tuple[int, int]:
        """Length and distance of the longest match that is longer than `best`."""
        left = len(self.data) - at
        if left < SHORTEST:
            return NONE, 0
        place = self._insert(at)
        if place <= 0 or at - place > FARTHEST or self.slow and best >= self.lazy:
            return NONE, 0
        most = min(left, LONGEST)
        length, distance = best, 0
        for _ in range(self.chain >> 2 if best >= self.good else self.chain):
            equal = 0
            while equal < most and self.data[place + equal] == self.data[at + equal]:
                equal += 1
            if equal > length:
                length, distance = equal, at - place
                if length >= min(self.nice, most):
                    break
            place = self.before[place]
            if place <= max(0, at - FARTHEST):
                break
        return length, distance

    def _fast(self) -> None:
        at = 0
        while at < len(self.data):
            length, distance = self._find(at, NONE)
            if length < SHORTEST:
                at += 1
                self._add(self.data[at - 1], 0, at)
                continue
            end = at + length
            if length <= self.lazy and len(self.data) - end >= SHORTEST:
                for place in range(at + 1, end):
                    self._insert(place)
            self._add(length, distance, end)
            at = end

    def _slow(self) -> None:
        at, before, available = 0, (NONE, 0), False
        while at < len(self.data):
            length, distance = self._find(at, before[0])
            if length <= 5 and (self.filtered or length == SHORTEST and distance > TOO_FAR):
                length = NONE
            if before[0] >= SHORTEST and length <= before[0]:
                end = at - 1 + before[0]
                for place in range(at + 1, min(end, len(self.data) - SHORTEST + 1)):
                    self._insert(place)
                self._add(*before, end)
                at, before, available = end, (NONE, 0), False
                continue
            if available:
                self._add(self.data[at - 1], 0, at)
            at, before, available = at + 1, (length, distance), True
        if available:
            self.symbols.append((self.data[-1], 0))

    # ---- blocks ----

    def _add(self, number: int, distance: int, end: int) -> None:
        self.symbols.append((number, distance))
        if len(self.symbols) == BLOCK:
            self._end_block(end, last=False)

    def _put(self, bits: int, count: int) -> None:
        self.bits |= bits << self.count
        self.count += count
        whole = self.count // 8
        self.out += (self.bits & (1 << 8 * whole) - 1).to_bytes(whole, "little")
        self.bits >>= 8 * whole
        self.count %= 8

    def _end_block(self, end: int, last: bool) -> None:
        literals, distances, lengths = [0] * 286, [0] * 30, [0] * 19
        literals[END] = 1
        for number, distance in self.symbols:
            literals[length_symbol(number)[0] if distance else number] += 1
            if distance:
                distances[distance_symbol(distance)[0]] += 1
        fixed = sum(count * (FIXED[symbol] + extra_of_literal(symbol)) for symbol, count in enumerate(literals))
        fixed += sum(count * (5 + extra_of_distance(symbol)) for symbol, count in enumerate(distances))
        codes = Code(literals, 15, extra_of_literal), Code(distances, 15, extra_of_distance)
        runs = [run for code in codes for run in _run_lengths(code.lengths[: code.highest + 1])]
        for symbol, _, _ in runs:
            lengths[symbol] += 1
        of_lengths = Code(lengths, 7, extra_of_length)
        count = max(4, *(place + 1 for place, symbol in enumerate(ORDER) if of_lengths.lengths[symbol]))
        dynamic = codes[0].bits + codes[1].bits + of_lengths.bits + 3 * count + 14
        fixed_bytes, dynamic_bytes, size = (fixed + 10) // 8, (dynamic + 10) // 8, end - self.start
        if size + 4 <= min(fixed_bytes, dynamic_bytes) and size < 1 << 16:
            self._put(int(last), 3)
            self._pad()
            self._put(size | (size ^ 0xFFFF) << 16, 32)
            self.out += self.data[self.start : end]
        elif fixed_bytes <= dynamic_bytes:
            self._put(2 | last, 3)
            self._put_symbols((FIXED, _codes(FIXED)), ([5] * 30, _codes([5] * 30)))
        else:
            self._put(4 | last, 3)
            self._put(codes[0].highest - 256 | codes[1].highest << 5 | count - 4 << 10, 14)
            for symbol in ORDER[:count]:
                self._put(of_lengths.lengths[symbol], 3)
            for symbol, more, extra in runs:
                self._put(of_lengths.codes[symbol], of_lengths.lengths[symbol])
                self._put(more, extra)
            self._put_symbols(*((code.lengths, code.codes) for code in codes))
        if last:
            self._pad()
        self.start, self.symbols = end, []

    def _pad(self) -> None:
        self._put(0, -self.count % 8)

    def _put_symbols(self, literals: tuple[list[int], list[int]], distances: tuple[list[int], list[int]]) -> None:
        for number, distance in [*self.symbols, (END, 0)]:
            coded = [(literals, length_symbol(number) if distance else (number, 0, 0))]
            if distance:
                coded.append((distances, distance_symbol(distance)))
            for (lengths, codes), (symbol, more, extra) in coded:
                self._put(codes[symbol], lengths[symbol])
                self._put(more, extra)
