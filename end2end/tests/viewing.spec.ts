// Looking at things: what holds still, what is spelled out, what is taken away as a file or on paper.

import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.ts";
import { busyProject, caughtUp, row, smallTeam, task } from "./project.ts";

test.describe("rows hold", () => {
  test("under the pointer, until the chip is asked", async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, "/tasks");
    await row(page, "task-T2").hover();
    await task(server, "Comes first", { priority: "CRITICAL" });
    await caughtUp(page, server);
    const chip = page.getByTestId("tasks").getByRole("button", { name: "1 update" });
    await expect(chip).toBeVisible();
    await expect(row(page, "task-T3")).toBeHidden();
    await chip.click();
    await expect(row(page, "task-T3")).toBeVisible();
    await expect(chip).toBeHidden();
  });

  test("while one is ticked; another filter comes at once, and what comes at the end moves nothing", async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, "/tasks");
    await row(page, "task-T1").hover();
    await page.getByLabel("Tick T1").check();
    await page.getByTestId("live").hover();
    await task(server, "Comes last", { dependencies: ["T1"], priority: "LOW" });
    await expect(row(page, "task-T3")).toBeVisible();
    await task(server, "Comes first", { priority: "CRITICAL" });
    await caughtUp(page, server);
    await expect(page.getByTestId("tasks").getByRole("button", { name: "1 update" })).toBeVisible();
    await expect(row(page, "task-T4")).toBeHidden();
    await page.getByLabel("Filter tasks").fill("Comes");
    await expect(row(page, "task-T4")).toBeVisible();
    await expect(row(page, "task-T2")).toBeHidden();
  });

  test("on the board: under the pointer, with the focus, and while a card is ticked", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    await open(page, "/tasks?view=board");
    const board = page.locator(".board-box");
    const card = page.getByTestId("column-IN_PROGRESS").getByTestId("card-T1");
    await card.hover();
    await ada.act("complete_task", { task_id: "T1", result: "done" });
    await caughtUp(page, server);
    await expect(card).toContainText("Completed");
    await expect(board.locator(".chip.news")).toContainText("update");
    await board.locator(".chip.news").click();
    await expect(page.getByTestId("column-COMPLETED").getByTestId("card-T1")).toBeVisible();
    await expect(card).toHaveCount(0);

    await page.getByTestId("live").hover();
    await page.getByTestId("card-T2").locator(".row-link").focus();
    await task(server, "Comes first", { priority: "CRITICAL", dependencies: ["T2"] });
    await task(server, "Waits, too", { priority: "CRITICAL", dependencies: ["T3"] });
    const { body } = await server.post("get_task", { task_id: "T2" });
    await server.agent(body.assigned_to).act("start_task", { task_id: "T2" });
    await caughtUp(page, server);
    const [column] = ["PENDING"].map((status) => page.getByTestId(`column-${status}`));
    await expect(column!.getByTestId("card-T2")).toContainText("In progress");
    await page.keyboard.press("x");
    await expect(page.getByTestId("picked")).toContainText("1 task ticked");
    await page.getByTestId("live").click();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await expect(column!.getByTestId("card-T2")).toBeVisible();
    await page.getByRole("button", { name: "Take ticks away" }).click();
    await page.getByTestId("live").hover();
    await expect(page.getByTestId("column-IN_PROGRESS").getByTestId("card-T2")).toBeVisible();
  });

  test("in the log and among what needs the person", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    await open(page, "/activity");
    await expect(page.getByTestId("log")).toContainText("ada started T1");
    await page.getByTestId("log").locator("li").first().hover();
    await ada.act("update_task_progress", { task_id: "T1", progress: 80, note: "nearly" });
    await task(server, "Something else");
    await caughtUp(page, server);
    await expect(page.locator(".log-panel .chip.news")).toBeVisible();
    await expect(page.getByTestId("log")).not.toContainText("Something else");
    await page.locator(".log-panel .chip.news").click();
    await expect(page.getByTestId("log")).toContainText("Something else");

    await server.post("block_task", { manus_id: "supervisor", task_id: "T1", reason: "no licence" });
    await open(page);
    const held = page.getByTestId("need-held-T1");
    await held.hover();
    await server.post("unblock_task", { manus_id: "supervisor", task_id: "T1" });
    await caughtUp(page, server);
    await expect(page.getByTestId("needs")).toContainText("T1");
    await expect(page.getByTestId("needs").locator("li.gone")).toHaveCount(1);
    await expect(page.getByTestId("needs").locator("li.gone button")).toHaveCount(0);
    await page.getByTestId("live").hover();
    await expect(page.getByTestId("needs").locator("li")).toHaveCount(0);
  });
});

