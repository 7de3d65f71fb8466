// Projects for tests and pictures: agents that speak HTTP, and what they do.

import type { Page } from "@playwright/test";
import type { Agent, Server } from "./server.ts";

/** Waits until a page shows everything that the server has committed by now. */
export async function caughtUp(page: Page, server: Server): Promise<void> {
  const { body } = await server.post("snapshot");
  await page.waitForFunction((seq) => Number(document.documentElement.dataset["seq"]) >= seq, body.seq as number);
}

/** The row of a task, an agent, or a lock. */
export const row = (page: Page, id: string) => page.getByTestId(id);

/** A field of the open dialog. */
export const field = (page: Page, label: string) => page.getByTestId("dialog").getByLabel(label, { exact: true });

/** Creates a task and answers it. */
export async function task(server: Server, title: string, more: object = {}): Promise<any> {
  const { status, body } = await server.post("create_task", { title, description: "", ...more });
  if (status !== 200) throw new Error(`create_task: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Two agents, one at work with a file claimed, and a task that waits for the running one. */
export async function smallTeam(server: Server): Promise<{ ada: Agent; bob: Agent }> {
  const [ada, bob] = [server.agent("ada"), server.agent("bob")];
  await ada.register("SPEED_DEVELOPER", ["rust"]);
  await bob.register("QUALITY_ENHANCER", ["testing"]);
  const parser = await task(server, "Write the parser", {
    files_involved: ["src/parser.rs"],
    required_capabilities: ["rust"],
    priority: "HIGH",
  });
  await task(server, "Test the parser", { dependencies: [parser.id], required_capabilities: ["testing"] });
  await ada.act("start_task", { task_id: parser.id });
  await ada.act("update_task_progress", { task_id: parser.id, progress: 40 });
  return { ada, bob };
}

const TEAM: [name: string, role: string, capabilities: string[], program: string, model: string][] = [
  ["atlas", "COORDINATOR", ["planning", "rust", "docs"], "claude-code", "opus"],
  ["birch", "SPEED_DEVELOPER", ["rust", "sql"], "claude-code", "sonnet"],
  ["cedar", "SPEED_DEVELOPER", ["typescript", "css"], "cursor", "sonnet"],
  ["delta", "QUALITY_ENHANCER", ["testing", "rust"], "codex", "gpt-5"],
  ["ember", "AI_SPECIALIST", ["python", "prompts"], "claude-code", "opus"],
  ["fjord", "SPEED_DEVELOPER", ["python", "sql"], "codex", "gpt-5"],
  ["grove", "QUALITY_ENHANCER", ["testing", "typescript"], "cursor", "sonnet"],
  ["heron", "SPEED_DEVELOPER", ["rust", "typescript"], "claude-code", "haiku"],
];

interface Plan {
  key: string;
  title: string;
  minutes: number;
  needs?: string[];
  files?: string[];
  after?: string[];
  priority?: string;
}

// An order service in the middle of being built.
const PLAN: Plan[] = [
  { key: "schema", title: "Draw up the order schema", minutes: 45, needs: ["sql"], files: ["migrations/0001_orders.sql"], priority: "CRITICAL" },
  { key: "errors", title: "One error type for the whole API", minutes: 30, needs: ["rust"], files: ["api/src/error.rs"] },
  { key: "ci", title: "Cache the build in CI", minutes: 40, needs: ["testing"], files: [".github/workflows/ci.yml"] },
  { key: "tokens", title: "Design tokens for light and dark", minutes: 35, needs: ["css"], files: ["web/styles/tokens.css"] },
  { key: "import", title: "Import the old customers", minutes: 90, needs: ["python", "sql"], files: ["tools/import/"], priority: "HIGH" },
  { key: "orders", title: "Endpoints to create and list orders", minutes: 120, needs: ["rust"], files: ["api/src/orders/"], after: ["schema", "errors"], priority: "CRITICAL" },
  { key: "prices", title: "Price rules with discounts", minutes: 90, needs: ["rust"], files: ["api/src/prices.rs"], after: ["schema"], priority: "HIGH" },
  { key: "cart", title: "Shopping cart page", minutes: 110, needs: ["typescript"], files: ["web/pages/cart.tsx", "web/lib/cart.ts"], after: ["tokens"], priority: "HIGH" },
  { key: "agent", title: "Answer support mail with order data", minutes: 150, needs: ["prompts"], files: ["assistant/"], priority: "MEDIUM" },
  { key: "outbox", title: "Outbox for events to the warehouse", minutes: 80, needs: ["rust"], files: ["api/src/outbox.rs"], after: ["schema"] },
  { key: "proptest", title: "Property tests for the price rules", minutes: 60, needs: ["testing", "rust"], files: ["api/tests/prices.rs"], after: ["prices"] },
  { key: "checkout", title: "Checkout in three steps", minutes: 140, needs: ["typescript"], files: ["web/pages/checkout.tsx"], after: ["cart", "orders"], priority: "CRITICAL" },
  { key: "mail", title: "Order confirmation by mail", minutes: 50, needs: ["python"], files: ["mail/confirmation.py"], priority: "LOW" },
  { key: "search", title: "Search in orders by customer and date", minutes: 75, needs: ["sql"], files: ["api/src/search.rs"], after: ["orders"] },
  { key: "e2e", title: "Browser tests from cart to confirmation", minutes: 100, needs: ["testing", "typescript"], files: ["e2e/**"], after: ["checkout", "mail"], priority: "HIGH" },
  { key: "gpu", title: "Train the demand forecast", minutes: 180, needs: ["cuda", "python"], files: ["forecast/train.py"], priority: "MEDIUM" },
  { key: "gpu2", title: "Serve the forecast to the planner", minutes: 60, needs: ["rust"], files: ["api/src/forecast.rs"], after: ["gpu"] },
  { key: "legacy", title: "Keep the SOAP interface alive", minutes: 45, needs: ["rust"], files: ["api/src/soap.rs"], priority: "LOW" },
  { key: "soapdoc", title: "Document the SOAP interface", minutes: 30, needs: ["docs"], files: ["docs/soap.md"], after: ["legacy"], priority: "LOW" },
  { key: "load", title: "Load test with a thousand carts", minutes: 60, needs: ["testing"], files: ["load/"], after: ["checkout"] },
  { key: "a11y", title: "Keyboard and screen reader pass over the shop", minutes: 70, needs: ["typescript"], files: ["web/components/"], after: ["cart"] },
  { key: "audit", title: "Audit log for price changes", minutes: 55, needs: ["rust"], files: ["api/src/audit.rs"], after: ["prices"] },
  { key: "refunds", title: "Refunds, whole and in part", minutes: 95, needs: ["rust"], files: ["api/src/refunds.rs"], after: ["orders"], priority: "HIGH" },
  { key: "i18n", title: "Dutch and Portuguese texts", minutes: 40, needs: ["typescript"], files: ["web/i18n/*.json"], priority: "LOW" },
  { key: "readme", title: "How to run everything on a laptop", minutes: 25, needs: ["docs"], files: ["README.md"] },
  { key: "backup", title: "Nightly backup, and a restore that was tried", minutes: 65, needs: ["sql"], files: ["ops/backup.sh"], priority: "HIGH" },
  { key: "ratelimit", title: "Rate limits per customer", minutes: 45, needs: ["rust"], files: ["api/src/limits.rs"], after: ["errors"] },
  { key: "invoice", title: "Invoices as PDF", minutes: 85, needs: ["python"], files: ["invoices/"], after: ["orders"] },
  { key: "metrics", title: "Metrics that say when checkout slows down", minutes: 50, needs: ["rust"], files: ["api/src/metrics.rs"], after: ["orders"] },
  { key: "release", title: "Release the shop to the first ten customers", minutes: 30, needs: ["planning"], after: ["e2e", "load", "refunds", "backup"], priority: "CRITICAL" },
];

export interface Busy {
  agents: Map<string, Agent>;
  ids: Map<string, string>;
}

/** A team of eight in the middle of its work: thirty tasks, files held, mail in flight. Answers agents and tasks by name. */
export async function busyProject(server: Server): Promise<Busy> {
  const busy = await busyTeam(server);
  await busyDesk(server, busy);
  return busy;
}

/** The team and its work. `step` comes after each thing that is done. */
export async function busyTeam(server: Server, step: Step = async () => {}): Promise<Busy> {
  const agents = new Map<string, Agent>();
  for (const [name, role, capabilities, program, model] of TEAM) {
    const agent = server.agent(name);
    await agent.register(role, capabilities, { program, model });
    agents.set(name, agent);
  }
  const ids = new Map<string, string>();
  const { body: created } = await server.post("create_tasks", {
    tasks: PLAN.map((plan) => ({
      key: plan.key,
      title: plan.title,
      description: `${plan.title}. Done when the tests of this part pass and the change is described in its folder's README.`,
      priority: plan.priority ?? "MEDIUM",
      estimated_duration: plan.minutes,
      required_capabilities: plan.needs ?? [],
      files_involved: plan.files ?? [],
      dependencies: plan.after ?? [],
    })),
  });
  PLAN.forEach((plan, index) => ids.set(plan.key, created[index].id));
  await step();
  for (const key of ["schema", "errors", "tokens", "ci", "readme"]) await finish(server, agents, ids.get(key)!, step);
  for (const [name, progress, note] of PROGRESS) await work(server, agents.get(name)!, progress, note, step);
  return { agents, ids };
}

