// What each room is for, and that it can be linked to.

import { expect, test } from "./fixtures.ts";
import { busyProject, caughtUp, field, row, smallTeam, task } from "./project.ts";

test("every room can be read before any program runs, and is reached by its key", async ({ page, server, open, browser }) => {
  await busyProject(server);
  const rooms: [path: string, key: string, text: string][] = [
    ["/tasks", "t", "Checkout in three steps"],
    ["/agents", "a", "birch"],
    ["/messages", "m", "Half up, as in the old shop"],
    ["/files", "f", "cart.tsx"],
    ["/timeline", "l", "Shopping cart page"],
    ["/insights", "i", "Actual against estimated"],
    ["/activity", "y", "was cancelled: the last SOAP customer"],
    ["/connect", "c", "claude mcp add"],
    ["/settings", "s", "An agent is lost after"],
  ];
  const context = await browser.newContext({ javaScriptEnabled: false });
  const still = await context.newPage();
  for (const [path, , text] of rooms) {
    expect((await still.goto(server.url + path))?.status(), path).toBe(200);
    await expect(still.locator("main"), path).toContainText(text);
  }
  await context.close();
  await open(page);
  for (const [path, key, text] of rooms) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await expect(page).toHaveURL(server.url + path);
    await expect(page.locator("main")).toContainText(text);
  }
});

test.describe("files", () => {
  test("shows who holds what, who waits, and what will collide", async ({ page, server, open }) => {
    const { bob } = await smallTeam(server);
    await task(server, "Speed the parser up", { files_involved: ["src/**"] });
    await open(page, "/files");
    await expect(row(page, "lock-src/parser.rs")).toContainText("ada");
    await expect(row(page, "lock-src/parser.rs")).toContainText("T1");
    await expect(page.getByTestId("collisions")).toContainText("T3 Speed the parser up will wait for T1");
    // Nobody waits for the answer: it comes with the release below.
    const claim = bob.act("claim_files", { files: ["src/parser.rs"], reason: "to read", wait_secs: 60 });
    await expect(page.getByTestId("waits")).toContainText("bob waits for src/parser.rs behind ada");
    await expect(row(page, "lock-src/parser.rs")).toContainText("bob");

    await page.getByRole("button", { name: "Release src/parser.rs" }).click();
    await expect(page.getByTestId("dialog")).toContainText("Whose claims wait for that, and go on: bob");
    await page.getByTestId("send").click();
    expect((await claim).locks[0].locked_by).toBe("bob");
    await caughtUp(page, server);
    await page.mouse.move(0, 0);
    await expect(page.getByTestId("waits")).toContainText("No claim waits");
    await expect(page.locator('[data-testid="lock-src/parser.rs"]:not(.gone)')).toContainText("bob");
  });

  test("names the filter that lets nothing through, and clears it", async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, "/files?q=nothing-like-it");
    await expect(page.getByTestId("files")).toContainText("No claim contains “nothing-like-it”.");
    await page.getByRole("link", { name: "Clear the filter" }).click();
    await expect(page).toHaveURL(/\/files$/);
    await expect(row(page, "lock-src/parser.rs")).toBeVisible();
  });
});

