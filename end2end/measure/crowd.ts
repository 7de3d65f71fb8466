// A crowd of agents at work, as fast as it is told to: how a large project looks from outside.

import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../tests/server.ts";

/** How many tasks are sent at once, below the bound for a request's body. */
const BATCH = 2_000;
/** How many calls may be on the way. */
const AT_ONCE = 32;
/** How often it is looked whether calls are due, in milliseconds. */
const TICK_MS = 10;

const ROLES = ["SPEED_DEVELOPER", "QUALITY_ENHANCER", "AI_SPECIALIST", "COORDINATOR"];
const SKILLS = ["rust", "typescript", "python", "sql", "testing", "docs"];
const PRIORITIES = ["CRITICAL", "HIGH", "MEDIUM", "MEDIUM", "MEDIUM", "LOW"];

/** What an agent knows of its work. */
interface Worker {
  name: string;
  task: { id: string; attempt: number } | undefined;
  progress: number;
  steps: number;
  busy: boolean;
}

/** Agents that take tasks, report on them, claim files, write to each other and finish, so that as many tasks stay open. */
export class Crowd {
  /** The newest event that an answer has told of. */
  seq = 0;
  calls = 0;
  /** Refusals by their code. */
  readonly refused = new Map<string, number>();
  private readonly workers: Worker[];
  private made = 0;
  private next = 0;
  private flying = 0;
  private failure: unknown;

  constructor(
    private readonly server: Server,
    agents: number,
  ) {
    const worker = (_: unknown, at: number): Worker => ({
      name: `agent-${String(at + 1).padStart(3, "0")}`,
      task: undefined,
      progress: 0,
      steps: at,
      busy: false,
    });
    this.workers = Array.from({ length: agents }, worker);
  }

  /** Registers everybody and makes so many tasks. */
  async settle(tasks: number): Promise<void> {
    for (const [at, { name }] of this.workers.entries()) {
      const capabilities = [SKILLS[at % SKILLS.length], SKILLS[(at * 7 + 3) % SKILLS.length]];
      await this.call("register_manus", { manus_id: name, role: ROLES[at % ROLES.length], capabilities: [...new Set(capabilities)] });
    }
    while (this.made < tasks) await this.create(Math.min(BATCH, tasks - this.made));
    // Nobody is to have a full inbox from the start.
    for (const { name } of this.workers) await this.call("get_messages", { manus_id: name });
  }

  /** Lets them work until the moment comes, so that on average so many events happen each second. */
  async work(eventsPerSecond: number, until_ms: number): Promise<void> {
    const [begun_ms, first, calls] = [Date.now(), this.seq, this.calls];
    while (Date.now() < until_ms) {
      if (this.failure !== undefined) throw this.failure;
      const due = ((Date.now() - begun_ms) / 1000) * eventsPerSecond;
      const perCall = Math.max(1, (this.seq - first) / Math.max(1, this.calls - calls));
      while (this.flying < AT_ONCE && this.seq - first + this.flying * perCall < due) this.launch();
      await sleep(TICK_MS);
    }
    while (this.flying > 0) await sleep(TICK_MS);
  }

  private launch(): void {
    const worker = this.workers[this.next++ % this.workers.length]!;
    if (worker.busy) return;
    worker.busy = true;
    this.flying += 1;
    this.step(worker)
      .catch((error: unknown) => (this.failure ??= error))
      .finally(() => {
        worker.busy = false;
        this.flying -= 1;
      });
  }

  /** The next thing that a worker does. */
  private async step(worker: Worker): Promise<void> {
    const { name: manus_id, task } = worker;
    const step = worker.steps++;
    if (task === undefined) {
      const taken = await this.call("next_task", { manus_id });
      if (taken?.task == null) return;
      worker.task = { id: taken.task.id, attempt: taken.task.attempts };
      worker.progress = 0;
    } else if (step % 9 === 0) {
      await this.call("get_messages", { manus_id });
    } else if (step % 11 === 0) {
      const other = this.workers[(step * 31) % this.workers.length]!.name;
      await this.call("send_message", { from_manus: manus_id, to_manus: other, message_type: "NOTE", content: { text: `Step ${step}` } });
    } else if (step % 13 === 0) {
      await this.call("claim_files", { manus_id, files: [`notes/${manus_id}.md`], reason: "notes" });
    } else if (step % 13 === 1) {
      await this.call("release_files", { manus_id, files: [`notes/${manus_id}.md`] });
    } else if (worker.progress < 80) {
      worker.progress += 20;
      await this.call("update_task_progress", { manus_id, task_id: task.id, attempt: task.attempt, progress: worker.progress });
    } else {
      worker.task = undefined;
      await this.call("complete_task", { manus_id, task_id: task.id, attempt: task.attempt, result: "Done." });
      await this.create(1);
    }
  }

  /** Makes tasks; every fourth waits for the one before, some claim a file, most need a skill. */
  private async create(count: number): Promise<void> {
    const tasks = Array.from({ length: count }, (_, at) => {
      const number = ++this.made;
      return {
        key: String(number),
        title: `Step ${number} of the large project`,
        description: "One of many.",
        priority: PRIORITIES[number % PRIORITIES.length],
        estimated_duration: 10 + ((number * 37) % 110),
        required_capabilities: number % 3 === 0 ? [] : [SKILLS[number % SKILLS.length]],
        files_involved: number % 2 === 0 ? [`src/part-${number}.rs`] : [],
        dependencies: number % 4 === 0 && at > 0 ? [String(number - 1)] : [],
      };
    });
    await this.call("create_tasks", { tasks });
  }

  /** One call. A refusal that the rules foresee is counted; anything else ends the run. */
  private async call(name: string, args: object): Promise<any> {
    const response = await fetch(`${this.server.url}/api/v1/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    const body: any = await response.json();
    this.calls += 1;
    this.seq = Math.max(this.seq, Number(response.headers.get("manus-seq") ?? 0));
    if (response.status === 200) return body;
    if (response.status !== 409) throw new Error(`${name}: ${response.status} ${JSON.stringify(body)}`);
    this.refused.set(body.code, (this.refused.get(body.code) ?? 0) + 1);
    return undefined;
  }
}
