//! Each test builds a folder and asks what a spelling comes to.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

struct Place {
    _dir: tempfile::TempDir,
    /// Under its real name: temporary folders may themselves be behind a link.
    top: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        Self { _dir: dir, top }
    }

    fn folder(&self, path: &str) -> PathBuf {
        let path = self.top.join(path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn at(&self, path: &str) -> String {
        self.top.join(path).to_str().unwrap().to_owned()
    }
}

fn paths(root: &Path) -> ProjectPaths {
    ProjectPaths::new(root).unwrap()
}

#[track_caller]
fn check(paths: &ProjectPaths, spellings: &[&str], key: &str) {
    for spelling in spellings {
        let found = paths.pattern(spelling).map(|pattern| pattern.as_str().to_owned());
        assert_eq!(found.as_deref().map_err(ToString::to_string), Ok(key), "{spelling}");
    }
}

#[track_caller]
fn check_outside(paths: &ProjectPaths, spellings: &[&str]) {
    for spelling in spellings {
        assert!(
            matches!(paths.pattern(spelling), Err(BadPattern::Outside(_))),
            "{spelling}: {:?}",
            paths.pattern(spelling)
        );
    }
}

#[test]
fn relative_spellings() {
    let place = Place::new();
    let paths = paths(&place.folder("project"));
    check(
        &paths,
        &[
            "src/a.rs",
            "./src/a.rs",
            "src//a.rs",
            "src/x/../a.rs",
            "src\\a.rs",
            "src/./b/.././a.rs",
            "../project/src/a.rs",
        ],
        "src/a.rs",
    );
    check(&paths, &["src/", "src/**", "src/.", "src/x/.."], "src/");
    check(&paths, &["src/*.rs", "src/x/../*.rs", "./src//*.rs"], "src/*.rs");
    check(&paths, &[".", "./", "**", "src/.."], "**");
    check(&paths, &["app/[id]/page.tsx"], "app/[id]/page.tsx");
    check(&paths, &[".github/workflows/ci.yml"], ".github/workflows/ci.yml");
    check_outside(
        &paths,
        &["..", "../other/a.rs", "src/../../a.rs", "src/**/../a.rs", "./c:/a.rs", "x/../C:"],
    );
    assert_eq!(paths.pattern(""), Err(BadPattern::Empty));
    assert!(matches!(paths.pattern(&"x/".repeat(100_000)), Err(BadPattern::TooLong(_))));
    assert!(matches!(paths.pattern(&"x".repeat(1_500)), Err(BadPattern::TooLong(_))));
    assert!(matches!(paths.pattern("a\u{0}b"), Err(BadPattern::Malformed { .. })));
}

#[test]
fn absolute_spellings() {
    let place = Place::new();
    let paths = paths(&place.folder("project"));
    let at = |path: &str| place.at(path);
    check(
        &paths,
        &[&at("project/src/a.rs"), &at("project/x/../src/./a.rs"), &at("other/../project/src/a.rs")],
        "src/a.rs",
    );
    check(&paths, &[&at("project"), &at("project/"), &at("project/.")], "**");
    check(&paths, &[&at("project/src/*.rs")], "src/*.rs");
    check_outside(
        &paths,
        &[
            "/",
            "/etc/passwd",
            &at("projects/a.rs"),
            &at("project/../a.rs"),
            "C:\\project\\a.rs",
            r"\\host\share\a.rs",
        ],
    );
}

#[test]
fn a_name_that_is_a_folder_counts_as_the_folder() {
    let place = Place::new();
    let root = place.folder("project");
    place.file("project/src/lib/a.rs", "");
    let paths = paths(&root);
    check(&paths, &["src/lib", "src/lib/", "src/lib/**", &place.at("project/src/lib")], "src/lib/");
    check(&paths, &["src/lib/a.rs"], "src/lib/a.rs");
    check(&paths, &["src/new"], "src/new");
    // A glob is taken as written.
    check(&paths, &["src/l*"], "src/l*");
}

#[test]
fn unicode_is_composed() {
    let place = Place::new();
    let root = place.folder("proje\u{0301}t");
    let paths = paths(&root);
    check(
        &paths,
        &["docs/re\u{0301}sume\u{0301}.md", "docs/r\u{e9}sum\u{e9}.md"],
        "docs/r\u{e9}sum\u{e9}.md",
    );
    check(&paths, &[&place.at("proje\u{0301}t/a.md"), &place.at("proj\u{e9}t/a.md")], "a.md");
}

#[test]
fn case_counts_where_the_file_system_says_so() {
    let place = Place::new();
    let mut told_apart = paths(&place.folder("Project"));
    assert!(!told_apart.folds_case, "these tests run where case counts");
    check(&told_apart, &["README.md"], "README.md");
    check_outside(&told_apart, &[&place.at("project/README.md")]);

    told_apart.folds_case = true;
    told_apart.roots = RwLock::new(Roots::find(&place.top.join("Project"), true));
    check(&told_apart, &["README.md", "ReadMe.MD", &place.at("pROJECT/readme.md")], "readme.md");
}

#[test]
#[cfg(unix)]
fn links_within_the_project_are_followed() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    let root = place.folder("project");
    place.file("project/src/a.rs", "");
    place.folder("project/src/below");
    place.folder("elsewhere");
    symlink("src", root.join("link")).unwrap();
    symlink("src/below", root.join("deep")).unwrap();
    symlink("src/a.rs", root.join("a.rs")).unwrap();
    symlink(place.top.join("elsewhere"), root.join("data")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let paths = paths(&root);
    check(&paths, &["link/a.rs", "a.rs", &place.at("project/link/a.rs")], "src/a.rs");
    check(&paths, &["link/new.rs"], "src/new.rs");
    check(&paths, &["link/deep/*.rs"], "src/deep/*.rs");
    check(&paths, &["link", "link/"], "src/");
    // As the system has it: up from where a link leads, not from where it lies.
    check(&paths, &["deep/../b.rs", "deep/../../src/b.rs", &place.at("project/deep/../b.rs")], "src/b.rs");
    // What leads out of the project keeps the name it has in the project.
    check(&paths, &["data/x.csv"], "data/x.csv");
    check(&paths, &["data"], "data/");
    check(&paths, &["loop/x"], "loop/x");
}

#[test]
#[cfg(unix)]
fn links_to_what_is_not_there_yet_are_followed() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    let root = place.folder("project");
    place.folder("project/src");
    symlink("nofile", root.join("dang")).unwrap();
    symlink(root.join("src/new.rs"), root.join("src/old.rs")).unwrap();
    symlink("../dang", root.join("src/twice")).unwrap();
    symlink("target/debug", root.join("out")).unwrap();
    symlink("gone/../nofile", root.join("back")).unwrap();
    symlink(place.top.join("gone"), root.join("away")).unwrap();
    symlink("pong", root.join("ping")).unwrap();
    symlink("ping", root.join("pong")).unwrap();
    let paths = paths(&root);
    check(&paths, &["dang", "nofile", "src/twice", &place.at("project/dang")], "nofile");
    check(&paths, &["src/old.rs"], "src/new.rs");
    check(&paths, &["out/a.o", "target/debug/a.o"], "target/debug/a.o");
    check(&paths, &["out/*.o"], "target/debug/*.o");
    check(&paths, &["out/"], "target/debug/");
    // What leads nowhere, out of the project, or in circles keeps its name.
    check(&paths, &["back"], "back");
    check(&paths, &["away/x"], "away/x");
    check(&paths, &["ping/x"], "ping/x");
    // Once it is there, nothing changes.
    place.file("project/nofile", "");
    check(&paths, &["dang", "nofile", "src/twice"], "nofile");
}

