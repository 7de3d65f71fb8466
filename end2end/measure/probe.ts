// What is watched from within the page. Runs there, before any of the page's own programs.

import type { CDPSession } from "@playwright/test";

/** What the page notes, by the clock of this machine. */
export interface Noted {
  /** Up to which event a frame showed the project, and when that frame had been painted. */
  painted: [seq: number, at_ms: number][];
  /** Tasks that kept the page busy for longer than 50 ms: from when, and for how long. */
  longTasks: [at_ms: number, took_ms: number][];
  /** Frames painted while the list of tasks was scrolled, and how many rows' room stood empty in the worst of those with any. */
  scrolled: { frames: number; blank: number; worst_px: number };
  /** The program's memory, which only grows, in bytes. */
  wasmBytes: number;
}

declare global {
  interface Window {
    probe: { take(): Noted; watchScrolling(selector: string): void };
  }
}

/** Installs the probe; for `page.addInitScript`. */
export function probe(): void {
  let painted: [number, number][] = [];
  let longTasks: [number, number][] = [];
  let scrolled = { frames: 0, blank: 0, worst_px: 0 };
  let memory: WebAssembly.Memory | undefined;

  const instantiate = WebAssembly.instantiateStreaming.bind(WebAssembly);
  WebAssembly.instantiateStreaming = async (...args) => {
    const made = await instantiate(...args);
    const exported = made.instance.exports["memory"];
    if (exported instanceof WebAssembly.Memory) memory ??= exported;
    return made;
  };

  // A message that is sent within a frame arrives after that frame was laid out and painted.
  const waiting: number[] = [];
  const afterPaint = new MessageChannel();
  afterPaint.port1.onmessage = () => {
    const now = Date.now();
    for (const seq of waiting.splice(0)) painted.push([seq, now]);
  };
  let inFrame = false;
  const frameEnds = new MessageChannel();
  frameEnds.port1.onmessage = () => (inFrame = false);
  const requestFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (act) =>
    requestFrame((now) => {
      if (!inFrame) frameEnds.port2.postMessage(null);
      inFrame = true;
      act(now);
    });
  const seen = () => {
    waiting.push(Number(document.documentElement.dataset["seq"]));
    if (inFrame) afterPaint.port2.postMessage(null);
    else requestFrame(() => afterPaint.port2.postMessage(null));
  };
  const root = new MutationObserver(seen);
  const begin = () => root.observe(document.documentElement, { attributes: true, attributeFilter: ["data-seq"] });
  if (document.documentElement !== null) begin();
  else document.addEventListener("readystatechange", begin, { once: true });

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longTasks.push([performance.timeOrigin + entry.startTime, entry.duration]);
  }).observe({ type: "longtask", buffered: true });

  const look = (list: Element) => {
    const rows = list.querySelectorAll(".body .row");
    const [view, first, last] = [list.getBoundingClientRect(), rows[0], rows[rows.length - 1]];
    const body = list.querySelector(".body")?.getBoundingClientRect();
    const head = list.querySelector(".heads")?.getBoundingClientRect();
    if (first === undefined || last === undefined || body === undefined || head === undefined) return;
    // The part of the list's body that is in sight, and what of it no row covers.
    const top = Math.max(view.top, body.top, head.bottom);
    const bottom = Math.min(view.bottom, body.bottom, window.innerHeight);
    const above = Math.min(bottom, first.getBoundingClientRect().top) - top;
    const below = bottom - Math.max(top, last.getBoundingClientRect().bottom);
    const empty = Math.max(0, above) + Math.max(0, below);
    scrolled.frames += 1;
    if (empty > 1) scrolled.blank += 1;
    scrolled.worst_px = Math.max(scrolled.worst_px, Math.round(empty));
  };

  window.probe = {
    take() {
      const noted = { painted, longTasks, scrolled, wasmBytes: memory?.buffer.byteLength ?? 0 };
      [painted, longTasks, scrolled] = [[], [], { frames: 0, blank: 0, worst_px: 0 }];
      return noted;
    },
    watchScrolling(selector) {
      const list = document.querySelector(selector);
      // The page's own listener has run by then, and the frame is about to be painted.
      list?.addEventListener("scroll", () => requestAnimationFrame(() => look(list)));
    },
  };
}

/** The page's memory after everything that nobody needs was let go of. */
export interface Memory {
  heapBytes: number;
  wasmBytes: number;
  nodes: number;
  listeners: number;
  /** From when until when it was collected: a pause that is the measurement's own. */
  collected: [from_ms: number, until_ms: number];
}

/** Collects and measures the page's memory, over CDP. */
export async function memory(cdp: CDPSession, wasmBytes: number): Promise<Memory> {
  const from_ms = Date.now();
  await cdp.send("HeapProfiler.collectGarbage");
  const collected: [number, number] = [from_ms, Date.now()];
  const { metrics } = await cdp.send("Performance.getMetrics");
  const metric = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  return { heapBytes: metric("JSHeapUsedSize"), wasmBytes, nodes: metric("Nodes"), listeners: metric("JSEventListeners"), collected };
}
