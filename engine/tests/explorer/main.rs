//! Every order in which a few agents can claim, wait for, release and lose a few files, up to some number of steps.
//!
//! Breadth first, each distinct situation once: two states that differ only in the moment and in the numbers handed out are
//! one. After each step `model.rs` holds the state to the promises about claims, by means of its own.

// Tests may give up loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;
mod sameness;

use std::collections::HashSet;

use engine::event::WaitEnd;
use engine::{
    Call, Command, Decision, Event, FilePattern, LockMode, ManusId, Refusal, Role, Settings, State, TimeMs,
};

const AGENTS: [&str; 3] = ["ada", "bo", "cy"];
/// Files, one of them in a folder, and that folder.
const FILES: [&str; 4] = ["b", "d/a", "d/", "c"];
/// How long claims wait: longer than locks with a limit live, shorter than silence is borne.
const WAIT_MS: TimeMs = 70;
const TTL_MS: TimeMs = 50;

/// What somebody may do next.
#[derive(Debug, Clone)]
enum Step {
    Claim {
        who: usize,
        files: &'static [usize],
        mode: LockMode,
        ttl: bool,
    },
    Release {
        who: usize,
        file: usize,
    },
    Beat {
        who: usize,
    },
    Leave {
        who: usize,
    },
    /// Time passes until something is due.
    Tick,
}

/// Which files, how, and whether with a limit.
type Claim = (&'static [usize], LockMode, bool);

/// A kind of exploration.
struct Plan {
    agents: usize,
    depth: usize,
    /// What can be claimed at once, and how.
    claims: &'static [Claim],
    comings_and_goings: bool,
    /// The file that each agent holds at the beginning, if any.
    held: &'static [usize],
}

/// What an exploration has seen.
#[derive(Debug, Default)]
struct Seen {
    situations: usize,
    /// Waits refused for the circle that they would close.
    refused: usize,
    /// Waits that ended because a grant closed a circle.
    entangled: usize,
    lost: usize,
}

fn manus(who: usize) -> ManusId {
    ManusId::new(AGENTS[who]).unwrap()
}

fn patterns(files: &[usize]) -> Vec<FilePattern> {
    files.iter().map(|file| FilePattern::new(FILES[*file]).unwrap()).collect()
}

impl Seen {
    fn note(&mut self, outcome: &Result<Decision, Refusal>) {
        self.refused += usize::from(matches!(outcome, Err(Refusal::WouldDeadlock { .. })));
        for record in outcome.iter().flat_map(|decision| &decision.events) {
            match &record.event {
                Event::ClaimWaitEnded { cause: WaitEnd::Deadlock, .. } => self.entangled += 1,
                Event::ManusLost { .. } => self.lost += 1,
                _ => {}
            }
        }
    }
}

impl Step {
    fn command(&self, wait_ms: TimeMs) -> Command {
        match self {
            Self::Claim { who, files, mode, ttl } => Command::ClaimFiles {
                manus_id: manus(*who),
                files: patterns(files),
                reason: None,
                mode: *mode,
                ttl_ms: ttl.then_some(TTL_MS),
                wait_ms,
            },
            Self::Release { who, file } => {
                Command::ReleaseFiles { manus_id: manus(*who), files: patterns(&[*file]), by: None }
            }
            Self::Beat { who } => Command::Heartbeat { manus_id: manus(*who), status: None, progress: None },
            Self::Leave { who } => Command::DeregisterManus { manus_id: manus(*who) },
            Self::Tick => Command::Tick,
        }
    }
}

impl Plan {
    fn beginning(&self) -> State {
        let settings = Settings { heartbeat_timeout_ms: 100, lock_delay_ms: 10, ..Settings::default() };
        let mut state = State::new(settings);
        for who in 0..self.agents {
            let register = Command::RegisterManus {
                manus_id: manus(who),
                role: Role::SpeedDeveloper,
                capabilities: Vec::new(),
                max_parallel: 1,
                program: None,
                model: None,
                takeover: false,
            };
            state.decide(1_000, &register.into()).unwrap();
        }
        for (who, file) in self.held.iter().enumerate() {
            let files = std::slice::from_ref(file);
            let claim = Step::Claim { who, files, mode: LockMode::Exclusive, ttl: false };
            state.decide(1_000, &claim.command(0).into()).unwrap();
        }
        state
    }

    /// Everything that can be done here. What only repeats or cannot be is left out.
    fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = vec![Step::Tick];
        for who in 0..self.agents {
            let agent = state.manus(&manus(who)).unwrap();
            if agent.status == engine::InstanceStatus::Inactive {
                continue;
            }
            // One who waits in several calls at once does so in two of them, which is enough to get entangled.
            if state.waits().of(&manus(who)).count() < 2 {
                let claims = self.claims.iter();
                steps.extend(claims.map(|&(files, mode, ttl)| Step::Claim { who, files, mode, ttl }));
            }
            let held = |file: &usize| agent.files_claimed.contains(&patterns(&[*file])[0]);
            steps.extend((0..FILES.len()).filter(held).map(|file| Step::Release { who, file }));
            if self.comings_and_goings {
                steps.extend([Step::Beat { who }, Step::Leave { who }]);
            }
        }
        steps
    }

    fn explore(&self) -> Seen {
        let mut seen = Seen::default();
        let beginning = self.beginning();
        let mut known = HashSet::from([sameness::essence(&beginning)]);
        let mut edge = vec![(beginning, Vec::<Step>::new())];
        for _ in 0..self.depth {
            let mut next = Vec::new();
            for (state, path) in edge {
                let loaded = State::from_snapshot(state.snapshot(), [], []);
                for step in self.steps(&state) {
                    let mut after = state.clone();
                    let problems = take(&state, &loaded, &mut after, &step, &mut seen);
                    assert_eq!(problems, [""; 0], "after {path:#?} and then {step:?}");
                    if known.insert(sameness::essence(&after)) {
                        next.push((after, [path.clone(), vec![step]].concat()));
                    }
                }
            }
            edge = next;
        }
        seen.situations = known.len();
        seen
    }
}