/** What lies on the desk beside it: files held, a task that is not done any more, mail. */
export async function busyDesk(server: Server, { agents, ids }: Busy, step: Step = async () => {}): Promise<void> {
  await agents.get("atlas")!.act("claim_files", { files: ["docs/plan.md", "CHANGELOG.md"], reason: "keeping the plan up to date" });
  await server.post("cancel_task", { task_id: ids.get("legacy"), reason: "the last SOAP customer has moved" });
  await step();
  await correspond(server, ids, step);
}

export type Step = () => Promise<void>;

const PROGRESS: [name: string, progress: number, note: string][] = [
  ["birch", 72, "listing done, creating next"],
  ["cedar", 35, "layout stands, totals missing"],
  ["delta", 10, "generators for discounts"],
  ["ember", 55, "classifier right on 96 of 100"],
  ["fjord", 88, "two encodings left"],
  ["grove", 20, "first run is green"],
  ["heron", 64, "writes in one transaction"],
];

/** The assignee starts a task and completes it. */
async function finish(server: Server, agents: Map<string, Agent>, id: string, step: Step): Promise<void> {
  const { body } = await server.post("get_task", { task_id: id });
  const agent = agents.get(body.assigned_to);
  if (agent === undefined) return;
  await agent.act("start_task", { task_id: id });
  await step();
  await agent.act("complete_task", { task_id: id, result: "Done, with tests." });
  await step();
}

