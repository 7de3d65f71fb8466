//! The instances of the iMOPSE library, where they are at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::plan::Time;
use engine::plan::imopse;
use engine::plan::project::Project;

/// One instance.
pub struct Instance {
    pub name: String,
    pub text: String,
    pub project: Project,
    pub lower_bound: Time,
}

#[derive(serde::Deserialize)]
struct Known {
    lower_bound: Time,
}

/// Beside the repository, or where `MSRCPSP` says.
pub fn folder() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/msrcpsp");
    std::env::var_os("MSRCPSP").map_or_else(beside, PathBuf::from)
}

/// All instances by name; none where the folder is absent.
pub fn load() -> Vec<Instance> {
    let Ok(reference) = std::fs::read_to_string(folder().join("reference.json")) else { return Vec::new() };
    let known: BTreeMap<String, Known> = serde_json::from_str(&reference).unwrap();
    let instance = |(name, known): (String, Known)| {
        let text = std::fs::read_to_string(folder().join(format!("{name}.def"))).unwrap();
        let project = imopse::read(&name, &text).unwrap();
        Instance { name, text, project, lower_bound: known.lower_bound }
    };
    known.into_iter().map(instance).collect()
}
