//! Pages of the past.

use engine::{Command, Json, Priority, Recipient, TaskId, TaskStatus};
use hub::{EventFilter, Hub, MessageFilter, Order, Page, TaskFilter};

use crate::project::{Project, create, done, manus, register, task};

async fn closed(hub: &Hub, filter: TaskFilter, page: Page<TaskId>) -> Vec<String> {
    hub.closed_tasks(&filter, &page).await.unwrap().iter().map(|task| task.id.to_string()).collect()
}

#[tokio::test]
async fn closed_tasks() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    let mut tasks: Vec<_> =
        ["Paint the door", "Oil the hinge", "Paint the wall", "Sweep"].map(|t| task(t, &[])).into();
    tasks[1].priority = Priority::Critical;
    tasks[3].description = "Then it is PAINTED".to_owned();
    done(&hub, Command::CreateTasks { tasks }).await;
    let id = TaskId::numbered;
    for number in [2, 1] {
        done(&hub, Command::StartTask { manus_id: manus("a"), task_id: id(number) }).await;
        done(
            &hub,
            Command::CompleteTask {
                task_id: id(number),
                manus_id: None,
                result: None,
                needs_review: false,
                attempt: None,
            },
        )
        .await;
    }
    assert_eq!(closed(&hub, TaskFilter::default(), Page::newest(9)).await, ["T2", "T1"]);
    for number in [3, 4] {
        done(&hub, Command::CancelTask { task_id: id(number), reason: Some("rain".to_owned()) }).await;
    }

    let all = TaskFilter::default;
    assert_eq!(closed(&hub, all(), Page::newest(9)).await, ["T4", "T3", "T2", "T1"]);
    assert_eq!(closed(&hub, all(), Page::newest(2)).await, ["T4", "T3"]);
    let next = Page { cursor: Some(id(3)), ..Page::newest(2) };
    assert_eq!(closed(&hub, all(), next).await, ["T2", "T1"]);
    let oldest = Page { cursor: Some(id(1)), order: Order::OldestFirst, limit: 2 };
    assert_eq!(closed(&hub, all(), oldest).await, ["T2", "T3"]);

    let page = || Page::newest(9);
    let by = |status| TaskFilter { status: Some(status), ..all() };
    assert_eq!(closed(&hub, by(TaskStatus::Completed), page()).await, ["T2", "T1"]);
    assert_eq!(
        closed(&hub, TaskFilter { priority: Some(Priority::Critical), ..all() }, page()).await,
        ["T2"]
    );
    assert_eq!(
        closed(&hub, TaskFilter { assigned_to: Some(manus("a")), ..by(TaskStatus::Completed) }, page()).await,
        ["T2", "T1"]
    );
    assert_eq!(closed(&hub, TaskFilter { assigned_to: Some(manus("b")), ..all() }, page()).await, [""; 0]);
    assert_eq!(
        closed(&hub, TaskFilter { text: Some("paint".to_owned()), ..all() }, page()).await,
        ["T4", "T3", "T1"]
    );
    assert_eq!(
        closed(&hub, TaskFilter { text: Some("100%_'\"".to_owned()), ..all() }, page()).await,
        [""; 0]
    );
    let found = hub.task_from_history(&id(4)).await.unwrap().unwrap();
    assert_eq!((found.blocked_reason.as_deref(), found.status), (Some("rain"), TaskStatus::Cancelled));
    assert_eq!(hub.task_from_history(&id(5)).await.unwrap(), None);
    let mut several = hub.tasks_from_history(&[id(5), id(3), id(1), id(3)]).await.unwrap();
    several.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(several.iter().map(|task| task.id.to_string()).collect::<Vec<_>>(), ["T1", "T3"]);
}

