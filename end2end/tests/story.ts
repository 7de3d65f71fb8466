// A project that looks the same whenever and wherever it is played, for pictures. What is done goes through the real server, step
// by step; on its way to the page, every moment becomes the one that the story has for its step.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, type Page } from "@playwright/test";
import { busyDesk, busyTeam, work, type Busy } from "./project.ts";
import { Server } from "./server.ts";

/** The page's clock, which stands still. */
const NOW_MS = Date.UTC(2026, 2, 12, 10, 30, 20);
const MINUTE_MS = 60_000;
/** How long ago the first step was and the last one, in the story. */
const FIRST_MS = 72 * MINUTE_MS;
const LAST_MS = 2 * MINUTE_MS;
/** How long ago everybody gave a sign of life who is not lost. */
const BEATS_MS = 4_000;
/** How long an agent may be silent in the story. */
const SILENCE_MS = 120_000;
/** Every number between these is a moment. */
const [EARLIEST_MS, LATEST_MS] = [1.6e12, 2.4e12];
const ADDRESS = "http://localhost:3334";
const VERSION = "1.0.0";

/** The folder of a project, under a name that is always the same. */
function projectFolder(): { above: string; root: string } {
  const above = mkdtempSync(join(tmpdir(), "manus-sync-"));
  const root = join(above, "web-shop");
  mkdirSync(root);
  return { above, root };
}

export class Story {
  /** Up to when each step went, by the machine's clock. */
  private readonly marks: number[] = [];

  private constructor(
    readonly server: Server,
    private readonly above: string,
  ) {}

  /** Nothing has happened. */
  static async empty(...args: string[]): Promise<Story> {
    const { above, root } = projectFolder();
    const server = new Server(root, args);
    await server.start();
    return new Story(server, above);
  }

  /** A team at work: one agent has gone silent, one attempt has failed, one result is to be reviewed, somebody waits for a file. */
  static async busy(): Promise<Story> {
    const { above, root } = projectFolder();
    // Without the planner, who gets what depends on the calls alone. Who is silent is lost soon at first, and never later.
    // And nothing falls due while the pictures are taken.
    const calm = ["--plan-budget-ms", "0", "--lock-delay-secs", "600", "--stall-after-secs", "86400"];
    const strict = new Server(root, [...calm, "--heartbeat-timeout-secs", "3"]);
    const server = new Server(root, [...calm, "--heartbeat-timeout-secs", "86400"]);
    const story = new Story(server, above);
    await strict.start();
    const busy = await busyTeam(strict, () => story.step());
    await story.lose(strict, busy, "heron");
    await strict.stop();
    await server.start();
    for (const [name, agent] of busy.agents) busy.agents.set(name, server.agent(agent.name));
    await story.setbacks(busy);
    await busyDesk(server, busy, () => story.step());
    return story;
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    rmSync(this.above, { recursive: true, force: true });
  }

  /** Ends a step: what happens from now on belongs to the next one. */
  private async step(): Promise<void> {
    this.marks.push(Date.now());
    await pause(5);
  }

  /** Everybody but one gives signs of life until that one is lost. */
  private async lose(server: Server, busy: Busy, name: string): Promise<void> {
    await expect
      .poll(
        async () => {
          for (const agent of busy.agents.values()) if (agent.name !== name) await server.agent(agent.name).act("heartbeat");
          return (await server.post("get_manus", { manus_id: name })).body.status;
        },
        { timeout: 30_000, intervals: [400] },
      )
      .toBe("LOST");
    await this.step();
  }

  private async setbacks({ agents, ids }: Busy): Promise<void> {
    const mine = async (name: string) => {
      const { body } = await this.server.post("list_tasks", { assigned_to: name, status: "IN_PROGRESS" });
      return body.items[0].id as string;
    };
    const [cedar, ember, grove, fjord] = ["cedar", "ember", "grove", "fjord"].map((name) => agents.get(name)!);
    await grove!.act("release_task", { task_id: await mine("grove"), reason: "the pipeline needs a token that I do not have" });
    await this.step();
    await work(this.server, grove!, 15, "another way to sign the image", () => this.step());
    const failed = await mine("fjord");
    await fjord!.act("fail_task", { task_id: failed, reason: "the export of May has no header" });
    await this.step();
    // Held back, it is not tried again in half a minute.
    await this.server.post("block_task", { manus_id: "supervisor", task_id: failed, reason: "a new export is on its way" });
    await this.step();
    await ember!.act("complete_task", { task_id: await mine("ember"), result: "Right on 98 of 100.", needs_review: true });
    await this.step();
    // Answered when the file is free, which is never: what is waited for is that it waits.
    const claim = { files: ["docs/api.md"], reason: "names of the new fields" };
    await agents.get("atlas")!.act("claim_files", claim);
    await this.step();
    void cedar!.act("claim_files", { ...claim, wait_secs: 300 }).catch(() => {});
    await expect.poll(async () => (await this.server.post("snapshot")).body.waits.length).toBe(1);
    await this.step();
    await this.server.post("update_task", { task_id: ids.get("a11y"), priority: "HIGH" });
    await this.step();
  }

  /** The moment of the story. */
  private told(ms: number): number {
    const last = this.marks.length - 1;
    const at = this.marks.findIndex((mark) => ms <= mark);
    const ahead_ms = ms - (this.marks[last] ?? ms);
    if (at < 0) return NOW_MS + Math.ceil(ahead_ms / MINUTE_MS) * MINUTE_MS;
    return NOW_MS - LAST_MS - Math.round(((FIRST_MS - LAST_MS) * (last - at)) / last);
  }

