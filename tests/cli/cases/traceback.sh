# No traceback unless -vv asks for it.
bbc compress missing.png 2>&1 | grep -c Traceback || true
bbc compress -v missing.png 2>&1 | grep -c Traceback || true
bbc compress -vv missing.png 2>&1 | grep -c Traceback
