//! A client's agent: what it asks next, by chance and by what it was told before.

use engine::command::{NewTask, Request};
use engine::{
    Call, Command, FilePattern, Json, LockMode, ManusId, Priority, Progress, Recipient, RequestId, Role,
    TaskId, TimeMs,
};
use serde_json::Value;
use witness::{Dice, fingerprint};

use super::heard::Told;

/// What to ask, and the name under which it may be asked again.
#[derive(Debug, Clone)]
pub struct Ask {
    pub what: What,
    pub request_id: Option<RequestId>,
}

#[derive(Debug, Clone)]
pub enum What {
    Command(Command),
    Look(Look),
}

/// A question that changes nothing.
#[derive(Debug, Clone)]
pub enum Look {
    /// A plain sign of life.
    Beat(ManusId),
    Task(TaskId),
    Manus(ManusId),
    Files(ManusId, Vec<FilePattern>),
    Inbox(ManusId),
}

impl Ask {
    /// As the rules get it, where it does not wait or waits no longer.
    pub fn call(&self) -> Option<Call> {
        self.waiting(0)
    }

    /// How long it is ready to wait, in milliseconds.
    pub fn patience_ms(&self) -> TimeMs {
        match &self.what {
            What::Command(Command::ClaimFiles { wait_ms, .. }) => *wait_ms,
            _ => 0,
        }
    }

    /// As the rules get it with so much time left to wait.
    pub fn waiting(&self, left_ms: TimeMs) -> Option<Call> {
        let What::Command(command) = &self.what else { return None };
        let request = self.request_id.clone().map(|id| Request { id, fingerprint: fingerprint(command) });
        let mut command = command.clone();
        if let Command::ClaimFiles { wait_ms, .. } = &mut command {
            *wait_ms = left_ms;
        }
        Some(Call { command, request })
    }
}

/// An agent at work.
pub struct Agent {
    id: ManusId,
    number: u64,
    dice: Dice,
    asked: u64,
    here: bool,
    /// What it works on, with the attempt if it knows.
    running: Vec<(TaskId, Option<u32>)>,
    /// What it holds of its own.
    holds: Vec<FilePattern>,
    /// Tasks seen lately, anybody's.
    seen: Vec<TaskId>,
}

