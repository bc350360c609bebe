# One object a file, on standard output, with these keys; there may be more one day, never fewer.
picture 5 4 > a.png
echo "no picture" > b.png
bbc compress --json a.png b.png missing.png > lines 2> errors || echo "$?"
bbc compress --json --skip-existing a.png >> lines
bbc compress --json -n -f a.png >> lines
bbc verify --json a.bbc >> lines
bbc info --json a.bbc >> lines
bbc decompress --json -f a.bbc >> lines
cat errors
python - <<'END'
import json
for line in open("lines"):
    record = json.loads(line)
    assert record["schema"] == 2
    sizes = ["in_bytes", "out_bytes", "width", "height", "bpd", "seconds"]
    assert all(record[key] is None or record[key] >= 0 for key in sizes)
    print(*record)
    print(record["status"], record["input"], record["output"], record["width"], record["error"])
END
