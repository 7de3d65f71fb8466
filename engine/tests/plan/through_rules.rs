//! Projects carried out by the rules, with the planner beside them, under a virtual clock.

use std::collections::BTreeMap;

use engine::command::{Dependency, NewTask};
use engine::event::AssignCause;
use engine::plan::Problem;
use engine::planning::{Planner, Sketch, WINDOW};
use engine::{
    Answer, Call, Capability, Command, Event, FilePattern, ManusId, Record, Role, Settings, State, TaskId,
    TimeMs,
};

use crate::generate::{Dice, Shape, project};

const MINUTE: TimeMs = 60_000;

/// A project at work.
struct Team {
    state: State,
    planner: Planner,
    now: TimeMs,
    records: Vec<Record>,
    /// When each task under way ends.
    ends: BTreeMap<(TimeMs, TaskId), ManusId>,
    plans: u64,
}

impl Team {
    fn of(problem: &Problem) -> Self {
        let day = 24 * 60 * MINUTE;
        let settings =
            Settings { heartbeat_timeout_ms: 365 * day, stall_after_ms: 365 * day, ..Settings::default() };
        let (state, now) = (State::new(settings), 1_000 * day);
        let mut team = Self {
            state,
            planner: Planner::default(),
            now,
            records: Vec::new(),
            ends: BTreeMap::new(),
            plans: 0,
        };
        for (place, agent) in (0..).zip(&problem.agents) {
            let groups = problem.groups.iter().zip(0..).filter(|(group, _)| group.contains(&place));
            team.ask(Command::RegisterManus {
                manus_id: agent.id.clone(),
                role: Role::SpeedDeveloper,
                capabilities: groups.map(|(_, number)| skill(number)).collect(),
                max_parallel: agent.lanes,
                program: None,
                model: None,
                takeover: false,
            });
        }
        team
    }

    fn ask(&mut self, command: Command) -> Answer {
        let decision = self.state.decide(self.now, &Call::from(command)).unwrap();
        self.records.extend(decision.events);
        (*decision.answer).clone()
    }

    fn create(&mut self, problem: &Problem) {
        let tasks = problem.tasks.iter().map(|task| NewTask {
            title: "Work".into(),
            description: String::new(),
            priority: task.priority,
            files_involved: task
                .machines
                .iter()
                .map(|file| FilePattern::new(&format!("f{file}")).unwrap())
                .collect(),
            dependencies: task.after.iter().map(|&before| Dependency::InBatch(before as usize)).collect(),
            estimated_duration: task.duration as u32,
            required_capabilities: vec![skill(task.group)],
        });
        let tasks = tasks.collect();
        self.ask(Command::CreateTasks { tasks });
    }

    fn plan(&mut self, times: u64) {
        self.plans += 1;
        let mut left = times;
        let mut keep_going = || {
            left = left.saturating_sub(1);
            left > 0
        };
        let sketch = Sketch::of(&self.state, self.now, WINDOW);
        let outlook = self.planner.plan(sketch, self.plans, &mut keep_going);
        outlook.plan.check(&outlook.problem).unwrap();
        if let Some(command) = outlook.adoption() {
            self.ask(command);
        }
    }

    /// Whoever has a hand free asks for work.
    fn take_work(&mut self) {
        let agents: Vec<ManusId> = self.state.agents().map(|agent| agent.id().clone()).collect();
        for manus_id in agents {
            loop {
                let agent = self.state.manus(&manus_id).unwrap();
                let running = self.state.agent(&manus_id).unwrap().running().len();
                if running >= agent.max_parallel as usize {
                    break;
                }
                let answer = self.ask(Command::NextTask { manus_id: manus_id.clone() });
                let Answer::Started { task: Some(task), .. } = answer else { break };
                let end = self.now + TimeMs::from(task.estimated_duration) * MINUTE;
                self.ends.insert((end, task.id.clone()), manus_id.clone());
            }
        }
    }

    /// Goes to the next end of a task, and completes what ends there. False when nothing is under way.
    fn go_on(&mut self) -> bool {
        let Some(now) = self.ends.keys().next().map(|(end, _)| *end) else { return false };
        self.now = now;
        while let Some(((_, task_id), _)) = self.ends.pop_first_if_due(now) {
            let (manus_id, result, needs_review, attempt) = (None, None, false, None);
            self.ask(Command::CompleteTask { task_id, manus_id, result, needs_review, attempt });
        }
        true
    }

    /// How often each task that somebody had in the queue went to somebody else, if it did.
    fn moves(&self) -> Vec<usize> {
        let mut had: BTreeMap<&TaskId, (&ManusId, usize)> = BTreeMap::new();
        for record in &self.records {
            if let Event::TaskAssigned { task_id, manus_id, .. } = &record.event {
                let (before, moves) = had.entry(task_id).or_insert((manus_id, 0));
                *moves += usize::from(*before != manus_id);
                *before = manus_id;
            }
        }
        had.into_values().map(|(_, moves)| moves).filter(|moves| *moves > 0).collect()
    }

