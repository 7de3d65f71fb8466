//! A project carried out under a virtual clock, by the very rules that serve real agents.
//!
//! The agents of a [`Project`] register, its tasks are created in one batch, and from then on every agent with a free hand asks
//! for its next task and completes it after exactly as long as was estimated. Nothing decides here but [`State::decide`]; what
//! this module adds is the clock, the agents, and between two events an occasion to plan.
//!
//! The engine counts estimates in minutes, a project in a unit of its own: one unit is played as one minute, so nothing rounds.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Decision};
use crate::command::{Command, Dependency, NewTask};
use crate::event::Event;
use crate::ids::{ManusId, TaskId, TimeMs};
use crate::plan::project::{BadProject, ItemId, Project};
use crate::plan::{Problem, Time};
use crate::planning::{Outlook, Planner, Sketch, WINDOW};
use crate::refusal::Refusal;
use crate::state::{Settings, Stage, State};
use crate::values::{LockMode, Role};

/// A unit of the project's time, in milliseconds of the virtual clock.
const UNIT_MS: TimeMs = 60_000;
/// No task may take longer, in units: the planner would take it for shorter than it is.
pub const LONGEST_UNITS: Time = 1_000_000;
/// Longer than any project: simulated agents never fall silent, and nobody asks them why nothing moves.
const NEVER_MS: TimeMs = TimeMs::MAX / 4;

/// How ready tasks find agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// As the rules decide.
    #[default]
    Engine,
    /// The first ready task of the file goes to the first agent of the file that can do it now; for comparison.
    Fifo,
}

/// Makes a plan of a sketch, for as long as it may take. `None` in its place leaves everything to the immediate rule.
pub type Planning<'a> = dyn FnMut(&mut Planner, Sketch) -> Outlook + 'a;

/// A project carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Played {
    /// When the last task was finished.
    pub makespan: Time,
    /// No schedule finishes before this.
    pub lower_bound: Time,
    /// Who did what when, in the order of starting.
    pub schedule: Vec<Entry>,
    /// How often a task that somebody had went to somebody else before it was started.
    pub moves: usize,
}

/// A task in a schedule, in the ids and the unit of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What.
    pub task: ItemId,
    /// Who.
    pub agent: ItemId,
    /// From when.
    pub start: Time,
    /// Until when.
    pub finish: Time,
}

/// Why a project cannot be played.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unplayable {
    /// It makes no sense.
    #[error(transparent)]
    Bad(#[from] BadProject),
    /// A task takes too long.
    #[error("task {task} takes {duration}; the most is {LONGEST_UNITS}")]
    TooLong {
        /// Which.
        task: ItemId,
        /// How long.
        duration: Time,
    },
    /// The rules refused what they should not: a defect of the engine.
    #[error("at {at} the rules refused a step of the simulation: {refusal}; please report this")]
    Refused {
        /// When.
        at: Time,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// Tasks are left that nobody gets to do: a defect of the engine.
    #[error("at {at} nobody has anything to do, and {left} tasks are left; please report this")]
    Stuck {
        /// When.
        at: Time,
        /// How many.
        left: usize,
    },
}

/// Checks that a project can be played.
pub fn check(project: &Project) -> Result<(), Unplayable> {
    begin(project).map(|_| ())
}

/// The project as something to plan.
fn begin(project: &Project) -> Result<Problem, Unplayable> {
    match project.tasks.iter().find(|task| task.estimated_duration > LONGEST_UNITS) {
        Some(long) => Err(Unplayable::TooLong { task: long.id.clone(), duration: long.estimated_duration }),
        None => Ok(project.problem()?),
    }
}

/// Plays a project to its end, planned anew whenever tasks have ended. Fails before anything is played where the project makes no
/// sense.
pub fn play(
    project: &Project,
    policy: Policy,
    mut planning: Option<&mut Planning<'_>>,
) -> Result<Played, Unplayable> {
    let problem = begin(project)?;
    let mut planner = Planner::default();
    let mut game = Game::new(project);
    game.begin()?;
    loop {
        if let Some(planning) = planning.as_deref_mut().filter(|_| policy == Policy::Engine) {
            let sketch = Sketch::of(&game.state, game.now_ms(), WINDOW);
            if let Some(command) = planning(&mut planner, sketch).adoption() {
                game.decide(command)?;
            }
        }
        match policy {
            Policy::Engine => game.ask_for_work()?,
            Policy::Fifo => game.take_in_order(&problem)?,
        }
        if !game.go_on()? {
            break;
        }
    }
    let left = project.tasks.len() - game.schedule.len();
    if left > 0 {
        return Err(Unplayable::Stuck { at: game.now, left });
    }
    let makespan = game.schedule.iter().map(|entry| entry.finish).max().unwrap_or(0);
    let lower_bound = crate::plan::lower_bound(&problem);
    Ok(Played { makespan, lower_bound, schedule: game.schedule, moves: game.moves })
}

/// A project being played. Tasks and agents go by their places in the project.
struct Game<'p> {
    project: &'p Project,
    state: State,
    now: Time,
    /// Per agent: how many tasks it could begin.
    free_hands: Vec<u32>,
    /// By the time of finishing: task and agent.
    running: BTreeSet<(Time, usize, usize)>,
    schedule: Vec<Entry>,
    /// Per task: who had it last.
    had_by: Vec<Option<ManusId>>,
    moves: usize,
}

