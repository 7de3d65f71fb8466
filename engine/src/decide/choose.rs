//! Which agent gets a task: the one who will probably finish it first, scarce skills kept for those who need them.

use super::Rules;
use crate::capability::Capability;
use crate::event::TaskSpec;
use crate::ids::ManusId;
use crate::sorted::SortedSet;
use crate::state::{Agent, Task};
use crate::values::{LockMode, Role};

/// How many able agents are compared, the least busy first.
const COMPARED: usize = 16;
/// Up to how many agents with a needed capability are all compared, instead of going through everybody by load.
const FEW: usize = 32;
/// How many locks are looked at to learn whether a single agent holds everything in the way.
const HOLDERS_SEEN: usize = 8;

/// Smaller is better: expected minutes until done (in thousandths), then how many tasks the agent has already.
type Score = (u64, usize);

impl Rules<'_> {
    /// The best agent for a ready task: the one that the plan names, or else the one that the rule finds.
    pub(super) fn choose_agent(&self, task: &Task) -> Option<ManusId> {
        self.choose_by_plan(task).or_else(|| self.choose_by_rule(task, |_| true))
    }

    /// The best agent for a ready task by the rule: here, with every needed capability, with room in its queue, and with nobody
    /// else holding a file of the task; and what else is asked for.
    pub(super) fn choose_by_rule(&self, task: &Task, fits: impl Fn(&Agent) -> bool) -> Option<ManusId> {
        let holders = self.holders(task);
        let able = |agent: &&Agent| {
            agent.takes_work(self.state.settings())
                && fits(agent)
                && agent.can(&task.need)
                && !self.has_declined(&agent.id, &task.spec.id)
                && holders.iter().all(|holder| **holder == agent.id)
        };
        let best = if let Some(holder) = holders.first() {
            // Not all locks were looked at: another holder may be behind those.
            let open = |agent: &&Agent| self.is_open_to(&agent.id, &task.spec.id);
            self.state.agent(holder).filter(able).filter(open)
        } else if let Some(few) = self.few_able(&task.need) {
            let agents = few.iter().filter_map(|id| self.state.agent(id));
            self.best_of(task, agents.filter(able))
        } else {
            let agents = self.state.work.takers.iter().filter_map(|(_, id)| self.state.agent(id));
            self.best_of(task, agents.filter(able).take(COMPARED))
        };
        best.map(|agent| agent.id.clone())
    }

    /// The agent with the best score; of several, the one on whom the least other work presses, who can do the least else, and by
    /// name.
    fn best_of<'s>(&self, task: &Task, agents: impl Iterator<Item = &'s Agent>) -> Option<&'s Agent> {
        let mut best: Vec<&Agent> = Vec::new();
        let mut least = (u64::MAX, usize::MAX);
        for agent in agents {
            let score = score(agent, task);
            if score < least {
                (best, least) = (Vec::new(), score);
            }
            if score == least {
                best.push(agent);
            }
        }
        if best.len() == 1 {
            return best.pop();
        }
        let else_needed =
            |agent: &&Agent| (self.pressure_on(agent), agent.capabilities.len(), agent.id.clone());
        best.into_iter().min_by_key(else_needed)
    }

    /// Who holds files of the task.
    fn holders(&self, task: &Task) -> SortedSet<&ManusId> {
        let locks = self.state.locks();
        let files = task.spec.files_involved.iter();
        files
            .flat_map(|file| locks.in_the_way(file, LockMode::Exclusive, None, HOLDERS_SEEN))
            .map(|lock| &lock.locked_by)
            .collect()
    }

    /// Everybody with the rarest needed capability, where those are few.
    fn few_able(&self, need: &[Capability]) -> Option<&SortedSet<ManusId>> {
        static NOBODY: SortedSet<ManusId> = SortedSet::new();
        let able = need.iter().map(|capability| self.state.work.able.get(capability).unwrap_or(&NOBODY));
        able.min_by_key(|agents| agents.len()).filter(|agents| agents.len() <= FEW)
    }
}

fn score(agent: &Agent, task: &Task) -> Score {
    (thousandths(agent, task), agent.in_hand())
}

