// What a person does about what needs them: by the keyboard alone, with a way back, and beside others who do the same.

import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam, task } from "./project.ts";

type Server = import("./server.ts").Server;

const get = async (server: Server, id: string) => (await server.post("get_task", { task_id: id })).body;

/** A task in review that only the person can decide on, one that is held back, and a message. */
async function queue(server: Server): Promise<void> {
  const { ada, bob } = await smallTeam(server);
  await server.post("block_task", { manus_id: "supervisor", task_id: "T2", reason: "the licence is missing" });
  await ada.act("complete_task", { task_id: "T1", needs_review: true, result: "Parses all of it." });
  await bob.act("deregister_manus");
  await ada.call("send_message", {
    from_manus: "ada",
    to_manus: "supervisor",
    message_type: "QUESTION",
    content: { text: "Which port?" },
  });
}

test("everything in the queue is dealt with by one key each", async ({ page, server, open }) => {
  await queue(server);
  await open(page);
  const [review, held, mail] = ["need-review-T1", "need-held-T2", "need-message-1"].map((id) => row(page, id));
  await expect(review!).toBeVisible();
  await expect(held!).toBeVisible();
  const lines = page.getByTestId("needs").locator("li");
  const count = await lines.count();
  await page.keyboard.press("j");
  await expect(lines.first()).toBeFocused();
  // Down to the end of the queue, from there into the tasks, and by the keys of the list no further back than its first row.
  for (let line = 1; line < count; line++) {
    await page.keyboard.press("j");
    await expect(lines.nth(line)).toBeFocused();
  }
  await page.keyboard.press("k");
  await expect(lines.nth(count - 2)).toBeFocused();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.locator("#list-tasks .row-link").first()).toBeFocused();

  await review!.focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/task=T1/);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("drawer")).toBeHidden();
  await review!.focus();
  await page.keyboard.press("v");
  await expect(review!).toBeHidden();
  await expect(page.locator(".notice").last()).toContainText("It is completed.");
  expect((await get(server, "T1")).status).toBe("COMPLETED");
  await held!.focus();
  await page.keyboard.press("v");
  await expect(held!).toBeHidden();
  expect((await get(server, "T2")).held_reason ?? null).toBeNull();

  const letter = page.getByTestId("needs").locator("li", { hasText: "Which port?" });
  await letter.focus();
  await page.keyboard.press("m");
  await expect(field(page, "Message")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("dialog")).toBeHidden();
  await letter.focus();
  await page.keyboard.press("v");
  await expect(letter).toBeHidden();
  expect(mail).toBeDefined();
});

test("tasks are ticked, made urgent, and put back by the keyboard alone", async ({ page, server, open }) => {
  await smallTeam(server);
  for (const title of ["Sell", "Ship"]) await task(server, title);
  await open(page, "/tasks?sort=old");
  for (const key of ["j", "j", "j", "x", "j", "x"]) await page.keyboard.press(key);
  await expect(page.getByTestId("picked")).toContainText("2 tasks ticked");
  await page.keyboard.press("p");
  await expect(page.getByTestId("dialog")).toContainText("How urgent are 2 tasks?");
  await page.getByTestId("dialog").getByRole("radio", { name: "Critical" }).focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("undo")).toBeVisible();
  expect([(await get(server, "T3")).priority, (await get(server, "T4")).priority]).toEqual(["CRITICAL", "CRITICAL"]);
  await page.keyboard.press("z");
  await expect(page.locator(".notice").last()).toContainText("Taken back, for 2 of them.");
  await expect(page.getByTestId("undo")).toBeHidden();
  expect([(await get(server, "T3")).priority, (await get(server, "T4")).priority]).toEqual(["MEDIUM", "MEDIUM"]);
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText("nothing to take back");

  // The row that has the focus, without opening it.
  await row(page, "task-T1").locator(".row-link").focus();
  await page.keyboard.press("e");
  await expect(field(page, "Title")).toHaveValue("Write the parser");
  await expect(page.getByTestId("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("dialog")).toBeHidden();
  await page.keyboard.press("x");
  await expect(page.getByTestId("picked")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("picked")).toBeHidden();
});

test("what a partly refused decision did is taken back", async ({ page, server, open, errors }) => {
  errors.expect(/409/);
  await smallTeam(server);
  for (const title of ["Sell", "Ship"]) await task(server, title, { required_capabilities: ["testing"] });
  await open(page, "/tasks?sort=old");
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await page.keyboard.press("*");
  // While the picture stands still, the page does not know that one is closed while the person thinks.
  await page.keyboard.press("Space");
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "paused");
  await page.keyboard.press("p");
  await page.getByTestId("dialog").getByRole("radio", { name: "Critical" }).focus();
  await page.keyboard.press("Space");
  await server.post("cancel_task", { task_id: "T4", reason: "sold out" });
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("fault")).toContainText("3 of 4 done");
  expect((await get(server, "T3")).priority).toBe("CRITICAL");
  await page.getByTestId("undo-partly").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(page.locator(".notice").last()).toContainText("Taken back, for 3 of them.");
  for (const id of ["T1", "T2", "T3"]) expect((await get(server, id)).priority).not.toBe("CRITICAL");
});