  private retold(value: unknown): unknown {
    if (typeof value === "number") return value > EARLIEST_MS && value < LATEST_MS ? this.told(value) : value;
    if (Array.isArray(value)) return value.map((item) => this.retold(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.retold(item)]));
  }

  /** What the server has put into the page. */
  private boot(json: string): string {
    const boot = this.retold(JSON.parse(json)) as any;
    const { snapshot } = boot;
    Object.assign(snapshot.settings, { heartbeat_timeout_ms: SILENCE_MS, stall_after_ms: 10 * MINUTE_MS });
    snapshot.metrics = counted(snapshot);
    for (const agent of snapshot.manus) {
      measure(agent, snapshot.tasks);
      if (agent.status !== "LOST") agent.last_heartbeat_ms = NOW_MS - BEATS_MS;
    }
    const told = { ...boot, now_ms: NOW_MS, origin: ADDRESS, version: VERSION };
    return JSON.stringify(told).replaceAll("<", "\\u003c");
  }

  /** Has a page see the story. */
  async tell(page: Page): Promise<void> {
    await page.addInitScript((now_ms) => {
      Date.now = () => now_ms;
      // Where nothing is known of the way here, the server's clock is taken for the page's.
      performance.getEntriesByType = () => [];
      // The server takes note of signs of life in passing, whenever it comes to it.
      const { addEventListener } = EventSource.prototype;
      EventSource.prototype.addEventListener = function (kind: string, ...rest: [any, any?]) {
        if (kind !== "heartbeats_seen") addEventListener.call(this, kind, ...rest);
      };
    }, NOW_MS);
    await page.route(`${this.server.url}/**`, async (route) => {
      const isPage = route.request().resourceType() === "document";
      const path = new URL(route.request().url()).pathname;
      if (!isPage && (!path.startsWith("/api/v1/") || path.endsWith("/events"))) return route.continue();
      const response = await route.fetch();
      const text = (await response.text()).replaceAll(this.server.url, ADDRESS).replaceAll(this.server.root, "/home/you/web-shop");
      const headers = response.headers();
      for (const name of ["content-encoding", "content-length"]) delete headers[name];
      const body = isPage
        ? text.replace(/(<script[^>]*id="boot"[^>]*>)(.*?)(<\/script>)/s, (_, head, json, foot) => head + this.boot(json) + foot)
        : JSON.stringify(this.retold(JSON.parse(text)));
      await route.fulfill({ status: response.status(), headers, body });
    });
  }
}

/** The numbers of the log and of its events depend on how many signs of life the server took note of: they count down from one. */
export async function renumber(page: Page): Promise<void> {
  await page.evaluate(() => {
    const newest = 241;
    const set = (selector: string, text: (at: number) => string) =>
      document.querySelectorAll(selector).forEach((element, at) => (element.textContent = text(at)));
    set(".live-chip .seq", () => `#${newest}`);
    set(".feed .seq", (at) => `#${newest - at}`);
    // The settings tell the log's length.
    for (const element of document.querySelectorAll(".properties .num")) {
      if (element.textContent?.startsWith("#")) element.textContent = `#${newest}`;
    }
  });
}

/** What happened in each minute and hour, as the tasks of the story have it. */
function counted(snapshot: any): object[] {
  const buckets = new Map<string, any>();
  const bucket = (width_ms: number, at_ms: number) => {
    const start_ms = at_ms - (at_ms % width_ms);
    const key = `${width_ms} ${start_ms}`;
    if (!buckets.has(key)) buckets.set(key, { width_ms, start_ms });
    return buckets.get(key);
  };
  for (const width_ms of [MINUTE_MS, 60 * MINUTE_MS]) {
    const count = (at_ms: number | null, name: string, more = 1) => {
      if (at_ms === null) return;
      const one = bucket(width_ms, at_ms);
      one[name] = (one[name] ?? 0) + more;
    };
    for (const task of snapshot.tasks) {
      count(task.created_at_ms, "created");
      count(task.started_at_ms, "started");
      for (const error of task.errors) count(error.at_ms, "failed");
      if (task.status === "CANCELLED") count(task.completed_at_ms ?? task.updated_at_ms, "cancelled");
      if (task.status !== "COMPLETED") continue;
      count(task.completed_at_ms, "completed");
      count(task.completed_at_ms, "estimated_minutes", task.estimated_duration);
      count(task.completed_at_ms, "actual_ms", task.completed_at_ms - task.started_at_ms);
    }
    for (const wait of snapshot.waits) count(wait.since_ms ?? NOW_MS - LAST_MS, "waited");
  }
  return [...buckets.values()].sort((one, other) => one.width_ms - other.width_ms || one.start_ms - other.start_ms);
}

/** An agent's record, as the tasks of the story have it. */
function measure(agent: any, tasks: any[]): void {
  const done = tasks.filter((task) => task.assigned_to === agent.id && task.status === "COMPLETED");
  const actual_ms = (task: any) => task.completed_at_ms - task.started_at_ms;
  agent.stats.actual_ms = done.reduce((sum, task) => sum + actual_ms(task), 0);
  agent.stats.on_time = done.filter((task) => actual_ms(task) <= task.estimated_duration * MINUTE_MS).length;
  agent.stats.speed_permille = 1_000;
}