test.describe("messages", () => {
  test("a conversation is read, answered and marked as read", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    const sent = await ada.call("send_message", {
      from_manus: "ada",
      to_manus: "supervisor",
      message_type: "QUESTION",
      content: { text: "Tabs or spaces?" },
    });
    await open(page, "/messages?kind=yours");
    await page.getByTestId(`thread-${sent.ids[0]}`).getByRole("link", { name: "Tabs or spaces?" }).click();
    await expect(page).toHaveURL(new RegExp(`/messages/${sent.ids[0]}\\?kind=yours$`));
    await expect(page.getByTestId("letters")).toContainText("Tabs or spaces?");
    await page.getByTestId("reply").click();
    await field(page, "Message").fill("Spaces.");
    await page.getByTestId("send").click();
    await expect(page.getByTestId("letters")).toContainText("Spaces.");
    // Who has answered has read it.
    await expect(page.getByTestId("mark-read")).toBeHidden();
    const done = await ada.call("send_message", {
      from_manus: "ada",
      to_manus: "supervisor",
      message_type: "NOTE",
      content: { text: "Done." },
      reply_to: sent.ids[0],
    });
    expect(done.ids).toHaveLength(1);
    await page.getByTestId("mark-read").click();
    await expect(page.getByTestId("mark-read")).toBeHidden();
    await page.reload();
    await expect(page.getByTestId("letters")).toContainText("Spaces.");
    const inbox = await ada.act("get_messages");
    expect(inbox.at(-1).reply_to).toBe(sent.ids[0]);
  });

  test("the search goes through all that was ever written", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    const say = (text: string) =>
      ada.call("send_message", { from_manus: "ada", to_manus: "bob", message_type: "NOTE", content: { text } });
    await say("the needle");
    // More than the server keeps in memory once they are read.
    for (let n = 0; n < 230; n++) await say(`hay ${n}`);
    await server.agent("bob").act("get_messages");
    await open(page, "/messages");
    await expect(page.getByTestId("threads")).toContainText("hay 229");
    await page.getByLabel("Search").fill("NEEDLE");
    await expect(page.getByTestId("found")).toContainText("the needle");
    await page.getByTestId("found").getByRole("link", { name: "the needle" }).click();
    await expect(page.getByTestId("letters")).toContainText("the needle");
    await page.getByLabel("Search").fill("no such words");
    await expect(page.locator("main")).toContainText("No message contains “no such words”.");
  });

  test("a search that is left before it begins breaks nothing", async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, "/messages");
    await page.getByLabel("Search").fill("parser");
    await page.getByRole("link", { name: "Tasks" }).first().click();
    await expect(row(page, "task-T2")).toBeVisible();
    // Comes after whatever the page had put off for as long, or less, when it was left.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 250)));
    await task(server, "Still alive");
    await caughtUp(page, server);
    await expect(row(page, "task-T3")).toBeVisible();
  });

  test("an error stays in its region and can be tried again", async ({ page, server, open, errors }) => {
    errors.expect(/status of 503/);
    await smallTeam(server);
    await open(page, "/messages");
    let broken = true;
    await page.route("**/api/v1/list_messages", (route) =>
      broken ? route.fulfill({ status: 503, json: { code: "storage_unavailable", message: "the disk is full" } }) : route.continue(),
    );
    await page.getByLabel("Search").fill("parser");
    await expect(page.locator("main")).toContainText("The disk is full.");
    broken = false;
    await page.getByTestId("retry").click();
    await expect(page.locator("main")).not.toContainText("The disk is full.");
  });
});

test.describe("activity", () => {
  test("goes back to the beginning, and is narrowed down", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    await task(server, "Something else");
    for (let n = 0; n < 160; n++) {
      await ada.act("claim_files", { files: [`src/${n}.rs`] });
      await ada.act("release_files", { files: [`src/${n}.rs`] });
    }
    await open(page, "/activity");
    const log = page.getByTestId("log");
    await expect(log).toContainText("ada released src/159.rs");
    await expect(log).not.toContainText("joined");
    await page.getByTestId("more").click();
    await expect(log).toContainText("ada joined as speed developer");

    await page.getByLabel("What kind").selectOption("Agents");
    await expect(log.locator("li")).toHaveCount(2);
    await expect(page).toHaveURL(/kind=manus_/);
    await page.goto(`${server.url}/activity?about=T1&kind=task_`);
    await expect(log).toContainText("ada started T1 Write the parser");
    await expect(log).not.toContainText("Something else");

    await ada.act("update_task_progress", { task_id: "T1", progress: 77 });
    await caughtUp(page, server);
    await expect(log).toContainText("ada is 77% through T1");
  });

  test("is exported as it is narrowed down", async ({ page, server, open }) => {
    await smallTeam(server);
    await open(page, "/activity?kind=task_created");
    const download = page.waitForEvent("download");
    await page.getByTestId("exports").click();
    await page.getByTestId("export-csv").click();
    expect((await download).suggestedFilename()).toBe("manus-sync-events.csv");
    const lines = (await (await fetch(`${server.url}/export/events.csv?kind=task_created`)).text()).trim().split("\r\n");
    expect(lines[0]).toBe("seq,at_ms,by,kind,data");
    expect(lines).toHaveLength(3);
    const tasks = await (await fetch(`${server.url}/export/tasks.json`)).json();
    expect(tasks.map((each: any) => each.id)).toEqual(["T1", "T2"]);
    expect((await fetch(`${server.url}/export/secrets.json`)).status).toBe(404);
  });
});

