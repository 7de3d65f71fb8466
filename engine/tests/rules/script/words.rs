//! The words of a story, a line at a time.
//!
//! ```text
//! settings timeout=10s delay=5s queue=2 closed=3 messages=2        a new, empty project
//! settings fails=3 backoff=30s stall=10m reassign=yes
//! at 5s | jump 5s | tick | server starts
//! show ada | show T1 | show locks | show waits | show inbox of ada
//! health | forecast | metrics | why T1
//! register ada ROLE can=rust,python parallel=2 takeover            a SPEED_DEVELOPER where no role is named
//! ada beats [ACTIVE] [40%]        noted ada@100s bo@110s           ada leaves
//! task "Build login" files=src/,a.py after=T1,T2 needs=rust est=30 prio=HIGH
//! tasks Schema est=10 | Api after=Schema,T1                        a batch; `after` names titles of the batch, or tasks
//! assign T1 to ada                cancel T1 "reason"
//! ada starts T1                   ada asks for work                ada reports T1 40% "note"
//! ada completes T1 "result"       complete T1                      ada gives back T1 "reason"
//! ada completes T1 for review     bo approves T1 "comment"         bo sends T1 back "comment"
//! ada blocks T1 "reason"          ada unblocks T1                  ada fails T1 "reason"
//! update T1 "title" prio=HIGH after=T2 est=30 needs=rust files=a.py        `none` empties a list
//! drain ada                       drain ada off
//! ada claims src/ a.py shared ttl=30s wait=10s "reason"            withdraw W1
//! ada frees src/ a.py             bo frees a.py of ada
//! send ada -> bo HELLO "text" re=3 ack                             to an agent, role:COORDINATOR or *
//! bo takes 5                      bo acks 1 2
//! plan T1 by ada 0s-30m, T2 by bo 30m-1h                          plan ends T1, T2
//! … attempt=2                                                      on what an agent says of a task under way
//! … request=r1                                                     on any command: its request id
//! ```

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::plans;
use engine::command::{Dependency, NewTask, Request, TaskChanges};
use engine::{
    Call, Capability, Command, FilePattern, Json, LockMode, ManusId, Priority, Progress, RequestId, Role,
    Settings, TaskId, TimeMs,
};

/// The moment at which every story begins.
pub const START_MS: TimeMs = 1_000_000_000;

/// What a line asks for.
pub enum Line {
    /// Nothing.
    Remark,
    Settings(Settings),
    Wait(TimeMs),
    Jump(TimeMs),
    Show(String),
    /// An argument that the engine's own types do not take, and why.
    Wrong(String),
    Ask(Call),
}

/// Reads a line. Panics on words that it does not know: a story must not pass because nobody understood it.
pub fn read(line: &str) -> Line {
    if line.is_empty() || line.starts_with('#') {
        return Line::Remark;
    }
    if let Some(what) = line.strip_prefix("show ") {
        return Line::Show(what.to_owned());
    }
    if ["health", "forecast", "metrics"].contains(&line) || line.starts_with("why ") {
        return Line::Show(line.to_owned());
    }
    let mut words = Words::split(line);
    let plain = std::mem::take(&mut words.plain);
    let read = match plain.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["settings"] => Ok(Line::Settings(words.settings())),
        ["at", time] => Ok(Line::Wait(START_MS + duration(time))),
        ["jump", time] => Ok(Line::Jump(START_MS + duration(time))),
        ["tasks", ..] => batch(line, &mut words),
        ["plan", ..] => Ok(Line::Ask(plans::read(&line[5..]).into())),
        plain => command(plain, &mut words).and_then(|command| words.call(command)),
    };
    words.done(line);
    read.unwrap_or_else(Line::Wrong)
}

/// A line's words by kind: `"in quotes"`, `key=value`, and the others.
#[derive(Default)]
struct Words {
    plain: Vec<String>,
    quoted: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Words {
    fn split(line: &str) -> Self {
        let mut words = Self::default();
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let mut in_quotes = false;
            let end = rest.find(|c: char| {
                in_quotes ^= c == '"';
                c == ' ' && !in_quotes
            });
            let (word, more) = rest.split_at(end.unwrap_or(rest.len()));
            rest = more.trim_start();
            let bare = word.replace('"', "");
            match word.split_once('=') {
                _ if word.starts_with('"') => words.quoted.push(bare),
                Some((key, value)) if key.chars().all(char::is_alphabetic) => {
                    words.options.insert(key.to_owned(), value.replace('"', ""));
                }
                _ => words.plain.push(bare),
            }
        }
        words
    }

