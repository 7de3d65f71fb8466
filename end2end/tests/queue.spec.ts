// The queue of needs under the hand: nothing moves there, a click counts once, and what is answered is done with.

import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam, task, write } from "./project.ts";

test("a reply is one click away, shows what it answers, and takes it off the queue", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  const id = await write(ada, "Which port?");
  await open(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  const line = row(page, `need-message-${id}`);
  const reply = line.getByRole("button", { name: "Reply" });
  const before = await reply.boundingBox();
  await reply.hover();
  await page.mouse.down();
  await expect(line.locator(":focus")).toBeVisible();
  expect(await reply.boundingBox()).toEqual(before);
  await page.mouse.up();
  const dialog = page.getByTestId("dialog");
  await expect(dialog).toContainText("Reply to ada");
  await expect(dialog.locator("blockquote")).toHaveText("Which port?");
  await field(page, "Message").fill("3334");
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("Sent to ada.");
  await expect(line).toHaveCount(0);
});

test("Enter on a message opens its conversation; who has left is still who gets the answer", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  const id = await write(ada, "Which port?");
  await ada.act("deregister_manus");
  await open(page);
  await row(page, `need-message-${id}`).focus();
  await page.keyboard.press("m");
  await expect(page.getByTestId("dialog").getByLabel("To", { exact: true })).toHaveValue("ada");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(row(page, `need-message-${id}`)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/messages/${id}`));
  await expect(page.getByTestId("letters")).toContainText("Which port?");
});

test("a message is for the agent in view, else for nobody until one is chosen", async ({ page, server, open }) => {
  await smallTeam(server);
  const to = page.getByTestId("dialog").getByLabel("To", { exact: true });
  for (const path of ["/tasks/T1", "/agents/ada"]) {
    await open(page, path);
    await page.keyboard.press("m");
    await expect(to).toHaveValue("ada");
  }
  await open(page, "/messages");
  await page.getByTestId("write").click();
  await expect(to).toHaveValue("");
  await expect(to).toBeFocused();
  await field(page, "Message").fill("Stop, all of you");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("fault")).toContainText("Choose who gets it.");
  await to.selectOption("all agents");
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("Sent to 2 agents.");
});

test("who clicks twice means it once", async ({ page, server, open }) => {
  await smallTeam(server);
  await server.post("block_task", { manus_id: "supervisor", task_id: "T1", reason: "no licence" });
  let calls = 0;
  let letThrough = () => {};
  const held = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route("**/api/v1/unblock_task", async (route) => {
    calls++;
    await held;
    await route.continue();
  });
  await open(page, "/tasks/T1");
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await page.getByTestId("unblock").dblclick();
  await expect(page.getByTestId("unblock")).toHaveAttribute("aria-busy", "true");
  letThrough();
  await expect(page.getByTestId("unblock")).toBeHidden();
  await expect(page.locator(".notice")).toHaveText(/It may go on\./);
  expect(calls).toBe(1);
});

test("ticked results are approved together, and keys that can do nothing say why", async ({ page, server, open }) => {
  const { ada, bob } = await smallTeam(server);
  await task(server, "Sell", { required_capabilities: ["rust"] });
  await ada.act("complete_task", { task_id: "T1", needs_review: true, result: "Parses." });
  await ada.act("start_task", { task_id: "T3" });
  await ada.act("complete_task", { task_id: "T3", needs_review: true, result: "Sold." });
  await bob.act("deregister_manus");
  await open(page, "/tasks?show=review");
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await row(page, "task-T1").locator(".row-link").focus();
  await page.keyboard.press("a");
  await expect(page.locator(".notice.bad").last()).toContainText("It is in review. Approve it (v), or send it back.");
  await page.keyboard.press("*");
  await expect(page.getByTestId("picked")).toContainText("2 tasks ticked");
  await page.keyboard.press("e");
  await expect(page.locator(".notice.bad").last()).toContainText("Tasks are edited one by one.");
  await page.keyboard.press("v");
  const dialog = page.getByTestId("dialog");
  await expect(dialog).toContainText("Approve 2 tasks?");
  // Somebody else decides on one of them meanwhile.
  await server.post("review_task", { manus_id: "supervisor", task_id: "T3", verdict: "approve" });
  await caughtUp(page, server);
  await expect(dialog).toContainText("Approve 1 task?");
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("1 task approved.");
  await expect(page.getByTestId("picked")).toBeHidden();
  expect((await server.post("get_task", { task_id: "T1" })).body.status).toBe("COMPLETED");
});
