//! What a plan knows of a project: who is tied to whom, and what has to be waited for.

use engine::command::{Dependency, NewTask};
use engine::planning::{Outlook, Planner, Sketch, WINDOW};
use engine::{
    Call, Capability, Command, FilePattern, LockMode, ManusId, Priority, Role, Settings, State, TaskId,
};

const NOW: i64 = 1_000_000_000;
const MINUTE: i64 = 60_000;

fn ask(state: &mut State, command: Command) {
    state.decide(NOW, &Call::from(command)).unwrap();
}

fn manus(name: &str) -> ManusId {
    ManusId::new(name).unwrap()
}

fn project(names: &[&str]) -> State {
    let mut state = State::new(Settings::default());
    for name in names {
        let manus_id = manus(name);
        let capabilities = vec![Capability::new("rust").unwrap()];
        let (role, max_parallel, takeover) = (Role::SpeedDeveloper, 1, false);
        ask(
            &mut state,
            Command::RegisterManus {
                manus_id,
                role,
                capabilities,
                max_parallel,
                program: None,
                model: None,
                takeover,
            },
        );
    }
    state
}

fn task(minutes: u32, files: &[&str], after: &[usize]) -> NewTask {
    NewTask {
        title: "Work".into(),
        description: String::new(),
        priority: Priority::Medium,
        files_involved: files.iter().map(|file| FilePattern::new(file).unwrap()).collect(),
        dependencies: after.iter().map(|place| Dependency::InBatch(*place)).collect(),
        estimated_duration: minutes,
        required_capabilities: Vec::new(),
    }
}

fn planned(state: &State) -> Outlook {
    let mut left = 50;
    let mut keep_going = || {
        left -= 1;
        left > 0
    };
    let outlook = Planner::default().plan(Sketch::of(state, NOW, WINDOW), 1, &mut keep_going);
    outlook.plan.check(&outlook.problem).unwrap();
    outlook
}

/// Who does what from which minute to which.
fn lines(outlook: &Outlook) -> Vec<String> {
    let line = |(step, _): (engine::event::PlannedStep, bool)| {
        let minute = |at_ms: i64| (at_ms - NOW) / MINUTE;
        format!("{} {} {}-{}", step.task_id, step.manus_id, minute(step.start_ms), minute(step.finish_ms))
    };
    outlook.expected().into_iter().map(line).collect()
}

#[test]
fn what_is_given_by_hand_stays_and_who_drains_gets_nothing() {
    let mut state = project(&["ada", "bo", "cy"]);
    ask(
        &mut state,
        Command::CreateTasks { tasks: vec![task(30, &[], &[]), task(30, &[], &[]), task(30, &[], &[])] },
    );
    for number in 1..=2 {
        ask(&mut state, Command::AssignTask { task_id: TaskId::numbered(number), manus_id: manus("ada") });
    }
    ask(&mut state, Command::DrainManus { manus_id: manus("bo"), draining: true });
    assert_eq!(lines(&planned(&state)), ["T1 ada 0-30", "T3 cy 0-30", "T2 ada 30-60"]);
}

#[test]
fn claims_reviews_and_pauses_are_waited_for() {
    let mut state = project(&["ada", "bo"]);
    let tasks = vec![task(30, &["a.rs"], &[]), task(20, &[], &[]), task(20, &[], &[1]), task(20, &[], &[])];
    let claim = |name: &str, ttl_ms| Command::ClaimFiles {
        manus_id: manus(name),
        files: vec![FilePattern::new("a.rs").unwrap()],
        reason: None,
        mode: LockMode::Exclusive,
        ttl_ms,
        wait_ms: 0,
    };
    // Bo holds the file of T1, so nobody else can begin it.
    ask(&mut state, claim("bo", Some(60 * MINUTE)));
    ask(&mut state, Command::CreateTasks { tasks });
    let start = |state: &mut State, name: &str, number| {
        ask(state, Command::AssignTask { task_id: TaskId::numbered(number), manus_id: manus(name) });
        ask(state, Command::StartTask { manus_id: manus(name), task_id: TaskId::numbered(number) });
    };
    // T2 is up for review, and T4 failed and pauses for half a minute.
    start(&mut state, "ada", 2);
    let (task_id, manus_id) = (TaskId::numbered(2), Some(manus("ada")));
    let (result, needs_review, attempt) = (None, true, None);
    ask(&mut state, Command::CompleteTask { task_id, manus_id, result, needs_review, attempt });
    start(&mut state, "ada", 4);
    let (manus_id, task_id) = (manus("ada"), TaskId::numbered(4));
    ask(&mut state, Command::FailTask { manus_id, task_id, reason: None, attempt: None });
    let outlook = planned(&state);
    let of = |number: u64| {
        lines(&outlook).into_iter().find(|line| line.starts_with(&format!("T{number} "))).unwrap()
    };
    assert_eq!(of(1), "T1 bo 0-30");
    let step = |number| outlook.plan.steps.iter().find(|step| step.task == TaskId::numbered(number)).unwrap();
    assert!(step(3).start >= 10 * 60_000, "a review takes a while: {}", of(3));
    assert_eq!(step(4).start, 30_000, "not before the pause is over");
    // When the holder gets nothing new, the claim's end is waited for.
    ask(&mut state, Command::DrainManus { manus_id: manus("bo"), draining: true });
    let outlook = planned(&state);
    let first = outlook.plan.steps.iter().find(|step| step.task == TaskId::numbered(1)).unwrap();
    assert_eq!((first.agent.as_str(), first.start), ("ada", 3_600_000));
}

#[test]
fn of_very_many_tasks_the_most_pressing_are_planned() {
    let mut state = project(&["ada", "bo"]);
    let mut tasks: Vec<NewTask> = (0..3_000).map(|_| task(10, &[], &[])).collect();
    tasks[2_500].priority = Priority::Critical;
    tasks[2_400].dependencies = vec![Dependency::InBatch(2_399)];
    tasks[2_400].priority = Priority::High;
    ask(&mut state, Command::CreateTasks { tasks });
    let outlook = planned(&state);
    assert_eq!((outlook.plan.steps.len(), outlook.sketch.is_full()), (WINDOW, true));
    let place = |number| outlook.plan.steps.iter().position(|step| step.task == TaskId::numbered(number));
    assert!(place(2_501).is_some_and(|place| place < 2), "what is critical comes first");
    assert!(
        place(2_400) < place(2_401) && place(2_401).is_some_and(|place| place < 6),
        "and then what is high"
    );
    assert!(outlook.unplaced(&state).is_empty(), "nothing is impossible");
}
