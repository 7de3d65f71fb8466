//! The hub's handle: what the server's edges talk to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::planning::Outlook;
use engine::state::{Presence, State};
use engine::view::{Message, Snapshot, SyncTask};
use engine::{
    Answer, Call, Capability, Command, ManusId, MessageId, Record, Refusal, RequestId, Seq, TaskId, TimeMs,
};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::access::Access;
use crate::audit::Audit;
use crate::backup::{self, BackupError, Examination};
use crate::config::Config;
use crate::failure::{Failure, OpenError, Readiness};
use crate::feed::Feed;
use crate::fingerprint::fingerprint;
use crate::folder::{Folder, ServerInfo};
use crate::import::{self, ImportReport};
use crate::meters::Meters;
use crate::paths::ProjectPaths;
use crate::planner::{Replanning, forget_plan};
use crate::reserved::{Reservations, Reserved};
use crate::retention;
use crate::shared::Shared;
use crate::store::sqlite::SqliteStore;
use crate::store::{EventFilter, MessageFilter, Page, PrunedUpTo, Store, StoreError, TaskFilter};
use crate::writer::{self, Submission, Writer};

/// The database's name in the project's `.manus-sync` folder.
pub(crate) const DATABASE: &str = "sync_engine.db";

/// One project, being served. Clones share it. When the last one goes, the writer finishes what is queued and ends;
/// [`Hub::shutdown`] also waits for that.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    access: Access,
    audit: Audit,
    paths: ProjectPaths,
    queue: mpsc::Sender<Submission>,
    reserved: Reservations,
    stop: watch::Sender<bool>,
    /// The writer, and the planner where there is one.
    tasks: Mutex<Vec<JoinHandle<()>>>,
    started_at_ms: TimeMs,
    imported: Option<ImportReport>,
}

/// A carried-out command.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What the caller is told.
    pub answer: Arc<Answer>,
    /// The position in the log right after this command.
    pub seq: Seq,
}

/// The answer to a plain sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beat {
    /// How many messages wait.
    pub unread_messages: usize,
    /// What the agent works on and what it has in its queue, in the order in which to do it.
    pub assigned_tasks: Vec<TaskId>,
    /// When note was taken.
    pub server_time_ms: TimeMs,
    /// The position in the log as of which this is true.
    pub seq: Seq,
}