test("what a task waits for is spelled out to the end, before any program runs and as it changes", async ({ page, server, open, browser }) => {
  const { ada } = await smallTeam(server);
  await task(server, "Release", { dependencies: ["T2"] });
  const context = await browser.newContext({ javaScriptEnabled: false });
  const still = await context.newPage();
  await still.goto(`${server.url}/tasks/T3`);
  const steps = ["for T2 Test the parser", "for T1 Write the parser", "for ada, who is 40% through"];
  await expect(still.getByTestId("waits-for").locator("li")).toContainText(steps);
  await context.close();
  await open(page, "/tasks/T3");
  await expect(page.getByTestId("waits-for").locator("li")).toContainText(steps);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await expect(page.getByTestId("waits-for").locator("li")).toContainText(["for T2 Test the parser", "for bob to start it"]);
});

test("the critical path is listed from first to last", async ({ page, server, open }) => {
  await busyProject(server);
  await open(page, "/tasks?view=graph");
  const path = page.getByTestId("critical-path");
  await expect(path.locator("li").last()).toContainText("Release the shop to the first ten customers");
  expect(await path.locator("li").count()).toBe(await page.locator(".node.critical").count());
});

test("every table is a file, narrowed down as its room is", async ({ page, server, open }) => {
  await smallTeam(server);
  const rooms: [path: string, file: string, first: string][] = [
    ["/tasks?show=blocked", "tasks", "T2"],
    ["/agents", "agents", "ada"],
    ["/files?q=parser", "files", "src/parser.rs"],
    ["/messages", "messages", "id,timestamp_ms"],
    ["/activity?kind=task_started", "events", "task_started"],
    ["/insights", "metrics", "60000"],
  ];
  for (const [path, file, first] of rooms) {
    await open(page, path);
    const download = page.waitForEvent("download");
    await page.getByTestId("exports").click();
    await page.getByTestId("export-csv").click();
    expect((await download).suggestedFilename()).toBe(`manus-sync-${file}.csv`);
    await expect(page.getByTestId("export-csv")).toBeHidden();
    const href = await page.getByTestId("export-json").getAttribute("href");
    const rows = await (await fetch(server.url + href)).json();
    expect(Array.isArray(rows)).toBe(true);
    const csv = await (await fetch(server.url + href!.replace(".json", ".csv"))).text();
    expect(csv, path).toContain(first);
    expect(csv.trim().split("\r\n"), path).toHaveLength(rows.length + 1);
  }
  const tasks = async (query: string) => (await (await fetch(`${server.url}/export/tasks.json?${query}`)).json()).map((each: any) => each.id);
  expect(await tasks("show=blocked")).toEqual(["T2"]);
  expect(await tasks("q=write")).toEqual(["T1"]);
  expect(await (await fetch(`${server.url}/export/files.json?q=nothing`)).json()).toEqual([]);
});

test("a file of tasks has the order that is chosen", async ({ page, server, open }) => {
  await smallTeam(server);
  await task(server, "Print the manual", { priority: "CRITICAL" });
  await open(page, "/tasks");
  const saved = async () => {
    const href = await page.getByTestId("export-json").getAttribute("href");
    return (await (await fetch(server.url + href)).json()).map((each: any) => `task-${each.id}`);
  };
  const shown = () => page.getByTestId("tasks").locator("[data-testid^=task-]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-testid")));
  const seen = new Set<string>();
  for (const order of ["Most pressing first", "Newest first", "Oldest first"]) {
    await page.getByLabel("Order").selectOption(order);
    await expect.poll(shown).toEqual(await saved());
    seen.add(String(await shown()));
  }
  expect(seen.size).toBe(3);
});

test("tasks are found by what they need: table, board, graph, file, and from the drawer", async ({ page, server, open }) => {
  await task(server, "Nobody knows what it takes");
  await open(page, "/tasks");
  const needs = page.getByLabel("What they need");
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(needs).toHaveCount(0);
  await smallTeam(server);
  await needs.selectOption("Needs rust");
  await expect(row(page, "task-T2")).toBeVisible();
  await expect(row(page, "task-T1")).toBeHidden();
  await expect(row(page, "task-T3")).toBeHidden();
  await expect(page.getByText("1 found")).toBeVisible();
  await expect(page).toHaveURL(/\/tasks\?needs=rust$/);
  const href = await page.getByTestId("export-json").getAttribute("href");
  expect((await (await fetch(server.url + href)).json()).map((each: any) => each.id)).toEqual(["T2"]);

  await page.keyboard.press("2");
  await expect(page.getByTestId("card-T2")).toBeVisible();
  await expect(page.getByTestId("card-T3")).toBeHidden();
  await expect(needs).toHaveValue("rust");
  await page.keyboard.press("3");
  await expect(page.getByTestId("node-T2")).not.toHaveClass(/dim/);
  await expect(page.getByTestId("node-T3")).toHaveClass(/dim/);

  // What nothing needs, or nothing any more, is still told, and let go of at one click.
  await open(page, "/tasks?needs=cobol&q=parser");
  await expect(needs).toHaveValue("cobol");
  await expect(page.getByTestId("tasks")).toContainText("No task that is open needs cobol and contains “parser”.");
  await page.getByRole("link", { name: "Clear the filter" }).click();
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(needs).toHaveValue("");

  await open(page, "/tasks/T3");
  await page.getByTestId("drawer").getByRole("link", { name: "testing" }).click();
  await expect(page).toHaveURL(/\/tasks\?needs=testing$/);
  await expect(row(page, "task-T2")).toBeHidden();
  await expect(row(page, "task-T3")).toBeVisible();
});