test("insights: a bar leads to what it counts", async ({ page, server, open }) => {
  const { ada, bob } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await bob.act("start_task", { task_id: "T2" });
  await bob.act("fail_task", { task_id: "T2", reason: "no licence" });
  await open(page, "/insights");
  // Less than a minute is not a whole one, and what failed is not completed.
  await expect(page.getByTestId("record-ada")).toContainText(/\d s of \d/);
  await expect(page.getByTestId("chart-failed").getByRole("link", { name: /^1 attempt at/ })).toBeVisible();
  await expect(page.getByTestId("chart-done").locator("a rect:not(.hit)")).toHaveCount(1);
  await expect(page.getByTestId("record-ada").getByRole("cell").first()).toHaveText("1");
  await page.getByTestId("chart-done").getByRole("link", { name: /^1 task at/ }).click();
  await expect(page).toHaveURL(/\/activity\?kind=task_completed&from=\d+&until=\d+$/);
  await expect(page.getByTestId("log").locator("li")).toHaveCount(1);
  await expect(page.getByTestId("log")).toContainText("ada completed T1");
});

test("health: each point lost has a cause, and the cause a fix", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await expect(page.getByTestId("health")).toHaveText("100");
  await server.post("block_task", { manus_id: "supervisor", task_id: "T1", reason: "no licence" });
  await expect(page.getByTestId("health")).not.toHaveText("100");
  await page.getByTestId("health").click();
  await expect(page.getByTestId("causes")).toContainText("T1 is held back: no licence");
  await page.getByTestId("causes").getByRole("button", { name: "Let it go on" }).click();
  await expect(page.getByTestId("health")).toHaveText("100");
});

test("connect: filled in for this server, and it sees who comes", async ({ page, server, open }) => {
  await open(page, "/connect");
  await expect(page.getByTestId("arrivals")).toContainText("Waiting for the first heartbeat");
  await page.getByLabel("Name of the agent").fill("my_agent");
  await page.getByRole("link", { name: "curl" }).click();
  await expect(page).toHaveURL(/view=curl/);
  const commands = await page.locator("main pre").allTextContents();
  expect(commands[0]).toContain(`curl ${server.url.replace("127.0.0.1", "localhost")}`.slice(0, 12));
  expect(commands[0]).toContain('"manus_id": "my_agent"');
  await server.agent("my_agent").register();
  await expect(page.getByTestId("connected-my_agent")).toBeVisible();
  await expect(page.getByTestId("arrivals")).toContainText("1 agent connected");
});

