//! Who may know whom: walks `cargo metadata` and fails on a dependency that the architecture does not allow.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// The crates of this workspace, each with the ones that it may depend on.
const MAY_KNOW: [(&str, &[&str]); 7] = [
    ("engine", &[]),
    ("hub", &["engine"]),
    ("app", &["engine", "hub"]),
    ("frontend", &["app"]),
    ("server", &["engine", "hub", "app"]),
    ("witness", &["engine"]),
    ("fuzz", &["engine", "hub", "app", "server"]),
];

/// The dependencies of each crate of the workspace, as (crate, its dependencies' entries).
fn houses() -> Vec<(String, Vec<Value>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| (name(package), package["dependencies"].as_array().unwrap().clone()))
        .collect()
}

fn name(entry: &Value) -> String {
    entry["name"].as_str().unwrap().to_owned()
}

/// Whether an entry of `dependencies` is needed by the crate itself, rather than by its tests or build script.
fn is_normal(dependency: &Value) -> bool {
    dependency["kind"].is_null()
}

#[test]
fn every_house_knows_only_whom_it_may() {
    let houses = houses();
    let found: BTreeSet<_> = houses.iter().map(|(house, _)| house.as_str()).collect();
    assert_eq!(
        found,
        MAY_KNOW.iter().map(|(house, _)| *house).collect(),
        "a new crate needs its line in MAY_KNOW"
    );
    for (house, dependencies) in &houses {
        let (_, allowed) = MAY_KNOW.iter().find(|(known, _)| known == house).unwrap();
        // The witness judges in tests, and is part of nothing. Nor does a crate know anybody new by whose faults its own tests ask for.
        let judge =
            |other: &&Value| other["kind"] == "dev" && (name(other) == "witness" || name(other) == *house);
        let others = dependencies.iter().filter(|other| !judge(other)).map(name);
        for other in others.filter(|other| found.contains(other.as_str())) {
            assert!(allowed.contains(&other.as_str()), "{house} must not depend on {other}");
        }
    }
}

#[test]
fn the_app_knows_the_hub_on_the_server_only() {
    let (_, dependencies) = houses().into_iter().find(|(house, _)| house == "app").unwrap();
    let hub = dependencies.iter().find(|dependency| name(dependency) == "hub").unwrap();
    assert_eq!(hub["optional"], true, "only the feature ssr may bring the hub in");
}

#[test]
fn the_engine_needs_serde_and_thiserror_alone() {
    let (_, dependencies) = houses().into_iter().find(|(house, _)| house == "engine").unwrap();
    let (optional, needed): (Vec<_>, Vec<_>) = dependencies
        .iter()
        .filter(|dependency| is_normal(dependency))
        .partition(|other| other["optional"] == true);
    assert_eq!(needed.into_iter().map(name).collect::<Vec<_>>(), ["serde", "thiserror"]);
    // Only the server's build describes shapes.
    assert_eq!(optional.into_iter().map(name).collect::<Vec<_>>(), ["schemars"]);
}

#[test]
fn the_hub_alone_knows_sql() {
    for (house, dependencies) in houses().iter().filter(|(house, _)| house != "hub") {
        let sql =
            dependencies.iter().map(name).find(|other| other.contains("sqlx") || other.contains("sqlite"));
        assert_eq!(sql, None, "{house} must leave storage to the hub");
    }
}

/// What `cargo deny` would say of licences and sources, from the same file and without that program.
#[test]
fn every_dependency_may_be_given_on_and_comes_from_where_it_should() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules: toml::Table = toml::from_str(include_str!("../../../deny.toml")).unwrap();
    let listed = |table: &str, key: &str| -> Vec<String> {
        rules[table][key].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let (licences, registries) = (listed("licenses", "allow"), listed("sources", "allow-registry"));
    let denied = rules["bans"]["deny"].as_array().unwrap();
    for package in metadata["packages"].as_array().unwrap() {
        let (name, licence) = (name(package), package["license"].as_str().unwrap_or_default());
        assert!(may_be_given_on(licence, &licences), "{name} is licensed as {licence:?}; see deny.toml");
        assert!(
            denied.iter().all(|one| one["name"].as_str() != Some(&name)),
            "{name} is banned in deny.toml"
        );
        if let Some(source) = package["source"].as_str() {
            let known = registries.iter().any(|registry| source == format!("registry+{registry}"));
            assert!(known, "{name} comes from {source}");
        }
    }
}

/// Whether one of the alternatives of a licence expression is allowed as a whole.
fn may_be_given_on(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    // Brackets hold alternatives of which one is enough; nothing lies deeper.
    let (mut flat, mut rest) = (String::new(), expression.as_str());
    while let Some((before, inner)) = rest.split_once('(') {
        let (inner, after) = inner.split_once(')').unwrap();
        let good = may_be_given_on(inner, allowed);
        flat.push_str(before);
        flat.push_str(if good { "MIT" } else { "none" });
        rest = after;
    }
    flat.push_str(rest);
    let is_allowed = |word: &str| allowed.iter().any(|one| one == word.trim());
    flat.split(" OR ").any(|branch| is_allowed(branch) || branch.split(" AND ").all(is_allowed))
}

#[test]
fn licence_expressions() {
    let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for good in [
        "MIT",
        "GPL-3.0 OR MIT",
        "GPL-3.0/MIT",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(may_be_given_on(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR X) AND MIT", "MITX"] {
        assert!(!may_be_given_on(bad, &allowed), "{bad}");
    }
}
