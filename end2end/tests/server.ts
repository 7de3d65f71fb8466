// A manus-sync of a test's own: started on a free port with a fresh project folder, and ended with the test.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BINARY =
  process.env.MANUS_SYNC_BIN ?? fileURLToPath(new URL("../../target/release/manus-sync", import.meta.url));
const START_TIMEOUT_MS = 10_000;

/** What a call answered: the status and the parsed JSON. */
export interface Answer {
  status: number;
  body: any;
}

/** Starts a server on a free port. `args` are further command-line arguments. */
export async function startServer(args: string[] = []): Promise<Server> {
  const server = new Server(await mkdtemp(join(tmpdir(), "manus-sync-")), args);
  await server.start();
  return server;
}

/** A running manus-sync and its project folder. */
export class Server {
  /** Where it serves, without a slash at the end. */
  url = "";
  private port = 0;
  private child: ChildProcess | undefined;

  constructor(
    readonly root: string,
    private readonly args: string[],
  ) {}

  /** Starts the process and waits for the line with its URL. Once it had a port, it keeps that one. */
  async start(): Promise<void> {
    const address = `127.0.0.1:${this.port}`;
    const child = spawn(BINARY, ["--project-root", this.root, "--listen", address, ...this.args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    this.child = child;
    this.url = await announcedUrl(child);
    this.port = Number(new URL(this.url).port);
  }

  /** Asks the process to finish (SIGTERM) and waits for its end; its exit code. */
  async stop(): Promise<number | null> {
    return this.end("SIGTERM");
  }

  /** Ends the process where it stands (SIGKILL). */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Ends the process if it still runs, and starts it again with the same port and project. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends the process if it still runs, and removes the project. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.root, { recursive: true, force: true });
  }

  /** Calls a function of the API; a refusal is an answer like others. */
  async post(name: string, args: object = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(args),
    });
    return { status: response.status, body: await response.json() };
  }

  /** A client that acts as the agent of this name. */
  agent(name: string): Agent {
    return new Agent(this, name);
  }

  private async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const child = this.child;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    }
    return child.exitCode;
  }
}

/** One agent's HTTP client. */
export class Agent {
  constructor(
    private readonly server: Server,
    readonly name: string,
  ) {}

  /** Registers the agent and answers it. */
  async register(role = "SPEED_DEVELOPER", capabilities: string[] = [], more: object = {}): Promise<any> {
    return this.call("register_manus", { manus_id: this.name, role, capabilities, ...more });
  }

  /** Calls a function with just these arguments; throws when it is refused. */
  async call(name: string, args: object = {}): Promise<any> {
    const { status, body } = await this.server.post(name, args);
    if (status !== 200) throw new Error(`${name} as ${this.name}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The same with the agent's own id as `manus_id`. */
  async act(name: string, args: object = {}): Promise<any> {
    return this.call(name, { manus_id: this.name, ...args });
  }
}

/** The URL in the first line that a server prints; an error with all it said when it ends or says nothing. */
function announcedUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`${BINARY} ${why}\n${said}`));
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`printed no URL within ${START_TIMEOUT_MS} ms`);
    }, START_TIMEOUT_MS);
    child.on("error", (error) => fail(`could not be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      fail(`ended (${code ?? signal}) before it printed a URL`);
    });
    child.stderr?.on("data", (text) => (said += text));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      said += `${line}\n`;
      const url = /https?:\/\/[^\s/]+/.exec(line);
      if (url === null) return;
      clearTimeout(timer);
      resolve(url[0]);
    });
  });
}
