# Mode and times come from the input; from a pipe, what the umask leaves.
picture 5 4 > a.png
chmod 640 a.png
touch -t 202001020304.05 a.png
bbc compress a.png
python -c 'import os; a, b = os.stat("a.png"), os.stat("a.bbc"); print(oct(b.st_mode), a.st_mtime_ns == b.st_mtime_ns)'
bbc decompress a.bbc -o b.png
python -c 'import os; a, b = os.stat("a.png"), os.stat("b.png"); print(oct(b.st_mode), a.st_mtime_ns == b.st_mtime_ns)'
umask 027
bbc compress -o c.bbc < a.png
python -c 'import os; print(oct(os.stat("c.bbc").st_mode))'
chmod 4711 a.png
bbc compress a.png -o d.bbc
python -c 'import os; print(oct(os.stat("d.bbc").st_mode))'
