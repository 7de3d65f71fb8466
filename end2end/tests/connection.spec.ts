// What the page does when the server is away, and when it is back.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam, task } from "./project.ts";

test.beforeEach(({ errors }) => {
  errors.expect(/Failed to load resource: net::ERR_/);
});

test("a restart of the server is survived, and what happened meanwhile is caught up", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await open(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");

  await server.kill();
  await expect(page.getByTestId("disconnected")).toContainText(/As of \d\d:\d\d:\d\d/);
  await expect(page.getByTestId("announcer")).toContainText("Connection lost");
  await expect(page.getByTestId("new-task")).toHaveAttribute("aria-disabled", "true");
  await page.getByTestId("new-task").click({ force: true });
  await expect(page.locator(".notice")).toContainText("no connection to the server");

  await server.start();
  await task(server, "Created while the page was away");
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await caughtUp(page, server);
  await expect(row(page, "task-T3")).toBeVisible();
  await expect(page.getByTestId("caught-up")).toContainText("caught up");
  await expect(page.getByTestId("new-task")).not.toHaveAttribute("aria-disabled", "true");

  await ada.act("update_task_progress", { task_id: "T1", progress: 90 });
  await expect(row(page, "task-T1")).toContainText("90%");
});

test("it comes back by itself", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await server.restart();
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await task(server, "Afterwards");
  await caughtUp(page, server);
  await expect(row(page, "task-T3")).toBeVisible();
});

test("another project at the same address replaces the picture", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await server.stop();
  await rm(join(server.root, ".manus-sync"), { recursive: true });
  await server.start();
  await server.agent("zoe").register();
  await expect(row(page, "agent-zoe")).toBeVisible();
  await expect(row(page, "agent-ada")).toBeHidden();
});

test("another project whose log is as long already replaces the picture too", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  const streams = "**/api/v1/events*";
  await page.route(streams, (route) => route.abort());
  await server.stop();
  await rm(join(server.root, ".manus-sync"), { recursive: true });
  await server.start();
  await server.agent("zoe").register();
  for (let number = 1; number <= 40; number += 1) await task(server, `Of the other project, ${number}`);
  await page.unroute(streams);
  await expect(row(page, "agent-zoe")).toBeVisible();
  await expect(row(page, "agent-ada")).toBeHidden();
});

test("a call that found nobody says so, and repeating it does nothing twice", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.getByTestId("new-task").click();
  await field(page, "Title").fill("Only once");
  // The first answer is lost on its way.
  let lost = false;
  await page.route("**/api/v1/create_task", async (route) => {
    if (lost) return route.continue();
    lost = true;
    await route.fetch();
    return route.abort();
  });
  await page.getByTestId("send").click();
  await expect(page.getByTestId("fault")).toContainText("will not be done twice");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  const { body } = await server.post("list_tasks", {});
  expect(body.items.filter((each: any) => each.title === "Only once")).toHaveLength(1);
});
