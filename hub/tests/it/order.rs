//! Many callers at once: what each is told fits one order, the log's.

use std::collections::BTreeMap;

use engine::{Call, Command, Seq, State};
use hub::{Failure, Reply};

use crate::project::Project;
use crate::replay::log;
use crate::work::Work;

type Told = (Command, Result<Reply, Failure>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_are_those_of_one_caller_after_the_other() {
    let project = Project::new();
    let hub = project.open().await;
    let callers: Vec<_> = (0..16)
        .map(|seed| {
            let (hub, mut work) = (hub.clone(), Work::new(seed));
            tokio::spawn(async move {
                let mut told = Vec::new();
                for _ in 0..120 {
                    let command = work.command();
                    told.push((command.clone(), hub.submit(command, None).await));
                }
                told
            })
        })
        .collect();
    let mut told: BTreeMap<Seq, Vec<Told>> = BTreeMap::new();
    for caller in callers {
        for (command, outcome) in caller.await.unwrap() {
            let seq = match &outcome {
                Ok(reply) => reply.seq,
                Err(Failure::Refused { seq, .. }) => *seq,
                Err(other) => panic!("{other}"),
            };
            told.entry(seq).or_default().push((command, outcome));
        }
    }
    assert_eq!(told.values().map(Vec::len).sum::<usize>(), 16 * 120);

    // One after the other, in a second state. The clock stands still, so every call is decided at the same moment.
    let log = log(&hub).await;
    let mut state = State::new(project.settings.clone());
    state.apply(&log[0]);
    for (seq, calls) in told {
        // At most one of the calls that saw this position led to it; the others changed nothing.
        let (mut leading, mut quiet) = (Vec::new(), Vec::new());
        for (command, outcome) in calls {
            let decided = state.clone().decide(crate::project::START_MS, &Call::from(command.clone()));
            // Also by its answer: two that take the same messages would each have led here, had it been the first.
            let as_told = |answer| outcome.as_ref().is_ok_and(|reply| reply.answer == answer);
            let leads = state.seq() < seq
                && decided
                    .is_ok_and(|d| d.events.last().is_some_and(|last| last.seq == seq) && as_told(d.answer));
            if leads { leading.push((command, outcome)) } else { quiet.push((command, outcome)) }
        }
        assert!(leading.len() <= 1 || leading.iter().all(|call| *call == leading[0]), "{leading:?}");
        quiet.extend(leading.split_off(leading.len().min(1)));
        for (command, outcome) in leading.into_iter().chain(quiet) {
            check(&mut state, seq, &command, outcome, &log);
        }
    }
    assert_eq!(state.snapshot(), hub.read(State::snapshot));
}

/// The second state must be told the same, by the same events.
fn check(
    state: &mut State,
    seq: Seq,
    command: &Command,
    outcome: Result<Reply, Failure>,
    log: &[engine::Record],
) {
    let before = usize::try_from(state.seq()).unwrap();
    let again = state.decide(crate::project::START_MS, &Call::from(command.clone()));
    assert_eq!(state.seq(), seq, "{command:?}");
    let after = usize::try_from(seq).unwrap();
    match (outcome, again) {
        (Ok(reply), Ok(decision)) => {
            assert_eq!(decision.answer, reply.answer, "{command:?}");
            assert_eq!(decision.events, log[before..after]);
        }
        (Err(Failure::Refused { refusal, .. }), Err(again)) => assert_eq!(again, refusal),
        (outcome, again) => panic!("{command:?} was told {outcome:?}, then {again:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_callers_race_for_one_file_and_one_wins() {
    use crate::project::{claim, done, register};

    let project = Project::new();
    let hub = project.open().await;
    for round in 0..50 {
        let file = format!("src/{round}.rs");
        let callers: Vec<_> = (0..16)
            .map(|n| {
                let (hub, name, file) = (hub.clone(), format!("agent_{n}"), file.clone());
                tokio::spawn(async move {
                    if round == 0 {
                        done(&hub, register(&name)).await;
                    }
                    hub.submit(claim(&name, &[&file]), None).await
                })
            })
            .collect();
        let (mut won, mut refused) = (0, 0);
        for caller in callers {
            match caller.await.unwrap() {
                Ok(_) => won += 1,
                Err(Failure::Refused { refusal, .. }) if refusal.code() == "file_locked" => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((won, refused), (1, 15));
    }
}