impl Agent {
    pub fn new(number: u64, dice: Dice) -> Self {
        let id = name(number);
        Self {
            id,
            number,
            dice,
            asked: 0,
            here: false,
            running: Vec::new(),
            holds: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// What it does next.
    pub fn ask(&mut self) -> Ask {
        self.asked += 1;
        let what = self.what();
        // Every question would be forgotten only after a day; a third of them is enough to see that they are not forgotten before.
        let named = matches!(what, What::Command(_)) && self.dice.chance(35);
        let request_id = named.then(|| RequestId::new(&format!("{}.{}", self.number, self.asked)).unwrap());
        Ask { what, request_id }
    }

    fn what(&mut self) -> What {
        let manus_id = self.id.clone();
        if !self.here {
            return What::Command(self.register());
        }
        match self.dice.below(100) {
            0..=9 if self.running.len() < 2 => What::Command(self.create()),
            0..=21 => What::Command(Command::NextTask { manus_id }),
            22..=41 => What::Command(self.go_on()),
            42..=55 => What::Command(self.claim()),
            56..=65 => What::Command(self.release()),
            66..=73 => What::Command(self.message()),
            74..=79 => What::Command(Command::TakeMessages { manus_id, limit: 20 }),
            80 if self.dice.chance(20) => What::Command(self.register()),
            81 => What::Command(self.assign()),
            n => What::Look(self.look(n)),
        }
    }

    fn register(&mut self) -> Command {
        Command::RegisterManus {
            manus_id: self.id.clone(),
            role: self.dice.pick(Role::ALL),
            capabilities: Vec::new(),
            max_parallel: 2,
            program: Some("proof".to_owned()),
            model: None,
            takeover: true,
        }
    }

    fn create(&mut self) -> Command {
        let file =
            |agent: &mut Self| FilePattern::new(&format!("shared/{}.rs", agent.dice.below(200))).unwrap();
        let count = 1 + u64::from(self.dice.chance(20));
        let new = |agent: &mut Self, part: u64| NewTask {
            title: format!("{}.{} part {part}", agent.number, agent.asked),
            description: "as \"needed\"".to_owned(),
            priority: agent.dice.pick(&[Priority::Critical, Priority::High, Priority::Medium, Priority::Low]),
            files_involved: if agent.dice.chance(40) { vec![file(agent)] } else { Vec::new() },
            dependencies: Vec::new(),
            estimated_duration: 10 + u32::try_from(agent.dice.below(100)).unwrap(),
            required_capabilities: Vec::new(),
        };
        Command::CreateTasks { tasks: (0..count).map(|part| new(self, part)).collect() }
    }

    /// With what it works on, or as if it worked on something.
    fn go_on(&mut self) -> Command {
        let manus_id = self.id.clone();
        if self.running.is_empty() {
            let task_id = self.some_task();
            return Command::StartTask { manus_id, task_id };
        }
        let (task_id, attempt) = self.dice.pick(&self.running);
        let attempt = attempt.filter(|_| self.dice.chance(50));
        match self.dice.below(10) {
            0 | 1 => {
                let progress = Progress::new(i64::try_from(self.dice.below(101)).unwrap()).unwrap();
                Command::UpdateTaskProgress { manus_id, task_id, progress, note: None, attempt }
            }
            2 => Command::ReleaseTask { manus_id, task_id, reason: Some("not mine".to_owned()), attempt },
            3 => Command::FailTask { manus_id, task_id, reason: Some("it broke".to_owned()), attempt },
            _ => {
                let (result, manus_id) = (Some(whole(self.asked)), self.dice.chance(80).then_some(manus_id));
                Command::CompleteTask { task_id, manus_id, result, needs_review: false, attempt }
            }
        }
    }

    fn some_task(&mut self) -> TaskId {
        if self.seen.is_empty() { TaskId::numbered(1) } else { self.dice.pick(&self.seen) }
    }

    fn claim(&mut self) -> Command {
        let patterns = [
            format!("own/{}/{}.rs", self.number, self.dice.below(8)),
            format!("shared/{}.rs", self.dice.below(40)),
            format!("shared/{}.rs", self.dice.below(40)),
            format!("area/{}/", self.dice.below(30)),
            format!("area/{}/*.rs", self.dice.below(30)),
        ];
        let count = 1 + self.dice.below(2);
        let files = (0..count).map(|_| FilePattern::new(&self.dice.pick(&patterns)).unwrap()).collect();
        let mode = if self.dice.chance(80) { LockMode::Exclusive } else { LockMode::Shared };
        let ttl_ms = self.dice.chance(20).then_some(1_000);
        let wait_ms = if self.dice.chance(20) { 1_000 } else { 0 };
        Command::ClaimFiles { manus_id: self.id.clone(), files, reason: None, mode, ttl_ms, wait_ms }
    }

    fn release(&mut self) -> Command {
        let files = std::mem::take(&mut self.holds);
        let files = if files.is_empty() { vec![FilePattern::new("never/held.rs").unwrap()] } else { files };
        Command::ReleaseFiles { manus_id: self.id.clone(), files, by: None }
    }

    fn message(&mut self) -> Command {
        let to_manus = match self.dice.below(30) {
            0 => Recipient::Role(Role::Coordinator),
            _ => Recipient::One(name(self.dice.below(super::CONNECTIONS))),
        };
        let content = Json::object([("half", Json::Float(0.5)), ("n", whole(self.asked))]);
        let (message_type, requires_ack) = ("NOTE".to_owned(), self.dice.chance(10));
        Command::SendMessage {
            from_manus: self.id.clone(),
            to_manus,
            message_type,
            content,
            reply_to: None,
            requires_ack,
        }
    }

    fn assign(&mut self) -> Command {
        let task_id = self.some_task();
        Command::AssignTask { task_id, manus_id: name(self.dice.below(super::CONNECTIONS)) }
    }

    fn look(&mut self, kind: u64) -> Look {
        match kind {
            82..=87 => Look::Task(self.some_task()),
            88 | 89 => Look::Manus(self.id.clone()),
            90..=92 => {
                let files = ["shared/", "area/3/", "own/1/1.rs"].map(|text| FilePattern::new(text).unwrap());
                Look::Files(self.id.clone(), files.to_vec())
            }
            93 | 94 => Look::Inbox(self.id.clone()),
            _ => Look::Beat(self.id.clone()),
        }
    }

    /// Takes note of an answer.
    pub fn learn(&mut self, told: &Told) {
        let Some(answer) = told.success() else { return self.learn_refused(told) };
        let What::Command(command) = &told.ask.what else { return };
        match command {
            Command::RegisterManus { .. } => self.here = true,
            Command::CreateTasks { .. } => self.see(&answer[0]),
            Command::StartTask { .. } | Command::NextTask { .. } => {
                let task = &answer["task"];
                if let (Some(id), Some(attempt)) = (task["id"].as_str(), task["attempts"].as_u64()) {
                    self.running.push((TaskId::new(id).unwrap(), u32::try_from(attempt).ok()));
                    self.see(task);
                }
            }
            Command::CompleteTask { task_id, .. }
            | Command::ReleaseTask { task_id, .. }
            | Command::FailTask { task_id, .. } => self.running.retain(|(id, _)| id != task_id),
            Command::ClaimFiles { files, .. } => self.holds.extend(files.iter().cloned()),
            _ => {}
        }
    }

    /// What it lost while nobody answered it finds out by what it is refused: otherwise all would soon have their hands full of
    /// tasks that they know nothing of.
    fn learn_refused(&mut self, told: &Told) {
        let What::Command(command) = &told.ask.what else { return };
        let refusal = told.refusal();
        match refusal["code"].as_str() {
            Some("at_capacity") => {
                let running = refusal["detail"]["running"].as_array().into_iter().flatten();
                let ids = running.filter_map(|id| TaskId::new(id.as_str()?).ok());
                self.running = ids.map(|id| (id, None)).collect();
            }
            // It is at work on that.
            Some("progress_would_go_back") => {}
            // Somebody else has it now, or it is over.
            _ => {
                let lost = task_of(command);
                self.running.retain(|(id, _)| Some(id) != lost);
            }
        }
    }

    fn see(&mut self, task: &Value) {
        if let Some(id) = task["id"].as_str() {
            self.seen.push(TaskId::new(id).unwrap());
            let surplus = self.seen.len().saturating_sub(10);
            self.seen.drain(..surplus);
        }
    }
}

/// As it comes back from JSON, where a number has no sign of its own.
fn whole(number: u64) -> Json {
    Json::Int(i64::try_from(number).unwrap())
}

fn name(number: u64) -> ManusId {
    ManusId::new(&format!("agent_{number}")).unwrap()
}

fn task_of(command: &Command) -> Option<&TaskId> {
    match command {
        Command::UpdateTaskProgress { task_id, .. }
        | Command::CompleteTask { task_id, .. }
        | Command::ReleaseTask { task_id, .. }
        | Command::FailTask { task_id, .. } => Some(task_id),
        _ => None,
    }
}
