//! What connecting changed, kept in the project's own folder so that it can be taken back byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{Change, cannot, write};
use crate::cli::ConnectClient;
use crate::commands::Failed;

/// The files that were changed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    files: Vec<Noted>,
}

/// A file as it was before the first time, and after the last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Noted {
    path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Record {
    pub(super) fn read(root: &Path, client: ConnectClient) -> Self {
        let text = fs::read(place(root, client)).ok();
        text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    pub(super) fn of(&self, path: &str) -> Option<&Noted> {
        self.files.iter().find(|noted| noted.path == path)
    }

    /// The record after further changes.
    pub(super) fn with(mut self, changes: &[Change]) -> Self {
        for change in changes {
            match self.files.iter_mut().find(|noted| noted.path == change.path) {
                // As nobody has touched it since, what was before the first time still holds.
                Some(noted) if noted.after == change.before => noted.after.clone_from(&change.after),
                Some(noted) => (noted.before, noted.after) = (change.before.clone(), change.after.clone()),
                None => self.files.push(Noted {
                    path: change.path.to_owned(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                }),
            }
        }
        self
    }

    /// Whether another program is connected here.
    pub(super) fn is_another_there(root: &Path, client: ConnectClient) -> bool {
        let others = ConnectClient::value_variants().iter().filter(|other| **other != client);
        others.into_iter().any(|other| place(root, *other).exists())
    }

    pub(super) fn write(&self, root: &Path, client: ConnectClient) -> Result<(), Failed> {
        let place = place(root, client);
        let folder = root.join(".manus-sync");
        let ignore = folder.join(".gitignore");
        let text = serde_json::to_string_pretty(self).map_err(Failed::refused)?;
        let written = write(&place, &text).and_then(|()| {
            // What is in there is this machine's alone; a server would say so, too.
            if ignore.exists() { Ok(()) } else { fs::write(&ignore, "*\n") }
        });
        written.map_err(|error| cannot(&place, &error))
    }

    pub(super) fn forget(&self, root: &Path, client: ConnectClient) -> Result<(), Failed> {
        let place = place(root, client);
        match fs::remove_file(&place) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(cannot(&place, &error)),
            _ => Ok(()),
        }
    }
}

fn place(root: &Path, client: ConnectClient) -> PathBuf {
    root.join(".manus-sync/connect").join(format!("{}.json", client.name()))
}
