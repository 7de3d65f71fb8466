"""What no schema can say of a request, for schemathesis."""

from __future__ import annotations

import re
from typing import Any

import schemathesis

_MANUS = ("ada", "bob", "cid")
_TASKS = tuple(f"T{number}" for number in range(1, 9))
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Names agents and tasks that exist, so that requests get beyond the question who that is; and waits for nothing.

    What is wrong on purpose stays wrong.
    """
    body = case.body
    if not isinstance(body, dict):
        return
    agents = [(argument, _MANUS) for argument in ("manus_id", "from_manus", "to_manus", "by")]
    for argument, known in [*agents, ("task_id", _TASKS)]:
        given = body.get(argument)
        # Some that do not exist stay, too.
        if isinstance(given, str) and _NAME.fullmatch(given) and len(given) % 4:
            body[argument] = known[sum(given.encode()) % len(known)]
    cursor = body.get("cursor")
    if case.path.endswith("/list_tasks") and isinstance(cursor, str) and _NAME.fullmatch(cursor):
        # A name that no task has says no place in the list.
        body["cursor"] = "T1"
    wait = body.get("wait_secs")
    if isinstance(wait, (int, float)) and not isinstance(wait, bool) and 0 < wait <= 300:
        body["wait_secs"] = 1
    _stay_inside(body)
    tasks = body.get("tasks")
    if isinstance(tasks, list) and all(isinstance(task, dict) for task in tasks):
        _unique_keys(tasks)
        for task in tasks:
            _stay_inside(task)


def _stay_inside(arguments: "dict[str, Any]") -> None:
    """Files of the project, spelled without alternatives and half wildcards."""
    for argument in ("files", "files_involved"):
        files = arguments.get(argument)
        if isinstance(files, list) and all(isinstance(file, str) and file for file in files):
            arguments[argument] = [re.sub(r"^[/\\~]+|\.\.|\*\*|[{}]", "x", file) for file in files]


def _unique_keys(tasks: "list[dict[str, Any]]") -> None:
    """Each key once, and only dependencies that exist."""
    keys = [task.get("key") for task in tasks]
    for place, task in enumerate(tasks):
        if isinstance(task.get("key"), str) and keys.index(task["key"]) < place:
            del task["key"]
        named = task.get("dependencies")
        if isinstance(named, list) and all(isinstance(name, str) for name in named):
            task["dependencies"] = [name for name in named if name in _TASKS]