test("what was done is taken back: held, assigned, changed, drained", async ({ page, server, open }) => {
  const { bob } = await smallTeam(server);
  await server.agent("eve").register("SPEED_DEVELOPER", ["rust"]);
  await task(server, "Write the printer", { required_capabilities: ["rust"] });
  await open(page, "/tasks/T3");
  await page.getByTestId("hold").click();
  await field(page, "Why").fill("not yet");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("unblock")).toBeVisible();
  await page.getByTestId("undo").click();
  await expect(page.getByTestId("hold")).toBeVisible();
  expect((await get(server, "T3")).status).toBe("PENDING");

  // Let go on, and held back again for the same reason.
  await server.post("block_task", { manus_id: "supervisor", task_id: "T3", reason: "the licence" });
  await page.getByTestId("unblock").click();
  await expect(page.getByTestId("hold")).toBeVisible();
  await page.keyboard.press("z");
  await expect(page.getByTestId("unblock")).toBeVisible();
  expect((await get(server, "T3")).held_reason).toBe("the licence");
  await server.post("unblock_task", { manus_id: "supervisor", task_id: "T3" });
  await caughtUp(page, server);

  const before = (await get(server, "T3")).assigned_to;
  const other = before === "ada" ? "eve" : "ada";
  await page.keyboard.press("a");
  await page.getByTestId("dialog").getByText(other, { exact: true }).click();
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText(`T3 goes to ${other}.`);
  await page.keyboard.press("z");
  await expect.poll(async () => (await get(server, "T3")).assigned_to).toBe(before);
  await caughtUp(page, server);

  await page.keyboard.press("e");
  await field(page, "Title").fill("Write a printer");
  await field(page, "Files").fill("src/printer.rs");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("drawer")).toContainText("Write a printer");
  await page.keyboard.press("z");
  await expect(page.getByTestId("drawer")).toContainText("Write the printer");
  await expect(page.getByTestId("drawer")).not.toContainText("src/printer.rs");
  expect((await get(server, "T3")).files_involved).toEqual([]);

  await open(page, "/agents/bob");
  await page.getByTestId("drain").click();
  await expect(page.getByTestId("dialog")).toContainText("Nobody else here can do these, so they stall: T2 Test the parser");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("resume")).toBeVisible();
  await page.getByTestId("undo").click();
  await expect(page.getByTestId("drain")).toBeVisible();
  expect((await bob.call("get_manus", { manus_id: "bob" })).draining).toBe(false);
});

test("what cannot be taken back offers nothing, and says so", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks/T2");
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText("There is nothing to take back.");
  await page.getByTestId("cancel-task").click();
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("T2 is cancelled.");
  await expect(page.getByTestId("undo")).toBeHidden();
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText("cannot be taken back");
});

