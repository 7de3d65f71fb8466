//! The arguments of `simulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const SIMULATE: &str = r#"Examples:
  manus-sync simulate plan.json                a line: name, makespan, lower bound, wall milliseconds
  manus-sync simulate --json *.def             with each schedule, in the files' own ids and units
  manus-sync simulate --plan-budget-ms 0 *.def by the immediate rule alone
  manus-sync simulate --policy fifo plan.json  first task first, for comparison

A file is a project of the iMOPSE library (.def), or JSON; times are whole numbers in any unit:
  {"agents": [{"id": "ada", "capabilities": ["rust:2"], "max_parallel": 1}],
   "tasks": [{"id": "api", "estimated_duration": 30},
             {"id": "docs", "estimated_duration": 10, "dependencies": ["api"],
              "required_capabilities": ["rust:1"], "files_involved": ["README.md"], "priority": "HIGH"}]}
Who has a capability at level 2 ("rust:2") can do what asks for level 1 or 0.

Exit codes: 0 done, 1 a file cannot be played, 2 wrong usage"#;

/// What to play, and how.
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Projects: iMOPSE .def files or JSON
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print JSON, with the schedules
    #[arg(long)]
    pub json: bool,
    /// How long each planning may take, in milliseconds; with 0 only the immediate rule decides
    #[arg(long, value_name = "MS", default_value_t = 50)]
    pub plan_budget_ms: u64,
    /// How ready tasks find agents
    #[arg(long, value_name = "POLICY", value_enum, default_value_t = Policy::Engine)]
    pub policy: Policy,
}

/// How ready tasks find agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// By the engine's rules
    Engine,
    /// The first ready task goes to the first able agent
    Fifo,
}