impl<'p> Game<'p> {
    fn new(project: &'p Project) -> Self {
        let (heartbeat_timeout_ms, stall_after_ms) = (NEVER_MS, NEVER_MS);
        let settings = Settings { heartbeat_timeout_ms, stall_after_ms, ..Settings::default() };
        Self {
            project,
            state: State::new(settings),
            now: 0,
            free_hands: project.agents.iter().map(|agent| agent.max_parallel).collect(),
            running: BTreeSet::new(),
            schedule: Vec::with_capacity(project.tasks.len()),
            had_by: vec![None; project.tasks.len()],
            moves: 0,
        }
    }

    /// Everybody registers, and all tasks are created.
    fn begin(&mut self) -> Result<(), Unplayable> {
        for (agent, data) in self.project.agents.iter().enumerate().filter(|(_, data)| data.max_parallel > 0)
        {
            self.decide(Command::RegisterManus {
                manus_id: manus_id(agent),
                role: Role::SpeedDeveloper,
                capabilities: data.capabilities.clone(),
                max_parallel: data.max_parallel,
                program: None,
                model: None,
                takeover: false,
            })?;
        }
        self.decide(Command::CreateTasks { tasks: new_tasks(self.project) }).map(|_| ())
    }

    /// Every agent with a free hand asks what to do, until nobody gets anything.
    fn ask_for_work(&mut self) -> Result<(), Unplayable> {
        for agent in 0..self.free_hands.len() {
            while self.free_hands[agent] > 0 {
                let answer = self.decide(Command::NextTask { manus_id: manus_id(agent) })?;
                let Answer::Started { task: Some(task), .. } = &*answer else { break };
                self.begun(place(&task.id), agent);
            }
        }
        Ok(())
    }

    /// The first ready tasks begin, each with the first agent that can do it now.
    fn take_in_order(&mut self, problem: &Problem) -> Result<(), Unplayable> {
        for task in 0..self.project.tasks.len() {
            if !self.can_begin(task) {
                continue;
            }
            let able = &problem.groups[problem.tasks[task].group as usize];
            let free = able.iter().map(|&agent| agent as usize).find(|&agent| self.free_hands[agent] > 0);
            if let Some(agent) = free {
                let (task_id, manus_id) = (task_id(task), manus_id(agent));
                self.decide(Command::AssignTask { task_id: task_id.clone(), manus_id: manus_id.clone() })?;
                self.decide(Command::StartTask { manus_id, task_id })?;
                self.begun(task, agent);
            }
        }
        Ok(())
    }

