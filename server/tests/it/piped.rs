//! A client of `manus-sync mcp`: what it says and hears goes through pipes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A client of `manus-sync mcp`.
pub struct Piped {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Piped {
    /// Says hello.
    pub fn begin(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        let mut client = Self { process, lines };
        let me = json!({ "name": "it", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": me });
        client.ask("initialize", hello);
        client.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    /// Sends a message.
    pub fn say(&mut self, message: &Value) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    /// The answer; notices and pings in between are not waited for.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.say(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        loop {
            let message = self.hear();
            if message["id"] == 1 && message["method"].is_null() {
                return message["result"].clone();
            }
        }
    }

    /// The next message.
    pub fn hear(&mut self) -> Value {
        let mut line = String::new();
        assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it has ended");
        serde_json::from_str(&line).unwrap()
    }

    /// The result of a tool.
    pub fn tool(&mut self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": name, "arguments": arguments }))
    }

    /// Ends it.
    pub fn end(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}
