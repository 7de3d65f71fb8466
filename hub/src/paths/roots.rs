//! Where a project can be found: under its own path, and in the other worktrees of its repository.
//!
//! Read from git's own files; no git process is run.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Inside, composed};

/// Every place of a project.
#[derive(Debug)]
pub(super) struct Roots {
    /// The longest first, since a worktree may lie within another.
    places: Vec<Arc<Place>>,
    folds_case: bool,
    /// The folder that lists the worktrees, and when it last changed.
    list: PathBuf,
    listed_at: Option<SystemTime>,
}

#[derive(Debug)]
pub(super) struct Place {
    names: Vec<String>,
    pub path: PathBuf,
    /// Whether no symbolic link leads there.
    real: bool,
}

/// A path's names, whatever system it is spelled for.
pub(super) struct Names<'t> {
    pub names: Vec<Cow<'t, str>>,
    pub absolute: bool,
}

impl<'t> Names<'t> {
    /// Takes a path apart at `/` and `\`. A drive is a name of its own; the prefix `\\?\` means nothing here.
    pub(super) fn of(text: &'t str) -> Self {
        let text = text.strip_prefix(r"\\?\").unwrap_or(text);
        let drive = has_drive(text);
        let absolute = drive || text.starts_with(['/', '\\']);
        let mut names: Vec<Cow<str>> =
            text.split(['/', '\\']).filter(|name| !name.is_empty()).map(Cow::Borrowed).collect();
        if let Some(first) = names.first_mut().filter(|_| drive) {
            first.to_mut().make_ascii_uppercase();
        }
        Self { names, absolute }
    }
}

/// `C:` alone or before a separator.
pub(super) fn has_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':'] | [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

impl Roots {
    /// Looks for every place of the project with this root.
    pub(super) fn find(root: &Path, folds_case: bool) -> Self {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let common = real.ancestors().find_map(|top| Some((top, common_dir(top)?)));
        // What is no repository may become one.
        let listing = common.as_ref().map_or_else(|| real.join(".git"), |(_, common)| common.clone());
        let list = listing.join("worktrees");
        let listed_at = changed_at(&list);
        let mut paths = vec![root.to_owned(), real.clone()];
        if let Some((top, common)) = &common {
            let way = real.strip_prefix(top).unwrap_or(Path::new(""));
            for worktree in worktrees(common) {
                let place = worktree.join(way);
                paths.extend(place.canonicalize());
                paths.push(place);
            }
        }
        let mut places: Vec<Arc<Place>> = Vec::new();
        for path in paths {
            let names = names_of(&path);
            if places.iter().all(|place| place.names != names) {
                let real = path.canonicalize().is_ok_and(|real| real == path);
                places.push(Arc::new(Place { names, path, real }));
            }
        }
        places.sort_by_key(|place| std::cmp::Reverse(place.names.len()));
        Self { places, folds_case, list, listed_at }
    }

    /// Whether a worktree has come or gone since.
    pub(super) fn outdated(&self) -> bool {
        changed_at(&self.list) != self.listed_at
    }

    /// The way to these names from the innermost place that holds them. Gives the names back where none does.
    pub(super) fn within<'t>(&self, mut names: Vec<Cow<'t, str>>) -> Result<Inside<'t>, Vec<Cow<'t, str>>> {
        let holds = |place: &&Arc<Place>| {
            place.names.len() <= names.len() && place.names.iter().zip(&names).all(|(a, b)| self.same(a, b))
        };
        let Some(place) = self.places.iter().find(holds).cloned() else { return Err(names) };
        names.drain(..place.names.len());
        Ok(Inside { place, names })
    }

    fn same(&self, a: &str, b: &str) -> bool {
        a == b || (self.folds_case && a.to_lowercase() == b.to_lowercase())
    }
}

impl Place {
    /// Whether these names lead to a folder, or nowhere (yet), from here; `None` where a symbolic link is on the way. Without one
    /// they are spelled as on the disk, which is told much sooner than what [`Path::canonicalize`] finds out.
    pub(super) fn folder_without_links(&self, names: &[Cow<'_, str>]) -> Option<bool> {
        if !self.real {
            return None;
        }
        let (mut path, mut is_folder) = (self.path.clone(), false);
        for name in names {
            path.push(&**name);
            match path.symlink_metadata() {
                Ok(found) if found.is_symlink() => return None,
                Ok(found) => is_folder = found.is_dir(),
                Err(_) => return Some(false),
            }
        }
        Some(is_folder)
    }
}

/// The names of a path, as far as it is Unicode.
pub(super) fn names_of(path: &Path) -> Vec<String> {
    Names::of(&composed(&path.to_string_lossy())).names.into_iter().map(Cow::into_owned).collect()
}

/// The names of a path that is Unicode.
pub(super) fn utf8_names_of(path: &Path) -> Option<Vec<Cow<'static, str>>> {
    path.to_str()?;
    Some(names_of(path).into_iter().map(Cow::Owned).collect())
}

/// The path that these names, from the file system's root, belong to.
pub(super) fn path_of(names: &[Cow<'_, str>]) -> PathBuf {
    let top = if names.first().is_some_and(|first| has_drive(first)) { "" } else { "/" };
    PathBuf::from(format!("{top}{}", names.join("/")))
}

/// The tops of all worktrees of the repository around a folder, the main one first, and the way from its own top to the folder.
pub(crate) fn other_worktrees(folder: &Path) -> Option<(Vec<PathBuf>, PathBuf)> {
    let real = folder.canonicalize().ok()?;
    let (top, common) = real.ancestors().find_map(|top| Some((top, common_dir(top)?)))?;
    Some((worktrees(&common), real.strip_prefix(top).ok()?.to_owned()))
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The folder that the worktrees of a repository share, if this is the top of one of them.
fn common_dir(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let own = top.join(text.strip_prefix("gitdir:")?.trim());
    // A submodule has no such file, and shares its folder with nobody.
    let common = fs::read_to_string(own.join("commondir")).map(|common| own.join(common.trim()));
    let common = common.unwrap_or(own);
    Some(common.canonicalize().unwrap_or(common))
}

/// The tops of all worktrees: the main one, and those that are listed.
fn worktrees(common: &Path) -> Vec<PathBuf> {
    let mut tops = Vec::new();
    if common.file_name().is_some_and(|name| name == ".git") {
        tops.extend(common.parent().map(Path::to_owned));
    }
    for entry in fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten() {
        let Ok(text) = fs::read_to_string(entry.path().join("gitdir")) else { continue };
        // The worktree's `.git` file, absolute or relative to the entry.
        let file = entry.path().join(text.trim());
        let top = file.parent().map(|top| std::path::absolute(top).unwrap_or_else(|_| top.to_owned()));
        tops.extend(top);
    }
    tops
}