test.describe("tasks", () => {
  test("as a board: cards move from column to column", async ({ page, server, open }) => {
    const { ada } = await smallTeam(server);
    await open(page, "/tasks?view=board");
    const column = (status: string) => page.getByTestId(`column-${status}`);
    await expect(column("IN_PROGRESS")).toContainText("Write the parser");
    await expect(column("BLOCKED")).toContainText("after T1");
    await ada.act("complete_task", { task_id: "T1", result: "done" });
    await expect(column("COMPLETED")).toContainText("Write the parser");
    await expect(column("PENDING")).toContainText("Test the parser");
    await page.getByTestId("card-T2").getByRole("link", { name: "Test the parser" }).click();
    await expect(page).toHaveURL(/\/tasks\/T2\?view=board/);
    await expect(page.getByTestId("drawer")).toContainText("Test the parser");
  });

  test("as a graph: what has to be done first stands further left", async ({ page, server, open }) => {
    await busyProject(server);
    await open(page);
    await page.keyboard.press("3");
    await expect(page).toHaveURL(/\/tasks\?view=graph/);
    const left = async (id: string) => (await page.getByTestId(`node-${id}`).boundingBox())!.x;
    expect(await left("T6")).toBeLessThan(await left("T12"));
    expect(await left("T12")).toBeLessThan(await left("T15"));
    await expect(page.getByTestId("node-T12")).toHaveClass(/critical/);
    await expect(page.locator("main")).toContainText("Longest chain");
    await page.getByTestId("node-T12").click();
    await expect(page.getByTestId("drawer")).toContainText("Checkout in three steps");
    await page.keyboard.press("2");
    await expect(page.getByTestId("board")).toBeVisible();
    await page.keyboard.press("1");
    await expect(page.getByRole("table", { name: "tasks" })).toBeVisible();
  });
});

test("timeline: what was done, what runs, what comes", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await task(server, "Next for ada", { required_capabilities: ["rust"] });
  await open(page, "/timeline");
  const lane = page.getByTestId("lane-ada");
  await expect(lane.getByRole("link", { name: /^T1 Write the parser: Completed/ })).toBeVisible();
  await expect(lane.getByRole("link", { name: /^T3 Next for ada: expected to take/ })).toBeVisible();
  await page.getByRole("link", { name: "A day" }).click();
  await expect(page).toHaveURL(/view=day/);
  await lane.getByRole("link", { name: /^T3/ }).click();
  await expect(page.getByTestId("drawer")).toContainText("Next for ada");
});

test("the past comes back as it was, is marked as past, and nothing can be done about it", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await open(page, "/tasks?show=closed");
  await expect(row(page, "task-T1")).toBeVisible();
  await page.keyboard.press("[");
  await expect(page.getByTestId("past")).toContainText("As it was at");
  await expect(page.getByTestId("new-task")).toHaveAttribute("aria-disabled", "true");
  // Back to before anything was there, and forward to where the task runs.
  await page.getByLabel("Moment").fill("0");
  await expect(row(page, "task-T1")).toBeHidden();
  await page.goto(`${server.url}/tasks`);
  await page.locator("body[data-hydrated]").waitFor();
  await page.keyboard.press("[");
  await expect(page.getByTestId("past")).toBeVisible();
  const runs = page.locator('[data-testid="task-T1"][data-status="running"]');
  for (let steps = 0; steps < 30 && (await runs.count()) === 0; steps++) {
    const before = await page.getByLabel("Moment").inputValue();
    await page.keyboard.press("[");
    await expect(page.getByLabel("Moment")).not.toHaveValue(before);
  }
  await expect(row(page, "task-T1")).toContainText("40%");
  // What happens meanwhile is shown on the way back.
  await task(server, "Later than that");
  await expect(row(page, "task-T3")).toBeHidden();
  await page.getByTestId("back-to-now").click();
  await expect(page.getByTestId("past")).toBeHidden();
  await expect(row(page, "task-T3")).toBeVisible();
  await caughtUp(page, server);
  await expect(page.getByTestId("new-task")).not.toHaveAttribute("aria-disabled", "true");
});

test("agents are filtered by name, role and capability, and by nothing at one click", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/agents");
  await page.keyboard.press("/");
  await page.keyboard.type("quality enh");
  await expect(row(page, "agent-bob")).toBeVisible();
  await expect(row(page, "agent-ada")).toBeHidden();
  const href = await page.getByTestId("export-csv").getAttribute("href");
  expect(await (await fetch(server.url + href)).text()).not.toContain("ada");
  await page.locator("#filter").fill("cobol");
  await expect(page.getByTestId("agents")).toContainText("No agent is called “cobol”");
  await page.getByRole("link", { name: "Clear the filter" }).click();
  await expect(row(page, "agent-ada")).toBeVisible();
  // Readable before any program runs, and the same for whoever gets the link.
  expect(await (await fetch(`${server.url}/agents?q=rust`)).text()).not.toContain("agent-bob");
});

