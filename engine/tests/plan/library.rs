//! The instances of the iMOPSE library with what is known about them, where they are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::plan::{Problem, Time, imopse};

/// One instance.
pub struct Instance {
    pub name: String,
    pub problem: Problem,
    pub lower_bound: Time,
    pub best_known: Time,
}

#[derive(serde::Deserialize)]
struct Known {
    lower_bound: Time,
    best_known: Time,
}

/// Beside the repository, or where `MSRCPSP` says.
pub fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/msrcpsp");
    std::env::var_os("MSRCPSP").map_or_else(beside, PathBuf::from)
}

/// All instances by name; none where the folder is absent.
pub fn load() -> Vec<Instance> {
    let Ok(reference) = std::fs::read_to_string(folder().join("reference.json")) else { return Vec::new() };
    let known: BTreeMap<String, Known> =
        serde_json::from_str(&reference).expect("reference.json is well formed");
    let instance = |(name, known): (String, Known)| {
        let text = std::fs::read_to_string(folder().join(format!("{name}.def")))
            .expect("each instance has its file");
        let project = imopse::read(&name, &text).expect("each file is in the format");
        let problem = project.problem().expect("each project makes sense");
        Instance { name, problem, lower_bound: known.lower_bound, best_known: known.best_known }
    };
    known.into_iter().map(instance).collect()
}
