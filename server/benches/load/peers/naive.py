"""What one writes first: every agent opens the shared SQLite file, looks who holds what, and takes it.

One process an agent, as the agents of the original engine had it. Run as: naive.py DATABASE NUMBER WARM_UP_SECONDS SECONDS.
Prints how many calls succeeded and were refused, and how long each took, in microseconds.
"""

import json
import sqlite3
import sys
import time
from datetime import datetime


class Engine:
    """Claims and releases of files, a connection each."""

    def __init__(self, path):
        self.path = path
        with self.connect() as connection:
            connection.execute(
                "create table if not exists file_locks "
                "(file_path text primary key, locked_by text, locked_at text, lock_reason text)"
            )

    def connect(self):
        return sqlite3.connect(self.path, timeout=60)

    def claim_files(self, manus_id, files):
        connection = self.connect()
        try:
            cursor = connection.cursor()
            # From here on nobody else writes; looking first and taking later would let two have it.
            cursor.execute("begin immediate")
            for file in files:
                cursor.execute("select locked_by from file_locks where file_path = ?", (file,))
                row = cursor.fetchone()
                if row and row[0] != manus_id:
                    connection.rollback()
                    return False
            for file in files:
                cursor.execute(
                    "insert or replace into file_locks values (?, ?, ?, ?)",
                    (file, manus_id, datetime.now().isoformat(), "working"),
                )
            connection.commit()
            return True
        finally:
            connection.close()

    def release_files(self, manus_id, files):
        connection = self.connect()
        try:
            for file in files:
                connection.execute("delete from file_locks where file_path = ? and locked_by = ?", (file, manus_id))
            connection.commit()
            return True
        finally:
            connection.close()


def main():
    path, number, warm_up, measured = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    engine, agent = Engine(path), f"agent_{number}"
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begin = time.monotonic() + warm_up
    counts, micros, step = {True: 0, False: 0}, [], 0
    while True:
        sent = time.monotonic()
        if sent >= begin + measured:
            break
        files = [f"src/module_{number}/file_{step // 2}.rs"]
        done = engine.claim_files(agent, files) if step % 2 == 0 else engine.release_files(agent, files)
        answered = time.monotonic()
        counts[done] += 1
        if begin <= answered < begin + measured:
            micros.append(int((answered - sent) * 1e6))
        step += 1
    print(json.dumps({"successes": counts[True], "refusals": counts[False], "micros": micros}))


if __name__ == "__main__":
    main()
