# info reads headers and is done at once; -v decodes and accounts for every bit.
picture 90 70 > a.png
picture 3 2 1 > b.png
bbc compress a.png b.png
bbc info a.bbc b.bbc | sed -E 's/[0-9,]+ bytes/N bytes/; s/[0-9.]+ bpd, [a-z-]+( [0-9a-f]{8})?/N bpd, coder/'
bbc info --json a.bbc b.bbc | grep -c '"mode": "rgb"'
bbc info -v --json a.bbc > record 2> /dev/null
python - <<'END'
import json
record = json.load(open("record"))
(part,) = record["parts"]
assert record["payload_bytes"] + record["other_bytes"] == record["in_bytes"]
assert sum(band["bytes"] for band in part["bands"]) == record["payload_bytes"]
assert part["coder"] == "neural"
for band in part["bands"]:
    bits = band["bits"]
    total = sum(bits[name] for name in ("latents_under_prior", "latent_rows", "initial_bits_rows", "overhead"))
    assert abs(total - bits["latents_under_posterior"] - 8 * band["bytes"]) < 1
END
bbc info -v a.bbc 2> /dev/null | sed -E 's/[0-9][0-9,.]*/N/g; s/neural N?[0-9a-fN]+/neural ID/'