test("two supervisors: what the other has changed since is told, not overwritten", async ({ page, server, open, anotherPage }) => {
  await smallTeam(server);
  const other = await anotherPage();
  await open(page, "/tasks/T2");
  await open(other, "/tasks/T2");
  // One makes it urgent, the other thinks better of it: the first cannot take that back.
  await page.keyboard.press("e");
  await page.getByTestId("dialog").getByText("Critical", { exact: true }).last().click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(other.getByTestId("drawer")).toContainText("critical");
  await other.keyboard.press("e");
  await other.getByTestId("dialog").getByText("Low", { exact: true }).last().click();
  await other.getByTestId("send").click();
  await expect(page.getByTestId("drawer")).toContainText("low");
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText(/Not taken back\. T2 was changed.*(ago|just now)/);
  expect((await get(server, "T2")).priority).toBe("LOW");

  // Both have the same dialog open: the second learns of the first before anything is overwritten.
  await page.keyboard.press("e");
  await field(page, "Title").fill("Test the parser at length");
  await other.keyboard.press("e");
  await field(other, "Title").fill("Test the parser twice");
  await other.getByTestId("send").click();
  await expect(other.getByTestId("dialog")).toBeHidden();
  await caughtUp(page, server);
  await page.getByTestId("send").click();
  await expect(page.getByTestId("fault")).toContainText(/T2 was changed.*: its title is now “Test the parser twice”\. Save again to overwrite/);
  expect((await get(server, "T2")).title).toBe("Test the parser twice");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  expect((await get(server, "T2")).title).toBe("Test the parser at length");
});

test("a hold without a reason, and a drain, that somebody else has ended and begun anew are left alone", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks/T1");
  await page.getByTestId("hold").click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("unblock")).toBeVisible();
  await server.post("unblock_task", { manus_id: "supervisor", task_id: "T1" });
  await server.post("block_task", { manus_id: "supervisor", task_id: "T1" });
  await caughtUp(page, server);
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText(/Not taken back\. T1 was changed by a supervisor (.* ago|just now)/);
  expect((await get(server, "T1")).status).toBe("BLOCKED");

  await open(page, "/agents/ada");
  await page.getByTestId("drain").click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("resume")).toBeVisible();
  const drain = (draining: boolean) => server.post("drain_manus", { manus_id: "ada", draining });
  await drain(false);
  await drain(true);
  await caughtUp(page, server);
  await page.keyboard.press("z");
  await expect(page.locator(".notice.bad").last()).toContainText(/Not taken back\. ada was changed .*(ago|just now): ada gets work again/);
  expect((await server.post("get_manus", { manus_id: "ada" })).body.draining).toBe(true);
  // What nobody has touched since is taken back, from a drain and from its end alike.
  await page.getByTestId("resume").click();
  await expect(page.getByTestId("drain")).toBeVisible();
  await page.getByTestId("undo").last().click();
  await expect(page.getByTestId("resume")).toBeVisible();
});

test("two supervisors: who comes second is told in the dialog", async ({ page, server, open, errors }) => {
  errors.expect(/status of 409/);
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", needs_review: true, result: "Parses." });
  await open(page, "/tasks/T1");
  await page.keyboard.press("v");
  await expect(page.getByTestId("dialog")).toContainText("Approve T1?");
  await server.post("review_task", { manus_id: "supervisor", task_id: "T1", verdict: "approve" });
  await page.getByTestId("send").click();
  await expect(page.getByTestId("fault")).toContainText("T1");
  await expect(page.getByTestId("dialog")).toBeVisible();
});

