//! Tokens that agents got when they enrolled, kept in the project's folder: whoever speaks for such an agent later shows its own,
//! where all that was given is a token that enrols.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is kept of an agent.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Who gave it. Nobody else is shown it.
    server: String,
    token: String,
}

/// The token of an agent at a server, if it is kept in this project.
pub fn token(root: &Path, server: &str, manus_id: &str) -> Option<String> {
    let kept: Kept = serde_json::from_slice(&fs::read(file(root, manus_id)).ok()?).ok()?;
    (kept.server == server).then_some(kept.token)
}

/// Keeps the token of an agent, for nobody but the owner of these files to read.
pub fn keep(root: &Path, server: &str, manus_id: &str, token: &str) -> io::Result<()> {
    let kept = Kept { server: server.to_owned(), token: token.to_owned() };
    let text = serde_json::to_vec(&kept)?;
    let file = file(root, manus_id);
    fs::create_dir_all(folder(root))?;
    // Under a name of its own first, since several programs of one agent may run at the same time.
    let new = file.with_extension(format!("{}.new", std::process::id()));
    hub::write_for_owner(&file, &new, &text)
}

/// Lets go of a token that lets nobody in any more.
pub fn forget(root: &Path, manus_id: &str) {
    // One that is gone already is just as well.
    let _ = fs::remove_file(file(root, manus_id));
}

fn folder(root: &Path) -> PathBuf {
    root.join(".manus-sync/tokens")
}

/// A colon is no character of a file name everywhere.
fn file(root: &Path, manus_id: &str) -> PathBuf {
    folder(root).join(format!("{}.json", manus_id.replace(':', "%3A")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_to_whoever_gave_it_alone() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(token(root.path(), "project", "ada"), None);
        keep(root.path(), "project", "ada", "msk_1").unwrap();
        keep(root.path(), "http://far:1", "team:bob", "msk_2").unwrap();
        keep(root.path(), "project", "ada", "msk_3").unwrap();
        assert_eq!(token(root.path(), "project", "ada").as_deref(), Some("msk_3"));
        assert_eq!(token(root.path(), "http://far:1", "ada"), None);
        assert_eq!(token(root.path(), "http://far:1", "team:bob").as_deref(), Some("msk_2"));
        forget(root.path(), "ada");
        assert_eq!(token(root.path(), "project", "ada"), None);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        keep(root.path(), "project", "ada", "msk_1").unwrap();
        let mode = fs::metadata(file(root.path(), "ada")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