async fn messages(hub: &Hub, filter: MessageFilter, page: Page<u64>) -> Vec<u64> {
    hub.messages_page(&filter, &page).await.unwrap().iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn messages_read_or_not() {
    let mut project = Project::new();
    project.settings.messages_kept = 1;
    let hub = project.open().await;
    for name in ["a", "b"] {
        done(&hub, register(name)).await;
    }
    let send = async |from: &str, to: &str, kind: &str, text: &str, reply_to| {
        done(
            &hub,
            Command::SendMessage {
                from_manus: manus(from),
                to_manus: Recipient::One(manus(to)),
                message_type: kind.to_owned(),
                content: Json::object([("text", Json::text(text))]),
                reply_to,
                requires_ack: false,
            },
        )
        .await
    };
    send("a", "b", "QUESTION", "Where is the paint?", None).await;
    send("b", "a", "ANSWER", "In the shed", Some(1)).await;
    send("supervisor", "b", "NOTE", "Use the GREEN one", None).await;
    send("a", "b", "THANKS", "!", Some(2)).await;
    for name in ["a", "b"] {
        done(&hub, Command::TakeMessages { manus_id: manus(name), limit: 100 }).await;
    }
    assert_eq!(hub.read(|state| state.inbox().iter().len()), 1);

    let all = MessageFilter::default;
    let page = || Page::newest(9);
    assert_eq!(messages(&hub, all(), page()).await, [4, 3, 2, 1]);
    assert_eq!(messages(&hub, all(), Page { cursor: Some(3), ..Page::newest(1) }).await, [2]);
    let oldest = Page { cursor: Some(1), order: Order::OldestFirst, limit: 2 };
    assert_eq!(messages(&hub, all(), oldest).await, [2, 3]);
    assert_eq!(
        messages(&hub, MessageFilter { to_manus: Some(manus("b")), ..all() }, page()).await,
        [4, 3, 1]
    );
    assert_eq!(messages(&hub, MessageFilter { from_manus: Some(manus("b")), ..all() }, page()).await, [2]);
    assert_eq!(
        messages(&hub, MessageFilter { with_manus: Some(manus("a")), ..all() }, page()).await,
        [4, 2, 1]
    );
    assert_eq!(
        messages(&hub, MessageFilter { message_type: Some("NOTE".into()), ..all() }, page()).await,
        [3]
    );
    assert_eq!(messages(&hub, MessageFilter { thread_id: Some(1), ..all() }, page()).await, [4, 2, 1]);
    assert_eq!(messages(&hub, MessageFilter { text: Some("green".into()), ..all() }, page()).await, [3]);
    assert!(hub.messages_page(&all(), &page()).await.unwrap().iter().all(|message| message.processed));
}

#[tokio::test]
async fn events() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    project.clock.advance(1_000);
    done(&hub, create(&["something"])).await;
    let kinds = async |filter: EventFilter, page: Page<u64>| -> Vec<String> {
        let events = hub.events_page(&filter, &page).await.unwrap();
        events.iter().map(|record| format!("{} {}", record.seq, record.event.kind())).collect()
    };
    let oldest = Page { cursor: None, order: Order::OldestFirst, limit: 9 };
    assert_eq!(
        kinds(EventFilter::default(), oldest.clone()).await,
        ["1 server_started", "2 manus_registered", "3 task_created", "4 task_assigned", "5 message_sent"]
    );
    let after = Page { cursor: Some(3), limit: 1, ..oldest.clone() };
    assert_eq!(kinds(EventFilter::default(), after).await, ["4 task_assigned"]);
    let before = Page { cursor: Some(3), ..Page::newest(1) };
    assert_eq!(kinds(EventFilter::default(), before).await, ["2 manus_registered"]);
    let filter =
        EventFilter { kinds: vec!["message_sent".into(), "manus_registered".into()], ..Default::default() };
    assert_eq!(kinds(filter, Page::newest(9)).await, ["5 message_sent", "2 manus_registered"]);
    let filter = EventFilter { about: Some("T1".into()), ..Default::default() };
    assert_eq!(kinds(filter, oldest.clone()).await, ["3 task_created", "4 task_assigned", "5 message_sent"]);
    let at_ms = hub.events_page(&EventFilter::default(), &oldest).await.unwrap()[2].at_ms;
    let filter = EventFilter { until_ms: Some(at_ms), ..Default::default() };
    assert!(kinds(filter, oldest.clone()).await.iter().all(|kind| !kind.starts_with('3')));
    let filter = EventFilter { by: Some(manus("a")), ..Default::default() };
    assert_eq!(kinds(filter, Page::newest(9)).await, ["2 manus_registered"]);
    let filter = EventFilter { since_ms: Some(crate::project::START_MS + 1), ..Default::default() };
    assert_eq!(kinds(filter, oldest).await, ["3 task_created", "4 task_assigned", "5 message_sent"]);
}

