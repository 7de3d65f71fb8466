//! Whether the agents' tools and git ask manus-sync: hooks, guards, settings. Nothing is wrong without them, but whoever is only
//! told to claim files forgets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::findings::Findings;

/// What our lines in other programs' files have in common.
const OURS: &str = "manus-sync";
/// Where coding agents read what to call.
const SETTINGS: [&str; 7] = [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".mcp.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".codex/config.toml",
    "AGENTS.md",
];

pub(super) fn examine(root: &Path, findings: &mut Findings) {
    let connected: Vec<&str> = SETTINGS.into_iter().filter(|file| is_ours(&root.join(file))).collect();
    if connected.is_empty() {
        findings.hint(
            "hooks",
            "no coding agent is connected here",
            "manus-sync connect claude-code (or codex, cursor, generic) makes agents register and claim by themselves",
        );
    } else {
        findings.good("hooks", format!("{} call manus-sync", connected.join(", ")));
    }
    let Some(hooks) = hooks_folder(root) else {
        findings.hint(
            "guard",
            "this is no git repository",
            "in one, manus-sync guard install keeps commits off held files",
        );
        return;
    };
    let missing: Vec<&str> =
        ["pre-commit", "pre-push"].into_iter().filter(|hook| !is_ours(&hooks.join(hook))).collect();
    if missing.is_empty() {
        findings.good("guard", "git's pre-commit and pre-push ask manus-sync");
    } else {
        let said = format!("git's {} do not ask manus-sync", missing.join(" and "));
        findings.hint("guard", said, "manus-sync guard install keeps commits off files that others hold");
    }
}

fn is_ours(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.contains(OURS))
}

/// Git itself knows best: `core.hooksPath` may name another place, and worktrees share one.
fn hooks_folder(root: &Path) -> Option<PathBuf> {
    let git =
        Command::new("git").current_dir(root).args(["rev-parse", "--git-path", "hooks"]).output().ok()?;
    let said = String::from_utf8(git.stdout).ok()?;
    git.status.success().then(|| root.join(said.trim_end_matches('\n')))
}