    fn can_begin(&self, task: usize) -> bool {
        let ready = self.state.task(&task_id(task)).is_some_and(|task| *task.stage() == Stage::Pending);
        let locks = self.state.locks();
        let free = |file| locks.in_the_way(file, LockMode::Exclusive, None, 1).is_empty();
        ready && self.project.tasks[task].files_involved.iter().all(free)
    }

    fn begun(&mut self, task: usize, agent: usize) {
        let finish = self.now + self.project.tasks[task].estimated_duration;
        self.free_hands[agent] -= 1;
        self.running.insert((finish, task, agent));
        self.schedule.push(Entry {
            task: self.project.tasks[task].id.clone(),
            agent: self.project.agents[agent].id.clone(),
            start: self.now,
            finish,
        });
    }

    /// Lets time go to the next end of a task, and completes what ends then. False when nothing runs any more.
    fn go_on(&mut self) -> Result<bool, Unplayable> {
        let Some(&(next, ..)) = self.running.first() else { return Ok(false) };
        self.now = next;
        while let Some((_, task, agent)) =
            self.running.first().copied().filter(|(finish, ..)| *finish == next)
        {
            self.running.pop_first();
            let (task_id, manus_id) = (task_id(task), Some(manus_id(agent)));
            let (result, needs_review, attempt) = (None, false, None);
            self.decide(Command::CompleteTask { task_id, manus_id, result, needs_review, attempt })?;
            self.free_hands[agent] += 1;
        }
        Ok(true)
    }

    /// The virtual clock.
    fn now_ms(&self) -> TimeMs {
        // No project is so long that this overflows: see `LONGEST_UNITS`.
        TimeMs::try_from(self.now).unwrap_or(NEVER_MS).saturating_mul(UNIT_MS)
    }

    fn decide(&mut self, command: Command) -> Result<Arc<Answer>, Unplayable> {
        let (at, now_ms) = (self.now, self.now_ms());
        let refused = |refusal| Unplayable::Refused { at, refusal: Box::new(refusal) };
        let Decision { events, answer, .. } = self.state.decide(now_ms, &command.into()).map_err(refused)?;
        // Nobody writes rows or paints here.
        self.state.take_touched();
        for record in &events {
            if let Event::TaskAssigned { task_id, manus_id, .. } = &record.event {
                let before = self.had_by[place(task_id)].replace(manus_id.clone());
                self.moves += usize::from(before.is_some_and(|before| before != *manus_id));
            }
        }
        Ok(answer)
    }
}

/// The agent at this place of the project.
fn manus_id(place: usize) -> ManusId {
    // Within what names may be, so the other branch is never taken.
    ManusId::new(&format!("agent_{}", place + 1)).unwrap_or_else(|_| ManusId::system())
}

/// The task at this place of the project: a batch is numbered in its order.
fn task_id(place: usize) -> TaskId {
    TaskId::numbered(place as u64 + 1)
}

fn place(task_id: &TaskId) -> usize {
    task_id.number().map_or(0, |number| number as usize - 1)
}

fn new_tasks(project: &Project) -> Vec<NewTask> {
    let places: std::collections::BTreeMap<&ItemId, usize> =
        project.tasks.iter().enumerate().map(|(place, task)| (&task.id, place)).collect();
    let new = |task: &crate::plan::project::ProjectTask| {
        let before = task.dependencies.iter().filter_map(|id| places.get(id).copied());
        NewTask {
            title: if task.title.is_empty() { task.id.to_string() } else { task.title.clone() },
            description: String::new(),
            priority: task.priority,
            files_involved: task.files_involved.clone(),
            dependencies: before.map(Dependency::InBatch).collect(),
            // Within bounds: see `LONGEST_UNITS`.
            estimated_duration: u32::try_from(task.estimated_duration).unwrap_or(u32::MAX),
            required_capabilities: task.required_capabilities.clone(),
        }
    };
    project.tasks.iter().map(new).collect()
}
