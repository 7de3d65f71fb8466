// The dashboard under load: `make load-page`, for MINUTES. Not a test of times: it fails only when it cannot measure, and says
// which figure is missed.

import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, type CDPSession, type Page } from "@playwright/test";
import { startServer, type Server } from "../tests/server.ts";
import { Crowd } from "./crowd.ts";
import { memory, probe, type Memory, type Noted } from "./probe.ts";
import { quantile, table, type Figure } from "./table.ts";

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);
const MINUTES = number("MINUTES", 10);
const TASKS = number("TASKS", 10_000);
const AGENTS = number("AGENTS", 500);
const EVENTS_PER_SECOND = number("EVENTS_PER_SECOND", 200);
/** How long the list of tasks is scrolled, under the same load. */
const SCROLLING_SECS = Math.min(30, 20 * MINUTES);
/** How often memory is measured at the most: the collecting is a pause of its own. */
const SAMPLE_MS = Math.min(60_000, (MINUTES * 60_000) / 4);

const LATENCY_MS = 150;
const LONG_TASK_MS = 200;
/** By how much memory may differ between beginning and end without being said to grow: a state is not always equally large. */
const GROWTH = 0.05;

const MB = 1024 * 1024;
const inMb = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`;

/** Adds up what the page noted. */
function add(all: Noted, more: Noted): void {
  all.painted.push(...more.painted);
  all.longTasks.push(...more.longTasks);
  all.scrolled.frames += more.scrolled.frames;
  all.scrolled.blank += more.scrolled.blank;
  all.scrolled.worst_px = Math.max(all.scrolled.worst_px, more.scrolled.worst_px);
  all.wasmBytes = more.wasmBytes;
}

const nothing = (): Noted => ({ painted: [], longTasks: [], scrolled: { frames: 0, blank: 0, worst_px: 0 }, wasmBytes: 0 });

/** Opens a page and waits until it is live and everything that it loads is there. Answers how long that took. */
async function openPage(page: Page, url: string): Promise<number> {
  const from_ms = Date.now();
  await page.goto(url);
  await page.locator("body[data-hydrated]").waitFor();
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  const took_ms = Date.now() - from_ms;
  await page.waitForLoadState("networkidle").catch(() => {});
  return took_ms;
}

/** Notes and measures at intervals until the moment comes. */
async function watch(page: Page, cdp: CDPSession, noted: Noted, until_ms: number): Promise<Memory[]> {
  const samples: Memory[] = [];
  for (;;) {
    add(noted, await page.evaluate(() => window.probe.take()));
    samples.push(await memory(cdp, noted.wasmBytes));
    const left_ms = until_ms - Date.now();
    const { heapBytes, nodes } = samples.at(-1)!;
    console.log(`  ${(Math.max(0, left_ms) / 60_000).toFixed(1)} min left: heap ${inMb(heapBytes)}, program ${inMb(noted.wasmBytes)}, ${nodes} nodes`);
    if (left_ms <= 0) return samples;
    await sleep(Math.min(SAMPLE_MS, left_ms));
  }
}

/** Goes to the list of tasks as a person does, and scrolls it: down and up, slowly and fast, and from end to end. */
async function scroll(page: Page, until_ms: number): Promise<void> {
  await page.getByRole("link", { name: "Tasks" }).first().click();
  const list = page.locator("#list-tasks");
  await list.locator(".body .row").first().waitFor();
  await page.evaluate(() => window.probe.watchScrolling("#list-tasks"));
  await list.hover();
  const frame = () => page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => done())));
  for (let step = 0; Date.now() < until_ms; step++) {
    const [fast, up] = [step % 60 >= 30, step % 240 >= 180];
    if (step % 50 === 49) await list.evaluate((body, part) => body.scrollTo(0, body.scrollHeight * part), (step * 0.37) % 1);
    else await page.mouse.wheel(0, (up ? -1 : 1) * (fast ? 1_200 : 120));
    await frame();
  }
}

/** When the server decided each event after one of the log. */
async function stamps(server: Server, after: number): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (let cursor: string | null = String(after); cursor !== null; ) {
    const { status, body } = await server.post("list_events", { cursor, limit: 1_000 });
    if (status !== 200) throw new Error(`list_events: ${status} ${JSON.stringify(body)}`);
    for (const { seq, at_ms } of body.items) found.set(seq, at_ms);
    cursor = body.next_cursor;
  }
  return found;
}

/** For each event: how long after the server decided it a frame with it had been painted. */
function latencies(painted: Noted["painted"], stamped: [seq: number, at_ms: number][]): number[] {
  let at = 0;
  return stamped.map(([seq, at_ms]) => {
    while (at < painted.length && painted[at]![0] < seq) at += 1;
    const frame = painted[at];
    if (frame === undefined) throw new Error(`event ${seq} was never painted`);
    return frame[1] - at_ms;
  });
}

/** The long tasks that were the page's own: not a collecting that the measurement asked for. */
function ownLongTasks(noted: Noted, samples: Memory[]): number[] {
  const asked = ([from_ms, took_ms]: [number, number]) =>
    samples.some(({ collected: [from, until] }) => from_ms < until + 20 && from_ms + took_ms > from - 20);
  return noted.longTasks.filter((task) => !asked(task)).map(([, took_ms]) => took_ms);
}

function responsiveness(name: string, lags: number[], longTasks: number[]): Figure[] {
  const ms = (part: number) => quantile(lags, part);
  const longest = Math.max(0, ...longTasks);
  return [
    { what: `${name}: event to paint, p50`, seen: `${ms(0.5)} ms` },
    { what: `${name}: event to paint, p95`, seen: `${ms(0.95)} ms`, wanted: `under ${LATENCY_MS} ms`, met: ms(0.95) < LATENCY_MS },
    { what: `${name}: event to paint, p99 and longest`, seen: `${ms(0.99)} ms, ${ms(1)} ms` },
    {
      what: `${name}: longest task after loading`,
      seen: `${Math.round(longest)} ms (${longTasks.length} over 50 ms)`,
      wanted: `${LONG_TASK_MS} ms at most`,
      met: longest <= LONG_TASK_MS,
    },
  ];
}

/** Beginning against end, each the mean of a third of the samples after the first minute. */
function growth(name: string, samples: number[]): Figure {
  const settled = samples.slice(1);
  const third = Math.max(1, Math.floor(settled.length / 3));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [begin, end] = [mean(settled.slice(0, third)), mean(settled.slice(-third))];
  const met = end <= begin * (1 + GROWTH);
  return { what: name, seen: `${inMb(begin)} at first, ${inMb(end)} in the end`, wanted: `no growth over ${GROWTH * 100}%`, met };
}

test("load", async ({ browser }) => {
  const busy = loadavg()[0]!;
  if (busy > 0.5) console.log(`\n  Something else goes on here (load average ${busy.toFixed(1)}): it is measured with it.`);
  const server = await startServer();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const crowd = new Crowd(server, AGENTS);
    await crowd.settle(TASKS);
    await measure(server, crowd, await context.newPage());
  } finally {
    await context.close();
    await server.dispose();
  }
});

async function measure(server: Server, crowd: Crowd, page: Page): Promise<void> {
  await page.addInitScript(probe);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const loaded_ms = await openPage(page, server.url);
  const loading = await page.evaluate(() => window.probe.take());
  console.log(`\n  ${TASKS} tasks, ${AGENTS} agents; the page is live after ${loaded_ms} ms, longest task ${longest(loading.longTasks)} ms`);

  let anew = 0;
  page.on("request", (request) => (anew += Number(request.url().endsWith("/api/v1/snapshot"))));
  const [overview, tasks] = [nothing(), nothing()];
  const first = crowd.seq;
  const begun_ms = Date.now();
  const watched_ms = begun_ms + MINUTES * 60_000;
  const end_ms = watched_ms + SCROLLING_SECS * 1_000;
  const work = crowd.work(EVENTS_PER_SECOND, end_ms);
  const look = async () => {
    const samples = await watch(page, cdp, overview, watched_ms);
    const turned = crowd.seq;
    await scroll(page, end_ms);
    return { samples, turned };
  };
  const [{ samples, turned }] = await Promise.all([look(), work]);
  const last = crowd.seq;
  const seconds = (Date.now() - begun_ms) / 1_000;
  await page.waitForFunction((seq) => Number(document.documentElement.dataset["seq"]) >= seq, last);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
  add(tasks, await page.evaluate(() => window.probe.take()));

  const painted = [...overview.painted, ...tasks.painted];
  const stamped = [...(await stamps(server, first))].filter(([seq]) => seq <= last);
  const lags = (wanted: (seq: number) => boolean) => latencies(painted, stamped.filter(([seq]) => wanted(seq)));
  const { frames, blank, worst_px } = tasks.scrolled;
  const rate = (last - first) / seconds;
  const figures: Figure[] = [
    { what: "events a second", seen: `${rate.toFixed(0)}, in ${seconds.toFixed(0)} s`, wanted: `${EVENTS_PER_SECOND}`, met: rate > EVENTS_PER_SECOND * 0.95 },
    ...responsiveness("overview", lags((seq) => seq <= turned), ownLongTasks(overview, samples)),
    ...responsiveness("scrolling", lags((seq) => seq > turned), ownLongTasks(tasks, samples)),
    growth("heap, collected", samples.map((sample) => sample.heapBytes)),
    growth("program's memory", samples.map((sample) => sample.wasmBytes)),
    { what: "whole pictures taken anew", seen: `${anew}`, wanted: "none", met: anew === 0 },
    { what: "nodes", seen: `${samples[1]?.nodes} at first, ${samples.at(-1)?.nodes} in the end` },
    { what: "frames with blank rows", seen: `${blank} of ${frames}, ${worst_px} px at the most`, wanted: "none", met: blank === 0 && frames > 0 },
  ];
  const refused = [...crowd.refused].map(([code, times]) => `${code} ${times}`).join(", ");
  console.log(`  ${crowd.calls} calls; refused: ${refused || "none"}`);
  console.log(table(`The dashboard with ${TASKS} tasks and ${AGENTS} agents, ${EVENTS_PER_SECOND} events a second for ${MINUTES} min`, figures));
}

function longest(tasks: [at_ms: number, took_ms: number][]): number {
  return Math.round(Math.max(0, ...tasks.map(([, took_ms]) => took_ms)));
}
