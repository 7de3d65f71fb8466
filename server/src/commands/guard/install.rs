//! Putting the guard among a repository's hooks, and taking it away so that all is as before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::git::Repository;
use crate::commands::Failed;

/// The hooks that the guard needs.
const HOOKS: [&str; 2] = ["pre-commit", "pre-push"];
/// How the guard knows its own hooks.
const MARK: &str = "# This hook is manus-sync's guard.";
/// What the name of a hook that was there before ends in meanwhile.
const BEFORE: &str = ".before-manus-sync";

/// Installs the hooks. What is there already is kept, and goes first.
pub(super) fn install(repository: &Repository, folder: &Path) -> Result<(), Failed> {
    let program = std::env::current_exe().map_err(Failed::refused)?;
    let project = project_within(repository, folder);
    fs::create_dir_all(&repository.hooks).map_err(|error| cannot(&repository.hooks, &error))?;
    for name in HOOKS {
        let (hook, before) = places(repository, name);
        let found = read(&hook)?;
        if found.as_deref().is_some_and(|text| !is_ours(text)) {
            if before.symlink_metadata().is_ok() {
                return Err(Failed::refused(format!(
                    "{} is not the guard's, and {} is there already; move one of them away",
                    hook.display(),
                    before.display()
                )));
            }
            fs::rename(&hook, &before).map_err(|error| cannot(&hook, &error))?;
        }
        write(&hook, &script(name, &program, project.as_deref()))?;
        let chained = if before.symlink_metadata().is_ok() { ", after the hook that was there" } else { "" };
        println!("{} guards{chained}", hook.display());
    }
    if repository.setting("manus.id").is_none() && std::env::var_os("MANUS_ID").is_none() {
        println!(
            "Agents say who they are with MANUS_ID, or once a worktree: git config --worktree manus.id NAME"
        );
    }
    Ok(())
}

/// Takes the hooks away. What was there before is there again, byte for byte.
pub(super) fn uninstall(repository: &Repository) -> Result<(), Failed> {
    let mut found_any = false;
    for name in HOOKS {
        let (hook, before) = places(repository, name);
        let Some(text) = read(&hook)? else { continue };
        if !is_ours(&text) {
            println!("{} is not the guard's, and stays", hook.display());
            continue;
        }
        found_any = true;
        if before.symlink_metadata().is_ok() {
            fs::rename(&before, &hook).map_err(|error| cannot(&before, &error))?;
            println!("{} is as it was before", hook.display());
        } else {
            fs::remove_file(&hook).map_err(|error| cannot(&hook, &error))?;
            println!("{} is gone", hook.display());
        }
    }
    if !found_any {
        println!("No guard is installed in {}", repository.hooks.display());
    }
    Ok(())
}

/// Whether all hooks of the guard are in place.
pub(super) fn is_installed(repository: &Repository) -> bool {
    let ours =
        |name: &str| read(&repository.hooks.join(name)).ok().flatten().is_some_and(|text| is_ours(&text));
    HOOKS.into_iter().all(ours)
}

fn places(repository: &Repository, name: &str) -> (PathBuf, PathBuf) {
    (repository.hooks.join(name), repository.hooks.join(format!("{name}{BEFORE}")))
}

/// A hook's text; `None` where there is none. A link that leads nowhere is a hook, too: it has been put there.
fn read(hook: &Path) -> Result<Option<Vec<u8>>, Failed> {
    match fs::read(hook) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(hook.symlink_metadata().is_ok().then(Vec::new))
        }
        Err(error) => Err(cannot(hook, &error)),
    }
}

fn is_ours(text: &[u8]) -> bool {
    text.windows(MARK.len()).any(|part| part == MARK.as_bytes())
}

/// The project around a folder, where it lies within the repository: from the repository's top it would not be found.
fn project_within(repository: &Repository, folder: &Path) -> Option<PathBuf> {
    let root = hub::project_root(&folder.canonicalize().ok()?)?;
    (root != repository.top && root.starts_with(&repository.top)).then_some(root)
}

/// A hook that calls this program, here or wherever it has moved to; where it is gone, the hook before goes on alone.
fn script(name: &str, program: &Path, project: Option<&Path>) -> String {
    let program = quoted(program);
    let project = project.map(|root| format!(" --project-root {}", quoted(root))).unwrap_or_default();
    format!(
        "#!/bin/sh\n\
         {MARK} `manus-sync guard uninstall` takes it away and puts back what was here before.\n\
         guard={program}\n\
         [ -x \"$guard\" ] || guard=manus-sync\n\
         if ! command -v \"$guard\" >/dev/null 2>&1; then\n\
         \x20 echo 'manus-sync guard: manus-sync is not found, so nothing is checked' >&2\n\
         \x20 if [ -x \"$0{BEFORE}\" ]; then exec \"$0{BEFORE}\" \"$@\"; fi\n\
         \x20 exit 0\n\
         fi\n\
         exec \"$guard\" guard check --hook {name}{project} --before \"$0{BEFORE}\" -- \"$@\"\n"
    )
}

/// As one word for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// Renamed into place, so that nobody runs half a hook.
fn write(hook: &Path, text: &str) -> Result<(), Failed> {
    let new = hook.with_extension("new");
    let written = || -> io::Result<()> {
        fs::write(&new, text)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
        }
        fs::rename(&new, hook)
    };
    written().map_err(|error| cannot(hook, &error))
}

fn cannot(path: &Path, error: &io::Error) -> Failed {
    Failed::refused(format!("{}: {error}", path.display()))
}