#[test]
#[cfg(unix)]
fn the_root_may_be_behind_a_link() {
    let place = Place::new();
    let real = place.folder("real/project");
    std::os::unix::fs::symlink(place.top.join("real"), place.top.join("short")).unwrap();
    for root in [real, place.top.join("short/project")] {
        let paths = paths(&root);
        check(&paths, &["a.rs", &place.at("real/project/a.rs"), &place.at("short/project/a.rs")], "a.rs");
    }
}

/// A repository at `main` with worktrees as git leaves them.
fn repository(place: &Place, worktrees: &[(&str, &str)]) {
    place.folder("main/.git");
    for (name, path) in worktrees {
        add_worktree(place, name, path);
    }
}

fn add_worktree(place: &Place, name: &str, path: &str) {
    let entry = format!("main/.git/worktrees/{name}");
    place.file(&format!("{path}/.git"), &format!("gitdir: {}\n", place.at(&entry)));
    place.file(&format!("{entry}/gitdir"), &format!("{}\n", place.at(&format!("{path}/.git"))));
    place.file(&format!("{entry}/commondir"), "../..\n");
}

#[test]
fn worktrees_share_their_keys() {
    let place = Place::new();
    repository(&place, &[("feature", "feature"), ("nested", "main/.worktrees/nested")]);
    place.folder("feature/src");
    let spellings = [
        "src/a.rs".to_owned(),
        place.at("main/src/a.rs"),
        place.at("feature/src/a.rs"),
        place.at("main/.worktrees/nested/src/a.rs"),
    ];
    let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
    for root in ["main", "feature", "main/.worktrees/nested"] {
        let paths = paths(&place.top.join(root));
        check(&paths, &spellings, "src/a.rs");
        check_outside(&paths, &[&place.at("unrelated/src/a.rs")]);
    }
    let paths = paths(&place.top.join("main"));
    check(&paths, &[".worktrees/nested/src/a.rs", "../feature/src/a.rs"], "src/a.rs");
    check(&paths, &[&place.at("feature/src")], "src/");
}