test("the blast radius of cancelling, taking off the list and taking files", async ({ page, server, open }) => {
  await smallTeam(server);
  await task(server, "Ship the parser", { dependencies: ["T2"] });
  await task(server, "Polish the parser", { files_involved: ["src/parser.rs"] });
  await open(page, "/tasks/T1");
  const dialog = page.getByTestId("dialog");
  await page.getByTestId("cancel-task").click();
  await expect(dialog).toContainText("1 file is free at once: src/parser.rs");
  await expect(dialog).toContainText("Could start then: T4 Polish the parser");
  await expect(dialog).toContainText("These wait for it, and stay blocked: T2 Test the parserT3 Ship the parser");
  await expect(dialog).toContainText("That is 2 tasks, 2 h of work, directly or not.");
  await page.keyboard.press("Escape");

  await open(page, "/agents/ada");
  await page.getByRole("button", { name: "Take off the list" }).click();
  await expect(dialog).toContainText("T1 is 40% done, and is interrupted.");
  await expect(dialog).toContainText("1 file is free at once: src/parser.rs");
  await expect(dialog).toContainText("Nobody else here can do these, so they stall: T1 Write the parser");
  await page.keyboard.press("Escape");
  await page.getByTestId("release-all").click();
  await expect(dialog).toContainText("It goes on without them with T1 Write the parser");
  await page.keyboard.press("Escape");

  // All that are listed, with the exact count; what is closed meanwhile loses its tick.
  await open(page, "/tasks");
  await page.keyboard.press("*");
  await expect(page.getByTestId("picked")).toContainText("4 tasks ticked");
  await server.post("cancel_task", { task_id: "T4" });
  await caughtUp(page, server);
  await page.getByTestId("picked").getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toContainText("Cancel 3 tasks?");
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("3 tasks cancelled.");
});

test("an action is copied as the command line's, and as a request for MCP where agents have a tool", async ({ page, server, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await smallTeam(server);
  await open(page, "/tasks/T1");
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByTestId("cancel-task").click();
  await field(page, "Why").fill("it's over");
  await expect(page.getByTestId("copy-mcp")).toBeHidden();
  await page.getByTestId("copy-cli").click();
  await expect.poll(copied).toBe(`manus-sync task cancel --server=${server.url} --reason='it'\\''s over' T1`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("m");
  await field(page, "Message").fill("Look at this");
  await page.getByTestId("copy-mcp").click();
  await expect.poll(copied).toContain('"method":"tools/call","params":{"name":"send"');
  expect(JSON.parse(await copied()).params.arguments).toMatchObject({ to_manus: "ada", content: { text: "Look at this" } });
  expect((await get(server, "T1")).status).toBe("IN_PROGRESS");
});

test("who was away is told what happened meanwhile", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await open(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await expect.poll(() => page.evaluate(() => localStorage.getItem("manus_seen"))).not.toBeNull();
  await caughtUp(page, server);
  // Away for an hour, as the browser remembers it.
  const { body } = await server.post("snapshot");
  const leave = (seq: number) =>
    page.evaluate((seq) => {
      const [at, , ...project] = localStorage.getItem("manus_seen")!.split(" ");
      localStorage.setItem("manus_seen", [Number(at) - 3_600_000, seq, ...project].join(" "));
    }, seq);
  await page.goto("about:blank");
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await ada.call("send_message", {
    from_manus: "ada",
    to_manus: "supervisor",
    message_type: "NOTE",
    content: { text: "The parser is there." },
  });
  await page.goto(`${server.url}/settings`);
  await page.locator("body[data-hydrated]").waitFor();
  await leave(body.seq);
  // Another room first, loaded twice: only the overview tells.
  for (const path of ["/tasks", "/files"]) {
    await open(page, path);
    await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  }
  await open(page);
  const digest = page.getByTestId("digest");
  await expect(digest).toContainText("Since you left 1 hour ago:");
  await expect(digest).toContainText("T1 Write the parser completed");
  await digest.getByRole("link", { name: "1 message" }).click();
  await expect(page).toHaveURL(/\/messages\/\d+/);
  await page.goBack();
  await digest.getByRole("button", { name: "Dismiss" }).click();
  await expect(digest).toBeHidden();
  // Who looks all the time has missed nothing.
  await open(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await expect(digest).toBeHidden();
});
