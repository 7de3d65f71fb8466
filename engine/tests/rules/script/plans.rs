//! Plans in a story: `plan T1 by ada 0s-30m, T2 by bo 30m-1h`, and `plan ends T1, T2`.

use engine::event::PlannedStep;
use engine::{Command, ManusId, TaskId};

use super::words::{START_MS, duration};

pub fn read(text: &str) -> Command {
    let parts = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    match text.strip_prefix("ends ") {
        Some(tasks) => Command::AdoptPlan {
            steps: Vec::new(),
            ended: parts(tasks).iter().map(|id| TaskId::new(id).expect("a task")).collect(),
        },
        None => Command::AdoptPlan {
            steps: parts(text).iter().map(|text| step(text)).collect(),
            ended: Vec::new(),
        },
    }
}

fn step(text: &str) -> PlannedStep {
    let [task, "by", name, span] = text.split(' ').collect::<Vec<_>>()[..] else {
        panic!("no step: {text:?}")
    };
    let (start, finish) = span.split_once('-').expect("from-until");
    PlannedStep {
        task_id: TaskId::new(task).expect("a task"),
        manus_id: ManusId::new(name).expect("a name"),
        start_ms: START_MS + duration(start),
        finish_ms: START_MS + duration(finish),
    }
}