/// Takes a step, and says what is wrong then. `loaded` is the same state, rebuilt from a snapshot.
fn take(before: &State, loaded: &State, after: &mut State, step: &Step, seen: &mut Seen) -> Vec<String> {
    let now = match step {
        Step::Tick => before.next_deadline().unwrap_or(before.at_ms()),
        _ => before.at_ms(),
    };
    let outcome = ask(after, now, step, WAIT_MS);
    seen.note(&outcome);
    let mut problems = after.check();
    model::check(after, &mut problems);
    match &outcome {
        Ok(decision) => model::check_grants(before, &decision.events, &mut problems),
        Err(refusal) => model::check_refusal(before, &step.command(WAIT_MS), refusal, &mut problems),
    }
    if let Step::Claim { .. } = step {
        // Without a wait the same claim is granted or refused at once, and nobody ever waits.
        let mut at_once = before.clone();
        let granted = ask(&mut at_once, now, step, 0).is_ok();
        let waits = after.waits().iter().len() > before.waits().iter().len();
        let refused = matches!(outcome, Err(Refusal::WouldDeadlock { .. }));
        if granted == (waits || refused) {
            problems.push(format!("granted at once: {granted}, but with a wait: {outcome:?}"));
        }
    }
    let again = ask(&mut loaded.clone(), now, step, WAIT_MS);
    if again != outcome {
        problems.push(format!("from a snapshot {again:?}, otherwise {outcome:?}"));
    }
    problems
}

fn ask(state: &mut State, now: TimeMs, step: &Step, wait_ms: TimeMs) -> Result<Decision, Refusal> {
    let outcome = state.decide(now, &Call::from(step.command(wait_ms)));
    state.take_touched();
    outcome
}

const ALONE: LockMode = LockMode::Exclusive;
const SHARED: LockMode = LockMode::Shared;

#[test]
fn two_agents_with_all_they_can_do() {
    let claims: &[Claim] = &[
        (&[0], ALONE, false),
        (&[0], SHARED, false),
        (&[0], ALONE, true),
        (&[1], ALONE, false),
        (&[2], ALONE, false),
        (&[0, 1], ALONE, false),
    ];
    let plan = Plan { agents: 2, depth: 4, claims, comings_and_goings: true, held: &[] };
    let seen = plan.explore();
    assert!(seen.situations > 1_000 && seen.refused > 0 && seen.lost > 0, "{seen:?}");
}

#[test]
fn three_agents_that_claim_and_wait() {
    let claims: &[Claim] =
        &[(&[0], ALONE, false), (&[1], ALONE, false), (&[2], ALONE, false), (&[0, 1], ALONE, true)];
    let plan = Plan { agents: 3, depth: 4, claims, comings_and_goings: false, held: &[] };
    let seen = plan.explore();
    assert!(seen.situations > 1_000, "{seen:?}");
}

#[test]
fn three_agents_that_have_something_and_want_more() {
    let claims: &[Claim] = &[(&[0], ALONE, false), (&[2], ALONE, false), (&[3], ALONE, false)];
    let plan = Plan { agents: 3, depth: 4, claims, comings_and_goings: false, held: &[0, 1, 3] };
    let seen = plan.explore();
    assert!(seen.refused > 0 && seen.entangled > 0, "{seen:?}");
}
