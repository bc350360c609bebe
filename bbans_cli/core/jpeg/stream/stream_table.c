/* Huffman tables of a JPEG stream: codes of 1..16 bits by their numbers and symbols (T.81, annex C). */
#include <string.h>

#include "stream_bits.h"

/* AC codes with the values after them (T.81, F.1.2.2). */
static void stream_table_values(bbc_stream_table *table)
{
    for (uint32_t next = 0; next < 1 << STREAM_LOOKUP; next++) {
        const int entry = table->lookup[next], category = entry >> 8 & 15;
        const int bits = (entry & STREAM_LENGTH) + category;
        if (!category || entry & STREAM_ALIAS || bits > STREAM_LOOKUP) continue;
        const int32_t value = (int32_t)(next >> (STREAM_LOOKUP - bits)) & ((1 << category) - 1);
        table->values[next] = stream_extend(value, category) * 65536 | (entry >> 12) << 8 | bits;
    }
}

int bbc_stream_table_begin(bbc_stream_table *table, const uint8_t *lengths, const uint8_t *symbols, int32_t count)
{
    memset(table, 0, sizeof *table);
    int32_t code = 0, index = 0;
    for (int length = 1; length <= 16; length++, code <<= 1) {
        table->offsets[length] = index - code;
        for (int i = 0; i < lengths[length - 1]; i++, index++, code++) {
            if (index >= count || index >= 256 || code >> length) return -1;
            const uint8_t symbol = symbols[index];
            const int alias = table->codes[symbol] ? STREAM_ALIAS : 0;
            table->entries[index] = (uint16_t)(symbol << 8 | alias | length);
            if (!alias) table->codes[symbol] = (uint32_t)code << 8 | (uint32_t)length;
            const int spare = STREAM_LOOKUP - length;
            for (int32_t next = 0; spare >= 0 && next < 1 << spare; next++)
                table->lookup[code << spare | next] = table->entries[index];
        }
        table->limits[length] = code << (16 - length);
    }
    stream_table_values(table);
    return index == count ? 0 : -1;
}
