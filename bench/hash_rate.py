"""Password hashes a second with argon2-cffi (the C library): hash_rate.py THREADS SECONDS."""

import sys
import threading
import time

from argon2.low_level import Type, hash_secret_raw

threads, seconds = int(sys.argv[1]), float(sys.argv[2])
start = time.monotonic()
counts = []


def work():
    count = 0
    while time.monotonic() - start < seconds:
        salt = count.to_bytes(16, "big")
        hash_secret_raw(b"Kumo-no-ue-2026", salt, time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, type=Type.ID)
        count += 1
    counts.append(count)


workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(f"{sum(counts) / (time.monotonic() - start):.2f}")
