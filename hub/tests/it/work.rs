//! Random but repeatable work for a project: a seed in, commands out.

use engine::command::{Dependency, NewTask};
use engine::{
    Capability, Command, FilePattern, InstanceStatus, Json, LockMode, Priority, Progress, Recipient, Role,
    TaskId,
};

use crate::project::manus;

/// A generator of commands, most of which make sense.
pub struct Work {
    random: u64,
    tasks: u64,
}

const AGENTS: [&str; 6] = ["ada", "ben", "cyd", "dan", "eve", "fay"];
const SKILLS: [&str; 3] = ["rust", "Python", "sql"];

impl Work {
    pub fn new(seed: u64) -> Self {
        Self { random: seed, tasks: 0 }
    }

    /// SplitMix64.
    fn next(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.next(of.len() as u64)).unwrap()].clone()
    }

    fn agent(&mut self) -> engine::ManusId {
        let name = self.one(&AGENTS);
        manus(name)
    }

    fn task(&mut self) -> TaskId {
        let number = self.next(self.tasks.max(1)) + 1;
        TaskId::numbered(number)
    }

    fn file(&mut self) -> FilePattern {
        let text = match self.next(8) {
            0 => format!("src/m{}/", self.next(5)),
            1 => format!("src/m{}/*.rs", self.next(5)),
            _ => format!("src/m{}/f{}.rs", self.next(5), self.next(20)),
        };
        FilePattern::new(&text).unwrap()
    }

    fn files(&mut self, most: u64) -> Vec<FilePattern> {
        (0..self.next(most + 1)).map(|_| self.file()).collect()
    }

    fn new_tasks(&mut self) -> Vec<NewTask> {
        let count = self.next(3) + 1;
        let tasks = (0..count)
            .map(|place| {
                let mut dependencies = Vec::new();
                if self.tasks > 0 && self.next(3) == 0 {
                    dependencies.push(Dependency::Task(self.task()));
                }
                if place > 0 && self.next(2) == 0 {
                    dependencies.push(Dependency::InBatch(0));
                }
                let skill = self.one(&SKILLS);
                NewTask {
                    title: format!("do \"{}\" with ü and \u{1f980}", self.next(1_000)),
                    description: "line one\nline two\t\u{2028}'quoted'".to_owned(),
                    priority: self.one(&[
                        Priority::Critical,
                        Priority::High,
                        Priority::Medium,
                        Priority::Low,
                    ]),
                    files_involved: self.files(2),
                    dependencies,
                    estimated_duration: u32::try_from(self.next(240)).unwrap() + 1,
                    required_capabilities: if self.next(4) == 0 {
                        vec![Capability::new(skill).unwrap()]
                    } else {
                        Vec::new()
                    },
                }
            })
            .collect();
        self.tasks += count;
        tasks
    }

    /// The next command.
    pub fn command(&mut self) -> Command {
        let manus_id = self.agent();
        match self.next(22) {
            0 | 1 => self.register(),
            2..=4 => Command::CreateTasks { tasks: self.new_tasks() },
            5 | 6 => Command::NextTask { manus_id },
            7 => Command::StartTask { manus_id, task_id: self.task() },
            8 => Command::UpdateTaskProgress {
                task_id: self.task(),
                manus_id,
                progress: Progress::new(i64::try_from(self.next(101)).unwrap()).unwrap(),
                note: Some("getting on".to_owned()),
                attempt: None,
            },
            9..=11 => Command::CompleteTask {
                task_id: self.task(),
                manus_id: None,
                result: Some(Json::object([("lines", Json::Float(0.5)), ("ok", Json::Bool(true))])),
                needs_review: self.next(4) == 0,
                attempt: None,
            },
            12 => {
                let (task_id, reason) = (self.task(), Some("too hard".to_owned()));
                Command::ReleaseTask { manus_id, task_id, reason, attempt: None }
            }
            13 => Command::CancelTask { task_id: self.task(), reason: None },
            14 => Command::AssignTask { manus_id, task_id: self.task() },
            15 | 16 => Command::ClaimFiles {
                manus_id,
                files: self.files(3),
                reason: None,
                mode: self.one(&[LockMode::Exclusive, LockMode::Shared]),
                ttl_ms: self.one(&[None, None, Some(500)]),
                wait_ms: self.one(&[0, 0, 400]),
            },
            17 => Command::ReleaseFiles { manus_id, files: self.files(4), by: None },
            18 => Command::TakeMessages { manus_id, limit: 3 },
            19 => Command::AckMessages { manus_id, ids: vec![self.next(50), self.next(50)] },
            20 => self.message(),
            _ => match self.next(8) {
                0 => Command::DeregisterManus { manus_id },
                _ => Command::Heartbeat {
                    manus_id,
                    status: self.one(&[None, Some(InstanceStatus::Active), Some(InstanceStatus::Idle)]),
                    progress: self.one(&[None, Some(Progress::new(40).unwrap())]),
                },
            },
        }
    }

    fn register(&mut self) -> Command {
        let skill = self.one(&SKILLS);
        Command::RegisterManus {
            manus_id: self.agent(),
            role: self.one(Role::ALL),
            capabilities: vec![Capability::new(skill).unwrap()],
            max_parallel: u32::try_from(self.next(2)).unwrap() + 1,
            program: Some("test".to_owned()),
            model: None,
            takeover: true,
        }
    }

    fn message(&mut self) -> Command {
        let to = self.agent();
        Command::SendMessage {
            from_manus: self.agent(),
            to_manus: self.one(&[Recipient::One(to), Recipient::All, Recipient::Role(Role::Coordinator)]),
            message_type: "NOTE".to_owned(),
            content: self.one(&[
                Json::text("plain \"text\" with \u{0} and \\"),
                Json::Null,
                Json::UInt(u64::MAX),
                Json::List(vec![Json::Float(1e300), Json::Int(-1), Json::Object(Vec::new())]),
            ]),
            reply_to: None,
            requires_ack: self.next(2) == 0,
        }
    }
}
