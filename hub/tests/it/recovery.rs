//! What a restart finds again.

use engine::{Answer, Command, InstanceStatus, TaskId, TaskStatus};
use hub::{Hub, Page, TaskFilter};

use crate::project::{Project, claim, create, done, manus, refused, register, task};
use crate::work::Work;

/// Everything live, a line an item, but for the log's position.
fn live(hub: &Hub) -> Vec<String> {
    let snapshot = hub.read(engine::State::snapshot);
    let mut lines = vec![format!("{:?} {:?}", snapshot.counters, snapshot.closed)];
    lines.extend(snapshot.manus.iter().map(|item| format!("{item:?}")));
    lines.extend(snapshot.tasks.iter().map(|item| format!("{item:?}")));
    lines.extend(snapshot.locks.iter().map(|item| format!("{item:?}")));
    lines.extend(snapshot.messages.iter().map(|item| format!("{item:?}")));
    lines
}

#[track_caller]
fn assert_same(after: &[String], before: &[String]) {
    for (after, before) in after.iter().zip(before) {
        assert_eq!(after, before);
    }
    assert_eq!(after.len(), before.len());
}

#[tokio::test]
async fn a_restart_finds_everything_again() {
    let project = Project::new();
    let hub = project.open().await;
    let mut work = Work::new(7);
    for _ in 0..600 {
        let _ = hub.submit(work.command(), None).await;
        project.clock.advance(10);
    }
    hub.shutdown().await;
    // The last signs of life come into the log with the shutdown, and the published state outlives it.
    let before = live(&hub);
    assert!(before.len() > 150, "too little happened");

    let again = project.open().await;
    assert_same(&live(&again), &before);
    assert_eq!(again.read(engine::State::check), Vec::<String>::new());
    assert_eq!(again.log_id(), hub.log_id());
}

#[tokio::test]
async fn old_closed_tasks_are_remembered_by_their_outcome() {
    let mut project = Project::new();
    project.settings.closed_kept = 2;
    let hub = project.open().await;
    done(&hub, register("a")).await;
    done(&hub, create(&["one", "two", "three", "four", "five", "six"])).await;
    for number in 1..=4 {
        let task_id = TaskId::numbered(number);
        done(&hub, Command::StartTask { manus_id: manus("a"), task_id: task_id.clone() }).await;
        done(
            &hub,
            Command::CompleteTask {
                task_id,
                manus_id: None,
                result: None,
                needs_review: false,
                attempt: None,
            },
        )
        .await;
    }
    done(&hub, Command::CancelTask { task_id: TaskId::numbered(5), reason: Some("not now".into()) }).await;
    hub.shutdown().await;

    let hub = project.open().await;
    // In memory are the open ones and the two closed last.
    let tasks: Vec<_> = hub.read(|state| state.tasks().map(|task| task.spec().id.to_string()).collect());
    assert_eq!(tasks, ["T4", "T5", "T6"]);
    assert_eq!(hub.read(|state| state.closed_counts().completed), 4);
    let old = hub.task_from_history(&TaskId::numbered(1)).await.unwrap().unwrap();
    assert_eq!((old.title.as_str(), old.status), ("one", TaskStatus::Completed));
    assert_eq!(hub.task_from_history(&TaskId::numbered(6)).await.unwrap(), None);
    let page = hub.closed_tasks(&TaskFilter::default(), &Page::newest(3)).await.unwrap();
    assert_eq!(page.iter().map(|task| task.title.as_str()).collect::<Vec<_>>(), ["five", "four", "three"]);
    // Whoever depends on one that was completed long ago waits for nothing.
    let Answer::Tasks(new) =
        done(&hub, Command::CreateTasks { tasks: vec![task("seven", &[TaskId::numbered(1)])] }).await
    else {
        panic!("no tasks")
    };
    assert_eq!(new[0].waiting_for, []);
    assert_eq!(
        refused(&hub, Command::CancelTask { task_id: TaskId::numbered(1), reason: None }).await,
        "task_closed"
    );
}

#[tokio::test]
async fn a_cancelled_dependency_still_blocks_after_a_restart() {
    let mut project = Project::new();
    project.settings.closed_kept = 1;
    let hub = project.open().await;
    done(&hub, create(&["first", "second"])).await;
    done(&hub, Command::CreateTasks { tasks: vec![task("third", &[TaskId::numbered(1)])] }).await;
    for number in [1, 2] {
        done(&hub, Command::CancelTask { task_id: TaskId::numbered(number), reason: None }).await;
    }
    let before = live(&hub);
    hub.shutdown().await;

    let hub = project.open().await;
    assert_same(&live(&hub), &before);
    let third = hub.read(|state| state.task_view(&TaskId::numbered(3))).unwrap();
    assert_eq!(third.waiting_for, [TaskId::numbered(1)]);
    assert!(third.blocked_reason.as_ref().unwrap().contains("T1, which was cancelled"), "{third:?}");
}

#[tokio::test]
async fn many_tasks_closed_in_one_commit_are_all_written() {
    let mut project = Project::new();
    project.settings.closed_kept = 3;
    let hub = project.open().await;
    let titles: Vec<String> = (0..100).map(|n| format!("task {n}")).collect();
    done(&hub, create(&titles.iter().map(String::as_str).collect::<Vec<_>>())).await;
    // On one thread none of these is decided before all of them are queued.
    let cancelled: Vec<_> = (1..=100)
        .map(|number| {
            let hub = hub.clone();
            tokio::spawn(async move {
                done(&hub, Command::CancelTask { task_id: TaskId::numbered(number), reason: None }).await;
            })
        })
        .collect();
    for task in cancelled {
        task.await.unwrap();
    }
    let page = hub.closed_tasks(&TaskFilter::default(), &Page::newest(1_000)).await.unwrap();
    assert_eq!(page.len(), 100);
    assert!(page.iter().all(|task| task.status == TaskStatus::Cancelled));
}

#[tokio::test]
async fn after_a_restart_everybody_gets_a_full_timeout() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    done(&hub, claim("a", &["src/"])).await;
    hub.shutdown().await;

    // The server is down for a day; nobody could say anything meanwhile.
    project.clock.advance(24 * 3_600_000);
    let hub = project.open().await;
    let status = |hub: &Hub| hub.read(|state| state.manus(&manus("a")).unwrap().status);
    project.clock.advance(119_000);
    done(&hub, create(&["something"])).await;
    assert_ne!(status(&hub), InstanceStatus::Lost);
    let mut feed = hub.feed();
    project.clock.advance(1_001);
    while status(&hub) != InstanceStatus::Lost {
        assert!(feed.changed().await);
    }
}

#[tokio::test]
async fn a_machine_that_slept_does_not_take_its_agents_for_lost() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    let mut feed = hub.feed();
    project.clock.suspend(3_600_000);
    assert!(feed.changed().await);
    assert_eq!(hub.read(|state| state.manus(&manus("a")).unwrap().status), InstanceStatus::Idle);
}