    fn count(&self, what: impl Fn(&Event) -> bool) -> usize {
        self.records.iter().filter(|record| what(&record.event)).count()
    }
}

trait PopDue {
    fn pop_first_if_due(&mut self, now: TimeMs) -> Option<((TimeMs, TaskId), ManusId)>;
}

impl PopDue for BTreeMap<(TimeMs, TaskId), ManusId> {
    fn pop_first_if_due(&mut self, now: TimeMs) -> Option<((TimeMs, TaskId), ManusId)> {
        self.first_key_value().filter(|((end, _), _)| *end <= now)?;
        self.pop_first()
    }
}

fn skill(group: u32) -> Capability {
    Capability::new(&format!("skill-{group}")).unwrap()
}

/// Carries a project out, with so much search a plan (0: no plans at all); answers the minutes it took.
fn carried_out(problem: &Problem, times: u64) -> (u64, Team) {
    let mut team = Team::of(problem);
    let begin = team.now;
    team.create(problem);
    loop {
        if times > 0 {
            team.plan(times);
        }
        team.take_work();
        if !team.go_on() {
            break;
        }
    }
    let open = team.state.tasks().filter(|task| !task.status().is_closed()).count();
    assert_eq!((open, team.state.check()), (0, Vec::new()), "everything is done in the end");
    (((team.now - begin) / MINUTE) as u64, team)
}

#[test]
fn projects_are_finished_near_the_bound() {
    let plain = Shape { tasks: 60, agents: 8, ..Shape::PLAIN };
    let files = Shape { files: 20, files_each: 2, ..plain };
    let (mut planned, mut by_rule, mut bounds, mut moves) = (0, 0, 0, 0);
    for seed in 0..6 {
        for shape in [plain, files] {
            let problem = project(shape, seed);
            let (minutes, team) = carried_out(&problem, 60);
            planned += minutes;
            moves += team.moves().iter().sum::<usize>();
            by_rule += carried_out(&problem, 0).0;
            bounds += engine::plan::lower_bound(&problem);
        }
    }
    println!("planned {planned}, by the rule {by_rule}, bound {bounds}, {moves} moves of 720 tasks");
    assert!(planned * 100 <= bounds * 104, "{planned} over {bounds}");
    assert!(planned < by_rule, "{planned} with plans, {by_rule} without");
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let problem =
        project(Shape { tasks: 40, agents: 5, files: 8, files_each: 2, classes: 3, ..Shape::PLAIN }, 3);
    let [one, other] = [(); 2].map(|()| carried_out(&problem, 20).1.records);
    assert_eq!(one, other);
}

#[test]
fn plans_do_not_move_tasks_to_and_fro() {
    // A long day: a few new tasks an hour, plans all the time.
    let mut dice = Dice(9);
    let shape = Shape { tasks: 12, agents: 6, ..Shape::PLAIN };
    let first = project(shape, 1);
    let mut team = Team::of(&first);
    for round in 0..40 {
        team.create(&Problem { tasks: project(shape, round).tasks, ..first.clone() });
        for _ in 0..8 + dice.below(8) {
            team.plan(10);
            team.plan(10);
            team.take_work();
            if !team.go_on() {
                break;
            }
        }
    }
    let created = team.count(|event| matches!(event, Event::TaskCreated { .. }));
    let moves = team.moves();
    let (all, again) = (moves.iter().sum::<usize>(), moves.iter().filter(|moves| **moves > 1).count());
    println!("{all} moves of {created} tasks, {again} of them moved again, in {} plans", team.plans);
    assert!(created == 480 && team.plans > 600, "{created} tasks, {} plans", team.plans);
    // The rule gave each to somebody at once; most stay there, and hardly any moves a second time.
    assert!(all * 2 <= created && again * 20 <= created, "{all} moves of {created} tasks, {again} again");
}

#[test]
fn planning_again_and_again_changes_nothing_once_all_is_said() {
    let problem = project(Shape { tasks: 80, agents: 8, files: 10, files_each: 1, ..Shape::PLAIN }, 4);
    let mut team = Team::of(&problem);
    team.create(&problem);
    for _ in 0..20 {
        team.plan(200);
    }
    team.take_work();
    team.plan(200);
    let (said, assigned) =
        (team.records.len(), team.count(|event| matches!(event, Event::TaskAssigned { .. })));
    for _ in 0..100 {
        // Time goes on, and everything with it, as expected.
        team.now += 1_000;
        team.plan(20);
    }
    let news: Vec<_> = team.records[said..].iter().map(|record| record.event.kind()).collect();
    assert_eq!(team.count(|event| matches!(event, Event::TaskAssigned { .. })), assigned, "nothing moves");
    assert!(news.len() <= 20, "what is expected was told again {} times: {news:?}", news.len());
    let planned = |event: &Event| matches!(event, Event::TaskAssigned { cause: AssignCause::Plan, .. });
    assert!(team.count(planned) <= 8, "at most a task for each free hand");
}