/// Expected minutes until a task would be done in an agent's hands, in thousandths: what it has before, and the estimate. That
/// shrinks by up to 15 % with what is not required but fits: languages that the task's files imply (up to 10 %) and the role
/// (5 %). It is divided by the agent's learned speed and its performance score, and doubles for one who failed at it before.
fn thousandths(agent: &Agent, task: &Task) -> u64 {
    let spec = &*task.spec;
    let estimate = u64::from(spec.estimated_duration.max(1));
    let fit = language_fit(agent, spec) + role_fit(agent, spec);
    // Both are bounded far from zero wherever they are set; the clamps keep the division safe whatever was imported.
    let performance = agent.performance_score.clamp(10.0, 200.0) as u64;
    let speed = u64::from(agent.stats.speed_permille.clamp(250, 4000));
    let again = if failed_before(agent, task) { 2 } else { 1 };
    agent.backlog() * 1000 + estimate * (1000 - fit) * again * 1000 / speed * 100 / performance
}

/// The figure by which an agent is compared for a task, and what goes into it, a sentence each.
pub(crate) fn reasons(agent: &Agent, task: &Task) -> (u64, Vec<String>) {
    let (spec, speed) = (&*task.spec, agent.stats.speed_permille);
    let mut reasons = vec![match agent.backlog() {
        0 => "has a free hand".to_owned(),
        minutes => format!("has about {minutes} minutes of work before"),
    }];
    let mut add = |applies: bool, reason: String| reasons.extend(applies.then_some(reason));
    let fit = language_fit(agent, spec);
    add(fit > 0, format!("knows languages of its files ({fit} of 100)"));
    add(role_fit(agent, spec) > 0, format!("the title suits a {}", agent.role));
    add(speed != 1000, format!("works at {} % of the estimated speed", speed / 10));
    let score = agent.performance_score.round() as i64;
    add(score != 100, format!("has a performance score of {score}"));
    add(failed_before(agent, task), "failed at it before".to_owned());
    (thousandths(agent, task), reasons)
}

fn failed_before(agent: &Agent, task: &Task) -> bool {
    task.course.errors.iter().any(|error| error.manus_id == agent.id)
}

fn role_fit(agent: &Agent, spec: &TaskSpec) -> u64 {
    if role_fits(agent.role, &spec.title) { 50 } else { 0 }
}

/// 0 to 100: the share of the languages implied by the task's files that the agent names among its capabilities. Only where
/// the task itself requires nothing.
fn language_fit(agent: &Agent, spec: &TaskSpec) -> u64 {
    if !spec.required_capabilities.is_empty() {
        return 0;
    }
    let implied: SortedSet<&str> =
        spec.files_involved.iter().filter_map(|file| language(file.as_str())).collect();
    let named =
        |language: &&&str| agent.capabilities.iter().any(|c| c.as_str().eq_ignore_ascii_case(language));
    let fitting = implied.iter().filter(named).count();
    if implied.is_empty() { 0 } else { 100 * fitting as u64 / implied.len() as u64 }
}

/// The capability that a file name implies.
fn language(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "rs" => "rust",
        "py" | "pyi" => "python",
        "ts" | "tsx" => "typescript",
        "js" | "jsx" | "mjs" => "javascript",
        "go" => "go",
        "java" => "java",
        "kt" => "kotlin",
        "swift" => "swift",
        "rb" => "ruby",
        "c" | "h" => "c",
        "cpp" | "cc" | "hpp" => "c++",
        "cs" => "c#",
        "sql" => "sql",
        "css" | "scss" => "css",
        "html" => "html",
        "sh" => "shell",
        "md" => "documentation",
        _ => return None,
    })
}

/// Whether the title speaks of what the role is for. Nobody is excluded by this.
fn role_fits(role: Role, title: &str) -> bool {
    let words: &[&str] = match role {
        Role::SpeedDeveloper => &["implement", "add", "build", "prototype", "create", "fix"],
        Role::QualityEnhancer => {
            &["test", "review", "refactor", "optimi", "quality", "lint", "harden", "benchmark"]
        }
        Role::AiSpecialist => &["ai ", "llm", "prompt", "model", "embedding", "inference"],
        Role::Coordinator => &["plan", "coordinate", "roadmap", "triage", "release", "design"],
    };
    let title = title.to_ascii_lowercase();
    words.iter().any(|word| title.contains(word))
}
