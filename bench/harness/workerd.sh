#!/bin/sh
# In place of workerd: says which process it is, and sends what Workers print to BENCH_STDOUT. Node, which started it,
# would read every line otherwise, on the CPU that is being measured.
echo $$ > "$BENCH_PID_FILE"
shift # serve
exec "$BENCH_WORKERD" serve $BENCH_INSPECTOR "$@" > "$BENCH_STDOUT"