    fn option(&mut self, key: &str) -> Option<String> {
        self.options.remove(key)
    }

    fn list<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.change(key, read).map(Option::unwrap_or_default)
    }

    /// A list that may not be there at all.
    fn change<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, String> {
        let Some(texts) = self.option(key) else { return Ok(None) };
        texts.split(',').filter(|text| *text != "none").map(read).collect::<Result<_, _>>().map(Some)
    }

    fn attempt(&mut self) -> Option<u32> {
        self.option("attempt").map(|text| text.parse().expect("a number"))
    }

    fn quoted(&mut self) -> Option<String> {
        self.quoted.pop()
    }

    fn settings(&mut self) -> Settings {
        let usual = Settings::default();
        let mut number = |key, usual| self.option(key).map_or(usual, |text| text.parse().expect("a number"));
        let (queue_max, closed_kept) =
            (number("queue", usual.queue_max), number("closed", usual.closed_kept));
        let messages_kept = number("messages", usual.messages_kept);
        let max_failures = number("fails", usual.max_failures as usize) as u32;
        let mut time = |key, usual| self.option(key).map_or(usual, |text| duration(&text));
        Settings {
            queue_max,
            closed_kept,
            messages_kept,
            max_failures,
            heartbeat_timeout_ms: time("timeout", usual.heartbeat_timeout_ms),
            lock_delay_ms: time("delay", usual.lock_delay_ms),
            retry_backoff_ms: time("backoff", usual.retry_backoff_ms),
            stall_after_ms: time("stall", usual.stall_after_ms),
            reassign_stalled: self.option("reassign").is_some(),
        }
    }

    /// Everything must have been understood.
    fn done(&self, line: &str) {
        assert!(
            self.options.is_empty() && self.quoted.is_empty(),
            "left over of {line:?}: {:?} {:?}",
            self.options,
            self.quoted
        );
    }

    fn call(&mut self, command: Command) -> Result<Line, String> {
        let request = self.option("request").map(|id| {
            let mut hasher = DefaultHasher::new();
            format!("{command:?}").hash(&mut hasher);
            said(RequestId::new(&id)).map(|id| Request { id, fingerprint: hasher.finish() })
        });
        Ok(Line::Ask(Call { command, request: request.transpose()? }))
    }
}

fn command(plain: &[&str], words: &mut Words) -> Result<Command, String> {
    Ok(match plain {
        ["register", ..] => return register(plain, words),
        ["task", ..] => Command::CreateTasks { tasks: vec![new_task(plain, words, &[])?] },
        ["assign", task, "to", name] => {
            Command::AssignTask { task_id: task_id(task)?, manus_id: manus(name)? }
        }
        ["cancel", task] => Command::CancelTask { task_id: task_id(task)?, reason: words.quoted() },
        ["complete", task] => Command::CompleteTask {
            task_id: task_id(task)?,
            manus_id: None,
            result: text(words.quoted()),
            needs_review: false,
            attempt: words.attempt(),
        },
        ["update", task] => {
            Command::UpdateTask { task_id: task_id(task)?, changes: Box::new(changes(words)?) }
        }
        ["drain", name, off @ ..] => Command::DrainManus { manus_id: manus(name)?, draining: off.is_empty() },
        ["withdraw", wait] => Command::WithdrawClaim {
            wait_id: wait.strip_prefix('W').and_then(|id| id.parse().ok()).expect("W and a number"),
        },
        ["server", "starts"] => Command::ServerStarted,
        ["tick"] => Command::Tick,
        ["noted", beats @ ..] => {
            Command::NoteBeats { beats: beats.iter().map(|beat| noted(beat)).collect::<Result<_, _>>()? }
        }
        ["send", ..] => return send(plain, words),
        [by, "frees", files @ .., "of", holder] => {
            Command::ReleaseFiles { manus_id: manus(holder)?, files: patterns(files)?, by: Some(manus(by)?) }
        }
        [name, said @ ..] => return said_by(&manus(name)?, said, words),
        [] => panic!("no command"),
    })
}