#[test]
fn worktrees_of_a_project_beneath_the_top() {
    let place = Place::new();
    repository(&place, &[("feature", "feature")]);
    let root = place.folder("main/packages/web");
    let paths = paths(&root);
    check(&paths, &["a.ts", &place.at("feature/packages/web/a.ts")], "a.ts");
    check_outside(&paths, &[&place.at("feature/packages/api/a.ts"), &place.at("main/a.ts")]);
}

#[test]
fn worktrees_that_come_later_are_found() {
    let place = Place::new();
    repository(&place, &[]);
    let paths = paths(&place.top.join("main"));
    check_outside(&paths, &[&place.at("late/a.rs")]);
    add_worktree(&place, "late", "late");
    check(&paths, &[&place.at("late/a.rs")], "a.rs");
}

#[test]
fn a_folder_that_becomes_a_repository_later_has_worktrees() {
    let place = Place::new();
    let paths = paths(&place.folder("main"));
    check_outside(&paths, &[&place.at("late/a.rs")]);
    repository(&place, &[("late", "late")]);
    check(&paths, &[&place.at("late/a.rs")], "a.rs");
}

#[test]
fn worktrees_with_relative_links() {
    let place = Place::new();
    place.folder("main/.git");
    place.file("feature/.git", "gitdir: ../main/.git/worktrees/feature\n");
    place.file("main/.git/worktrees/feature/gitdir", "../../../../feature/.git\n");
    place.file("main/.git/worktrees/feature/commondir", "../..\n");
    for root in ["main", "feature"] {
        let paths = paths(&place.top.join(root));
        check(&paths, &[&place.at("main/a.rs"), &place.at("feature/a.rs")], "a.rs");
    }
}

#[test]
fn a_submodule_is_a_project_of_its_own() {
    let place = Place::new();
    repository(&place, &[("feature", "feature")]);
    place.folder("main/.git/modules/lib");
    place.file("main/lib/.git", "gitdir: ../.git/modules/lib\n");
    let paths = paths(&place.top.join("main/lib"));
    check(&paths, &["a.rs", &place.at("main/lib/a.rs")], "a.rs");
    check_outside(&paths, &[&place.at("main/a.rs"), &place.at("feature/a.rs")]);
}