/** The agent takes the next task of its queue, if it has one, and comes so far with it. */
export async function work(server: Server, agent: Agent, progress: number, note: string, step: Step): Promise<void> {
  const { status, body } = await server.post("next_task", { manus_id: agent.name });
  if (status !== 200 || body.task === null) return;
  await step();
  await agent.act("update_task_progress", { task_id: body.task.id, progress, note });
  await step();
}

async function correspond(server: Server, ids: Map<string, string>, step: Step): Promise<void> {
  const mail: [from: string, to: string, type: string, content: object][] = [
    ["atlas", "*", "PLAN", { text: "Checkout is on the critical path: whoever is free takes orders or cart first." }],
    ["delta", "birch", "CODE_REVIEW_REQUEST", { task_id: ids.get("prices"), text: "Rounding: half even, or half up as in the old shop?" }],
    ["birch", "delta", "ANSWER", { text: "Half up, as in the old shop. The cases are in prices_golden.csv." }],
    ["cedar", "heron", "QUESTION", { text: "Does the cart get the discount from you or from the API?" }],
    ["ember", "supervisor", "QUESTION", { text: "May the assistant promise a refund by itself up to 20 €?" }],
  ];
  for (const [from_manus, to_manus, message_type, content] of mail) {
    await server.post("send_message", { from_manus, to_manus, message_type, content });
    await step();
  }
}

/** A question of an agent to the person: the number of the message. */
export const write = async (from: Agent, text: string): Promise<number> => {
  const sent = await from.call("send_message", {
    from_manus: from.name,
    to_manus: "supervisor",
    message_type: "QUESTION",
    content: { text },
  });
  return sent.ids[0];
};
