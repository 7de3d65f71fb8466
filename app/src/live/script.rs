//! A small project for tests: the real rules, played by a script.

use engine::command::{Dependency, NewTask};
use engine::view::Snapshot;
use engine::{
    Answer, Capability, Command, FilePattern, Json, LockMode, ManusId, Priority, Progress, Recipient, Record,
    Role, Settings, State, TaskId, TimeMs,
};

/// A project with the log of what happened in it.
pub struct Script {
    state: State,
    now_ms: TimeMs,
    log: Vec<Record>,
}

/// An empty project.
pub fn script() -> Script {
    script_with(Settings::default())
}

/// The same with these settings.
pub fn script_with(settings: Settings) -> Script {
    Script { state: State::new(settings), now_ms: 1_700_000_000_000, log: Vec::new() }
}

impl Script {
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn snapshot(&self) -> Snapshot {
        self.state.snapshot()
    }

    /// What happened since the last call of this function.
    pub fn news(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.log)
    }

    pub fn run(&mut self, command: Command) -> Answer {
        self.now_ms += 10;
        let decision = self.state.decide(self.now_ms, &command.into()).unwrap();
        self.log.extend(decision.events);
        (*decision.answer).clone()
    }

    pub fn wait(&mut self, ms: TimeMs) {
        self.now_ms += ms;
        self.run(Command::Tick);
    }

    pub fn agent(&mut self, id: &str, capabilities: &[&str]) {
        self.run(Command::RegisterManus {
            manus_id: ManusId::new(id).unwrap(),
            role: Role::SpeedDeveloper,
            capabilities: capabilities.iter().map(|text| Capability::new(text).unwrap()).collect(),
            max_parallel: 1,
            program: None,
            model: None,
            takeover: false,
        });
    }

    pub fn task(&mut self, title: &str, minutes: u32, after: &[&TaskId], needed: &[&str]) -> TaskId {
        let task = NewTask {
            title: title.to_owned(),
            description: String::new(),
            priority: Priority::Medium,
            files_involved: Vec::new(),
            dependencies: after.iter().map(|id| Dependency::Task((*id).clone())).collect(),
            estimated_duration: minutes,
            required_capabilities: needed.iter().map(|text| Capability::new(text).unwrap()).collect(),
        };
        let answer = self.run(Command::CreateTasks { tasks: vec![task] });
        let (Answer::Tasks(tasks), 1) = (&answer, 1) else { panic!("{answer:?}") };
        tasks[0].id.clone()
    }

    pub fn start(&mut self, manus: &str, task: &TaskId) {
        self.run(Command::StartTask { manus_id: ManusId::new(manus).unwrap(), task_id: task.clone() });
    }

    pub fn progress(&mut self, manus: &str, task: &TaskId, percent: i64) {
        self.run(Command::UpdateTaskProgress {
            manus_id: ManusId::new(manus).unwrap(),
            task_id: task.clone(),
            progress: Progress::new(percent).unwrap(),
            note: None,
            attempt: None,
        });
    }

    pub fn complete(&mut self, task: &TaskId) {
        self.run(Command::CompleteTask {
            task_id: task.clone(),
            manus_id: None,
            result: None,
            needs_review: false,
            attempt: None,
        });
    }

    pub fn cancel(&mut self, task: &TaskId) {
        self.run(Command::CancelTask { task_id: task.clone(), reason: None });
    }

    pub fn claim(&mut self, manus: &str, files: &[&str]) {
        self.run(Command::ClaimFiles {
            manus_id: ManusId::new(manus).unwrap(),
            files: files.iter().map(|file| FilePattern::new(file).unwrap()).collect(),
            reason: None,
            mode: LockMode::Exclusive,
            ttl_ms: None,
            wait_ms: 0,
        });
    }

    pub fn release(&mut self, manus: &str, files: &[&str], by: Option<&str>) {
        self.run(Command::ReleaseFiles {
            manus_id: ManusId::new(manus).unwrap(),
            files: files.iter().map(|file| FilePattern::new(file).unwrap()).collect(),
            by: by.map(|by| ManusId::new(by).unwrap()),
        });
    }

    pub fn message(&mut self, from: &str, to: &str, text: &str) {
        self.run(Command::SendMessage {
            from_manus: ManusId::new(from).unwrap(),
            to_manus: to.parse::<Recipient>().unwrap(),
            message_type: "QUESTION".to_owned(),
            content: Json::object([("text", Json::text(text))]),
            reply_to: None,
            requires_ack: false,
        });
    }

    pub fn read_all(&mut self, manus: &str) {
        self.run(Command::TakeMessages { manus_id: ManusId::new(manus).unwrap(), limit: 100 });
    }
}
