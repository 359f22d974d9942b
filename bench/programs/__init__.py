"""What the measured processes run: under Python 3.10, with one package folder on the path, in SCF's environment.

`bench.contenders` copies these files, with bytecode, to a folder of their own, so that no contender pays for them.
They take their work from a file that BENCH_WORK names and say what they found in the file that BENCH_RESULT names: the
standard output belongs to the function's log, as on SCF.
"""
