# info --map draws one .bbc file or picture, says where the bytes are, and replaces a file only with -f.
picture 40 30 > a.png
bbc compress -1 a.png
bbc info --map map.png a.bbc | sed -E 's/ +[0-9,.]+ bytes +[0-9.]+ %/N bytes/; s/[0-9,]+ bytes, [0-9.]+ bpd, neural [0-9a-f]+/N/'
format() { python -c 'import sys; from PIL import Image; print(Image.open(sys.stdin.buffer).format)'; }
format < map.png
! bbc info --map map.png a.bbc
bbc info -1 --map map.png -f --json a.png > record
python - <<'END'
import json
record = json.load(open("record"))
lengths = record["code_lengths"]
(part,) = lengths["parts"]
whole = record["payload_bytes"] + record["other_bytes"]
assert lengths["header_bits"] + lengths["metadata_bits"] + part["bits"] == 8 * whole
assert abs(lengths["map_bits"] - part["bits"]) < 64 and record["output"] == "map.png" and part["unit"] == "pixel"
END
bbc info --map - a.bbc | format
mkdir folder
! bbc info --map folder -f a.bbc
! bbc info --map a.png -f a.png
! bbc info --map a.bbc -f a.bbc
! bbc info --map none/b.png missing.bbc
echo text > a.txt
! bbc info --map b.png a.txt
for args in "-9 a.bbc" "-f a.bbc" "--map b.png a.bbc a.png" "--map b.png --exif a.bbc" "--map - --json a.bbc" "--map b.jpg a.bbc" "--map a.bbc a.png -f"; do
    bbc info $args || echo $?
done
ls -A
