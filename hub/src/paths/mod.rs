//! One file, one key, whatever its spelling.
//!
//! The engine's [`FilePattern`] settles what is a matter of text. Here is what needs the file system: absolute paths, the other
//! worktrees of the same repository, symbolic links, letter case and Unicode form where the file system does not tell them
//! apart, and whether a name is a folder.

mod roots;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use engine::FilePattern;
use engine::pattern::{BadPattern, PATH_MAX};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub(crate) use self::roots::other_worktrees;
use self::roots::{Names, Place, Roots, has_drive};

/// How paths of one project are spelled.
#[derive(Debug)]
pub struct ProjectPaths {
    root: PathBuf,
    /// The root's names.
    project: Vec<String>,
    folds_case: bool,
    /// Where the project can be found: its root, under every name, in every worktree.
    roots: RwLock<Roots>,
}

/// A path within the project.
struct Inside<'t> {
    /// The place of the project under which it was named.
    place: Arc<Place>,
    /// The way from there.
    names: Vec<Cow<'t, str>>,
}

impl ProjectPaths {
    /// Finds out where the project can be found and what its file system tells apart.
    pub fn new(root: &Path) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        let folds_case = folds_case(&root);
        let roots = RwLock::new(Roots::find(&root, folds_case));
        let project = roots::names_of(&root);
        Ok(Self { root, project, folds_case, roots })
    }

    /// The project's root, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The key for a file, folder or glob as somebody spelled it: relative to the project's root, or absolute within the project
    /// or within another worktree of its repository. A name that is a folder counts as that folder.
    pub fn pattern(&self, text: &str) -> Result<FilePattern, BadPattern> {
        // Far too long for what follows, or nothing: to be refused in the engine's words.
        if text.is_empty() || text.len() > 8 * PATH_MAX {
            return FilePattern::new(text);
        }
        let text = composed(text);
        let inside = self.absolute(&text).and_then(|names| self.within(names));
        let Some((names, is_folder)) = inside.map(|inside| self.on_disk(inside)) else {
            return Err(outside(&text));
        };
        let mut spelled = names.join("/");
        if is_folder || ends_as_folder(&text) || spelled.is_empty() {
            spelled.push('/');
        }
        if spelled == "/" {
            spelled.insert(0, '.');
        }
        // What begins like a drive would lead elsewhere by its own spelling.
        if has_drive(&spelled) {
            return Err(outside(&text));
        }
        FilePattern::new(&self.folded(&spelled))
    }

    /// The names on the way from the file system's root, with `.` and `..` worked out. `None` where that leads nowhere.
    fn absolute<'t>(&'t self, text: &'t str) -> Option<Vec<Cow<'t, str>>> {
        let names = Names::of(text);
        let mut way = Vec::with_capacity(self.project.len() + names.names.len());
        if !names.absolute {
            way.extend(self.project.iter().map(|name| Cow::Borrowed(name.as_str())));
        }
        for name in names.names {
            match &*name {
                "." | "" => {}
                ".." => {
                    if let Some(there) = led_away(&way) {
                        way = there;
                    }
                    // Leaving a `**` would need another pattern than one can write.
                    if way.pop().is_none_or(|left| left == "**") {
                        return None;
                    }
                }
                _ => way.push(name),
            }
        }
        Some(way)
    }

    /// The way from the innermost place of the project that holds these names.
    fn within<'t>(&self, names: Vec<Cow<'t, str>>) -> Option<Inside<'t>> {
        let mut roots = self.roots();
        if roots.outdated() {
            drop(roots);
            // A worktree was added or removed.
            let found = Roots::find(&self.root, self.folds_case);
            *self.roots.write().unwrap_or_else(PoisonError::into_inner) = found;
            roots = self.roots();
        }
        let found = roots.within(names);
        drop(roots);
        found.or_else(|names| self.behind_links(&names)).ok()
    }

    /// The way to names that lead into the project by a link from outside, such as `/tmp` for `/private/tmp`.
    fn behind_links<'t>(&self, names: &[Cow<'t, str>]) -> Result<Inside<'t>, Vec<Cow<'t, str>>> {
        let fixed = fixed(names);
        for there in (1..=fixed).rev() {
            let Ok(real) = roots::path_of(&names[..there]).canonicalize() else { continue };
            let Some(mut names_there) = roots::utf8_names_of(&real) else { break };
            names_there.extend_from_slice(&names[there..]);
            return self.roots().within(names_there);
        }
        Err(Vec::new())
    }

    /// Follows symbolic links within the project, also to what is not there yet, and tells whether the whole names a folder. What
    /// leads out of the project, or in circles, keeps its spelling.
    fn on_disk<'t>(&self, inside: Inside<'t>) -> (Vec<Cow<'t, str>>, bool) {
        let Inside { place, mut names } = inside;
        let fixed = fixed(&names);
        let wild = fixed < names.len();
        if let Some(is_folder) = place.folder_without_links(&names[..fixed]) {
            return (names, is_folder && !wild);
        }
        for there in (1..=fixed).rev() {
            let Some(real) = led_to(&place.path.join(names[..there].join("/"))) else { continue };
            let is_folder = there == fixed && !wild && real.is_dir();
            if let Some(resolved) = roots::utf8_names_of(&real)
                && let Ok(resolved) = self.roots().within(resolved)
            {
                names.splice(..there, resolved.names);
            }
            return (names, is_folder);
        }
        (names, false)
    }

    fn folded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.folds_case { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
    }

    fn roots(&self) -> RwLockReadGuard<'_, Roots> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a path leads by all its links, whether or not there is anything (yet). `None` where it leads in circles, or past what is
/// not there and back.
fn led_to(path: &Path) -> Option<PathBuf> {
    // As many as Linux follows.
    const LINKS_MAX: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if let Ok(real) = path.canonicalize() {
            return Some(real);
        }
        let (there, rest) = path
            .ancestors()
            .skip(1)
            .find_map(|above| Some((above.canonicalize().ok()?, path.strip_prefix(above).ok()?)))?;
        let mut names = rest.components();
        let next = there.join(names.next()?);
        match next.read_link() {
            Ok(target) => path = there.join(target).join(names.as_path()),
            Err(_) => {
                let plain = rest.components().all(|name| matches!(name, Component::Normal(_)));
                return plain.then(|| there.join(rest));
            }
        }
    }
    None
}

/// Where a link leads, whose parent folder is that of its target: `link/..` is not where the link lies. `None` for what is no link.
fn led_away<'t>(names: &[Cow<'_, str>]) -> Option<Vec<Cow<'t, str>>> {
    let path = roots::path_of(names);
    let real = if path.is_symlink() { path.canonicalize().ok()? } else { return None };
    roots::utf8_names_of(&real)
}

/// How many leading names hold no wildcard.
fn fixed(names: &[Cow<'_, str>]) -> usize {
    names.iter().take_while(|name| !name.contains(['*', '?'])).count()
}

/// One Unicode spelling for texts that look alike: some systems take file names apart, some do not.
fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether the text says of itself that it means a folder.
fn ends_as_folder(text: &str) -> bool {
    matches!(text.rsplit(['/', '\\']).next(), Some("" | "." | ".."))
}

/// Whether the file system takes two spellings that differ in case for the same file.
fn folds_case(root: &Path) -> bool {
    // The hub has made this file just before; without it nothing is known, and then spellings differ.
    let here = root.join(crate::folder::FOLDER);
    here.join(".gitignore").exists() && here.join(".GITIGNORE").exists()
}

fn outside(text: &str) -> BadPattern {
    const SHOWN: usize = 200;
    BadPattern::Outside(text.chars().take(SHOWN).collect())
}
