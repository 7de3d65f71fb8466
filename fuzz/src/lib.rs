//! What is done with bytes from anywhere. A target takes any bytes and breaks (panics) where a promise does not hold; what it
//! refuses is fine. `tests/corpus.rs` plays the kept corpus and what comes of it by chance, `make fuzz` lets libFuzzer look for more.

mod doors;
mod original;

use engine::plan::project::Project;
use engine::{FilePattern, plan::imopse, simulate};

pub use doors::{bodies, hooks, resume};
pub use original::databases;

/// What takes bytes.
pub type Target = fn(&[u8]);

/// All of them, by the names of their folders in `corpus/`.
pub const TARGETS: [(&str, Target); 6] = [
    ("patterns", patterns),
    ("projects", projects),
    ("databases", databases),
    ("bodies", bodies),
    ("hooks", hooks),
    ("resume", resume),
];

/// Patterns and paths, two lines of them: one canonical spelling each, and whether they meet does not depend on who asks.
pub fn patterns(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (left, right) = text.split_once('\n').unwrap_or((&text, "src/*.rs"));
    let spelled = [left, right].map(|text| {
        doors::spelled(text);
        let pattern = FilePattern::new(text).ok()?;
        assert_eq!(FilePattern::new(pattern.as_str()).as_ref(), Ok(&pattern), "it is spelled in one way");
        assert!(pattern.meets(&pattern), "{pattern} meets itself");
        Some(pattern)
    });
    let [Some(left), Some(right)] = spelled else { return };
    assert_eq!(left.meets(&right), right.meets(&left), "{left} and {right}");
    let everything = FilePattern::new("**");
    assert!(everything.is_ok_and(|all| all.meets(&left)), "{left} is in the project");
}

/// Projects for the planner, as JSON or in the form of iMOPSE.
pub fn projects(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let project = if text.trim_start().starts_with('{') {
        let Ok(mut project) = serde_json::from_str::<Project>(text) else { return };
        project.spell_out_levels();
        project
    } else {
        let Ok(project) = imopse::read("fuzz", text) else { return };
        project
    };
    if simulate::check(&project).is_ok() {
        // What was said to be sound can be planned for.
        assert!(project.problem().is_ok(), "{project:?}");
    }
}