/// What an agent says for itself.
fn said_by(name: &ManusId, said: &[&str], words: &mut Words) -> Result<Command, String> {
    let manus_id = name.clone();
    Ok(match said {
        ["beats", said @ ..] => {
            let (percent, status): (Vec<&str>, Vec<&str>) = said.iter().partition(|word| word.ends_with('%'));
            let status = status
                .first()
                .map(|word| word.parse())
                .transpose()
                .map_err(|bad: engine::ids::BadId| bad.to_string())?;
            Command::Heartbeat {
                manus_id,
                status,
                progress: percent.first().map(|word| progress(word)).transpose()?,
            }
        }
        ["leaves"] => Command::DeregisterManus { manus_id },
        ["starts", task] => Command::StartTask { manus_id, task_id: task_id(task)? },
        ["asks", "for", "work"] => Command::NextTask { manus_id },
        ["reports", task, percent] => {
            let (task_id, progress) = (task_id(task)?, progress(percent)?);
            let (note, attempt) = (words.quoted(), words.attempt());
            Command::UpdateTaskProgress { manus_id, task_id, progress, note, attempt }
        }
        ["completes", task, review @ ..] => Command::CompleteTask {
            task_id: task_id(task)?,
            manus_id: Some(manus_id),
            result: text(words.quoted()),
            needs_review: review == ["for", "review"],
            attempt: words.attempt(),
        },
        ["approves", task] => review(manus_id, task, true, words)?,
        ["sends", task, "back"] => review(manus_id, task, false, words)?,
        ["blocks", task] => Command::BlockTask { manus_id, task_id: task_id(task)?, reason: words.quoted() },
        ["unblocks", task] => Command::UnblockTask { manus_id, task_id: task_id(task)? },
        ["fails", task] => Command::FailTask {
            manus_id,
            task_id: task_id(task)?,
            reason: words.quoted(),
            attempt: words.attempt(),
        },
        ["gives", "back", task] => {
            let (reason, attempt) = (words.quoted(), words.attempt());
            Command::ReleaseTask { manus_id, task_id: task_id(task)?, reason, attempt }
        }
        ["claims", files @ ..] => {
            let shared = files.last() == Some(&"shared");
            let files = patterns(&files[..files.len() - usize::from(shared)])?;
            let mode = if shared { LockMode::Shared } else { LockMode::Exclusive };
            let ttl_ms = words.option("ttl").map(|text| duration(&text));
            let wait_ms = words.option("wait").map_or(0, |text| duration(&text));
            Command::ClaimFiles { manus_id, files, reason: words.quoted(), mode, ttl_ms, wait_ms }
        }
        ["frees", files @ ..] => Command::ReleaseFiles { manus_id, files: patterns(files)?, by: None },
        ["takes"] => Command::TakeMessages { manus_id, limit: 100 },
        ["takes", limit] => Command::TakeMessages { manus_id, limit: limit.parse().expect("a number") },
        ["acks", ids @ ..] => Command::AckMessages {
            manus_id,
            ids: ids.iter().map(|id| id.parse().expect("a number")).collect(),
        },
        other => panic!("nobody says {other:?}"),
    })
}

fn review(manus_id: ManusId, task: &str, approve: bool, words: &mut Words) -> Result<Command, String> {
    Ok(Command::ReviewTask { manus_id, task_id: task_id(task)?, approve, comment: words.quoted() })
}

fn changes(words: &mut Words) -> Result<TaskChanges, String> {
    Ok(TaskChanges {
        title: words.quoted(),
        description: words.option("description"),
        priority: words.option("prio").map(|text| said(text.parse())).transpose()?,
        files_involved: words.change("files", |text| said(FilePattern::new(text)))?,
        dependencies: words.change("after", task_id)?,
        estimated_duration: words.option("est").map(|text| text.parse().expect("minutes")),
        required_capabilities: words.change("needs", |text| said(Capability::new(text)))?,
    })
}

fn register(plain: &[&str], words: &mut Words) -> Result<Command, String> {
    let [_, name, said @ ..] = plain else { panic!("register whom?") };
    let role =
        said.iter().find(|word| **word != "takeover").map_or(Ok(Role::SpeedDeveloper), |word| word.parse());
    Ok(Command::RegisterManus {
        manus_id: manus(name)?,
        role: role.map_err(|bad| bad.to_string())?,
        capabilities: words.list("can", |text| self::said(Capability::new(text)))?,
        max_parallel: words.option("parallel").map_or(1, |text| text.parse().expect("a number")),
        program: words.option("program"),
        model: words.option("model"),
        takeover: said.contains(&"takeover"),
    })
}

