//! The one way in which these tests speak to the engine: a story goes in, the same story with everything that followed comes
//! out, and must be what stands in the test.
//!
//! ```text
//! given register ada
//! task Login files=src/auth.py
//!     = T1 PENDING, ada's
//!       task_created T1
//!       task_assigned T1 to ada
//!       message_sent 1 to ada: TASK_ASSIGNED T1
//! bo starts T1
//!     ! manus_not_found: no agent bo is registered; …
//! ```
//!
//! What stands at the margin is said to the engine, a command a line (`words.rs` lists them); what is indented is what it
//! answered (`=`) or why it refused (`!`), and the events that followed. `given` marks commands that only set the scene: they
//! must succeed, and what follows from them is left out. `at 5s` lets time pass as the server does, with a tick at every
//! deadline on the way; `jump 5s` sets the clock and ticks nothing. Times count from the start of the story.
//!
//! After every command `promises.rs` holds the engine to what it promises at any time.

mod plans;
mod promises;
mod show;
mod tell;
mod words;

use engine::{Command, TimeMs};
use expect_test::Expect;

use promises::Project;
use words::Line;

/// Plays the story that the expectation tells, and holds it against what really happens.
///
/// To write a test, write its commands and run it once with `UPDATE_EXPECT=1`; then read what was filled in.
pub fn check(story: Expect) {
    let commands = at_the_margin(story.data());
    let mut player = Player::default();
    for line in &commands {
        player.play(line);
    }
    story.assert_eq(&player.transcript);
}

/// The lines of the expectation that are not indented deeper than the first one.
fn at_the_margin(text: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines = || text.lines().skip_while(|line| line.trim().is_empty());
    let margin = lines().next().map_or(0, indent);
    let mut commands: Vec<String> =
        lines().filter(|line| indent(line) <= margin).map(|line| line.trim().to_owned()).collect();
    // The line on which the expectation closes.
    while commands.last().is_some_and(String::is_empty) {
        commands.pop();
    }
    commands
}

#[derive(Default)]
struct Player {
    project: Project,
    transcript: String,
    /// What follows belongs to the setting of the scene.
    quiet: bool,
}

impl Player {
    fn play(&mut self, line: &str) {
        self.transcript.push_str(line);
        self.transcript.push('\n');
        self.quiet = line.starts_with("given ");
        match words::read(line.trim_start_matches("given ")) {
            Line::Remark => {}
            Line::Settings(change) => self.project.begin_again(change),
            Line::Wait(until) => self.wait(until),
            Line::Jump(to) => self.project.now = to,
            Line::Show(what) => self.say(4, &show::shown(&self.project.state, self.project.now, &what)),
            Line::Wrong(why) => self.say(4, &format!("! {why}")),
            Line::Ask(call) => self.ask(&call),
        }
    }

    /// Time passes as on the server, which ticks whenever something is due.
    fn wait(&mut self, until: TimeMs) {
        while let Some(due) = self.project.state.next_deadline().filter(|due| *due <= until) {
            self.project.now = due;
            self.say(4, &format!("tick at {}", tell::time(due)));
            self.ask(&Command::Tick.into());
        }
        self.project.now = until;
    }

    fn ask(&mut self, call: &engine::Call) {
        match self.project.ask(call) {
            Ok(decision) => {
                if let Some(answer) = tell::answer(&decision.answer) {
                    self.say(4, &format!("= {answer}"));
                }
                for record in &decision.events {
                    self.say(6, &tell::event(record));
                }
            }
            Err(refusal) => {
                assert!(!self.quiet, "the scene cannot be set, {call:?} is refused: {refusal}");
                self.say(4, &format!("! {}: {refusal}", refusal.code()));
            }
        }
    }

    fn say(&mut self, indent: usize, text: &str) {
        if self.quiet {
            return;
        }
        for line in text.lines() {
            self.transcript.push_str(&" ".repeat(indent));
            self.transcript.push_str(line);
            self.transcript.push('\n');
        }
    }
}
