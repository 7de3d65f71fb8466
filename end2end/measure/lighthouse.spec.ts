// Lighthouse on the overview of a project at work: `make lighthouse`. It says which score is missed, and what takes points.

import { createServer, type AddressInfo } from "node:net";
import { chromium, test } from "@playwright/test";
import lighthouse, { desktopConfig, type Config, type Result } from "lighthouse";
import { startServer } from "../tests/server.ts";
import { busyProject } from "../tests/project.ts";
import { quantile, table, type Figure } from "./table.ts";

/** Performance is not twice the same: the median of so many counts. */
const RUNS = Number(process.env["RUNS"] ?? 3);
const WANTED: [category: string, score: number][] = [
  ["performance", 95],
  ["accessibility", 100],
  ["best-practices", 100],
];
/** Lighthouse's own idea of a screen and of a network: a telephone at the end of a slow line, and a desk. */
const PLACES: [name: string, config: Config | undefined][] = [
  ["desktop", desktopConfig],
  ["mobile", undefined],
];
const METRICS = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "speed-index"];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function run(url: string, port: number, config: Config | undefined): Promise<Result> {
  const onlyCategories = WANTED.map(([category]) => category);
  const result = await lighthouse(url, { port, onlyCategories, logLevel: "error" }, config);
  if (result === undefined) throw new Error("Lighthouse answered nothing");
  if (result.lhr.runtimeError !== undefined) throw new Error(result.lhr.runtimeError.message);
  return result.lhr;
}

/** The audits that take points off a category, or would if they counted. */
function failing(result: Result): string[] {
  return WANTED.flatMap(([name]) => {
    const refs = result.categories[name]?.auditRefs ?? [];
    const failed = refs.map((ref) => ({ ...result.audits[ref.id]!, weight: ref.weight })).filter(({ score }) => score !== null && score < 1);
    return failed.map(({ id, title, score, weight, displayValue, details }) => {
      const where = weight > 0 || id.endsWith("-element") ? [...new Set(places(details))] : [];
      return [`${name}: ${id} ${score} (weight ${weight}) ${title} ${displayValue ?? ""}`.trimEnd(), ...where].join("\n      ");
    });
  });
}

/** The elements that an audit complains of, wherever it names them. */
function places(details: unknown): string[] {
  if (typeof details !== "object" || details === null) return [];
  const own = "snippet" in details && typeof details.snippet === "string" ? [details.snippet] : [];
  return [...own, ...Object.values(details).flatMap(places)];
}

test("lighthouse", async ({ launchOptions }) => {
  const server = await startServer();
  const port = await freePort();
  const browser = await chromium.launch({ ...launchOptions, args: [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`] });
  try {
    await busyProject(server);
    for (const [place, config] of PLACES) {
      const results: Result[] = [];
      for (let n = 0; n < RUNS; n++) results.push(await run(server.url, port, config));
      report(place, results);
    }
  } finally {
    await browser.close();
    await server.dispose();
  }
});

function report(place: string, results: Result[]): void {
  const figures: Figure[] = WANTED.map(([name, wanted]) => {
    const scores = results.map((result) => Math.round((result.categories[name]?.score ?? 0) * 100));
    const median = quantile(scores, 0.5);
    return { what: name, seen: `${median} (${scores.join(", ")})`, wanted: `${wanted}`, met: median >= wanted };
  });
  for (const metric of METRICS) figures.push({ what: metric, seen: results.map((result) => result.audits[metric]?.displayValue ?? "none").join(", ") });
  console.log(table(`Lighthouse ${results[0]?.lighthouseVersion}, the overview, ${place}`, figures));
  const failed = [...new Set(results.flatMap(failing))];
  if (failed.length > 0) console.log(`  What is below 1, in any run:\n${failed.map((line) => `    ${line}`).join("\n")}\n`);
}
