//! A project in a folder of its own, for one test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::command::{Dependency, NewTask};
use engine::{Answer, Command, FilePattern, LockMode, ManusId, Priority, RequestId, Role, TaskId};
use hub::{Config, Failure, Hub, ManualClock, Reply};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;

/// When the tests' clock starts.
pub const START_MS: i64 = 1_750_000_000_000;

pub struct Project {
    dir: TempDir,
    pub clock: Arc<ManualClock>,
    pub settings: engine::Settings,
}

impl Project {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, clock: Arc::new(ManualClock::at(START_MS)), settings: engine::Settings::default() }
    }

    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    pub fn database(&self) -> PathBuf {
        self.root().join(".manus-sync/sync_engine.db")
    }

    pub fn config(&self) -> Config {
        let clock = self.clock.clone();
        // Without a planner, unless a test is about that: its events come when they come.
        Config { clock, settings: self.settings.clone(), plan_budget_ms: 0, ..Config::new(self.root()) }
    }

    pub async fn open(&self) -> Hub {
        Hub::open(self.config()).await.unwrap()
    }

    /// A connection of somebody else to the project's database.
    pub async fn sql(&self) -> SqliteConnection {
        connect(&self.database()).await
    }

    /// One statement by somebody else.
    pub async fn execute(&self, sql: &'static str) {
        let mut connection = self.sql().await;
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

pub async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

pub fn manus(name: &str) -> ManusId {
    ManusId::new(name).unwrap()
}

pub fn register(name: &str) -> Command {
    Command::RegisterManus {
        manus_id: manus(name),
        role: Role::SpeedDeveloper,
        capabilities: Vec::new(),
        max_parallel: 1,
        program: None,
        model: None,
        takeover: true,
    }
}

pub fn claim(name: &str, files: &[&str]) -> Command {
    Command::ClaimFiles {
        manus_id: manus(name),
        files: files.iter().map(|file| FilePattern::new(file).unwrap()).collect(),
        reason: Some("a test".to_owned()),
        mode: LockMode::Exclusive,
        ttl_ms: None,
        wait_ms: 0,
    }
}

pub fn task(title: &str, dependencies: &[TaskId]) -> NewTask {
    NewTask {
        title: title.to_owned(),
        description: String::new(),
        priority: Priority::Medium,
        files_involved: Vec::new(),
        dependencies: dependencies.iter().cloned().map(Dependency::Task).collect(),
        estimated_duration: 60,
        required_capabilities: Vec::new(),
    }
}

pub fn create(titles: &[&str]) -> Command {
    Command::CreateTasks { tasks: titles.iter().map(|title| task(title, &[])).collect() }
}

pub fn request(id: &str) -> Option<RequestId> {
    Some(RequestId::new(id).unwrap())
}

/// Carries out a command that must not be refused.
pub async fn done(hub: &Hub, command: Command) -> Answer {
    let Reply { answer, .. } = hub.submit(command, None).await.unwrap();
    (*answer).clone()
}

/// The code of the refusal that a command must meet.
pub async fn refused(hub: &Hub, command: Command) -> &'static str {
    match hub.submit(command, None).await {
        Err(Failure::Refused { refusal, .. }) => refusal.code(),
        other => panic!("not refused: {other:?}"),
    }
}
