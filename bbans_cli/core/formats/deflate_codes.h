/* The Huffman codes of deflate.c: zlib's build_tree, gen_bitlen and gen_codes. */
#ifndef BBC_DEFLATE_CODES_H
#define BBC_DEFLATE_CODES_H

#include "deflate_types.h"

/* ---- symbols, and the further bits that some have ---- */

/* length: less 3 */
static int deflate_length_symbol(int length)
{
    if (length == DEFLATE_MATCH_MAX - DEFLATE_MATCH_MIN) return 285;
    if (length < 8) return 257 + length;
    const int extra = 29 - __builtin_clz((unsigned)length);
    return 257 + 4 * extra + (length >> extra);
}

static int deflate_distance_symbol(int distance)
{
    const int far = distance - 1;
    if (far < 4) return far;
    const int extra = 30 - __builtin_clz((unsigned)far);
    return 2 * extra + (far >> extra);
}

static int deflate_extra_of_literal(int symbol) { return symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4; }

static int deflate_extra_of_distance(int symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

static int deflate_extra_of_length(int symbol) { return symbol < 16 ? 0 : symbol == 18 ? 7 : symbol - 14; }

/* ---- codes ---- */

/* Does node a come before b? */
static int deflate_before(const deflate_code *c, int a, int b)
{
    return c->frequency[a] < c->frequency[b] || (c->frequency[a] == c->frequency[b] && c->depth[a] <= c->depth[b]);
}

static void deflate_sift(deflate_heap *h, const deflate_code *c, int at)
{
    const int32_t node = h->nodes[at];
    for (int next = at << 1; next <= h->count; at = next, next <<= 1) {
        if (next < h->count && deflate_before(c, h->nodes[next + 1], h->nodes[next])) next++;
        if (deflate_before(c, node, h->nodes[next])) break;
        h->nodes[at] = h->nodes[next];
    }
    h->nodes[at] = node;
}

/* Lengths of the nodes from the root down; those longer than allowed are cut, and the codes of others made longer. */
static void deflate_find_lengths(deflate_heap *h, deflate_code *c, int longest)
{
    int counts[DEFLATE_CODE_MAX + 1] = {0}, overflow = 0, at = h->end + 1;
    c->length[h->nodes[h->end]] = 0;
    for (; at < DEFLATE_HEAP; at++) {
        const int node = h->nodes[at];
        int length = c->length[c->parent[node]] + 1;
        if (length > longest) length = longest, overflow++;
        c->length[node] = (uint16_t)length;
        if (node <= c->highest) counts[length]++;
    }
    if (overflow == 0) return;
    for (; overflow > 0; overflow -= 2) {
        int length = longest - 1;
        while (counts[length] == 0) length--;
        counts[length]--;
        counts[length + 1] += 2;
        counts[longest]--;
    }
    for (int length = longest; length; length--)
        for (int left = counts[length]; left;) {
            const int node = h->nodes[--at];
            if (node > c->highest) continue;
            c->length[node] = (uint16_t)length;
            left--;
        }
}

/* Codes from their lengths, in ascending order, the first bit lowest */
static void deflate_find_codes(deflate_code *c, int symbols)
{
    uint32_t next[DEFLATE_CODE_MAX + 2] = {0};
    for (int n = 0; n < symbols; n++) next[c->length[n] + 1] += c->length[n] > 0;
    for (int length = 1; length <= DEFLATE_CODE_MAX; length++) next[length] = (next[length] + next[length - 1]) << 1;
    for (int n = 0; n < symbols; n++) {
        uint32_t code = c->length[n] ? next[c->length[n]]++ : 0, reversed = 0;
        for (int i = 0; i < c->length[n]; i++, code >>= 1) reversed = reversed << 1 | (code & 1);
        c->code[n] = (uint16_t)reversed;
    }
}

/* Build a code from the frequencies of its symbols. Returns how many bits all of them take. At least two symbols have a
 * code. */
static size_t deflate_build(deflate_heap *h, deflate_code *c, int symbols, int longest, int (*extra)(int symbol))
{
    uint32_t used[DEFLATE_LITERALS];
    h->count = 0, h->end = DEFLATE_HEAP, c->highest = -1;
    for (int n = 0; n < symbols; n++) {
        used[n] = c->frequency[n];
        c->length[n] = c->depth[n] = 0;
        if (used[n]) h->nodes[++h->count] = c->highest = n;
    }
    while (h->count < 2) {
        const int node = h->nodes[++h->count] = c->highest < 2 ? ++c->highest : 0;
        c->frequency[node] = 1;
    }
    for (int at = h->count / 2; at; at--) deflate_sift(h, c, at);
    for (int node = symbols; h->count >= 2; node++) {
        const int32_t first = h->nodes[1];
        h->nodes[1] = h->nodes[h->count--];
        deflate_sift(h, c, 1);
        const int32_t second = h->nodes[1];
        h->nodes[--h->end] = first;
        h->nodes[--h->end] = second;
        c->frequency[node] = c->frequency[first] + c->frequency[second];
        c->depth[node] = (uint8_t)((c->depth[first] > c->depth[second] ? c->depth[first] : c->depth[second]) + 1);
        c->parent[first] = c->parent[second] = (uint16_t)node;
        h->nodes[1] = node;
        deflate_sift(h, c, 1);
    }
    h->nodes[--h->end] = h->nodes[1];
    deflate_find_lengths(h, c, longest);
    deflate_find_codes(c, symbols);
    size_t bits = 0;
    for (int n = 0; n < symbols; n++) bits += (size_t)used[n] * (size_t)(c->length[n] + extra(n));
    return bits;
}

/* ---- the fixed codes (RFC 1951, section 3.2.6) ---- */

static int deflate_fixed_length(int literal) { return literal < 144 ? 8 : literal < 256 ? 9 : literal < 280 ? 7 : 8; }

static size_t deflate_fixed_cost(const deflate_state *d)
{
    size_t bits = 0;
    for (int n = 0; n < DEFLATE_LITERALS; n++)
        bits += (size_t)d->literals.frequency[n] * (size_t)(deflate_fixed_length(n) + deflate_extra_of_literal(n));
    for (int n = 0; n < DEFLATE_DISTANCES; n++)
        bits += (size_t)d->distances.frequency[n] * (size_t)(5 + deflate_extra_of_distance(n));
    return bits;
}

static void deflate_fill_fixed(deflate_code *literals, deflate_code *distances)
{
    for (int n = 0; n < 288; n++) literals->length[n] = (uint16_t)deflate_fixed_length(n);
    for (int n = 0; n < DEFLATE_DISTANCES; n++) distances->length[n] = 5;
    deflate_find_codes(literals, 288);
    deflate_find_codes(distances, DEFLATE_DISTANCES);
}

#endif
