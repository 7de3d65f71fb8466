//! The HTTP interface: `POST /api/v1/<name>`, a JSON object in, JSON out.
//!
//! Each call is a struct of its arguments and a Leptos server function with an explicit endpoint, so that the dashboard makes
//! the very same calls as everybody else: `api::call(api::CreateTask::new(title, description)).await`. One file a noun; the
//! rules are the engine's, the bounds of the inputs in [`bounds`], the statuses of refusals in [`error`].

#[cfg(feature = "ssr")]
pub mod access;
#[cfg(feature = "ssr")]
mod audit;
pub mod bounds;
mod call;
#[cfg(feature = "ssr")]
pub mod describe;
#[cfg(feature = "ssr")]
mod door;
#[cfg(feature = "ssr")]
mod encoding;
pub mod error;
mod files;
mod health;
mod instances;
mod messages;
#[cfg(feature = "ssr")]
mod meters;
mod one_or_many;
mod plan;
mod reads;
mod setbacks;
mod tasks;
#[cfg(feature = "ssr")]
mod tokens;

#[cfg(feature = "ssr")]
pub use access::{Guarded, Needs, Principal};
#[cfg(feature = "ssr")]
pub use audit::ListAudit;
pub use call::{Arguments, Call, CallJson, PREFIX, call, post};
#[cfg(feature = "ssr")]
pub use door::{Code, Door, SEQ_HEADER, error_response, read_body, serve};
#[cfg(feature = "ssr")]
pub use encoding::nearest;
pub use error::ApiError;
pub use files::{CheckFiles, Checked, ClaimFiles, FileCheck, Locks, ReleaseFiles, Released};
pub use health::{
    ExplainAssignment, ForecastConflicts, ManusMetrics, Metrics, PerformanceMetrics, SelfCheck, SelfChecked,
    SystemHealth,
};
pub use instances::{Beat, DeregisterManus, GetManus, Heartbeat, Left, ListManus, RegisterManus, Registered};
pub use messages::{AckMessages, Acknowledged, GetMessages, ListMessages, SendMessage, Sent};
#[cfg(feature = "ssr")]
pub use meters::{Meters, Watching};
pub use one_or_many::OneOrMany;
pub use plan::{GetPlan, OneMore, Plan, PlannedTask, Unplaced};
pub use reads::{ListEvents, Page, Snapshot};
pub use setbacks::{BlockTask, DrainManus, FailTask, ReviewTask, UnblockTask, UpdateTask, Verdict};
pub use tasks::{
    AssignTask, BatchTask, CancelTask, CompleteTask, CreateTask, CreateTasks, GetTask, ListTasks, NextTask,
    ReleaseTask, StartTask, Started, Taken, UpdateTaskProgress,
};
#[cfg(feature = "ssr")]
pub use tokens::{CreateToken, ListTokens, NewToken, RevokeToken, Revoked};

// The browser makes calls, and needs no list of them; who may come in is no business of its at all.
/// Lists the calls, each of which is a server function.
macro_rules! calls {
    ($($args:ident,)+) => {
        /// The names of all calls.
        #[cfg(feature = "ssr")]
        pub const NAMES: &[&str] = &[$(<$args as Arguments>::NAME,)+];

        /// Begins the call of this name; `None` when there is none. Not by way of the server functions' own register, which spells
        /// the path anew and takes memory twice for each call.
        #[cfg(feature = "ssr")]
        fn begin(name: &str, request: axum::extract::Request) -> Option<door::Answering> {
            Some(match name {
                $(<$args as Arguments>::NAME => Box::pin(<$args as server_fn::ServerFn>::run_on_server(request)),)+
                _ => return None,
            })
        }

        /// All calls, described with the shapes that `describer` collects.
        #[cfg(feature = "ssr")]
        pub fn describe(describer: &mut describe::Describer) -> Vec<describe::Description> {
            vec![$(describer.describe::<$args>(),)+]
        }
    };
}

calls! {
    RegisterManus,
    Heartbeat,
    DeregisterManus,
    ListManus,
    GetManus,
    CreateTask,
    CreateTasks,
    GetTask,
    ListTasks,
    AssignTask,
    CancelTask,
    NextTask,
    StartTask,
    UpdateTaskProgress,
    CompleteTask,
    ReleaseTask,
    ClaimFiles,
    ReleaseFiles,
    CheckFiles,
    SendMessage,
    GetMessages,
    AckMessages,
    ListMessages,
    ListEvents,
    Snapshot,
    SystemHealth,
    ReviewTask,
    BlockTask,
    UnblockTask,
    FailTask,
    UpdateTask,
    DrainManus,
    ExplainAssignment,
    ForecastConflicts,
    PerformanceMetrics,
    SelfCheck,
    GetPlan,
    CreateToken,
    ListTokens,
    RevokeToken,
    ListAudit,
}