test("on paper stands what there is, without what can only be clicked", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.emulateMedia({ media: "print" });
  await expect(row(page, "task-T2")).toBeVisible();
  await expect(row(page, "agent-ada")).toBeVisible();
  await expect(page.locator(".rail")).toBeHidden();
  await expect(page.getByTestId("new-task")).toBeHidden();
});

for (const view of ["board", "graph"]) {
  test(`the tasks of the ${view} are taken away as a file`, async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, `/tasks?view=${view}`);
    await page.getByTestId("exports").click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("export-json").click()]);
    const rows = JSON.parse(await readFile(await download.path(), "utf8"));
    expect(rows.map((row: { id: string }) => row.id)).toEqual(["T1", "T2"]);
  });
}

test("attempts that led nowhere stay in the timeline, with how they ended", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("fail_task", { task_id: "T1", reason: "no licence" });
  await open(page, "/timeline");
  const over = page.getByTestId("lane-ada").locator(".bar.over");
  await expect(over).toHaveCount(1);
  await expect(over).toHaveAttribute("aria-label", /^T1 Write the parser: failed, /);
  await expect(over).toHaveClass(/bad/);
  // And another one while somebody looks.
  const again = await task(server, "Write the printer", { required_capabilities: ["rust"] });
  await ada.act("start_task", { task_id: again.id });
  await ada.act("release_task", { task_id: again.id, reason: "too large" });
  await expect(over).toHaveCount(2);
  await expect(over.last()).toContainText("given back");
  await page.keyboard.press("[");
  await expect(page.getByTestId("past")).toBeVisible();
  await expect(over).not.toHaveCount(0);
});

test("attempts that could not be read are said to be missing, and read by trying again", async ({ page, server, open, errors }) => {
  errors.expect(/Failed to load resource/);
  const { ada } = await smallTeam(server);
  await ada.act("fail_task", { task_id: "T1", reason: "no licence" });
  const calls = "**/api/v1/list_events";
  const broken = { code: "storage_unavailable", message: "the disk is full; try again later", detail: {} };
  await page.route(calls, (route) => route.fulfill({ status: 503, json: broken }));
  await open(page, "/timeline");
  const over = page.getByTestId("lane-ada").locator(".bar.over");
  await expect(page.getByTestId("timeline")).toContainText("could not be read");
  await expect(page.getByTestId("timeline")).not.toContainText("Nobody has worked");
  await expect(over).toHaveCount(0);
  await page.unroute(calls);
  await page.getByTestId("timeline").getByTestId("retry").click();
  await expect(over).toHaveCount(1);
  await expect(page.getByTestId("timeline")).not.toContainText("could not be read");
});

test("a large project's pages are taken over as the server wrote them", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("claim_files", { files: Array.from({ length: 300 }, (_, file) => `src/many/${file}.rs`) });
  const tasks = Array.from({ length: 400 }, (_, number) => ({ key: `k${number}`, title: `Piece ${number}`, description: "" }));
  await server.post("create_tasks", { tasks });
  // Else the fixture objects.
  for (const path of ["/", "/activity", "/files", "/agents", "/tasks", "/timeline", "/messages", "/insights"]) await open(page, path);
});

test("past and pause are left by the keys that led there, wherever the focus is", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks");
  const live = page.getByTestId("live");
  await row(page, "task-T1").locator(".row-link").focus();
  await page.keyboard.press(" ");
  await expect(live).toContainText("Paused");
  await page.keyboard.press(" ");
  await expect(live).not.toContainText("Paused");
  for (const key of ["]", "Escape"]) {
    await page.keyboard.press("[");
    await expect(page.getByTestId("past")).toBeVisible();
    await page.keyboard.press(key);
    await expect(page.getByTestId("past")).toHaveCount(0);
  }
});