impl Hub {
    /// Takes hold of a project, reads its state, and starts to serve it. Must be called within a tokio runtime.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        let io = |error| OpenError::Io { path: config.project_root.clone(), error };
        let root = std::path::absolute(&config.project_root).map_err(io)?;
        let folder = Folder::take_when_free(&root, config.database.as_deref()).await?;
        let paths = ProjectPaths::new(&root).map_err(io)?;
        let database = config.database_in(folder.path());
        let imported = import::adopt(&database, &paths, &config).await?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&database).await?);
        Self::over(store, folder, database, imported, config).await
    }

    /// Serves what is kept in this store, which is called by the database's name.
    pub(crate) async fn over(
        store: Arc<dyn Store>,
        folder: Folder,
        database: PathBuf,
        imported: Option<ImportReport>,
        config: Config,
    ) -> Result<Self, OpenError> {
        let root = std::path::absolute(&config.project_root)
            .map_err(|error| OpenError::Io { path: config.project_root.clone(), error })?;
        let paths = ProjectPaths::new(&root).map_err(|error| OpenError::Io { path: root.clone(), error })?;
        let storage =
            |error: StoreError| OpenError::Storage { path: database.clone(), reason: error.into_reason() };
        let access = Access::load(store.clone(), config.clock.clone()).await.map_err(storage)?;
        let audit = Audit::start(store.clone(), config.clock.clone(), config.keep_history_ms);
        let started_at_ms = config.clock.now_ms();
        let shared = Arc::new(Shared::new(store, folder, &config));
        let (queue, queued) = mpsc::channel(config.queue_max.max(1));
        let (stop, stopped) = watch::channel(false);
        let writer = Writer::start(shared.clone(), queued, stopped.clone()).await;
        let begun = match writer.and_then(writer::begin) {
            Ok(begun) => begun,
            Err(error) => {
                let _ = shared.store.close().await;
                return Err(storage(error));
            }
        };
        let mut tasks = vec![begun];
        if config.plan_budget_ms > 0 {
            tasks.push(Replanning::start(shared.clone(), queue.downgrade(), stopped));
        } else {
            forget_plan(&shared, &queue).await;
        }
        if let Some(keep_ms) = config.keep_history_ms {
            tasks.push(retention::start(shared.clone(), database, keep_ms, stop.subscribe()));
        }
        let tasks = Mutex::new(tasks);
        let hub = Self(Arc::new(Inner {
            shared,
            access,
            audit,
            paths,
            queue,
            reserved: Reservations::default(),
            stop,
            tasks,
            started_at_ms,
            imported,
        }));
        hub.0.shared.folder.announce(config.address, None, started_at_ms)?;
        Ok(hub)
    }

    /// Has a command decided and committed. Answers when its effect is on the disk.
    ///
    /// With a request id, repeating the call with the same arguments answers the same and does nothing.
    pub async fn submit(&self, command: Command, request_id: Option<RequestId>) -> Result<Reply, Failure> {
        let request =
            request_id.map(|id| engine::command::Request { fingerprint: fingerprint(&command), id });
        if let Some(request) = &request
            && self.0.reserved.is_taken(&command, &request.id, request.fingerprint)
        {
            return Err(self.reused(request.id.clone()));
        }
        let (reply, answer) = oneshot::channel();
        let submission = Submission { call: Call { command, request }, reply };
        match self.0.queue.try_send(submission) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                return Err(Failure::Overloaded { retry_after_secs: 1 });
            }
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.unavailable()),
        }
        // The writer lets go of a call without an answer only when something broke while it was being decided.
        answer.await.unwrap_or_else(|_| Err(self.unavailable()))
    }

    /// Keeps a request id for a call that waits before it submits this command: until what is answered is dropped, other commands
    /// under that id are refused.
    pub fn reserve(&self, command: &Command, request_id: &RequestId) -> Result<Reserved, Failure> {
        self.0.reserved.reserve(command, request_id).ok_or_else(|| self.reused(request_id.clone()))
    }

    fn reused(&self, request_id: RequestId) -> Failure {
        let seq = self.read(State::seq);
        Failure::Refused { refusal: Refusal::RequestIdReused { request_id }, seq }
    }

    fn unavailable(&self) -> Failure {
        let reason = match self.readiness() {
            _ if *self.0.stop.borrow() => "the server is shutting down".to_owned(),
            Readiness::NotReady { reason } => reason,
            Readiness::Ready => "the engine could not finish this call".to_owned(),
        };
        Failure::Unavailable { reason }
    }

    /// Takes a sign of life without touching queue or disk. `None` for an agent that is unknown, lost or gone: that has to be
    /// decided, by submitting [`Command::Heartbeat`].
    pub fn beat(&self, manus: &ManusId) -> Option<Beat> {
        let now = self.now_ms();
        let beat = self.read(|state| {
            let here = state.agent(manus).is_some_and(|agent| agent.presence() == Presence::Here);
            here.then(|| Beat {
                unread_messages: state.inbox().unread_count(manus),
                assigned_tasks: state.assigned_tasks(manus),
                server_time_ms: now,
                seq: state.seq(),
            })
        })?;
        self.0.shared.beats.note(manus, now);
        Some(beat)
    }

    /// Any call in which an agent names itself shows that it is alive; for those that are not submitted.
    pub fn note_sign_of_life(&self, manus: &ManusId) {
        match self.read(|state| state.agent(manus).map(|agent| agent.presence())) {
            Some(Presence::Here) => self.0.shared.beats.note(manus, self.now_ms()),
            // Work waits for it, so it is brought back now and not with the next signs of life that are written.
            Some(Presence::Lost) => {
                let (hub, manus_id) = (self.clone(), manus.clone());
                tokio::spawn(async move {
                    let beat = Command::Heartbeat { manus_id, status: None, progress: None };
                    // Where this fails, its next call tries again.
                    let _ = hub.submit(beat, None).await;
                });
            }
            Some(Presence::Gone) | None => {}
        }
    }

    /// Looks at the published state: everything committed, nothing else. A short read lock; commits wait for it.
    pub fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.0.shared.published())
    }

    /// The time.
    pub fn now_ms(&self) -> TimeMs {
        self.0.shared.clock.now_ms()
    }

    /// When this hub was opened.
    pub fn started_at_ms(&self) -> TimeMs {
        self.0.started_at_ms
    }

    /// What came of importing the project, if this start found a database of the original engine.
    pub fn imported(&self) -> Option<&ImportReport> {
        self.0.imported.as_ref()
    }

    /// Who may come in.
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// Who was denied what, and what people did.
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Leaves a key in the project's folder with which whoever may read that folder can decide who comes in; until the hub is
    /// shut down.
    pub fn leave_local_key(&self) -> Result<(), OpenError> {
        let path = self.0.shared.folder.path();
        let failed =
            |failure: Failure| OpenError::Storage { path: path.to_owned(), reason: failure.to_string() };
        self.0.shared.folder.leave_key(&self.0.access.make_local().map_err(failed)?)
    }

    /// How paths of this project are spelled.
    pub fn paths(&self) -> &ProjectPaths {
        &self.0.paths
    }

    /// A name for the event log: another one where the numbers of events mean something else.
    pub fn log_id(&self) -> String {
        self.0.shared.status.borrow().log.id.clone()
    }

    /// Whether a log before this one may have given this number to another event: the project has been restored from a backup, and
    /// nobody who names an event by this number alone can be told which one it has seen.
    pub fn is_reused(&self, seq: Seq) -> bool {
        let log = &self.0.shared.status.borrow().log;
        log.reused_after < seq && seq <= log.reused_upto
    }

    /// The events as they are committed.
    pub fn feed(&self) -> Feed {
        Feed::new(&self.0.shared.feed, &self.0.shared.store)
    }

    /// Whether changing calls can be carried out.
    pub fn readiness(&self) -> Readiness {
        self.0.shared.readiness()
    }

    /// What the writer and the planner measure of themselves.
    pub fn meters(&self) -> &Meters {
        &self.0.shared.meters
    }

    /// How many commands wait to be decided, and how many may.
    pub fn queue_depth(&self) -> (usize, usize) {
        let most = self.0.queue.max_capacity();
        (most.saturating_sub(self.0.queue.capacity()), most)
    }

    /// How much room the database takes, in bytes; `None` where the store cannot say.
    pub async fn database_bytes(&self) -> Option<u64> {
        self.0.shared.store.bytes().await.ok()
    }

    /// Waits until changing calls can be carried out.
    pub async fn until_ready(&self) {
        let mut status = self.0.shared.status.subscribe();
        // The sender lives as long as this hub, so this ends only by its being ready.
        let _ = status.wait_for(|status| status.readiness == Readiness::Ready).await;
    }

    /// What this run of the server is called, see [`ServerInfo::name`].
    pub fn server_name(&self) -> String {
        ServerInfo::own(self.0.started_at_ms).name()
    }

    /// Leaves word in `.manus-sync/server.json` of where the server can be reached, and by what its certificate is known, if it
    /// has one.
    pub fn announce(&self, address: &str, certificate: Option<&str>) -> Result<(), OpenError> {
        let (address, certificate) = (address.to_owned(), certificate.map(str::to_owned));
        self.0.shared.folder.announce(Some(address), certificate, self.0.started_at_ms)
    }

    /// The plan for the project as it is: the newest, or a new one if anything has happened since. Takes as long as planning may.
    pub async fn plan(&self) -> Result<Arc<Outlook>, Failure> {
        let shared = self.0.shared.clone();
        spawn_blocking(move || shared.planning.plan(&shared)).await.map_err(broken)
    }

    /// What a plan would be like with one more agent who can do this.
    pub async fn plan_with_one_more(
        &self,
        plan: Arc<Outlook>,
        capabilities: Vec<Capability>,
    ) -> Result<Outlook, Failure> {
        let shared = self.0.shared.clone();
        let with = move || shared.planning.plan_with_one_more(&plan, capabilities);
        spawn_blocking(with).await.map_err(broken)
    }

    /// Closed tasks from the store, in the order of creation.
    pub async fn closed_tasks(
        &self,
        filter: &TaskFilter,
        page: &Page<TaskId>,
    ) -> Result<Vec<Arc<SyncTask>>, Failure> {
        self.0.shared.store.closed_tasks(filter, page).await.map_err(StoreError::into_failure)
    }

    /// A closed task from the store; `None` for open and unknown ones.
    pub async fn task_from_history(&self, id: &TaskId) -> Result<Option<Arc<SyncTask>>, Failure> {
        Ok(self.tasks_from_history(std::slice::from_ref(id)).await?.pop())
    }

    /// Those of these tasks that are closed, from the store, in any order.
    pub async fn tasks_from_history(&self, ids: &[TaskId]) -> Result<Vec<Arc<SyncTask>>, Failure> {
        self.0.shared.store.closed_among(ids).await.map_err(StoreError::into_failure)
    }

    /// Messages from the store, read or not, in the order of sending.
    pub async fn messages_page(
        &self,
        filter: &MessageFilter,
        page: &Page<MessageId>,
    ) -> Result<Vec<Arc<Message>>, Failure> {
        self.0.shared.store.messages(filter, page).await.map_err(StoreError::into_failure)
    }

    /// Events from the log.
    pub async fn events_page(&self, filter: &EventFilter, page: &Page<Seq>) -> Result<Vec<Record>, Failure> {
        self.0.shared.store.events(filter, page).await.map_err(StoreError::into_failure)
    }

    /// How far back history goes.
    pub async fn pruned(&self) -> Result<PrunedUpTo, Failure> {
        self.0.shared.store.pruned().await.map_err(StoreError::into_failure)
    }

    /// The state from which the log goes on: that of an empty project, until something was pruned.
    pub async fn log_start(&self) -> Result<Snapshot, Failure> {
        let start = self.0.shared.store.log_start().await.map_err(StoreError::into_failure)?;
        let settings = self.0.shared.settings.clone();
        let snapshot =
            start.map(|start| start.snapshot).unwrap_or_else(|| State::new(settings.clone()).snapshot());
        Ok(Snapshot { settings, ..snapshot })
    }

    /// Copies everything that is committed into a new file, while commits go on; see [`backup`](crate::backup).
    pub async fn backup(&self, file: &Path) -> Result<Examination, BackupError> {
        let database = self.0.paths.root();
        backup::copy(&*self.0.shared.store, database, file).await
    }

    /// Finishes what is queued, writes down what is only in memory, closes the store and lets go of the project.
    pub async fn shutdown(&self) {
        // Before the writer closes the store.
        self.0.audit.finish().await;
        self.0.stop.send_replace(true);
        for task in self.0.tasks.lock().await.drain(..) {
            if let Err(error) = task.await {
                tracing::error!(%error, "Writer or planner did not end well");
            }
        }
    }
}

fn broken(error: JoinError) -> Failure {
    tracing::error!(%error, "The planner broke");
    Failure::Unavailable { reason: "the planner could not finish this call".to_owned() }
}
