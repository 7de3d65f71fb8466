//! The planner beside the writer.

use std::time::Duration;

use engine::command::{Dependency, NewTask};
use engine::{Capability, Command, State, TaskId};
use hub::{Config, Hub};

use crate::project::{Project, done, manus, register, task};

fn config(project: &Project) -> Config {
    Config { plan_budget_ms: 50, ..project.config() }
}

/// Waits until the published state is so.
async fn until(hub: &Hub, what: impl Fn(&State) -> bool) {
    let mut feed = hub.feed();
    let seen = async {
        while !hub.read(&what) {
            assert!(feed.changed().await, "the hub ended");
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.expect("that never came");
}

fn estimated(title: &str, minutes: u32) -> NewTask {
    NewTask { estimated_duration: minutes, ..task(title, &[]) }
}

fn expected(state: &State, number: u64) -> Option<(String, i64, i64)> {
    let task = state.task_view(&TaskId::numbered(number))?;
    Some((task.planned_for.as_ref()?.to_string(), task.expected_start_ms?, task.expected_finish_ms?))
}

#[tokio::test]
async fn a_plan_is_adopted_and_survives_a_restart() {
    let project = Project::new();
    let hub = Hub::open(config(&project)).await.unwrap();
    done(&hub, register("ada")).await;
    done(&hub, register("bo")).await;
    let mut tasks = vec![estimated("One", 30), estimated("Two", 60), estimated("Three", 20)];
    tasks[2].dependencies = vec![Dependency::InBatch(0)];
    done(&hub, Command::CreateTasks { tasks }).await;
    until(&hub, |state| (1..=3).all(|number| expected(state, number).is_some())).await;
    let before: Vec<_> = (1..=3).map(|number| hub.read(|state| expected(state, number)).unwrap()).collect();
    let (first, third) = (&before[0], &before[2]);
    assert_eq!(third.1, first.2, "the third begins when the first ends: {before:?}");
    let plan = hub.plan().await.unwrap();
    assert_eq!(plan.finish_ms() - plan.sketch.now_ms(), 60 * 60_000);
    hub.shutdown().await;

    // Without a planner, so that whatever is there is from before; and then nothing is expected any more.
    let mut database = project.sql().await;
    let kept: Vec<(String, i64)> =
        sqlx::query_as("select planned_for, expected_start_ms from sync_tasks order by created_no")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let shown: Vec<_> = before.iter().map(|(name, start, _)| (name.clone(), *start)).collect();
    assert_eq!(kept, shown);
    let hub = Hub::open(config(&project)).await.unwrap();
    for (number, before) in (1..).zip(&before) {
        assert_eq!(hub.read(|state| expected(state, number)).as_ref(), Some(before));
    }
    hub.shutdown().await;
    let hub = Hub::open(project.config()).await.unwrap();
    assert!(
        (1..=3).all(|number| hub.read(|state| expected(state, number)).is_none()),
        "nobody plans any more"
    );
    hub.shutdown().await;
}

#[tokio::test]
async fn what_happens_changes_the_plan() {
    let project = Project::new();
    let hub = Hub::open(config(&project)).await.unwrap();
    done(&hub, register("ada")).await;
    let tasks = (0..6).map(|_| estimated("Work", 60)).collect();
    done(&hub, Command::CreateTasks { tasks }).await;
    let last = |state: &State| {
        (1..=6).filter_map(|number| expected(state, number)).map(|(_, _, finish)| finish).max().unwrap_or(0)
    };
    let start = hub.now_ms();
    until(&hub, |state| last(state) >= start + 360 * 60_000).await;
    done(&hub, register("bo")).await;
    until(&hub, |state| {
        last(state) < start + 181 * 60_000 && (1..=6).all(|number| expected(state, number).is_some())
    })
    .await;
    hub.shutdown().await;
}

#[tokio::test]
async fn what_is_late_is_planned_again_though_nothing_happens() {
    let project = Project::new();
    let mut config = config(&project);
    config.settings.heartbeat_timeout_ms = 24 * 3_600_000;
    config.settings.stall_after_ms = 24 * 3_600_000;
    let hub = Hub::open(config).await.unwrap();
    done(&hub, register("ada")).await;
    done(&hub, Command::CreateTasks { tasks: vec![estimated("One", 30), estimated("Two", 30)] }).await;
    done(&hub, Command::StartTask { manus_id: manus("ada"), task_id: TaskId::numbered(1) }).await;
    until(&hub, |state| expected(state, 2).is_some()).await;
    let before = hub.read(|state| expected(state, 2)).unwrap();
    project.clock.advance(50 * 60_000);
    until(&hub, |state| expected(state, 2).is_some_and(|now| now.1 > before.1)).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn one_more_agent_is_worth_what_it_saves() {
    let project = Project::new();
    let hub = Hub::open(project.config()).await.unwrap();
    done(&hub, register("ada")).await;
    let mut tasks: Vec<NewTask> = (0..4).map(|_| estimated("Work", 60)).collect();
    tasks[3].required_capabilities = vec![Capability::new("sql").unwrap()];
    done(&hub, Command::CreateTasks { tasks }).await;
    let plan = hub.plan().await.unwrap();
    assert_eq!(plan.finish_ms() - hub.now_ms(), 180 * 60_000);
    assert_eq!(plan.plan.unplaced, [TaskId::numbered(4)]);
    let sql = vec![Capability::new("sql").unwrap()];
    let with = hub.plan_with_one_more(plan, sql).await.unwrap();
    assert_eq!((with.finish_ms() - hub.now_ms(), with.plan.unplaced.len()), (120 * 60_000, 0));
    hub.shutdown().await;
}
