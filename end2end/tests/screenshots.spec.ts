// The pictures in docs/screenshots. Not a test: `SCREENSHOTS=1 npx playwright test screenshots`.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { Server } from "./server.ts";
import { busyProject, caughtUp, field } from "./project.ts";

test.skip(process.env["SCREENSHOTS"] === undefined, "pictures are taken on demand");
test.describe.configure({ mode: "serial", timeout: 120_000 });

const folder = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const SILENCE_SECS = 16;
const ROOMS: [path: string, name: string][] = [
  ["/tasks?view=board", "board"],
  ["/tasks?view=graph", "graph"],
  ["/timeline", "timeline"],
  ["/files", "files"],
  ["/messages?kind=yours", "messages"],
  ["/insights", "insights"],
  ["/activity", "activity"],
  ["/connect", "connect"],
];

/** A busy project in which one agent has gone silent while it worked. */
async function withOneLost(): Promise<{ server: Server; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "manus-sync-"));
  const root = join(folder, "web-shop");
  mkdirSync(root);
  const server = new Server(root, ["--heartbeat-timeout-secs", String(SILENCE_SECS)]);
  await server.start();
  const { agents } = await busyProject(server);
  const living = [...agents.values()].filter((agent) => agent.name !== "heron");
  const beats = setInterval(() => void Promise.all(living.map((agent) => agent.act("heartbeat"))), 2_000);
  await expect
    .poll(async () => (await server.post("get_manus", { manus_id: "heron" })).body.status, { timeout: 60_000 })
    .toBe("LOST");
  const stop = async () => {
    clearInterval(beats);
    await server.dispose();
    rmSync(folder, { recursive: true, force: true });
  };
  return { server, stop };
}

async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}${name}.png`, animations: "disabled" });
}

test("empty project", async ({ page, open }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  await open(page);
  await picture(page, "overview-empty");
});

test("busy project", async ({ page }) => {
  const { server, stop } = await withOneLost();
  const go = async (path: string) => {
    await page.goto(server.url + path);
    await page.locator("body[data-hydrated]").waitFor();
    await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
    await caughtUp(page, server);
  };
  await page.setViewportSize({ width: 1440, height: 1000 });
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await go("/");
    await picture(page, `overview-${colorScheme}`);
  }
  await go("/tasks/T6");
  await picture(page, "task");
  for (const [path, name] of ROOMS) {
    await go(path);
    await picture(page, name);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await go("/agents/birch");
  await picture(page, "agent");
  await go("/");
  await page.keyboard.press("c");
  await field(page, "Title").fill("Gift cards at checkout");
  await field(page, "Files").fill("api/src/gifts.rs, web/pages/checkout.tsx");
  await picture(page, "task-dialog");
  await page.setViewportSize({ width: 390, height: 844 });
  await go("/");
  await picture(page, "mobile");
  await page.close();
  await stop();
});
