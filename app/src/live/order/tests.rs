//! What is listed, and in which order.

use engine::Command;
use engine::command::TaskChanges;

use super::*;
use crate::live::script::script;

fn filter(show: Show, text: &str, needs: &str) -> Filter {
    Filter { show, text: text.to_owned(), needs: Capability::new(needs).ok() }
}

fn tasks(state: &State, show: Show, text: &str) -> Vec<TaskId> {
    super::tasks(state, &filter(show, text, ""), "")
}

#[test]
fn by_what_they_need() {
    let mut project = script();
    let first = project.task("parse", 10, &[], &["Rust", "gpu"]);
    let second = project.task("print", 10, &[], &["gpu"]);
    let third = project.task("rust report", 10, &[], &[]);
    let needing =
        |text: &str, needs: &str| super::tasks(project.state(), &filter(Show::Open, text, needs), "");
    assert_eq!(needing("", "rust"), std::slice::from_ref(&first), "regardless of case");
    assert_eq!(needing("", "GPU"), [first.clone(), second.clone()]);
    assert_eq!(needing("pri", "gpu"), std::slice::from_ref(&second), "both");
    assert_eq!(needing("rust", ""), [third], "a text asks for no capability");
    assert_eq!(needing("", "gp"), [], "nor for the beginning of one");
    let names = |asked: &str| {
        let needed = needed(project.state(), Capability::new(asked).ok());
        needed.iter().map(Capability::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(""), "gpu Rust");
    assert_eq!(names("RUST"), "gpu RUST");
    assert_eq!(names("cobol"), "cobol gpu Rust");
}

#[test]
fn running_before_ready_before_blocked() {
    let mut project = script();
    project.agent("ann", &[]);
    let first = project.task("parse", 10, &[], &[]);
    let second = project.task("print", 10, &[], &["gpu"]);
    let third = project.task("report", 10, &[&first], &[]);
    project.start("ann", &first);
    let state = project.state();
    assert_eq!(tasks(state, Show::Open, ""), [first.clone(), second.clone(), third.clone()]);
    assert_eq!(tasks(state, Show::Blocked, ""), std::slice::from_ref(&third));
    assert_eq!(tasks(state, Show::Open, " RE"), std::slice::from_ref(&third));
    assert_eq!(tasks(state, Show::Open, "ann"), std::slice::from_ref(&first));
    assert_eq!(tasks(state, Show::Open, "t2"), [second]);
    project.complete(&first);
    assert_eq!(tasks(project.state(), Show::Closed, ""), [first]);
    assert_eq!(tasks(project.state(), Show::Ready, ""), [TaskId::numbered(2), third.clone()]);
    assert_eq!(
        super::tasks(project.state(), &filter(Show::Ready, "", ""), "new"),
        [third, TaskId::numbered(2)]
    );
}

#[test]
fn the_urgent_first_and_equals_as_they_came() {
    let mut project = script();
    let made: Vec<TaskId> = (0..6).map(|n| project.task(&format!("t{n}"), 10, &[], &[])).collect();
    for (task, priority) in
        [(1, Priority::Low), (3, Priority::Critical), (4, Priority::Low), (5, Priority::Critical)]
    {
        let changes = Box::new(TaskChanges { priority: Some(priority), ..TaskChanges::default() });
        project.run(Command::UpdateTask { task_id: made[task].clone(), changes });
    }
    let expected = [3, 5, 0, 2, 1, 4].map(|n| made[n].clone());
    for sort in ["", "priority"] {
        assert_eq!(super::tasks(project.state(), &Filter::default(), sort), expected, "{sort:?}");
    }
}

#[test]
fn lost_agents_stand_first() {
    let mut project = script();
    project.agent("a", &[]);
    project.agent("b", &[]);
    project.wait(100_000);
    project.agent("c", &[]);
    let task = project.task("t", 10, &[], &[]);
    let doer = project.state().task(&task).unwrap().assigned_to().unwrap().to_string();
    project.start(&doer, &task);
    project.wait(60_000);
    assert_eq!(agents(project.state(), false)[0].as_str(), if doer == "a" { "b" } else { "a" });
}

#[test]
fn locks_stand_under_their_folders() {
    let mut project = script();
    project.agent("a", &[]);
    project.claim("a", &["src/api/x.rs", "README.md", "src/**", "docs/", "src/api/b.rs"]);
    let shown = |text: &str| -> Vec<String> {
        let name = |row: &RowId| match row {
            RowId::Lock(id) => id.key.file_path.to_string(),
            RowId::Folder(name) => format!("[{name}]"),
            other => format!("{other:?}"),
        };
        lock_tree(project.state(), text).iter().map(name).collect()
    };
    assert_eq!(shown(""), ["README.md", "docs/", "src/", "[src/api/]", "src/api/b.rs", "src/api/x.rs"]);
    assert_eq!(shown("X.RS"), ["[src/api/]", "src/api/x.rs"]);
    assert_eq!(split_path("a/b/**"), ("a/", "b/**"));
}

#[test]
fn a_message_to_many_is_listed_once() {
    let mut project = script();
    for id in ["a", "b", "c"] {
        project.agent(id, &[]);
    }
    project.message("a", "*", "hello");
    project.message("b", "a", "hello");
    assert_eq!(messages(project.state(), false), [3, 1]);
    let to: Vec<String> =
        letter(project.state(), 1).iter().map(|message| message.to_manus.to_string()).collect();
    assert_eq!(to, ["b", "c"]);
}

#[test]
fn words_of_the_address() {
    assert!(Show::ALL.into_iter().all(|show| Show::from_word(show.word()) == show));
    assert_eq!(Show::from_word("nonsense"), Show::Open);
    for status in TaskStatus::ALL {
        let shown = Show::ALL[1..].iter().filter(|show| show.has(*status)).count();
        assert_eq!(shown, 1, "{status} is listed in one place beside the list of all that is open");
    }
}
