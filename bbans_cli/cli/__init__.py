"""The command `bbc`: options, the plan of a run, its work and report, and the file layer below them."""
