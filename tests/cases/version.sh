test "$(bbc -V)" = "bbc $(python -c 'import bbans_cli; print(bbans_cli.__version__)')"
test "$(bbc --version)" = "$(bbc -V)"
test "$(bbc -V)" = "bbc $(python -c 'from importlib.metadata import version; print(version("bbans-cli"))')"
bbc --version -v | grep -c '^numpy [0-9]'
test "$(python -m bbans_cli -V)" = "$(bbc -V)"