#[tokio::test]
async fn messages_by_their_words() {
    let project = Project::new();
    let hub = project.open().await;
    done(&hub, register("a")).await;
    let send = async |content: Json| {
        let command = Command::SendMessage {
            from_manus: engine::ManusId::supervisor(),
            to_manus: Recipient::One(manus("a")),
            message_type: "NOTE".to_owned(),
            content,
            reply_to: None,
            requires_ack: false,
        };
        done(&hub, command).await
    };
    send(Json::text("Authentication fails in src/auth.py")).await;
    send(Json::object([("files", Json::texts(["docs/Müller.md"])), ("lines", Json::Int(4711))])).await;
    send(Json::object([("text", Json::text("First line\nSecond line: \"quoted\" \\ 100%"))])).await;
    send(Json::Null).await;
    send(Json::text("塗料 🎨 and auth, in that order")).await;

    let found = async |text: &str| {
        let newest = messages(
            &hub,
            MessageFilter { text: Some(text.to_owned()), ..Default::default() },
            Page::newest(9),
        );
        newest.await
    };
    assert_eq!(found("auth").await, [5, 1]);
    assert_eq!(found("AUTH fails").await, [1]);
    assert_eq!(found("order auth").await, [5]);
    assert_eq!(found("\"order auth\"").await, [0; 0]);
    assert_eq!(found("\"that order\"").await, [5]);
    assert_eq!(found("\"auth fails\"").await, [0; 0]);
    assert_eq!(found("uthentication").await, [0; 0]);
    assert_eq!(found("src/auth.py").await, [1]);
    assert_eq!(found("muller").await, [2]);
    assert_eq!(found("4711").await, [2]);
    assert_eq!(found("files").await, [0; 0], "names of fields are not what is said");
    assert_eq!(found("second").await, [3]);
    assert_eq!(found("塗料").await, [5]);
    assert_eq!(found("🎨").await, [5], "what is no word is looked for as it stands");
    assert_eq!(found("%").await, [3]);
    assert_eq!(found("").await, [5, 4, 3, 2, 1]);
    for hostile in [
        "\"",
        "auth\"",
        "auth OR",
        "NEAR(auth, 2",
        "words:auth",
        "auth*)",
        "' or 1=1 --",
        "-auth",
        "^auth",
        "{a b}:auth",
        "auth + fails",
        "\\",
        "*",
    ] {
        assert!(found(hostile).await.len() <= 5, "{hostile}");
    }
    let oldest = Page { cursor: Some(1), order: Order::OldestFirst, limit: 1 };
    let auth = || MessageFilter { text: Some("auth".to_owned()), ..Default::default() };
    assert_eq!(messages(&hub, auth(), oldest).await, [5]);
    assert_eq!(messages(&hub, auth(), Page { cursor: Some(5), ..Page::newest(9) }).await, [1]);
    assert_eq!(
        messages(&hub, MessageFilter { to_manus: Some(manus("b")), ..auth() }, Page::newest(9)).await,
        [0; 0]
    );
}