test("the focus stays on the page when the view changes or the last need is dealt with", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await open(page, "/tasks");
  const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.className);
  await row(page, "task-T1").locator(".row-link").focus();
  await page.keyboard.press("2");
  await expect(page.getByTestId("board")).toBeVisible();
  await expect.poll(focused).toBe("room");
  await ada.call("send_message", { from_manus: "ada", to_manus: "supervisor", message_type: "NOTE", content: { text: "Hello" } });
  await open(page);
  const letter = page.getByTestId("needs").locator("li");
  await letter.focus();
  await page.keyboard.press("v");
  await expect(letter).toHaveCount(0);
  await expect.poll(focused).toBe("room");
});

test("an attempt that began long before what is shown is drawn as far as it reaches into it", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("fail_task", { task_id: "T1", reason: "no licence" });
  // As if it had begun five hours before the server was started; what came between then and the end is asked for by itself.
  const long_ms = 5 * 3_600_000;
  const asked: boolean[] = [];
  await page.route("**/api/v1/list_events", async (route) => {
    const { since_ms } = route.request().postDataJSON();
    asked.push(since_ms !== undefined);
    const response = await route.fetch();
    const body = await response.json();
    for (const record of body.items) if (record.kind === "task_started") record.at_ms -= long_ms;
    body.items = body.items.filter((record: { at_ms: number }) => since_ms === undefined || record.at_ms >= since_ms);
    await route.fulfill({ response, json: body });
  });
  await open(page, "/timeline");
  const over = page.getByTestId("lane-ada").locator(".bar.over");
  await expect(over).toHaveAttribute("aria-label", /^T1 Write the parser: failed, 5 hours$/);
  expect(asked.slice(0, 2)).toEqual([true, false]);
  const [bar, lane] = await Promise.all([over.boundingBox(), page.getByTestId("lane-ada").locator(".track").boundingBox()]);
  expect(Math.abs(bar!.x - lane!.x), "from the beginning of what is shown").toBeLessThan(3);
});

test("a task that is held back says why in table and board, and waits for nothing without a name", async ({ page, server, open }) => {
  await smallTeam(server);
  const reason = "the licence of the grammar is not clear yet, and legal is on holiday until the end of next week";
  for (const task_id of ["T1", "T2"]) await server.post("block_task", { manus_id: "supervisor", task_id, reason });
  await open(page, "/tasks");
  const word = (id: string) => row(page, `task-${id}`).locator(".c-title .caption");
  await expect(word("T1")).toHaveText(`held back: ${reason}`);
  await expect(word("T1")).toHaveAttribute("title", `held back: ${reason}`);
  await expect(word("T2")).toHaveText(`held back: ${reason} · after T1`);
  await page.keyboard.press("2");
  const card = row(page, "card-T1");
  await expect(card).toContainText(`held back: ${reason}`);
  await expect(card).not.toContainText("after");
  await expect(card).toHaveAttribute("title", `held back: ${reason}`);
  const [cut, whole] = await card.locator(".caption").evaluate((it) => [it.clientWidth, it.scrollWidth]);
  expect(cut, "cut off, on one line").toBeLessThan(whole!);
  await server.post("unblock_task", { manus_id: "supervisor", task_id: "T1" });
  await expect(page.getByTestId("column-PENDING")).toContainText("Write the parser");
  await expect(card).not.toContainText("held back");
});

test("what is cut off is told in full to whoever points at it", async ({ page, server, open }) => {
  await smallTeam(server);
  const title = "A title that goes on and on about everything that has to be done ".repeat(2).trim();
  await task(server, title);
  await open(page, "/tasks");
  const link = row(page, "task-T3").locator(".row-link");
  await link.hover();
  await expect(link).toHaveAttribute("title", title);
  const short = row(page, "task-T1").locator(".row-link");
  await short.hover();
  await expect(short).not.toHaveAttribute("title");
});

test("the graph fits, and what is many stands beside itself", async ({ page, server, open }) => {
  await smallTeam(server);
  const tasks = Array.from({ length: 50 }, (_, number) => ({ key: `k${number}`, title: `Piece ${number}`, description: "", dependencies: ["T1"] }));
  await server.post("create_tasks", { tasks });
  await open(page, "/tasks?view=graph");
  const graph = page.getByTestId("graph");
  await expect(page.getByTestId("node-T52")).toBeVisible();
  const left = await page.locator(".node").evaluateAll((nodes) => new Set(nodes.map((node) => (node as HTMLElement).style.left)).size);
  expect(left).toBeGreaterThan(3);
  const over = () => graph.evaluate((box) => [box.scrollWidth - box.clientWidth, box.scrollHeight - box.clientHeight].some((more) => more > 1));
  await page.setViewportSize({ width: 900, height: 500 });
  expect(await over()).toBe(true);
  await page.getByTestId("fit").click();
  await expect.poll(over).toBe(false);
});
