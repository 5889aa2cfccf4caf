"""Sync workers, two for each core (more were no faster); tells the benches when it serves."""

import multiprocessing

bind = "127.0.0.1:0"
workers = 2 * multiprocessing.cpu_count()
worker_class = "sync"
loglevel = "warning"


def when_ready(server):
    print(f"ready: http://127.0.0.1:{server.LISTENERS[0].sock.getsockname()[1]}/", flush=True)