test("a graph or a list that is filtered to nothing says so, and clears the filter", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks?view=graph&q=zzz");
  const clear = page.getByRole("link", { name: "Clear the filter" });
  await expect(page.locator("main")).toContainText("No task that is drawn contains “zzz”.");
  await clear.click();
  await expect(clear).toBeHidden();
  await expect(page.getByTestId("node-T1")).toBeVisible();
  await open(page, "/tasks?show=ready");
  await expect(page.getByTestId("tasks")).toContainText("No task is ready");
  await clear.click();
  await expect(row(page, "task-T1")).toBeVisible();
});

test("a drawer that cannot be read says why, and tries again", async ({ page, server, open, errors }) => {
  errors.expect(/status of 503/);
  await smallTeam(server);
  let broken = true;
  await page.route("**/api/v1/get_task", (route) =>
    broken
      ? route.fulfill({ status: 503, json: { code: "storage_unavailable", message: "the disk is full" } })
      : route.fulfill({ status: 404, json: { code: "task_not_found", message: "there is no task T99" } }),
  );
  errors.expect(/status of 404/);
  // On the way there within the page: of what is opened by its address, the server knows already that it is not there.
  await open(page, "/tasks");
  await page.evaluate(() => {
    history.pushState(null, "", "/tasks/T99");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await expect(page.getByTestId("drawer")).toContainText("The disk is full.");
  broken = false;
  await page.getByTestId("retry").click();
  await expect(page.getByTestId("drawer")).toContainText("There is no task T99.");
});

test("who is alive and does not get on is told from who works", async ({ page, server, open, errors }) => {
  errors.expect(/built anew/);
  const { ada } = await smallTeam(server);
  // As if nothing had moved for half of the estimate.
  await page.route(`${server.url}/agents`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('"stall_level":0', '"stall_level":1') });
  });
  await open(page, "/agents");
  await expect(row(page, "agent-ada")).toContainText("stuck");
  await ada.act("update_task_progress", { task_id: "T1", progress: 60 });
  await caughtUp(page, server);
  await expect(row(page, "agent-ada")).not.toContainText("stuck");
});

test("an agent's score is told with its history", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("fail_task", { task_id: "T1", reason: "no licence" });
  const again = await task(server, "Write the printer", { required_capabilities: ["rust"] });
  await ada.act("start_task", { task_id: again.id });
  await open(page, "/agents/ada");
  await expect(page.getByTestId("drawer")).toContainText("Performance");
  await ada.act("complete_task", { task_id: again.id, result: "done" });
  await expect(page.getByRole("img", { name: /^From \d+ to \d+ within 2 results$/ })).toBeVisible();
});

test("insights sum up what each role has done", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await open(page, "/insights");
  await expect(page.getByTestId("record-SPEED_DEVELOPER").getByRole("cell").first()).toHaveText("1");
  await expect(page.getByTestId("record-QUALITY_ENHANCER").getByRole("rowheader")).toHaveText("all quality enhancers");
});

test("what is to be reviewed does not count as running, here as there", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done", needs_review: true });
  await open(page);
  await expect(page.getByTestId("figures")).toContainText("0 running · 1 in review · 0 ready · 1 blocked");
  const tab = (name: RegExp) => page.getByRole("navigation", { name: "Which tasks" }).getByRole("link", { name });
  await expect(tab(/^Running/)).toHaveText("Running0");
  await tab(/^Review/).click();
  await expect(page).toHaveURL(/show=review/);
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(row(page, "task-T2")).toBeHidden();
  await server.post("review_task", { manus_id: "supervisor", task_id: "T1", verdict: "request_changes", comment: "names" });
  await expect(tab(/^Review/)).toHaveText("Review0");
  await expect(page.getByTestId("tasks")).toContainText("No task is in review.");
});