fn send(plain: &[&str], words: &mut Words) -> Result<Command, String> {
    let ["send", from, "->", to, kind, said @ ..] = plain else { panic!("send what?") };
    assert!(said.is_empty() || said == ["ack"], "{said:?}");
    Ok(Command::SendMessage {
        from_manus: manus(from)?,
        to_manus: to.parse().map_err(|bad: engine::ids::BadId| bad.to_string())?,
        message_type: (*kind).to_owned(),
        content: text(words.quoted()).unwrap_or_default(),
        reply_to: words.option("re").map(|id| id.parse().expect("a number")),
        requires_ack: said == ["ack"],
    })
}

/// The tasks of a batch stand between bars.
fn batch(line: &str, words: &mut Words) -> Result<Line, String> {
    let parts = line.strip_prefix("tasks").unwrap_or(line).split(" | ").map(Words::split);
    let parts: Vec<Words> = parts.filter(|part| !part.plain.is_empty() || !part.quoted.is_empty()).collect();
    let titles: Vec<String> = parts
        .iter()
        .map(|part| part.plain.iter().chain(&part.quoted).next().cloned().unwrap_or_default())
        .collect();
    let mut tasks = Vec::new();
    for mut part in parts {
        part.option("request");
        let plain = [vec!["task".to_owned()], std::mem::take(&mut part.plain)].concat();
        tasks.push(new_task(&plain.iter().map(String::as_str).collect::<Vec<_>>(), &mut part, &titles)?);
        part.done(line);
    }
    words.quoted.clear();
    words.options.retain(|key, _| key == "request");
    words.call(Command::CreateTasks { tasks })
}

fn new_task(plain: &[&str], words: &mut Words, batch: &[String]) -> Result<NewTask, String> {
    let dependency = |text: &str| match batch.iter().position(|title| title == text) {
        Some(place) => Ok(Dependency::InBatch(place)),
        // A place that the batch does not have.
        None if text.starts_with('#') => Ok(Dependency::InBatch(text[1..].parse().expect("a number"))),
        None => task_id(text).map(Dependency::Task),
    };
    Ok(NewTask {
        title: words.quoted().unwrap_or_else(|| plain[1..].join(" ")),
        description: String::new(),
        priority: words.option("prio").map_or(Ok(Priority::Medium), |text| said(text.parse()))?,
        files_involved: words.list("files", |text| said(FilePattern::new(text)))?,
        dependencies: words.list("after", dependency)?,
        estimated_duration: words.option("est").map_or(30, |text| text.parse().expect("minutes")),
        required_capabilities: words.list("needs", |text| said(Capability::new(text)))?,
    })
}

fn said<T, E: ToString>(outcome: Result<T, E>) -> Result<T, String> {
    outcome.map_err(|bad| bad.to_string())
}

fn manus(text: &str) -> Result<ManusId, String> {
    said(ManusId::new(text))
}

fn task_id(text: &str) -> Result<TaskId, String> {
    said(TaskId::new(text))
}

fn patterns(files: &[&str]) -> Result<Vec<FilePattern>, String> {
    files.iter().map(|text| said(FilePattern::new(text))).collect()
}

fn progress(text: &str) -> Result<Progress, String> {
    said(Progress::new(text.trim_end_matches('%').parse().expect("a number")))
}

fn text(text: Option<String>) -> Option<Json> {
    text.map(Json::Text)
}

fn noted(text: &str) -> Result<(ManusId, TimeMs), String> {
    let (name, at) = text.split_once('@').expect("agent@time");
    Ok((manus(name)?, START_MS + duration(at)))
}

/// `500ms`, `30s`, `2m`, `24h`, in milliseconds; with a sign.
pub fn duration(text: &str) -> TimeMs {
    let units = text.find(char::is_alphabetic).expect("a time has a unit");
    let number: TimeMs = text[..units].parse().expect("a number");
    match &text[units..] {
        "ms" => number,
        "s" => number * 1_000,
        "m" => number * 60_000,
        "h" => number * 3_600_000,
        unit => panic!("unknown unit {unit}"),
    }
}
