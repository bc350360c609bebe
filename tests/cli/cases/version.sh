test "$(bbc -V)" = "bbc $(python -c 'import bbans_cli; print(bbans_cli.__version__)')"
test "$(bbc --version)" = "$(bbc -V)"
test "$(bbc -V)" = "bbc $(python -c 'from importlib.metadata import version; print(version("bbans-cli"))')"
bbc --version -v | grep -c '^numpy [0-9]'
bbc --version -v | grep -c '^core [a-z]'
bbc -vV | grep -cE '^weights [a-z]+-[0-9a-f]{8}'
BBC_ISA=base bbc --version -v | grep '^core' | cut -d ' ' -f 1-2
test "$(python -m bbans_cli -V)" = "$(bbc -V)"
