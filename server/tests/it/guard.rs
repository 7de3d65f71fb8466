//! The guard in real repositories: git itself commits and pushes, or is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Binary, command, run};
use crate::project::Caller;
use crate::tokens::shell::create;

/// A repository that is a project, with a server.
struct Repo {
    folder: TempDir,
    server: Option<Binary>,
}

fn git_in(folder: &Path, who: Option<&str>, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let mut git = Command::new("git");
    git.current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MANUS_")) {
        git.env_remove(name);
    }
    git.envs(who.map(|who| ("MANUS_ID", who))).envs(more.iter().copied());
    git.output().unwrap()
}

/// What it said, if it did it.
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Why it did not.
fn refused(output: Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn init(folder: &Path) {
    done(git_in(folder, None, &["init", "-q", "-b", "main"], &[]));
    done(git_in(folder, None, &["config", "user.name", "A Person"], &[]));
    done(git_in(folder, None, &["config", "user.email", "person@example.org"], &[]));
}

impl Repo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path());
        let server = Some(Binary::serve(folder.path()));
        Self { folder, server }
    }

    /// With the guard, and two agents.
    async fn guarded() -> Self {
        let repo = Self::new();
        repo.guard("install");
        for name in ["ada", "bob"] {
            repo.call(
                "register_manus",
                json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [] }),
            )
            .await;
        }
        repo
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn guard(&self, what: &str) -> String {
        let output = run(self.path(), &["guard", what]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn call(&self, name: &str, arguments: Value) -> Value {
        let authority = self.server.as_ref().unwrap().authority();
        Caller::connect(authority).await.call(name, &arguments).await.ok()
    }

    async fn claim(&self, who: &str, files: &[&str]) {
        self.call("claim_files", json!({ "manus_id": who, "files": files, "reason": "the parser" })).await;
    }

    async fn release(&self, who: &str, files: &[&str]) {
        self.call("release_files", json!({ "manus_id": who, "files": files })).await;
    }

    fn write(&self, file: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, format!("{text}more\n")).unwrap();
    }

    fn git(&self, who: Option<&str>, arguments: &[&str]) -> Output {
        git_in(self.path(), who, arguments, &[])
    }

    /// Changes files, and commits them.
    fn commit(&self, who: Option<&str>, files: &[&str]) -> Output {
        files.iter().for_each(|file| self.write(file));
        done(self.git(None, &["add", "--all", "--", "."]));
        self.git(who, &["commit", "-q", "-m", "Change"])
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.path().join(".git/hooks").join(name)
    }
}

#[tokio::test]
async fn what_somebody_else_holds_is_not_committed() {
    let repo = Repo::guarded().await;
    repo.claim("bob", &["src/", "notes für bob.md"]).await;
    done(repo.commit(Some("ada"), &["README.md"]));
    let why = refused(repo.commit(Some("ada"), &["src/a file.rs", "docs/b.md"]));
    assert!(why.contains("guard: this commit is refused"), "{why}");
    assert!(
        why.contains("src/a file.rs is held by bob with src/ (the parser)") && why.contains("You are ada"),
        "{why}"
    );
    assert!(!why.contains("docs/b.md"), "{why}");
    done(repo.git(None, &["reset", "-q", "--hard"]));
    assert!(
        refused(repo.commit(Some("ada"), &["notes für bob.md"])).contains("notes für bob.md is held by bob")
    );
    // Whoever holds it commits; a person who is nobody does not.
    let nobody = refused(repo.git(None, &["commit", "-q", "-m", "x"]));
    assert!(nobody.contains("You are nobody here"), "{nobody}");
    done(repo.git(None, &["config", "manus.id", "bob"]));
    done(repo.git(None, &["commit", "-q", "-m", "x"]));
    // Taking a file away is a change, too.
    repo.release("bob", &["src/", "notes für bob.md"]).await;
    repo.claim("ada", &["README.md"]).await;
    done(repo.git(None, &["mv", "README.md", "READ.md"]));
    assert!(
        refused(repo.git(Some("bob"), &["commit", "-q", "-m", "x"])).contains("README.md is held by ada")
    );
}

#[tokio::test]
async fn a_claim_from_before_somebody_elses_is_outdated() {
    let repo = Repo::guarded().await;
    repo.claim("ada", &["a.rs"]).await;
    repo.release("ada", &["a.rs"]).await;
    repo.claim("bob", &["*.rs"]).await;
    repo.release("bob", &["*.rs"]).await;
    let why = refused(repo.commit(Some("ada"), &["a.rs", "free.txt"]));
    assert!(
        why.contains("a.rs: your claim is outdated; bob was granted it after you (token 2, yours is 1)"),
        "{why}"
    );
    assert!(!why.contains("free.txt"), "{why}");
    repo.claim("ada", &["a.rs"]).await;
    done(repo.git(Some("ada"), &["commit", "-q", "-m", "x"]));
    // Who never claimed it has nothing to be outdated.
    repo.release("ada", &["a.rs"]).await;
    repo.call("register_manus", json!({ "manus_id": "eve", "role": "COORDINATOR", "capabilities": [] }))
        .await;
    done(repo.commit(Some("eve"), &["a.rs"]));
}

#[tokio::test]
async fn the_pushed_range_is_checked() {
    let repo = Repo::guarded().await;
    let remote = tempfile::tempdir().unwrap();
    done(git_in(remote.path(), None, &["init", "-q", "--bare"], &[]));
    done(repo.git(None, &["remote", "add", "origin", remote.path().to_str().unwrap()]));
    done(repo.commit(Some("ada"), &["old.rs"]));
    done(repo.git(Some("ada"), &["push", "-q", "origin", "main"]));
    done(repo.commit(Some("ada"), &["new 1.rs"]));
    done(repo.commit(Some("ada"), &["new 2.rs"]));
    repo.claim("bob", &["old.rs", "new 1.rs"]).await;
    let why = refused(repo.git(Some("ada"), &["push", "-q", "origin", "main"]));
    assert!(why.contains("guard: this push is refused") && why.contains("new 1.rs is held by bob"), "{why}");
    assert!(!why.contains("old.rs"), "pushed before: {why}");
    // A branch that the other side does not have yet.
    assert!(refused(repo.git(Some("ada"), &["push", "-q", "origin", "main:other"])).contains("new 1.rs"));
    done(repo.git(Some("bob"), &["push", "-q", "origin", "main"]));
    done(repo.git(Some("ada"), &["push", "-q", "origin", "--delete", "main"]));
}

#[tokio::test]
async fn a_claim_after_the_commit_does_not_make_it_outdated() {
    let repo = Repo::guarded().await;
    let remote = tempfile::tempdir().unwrap();
    done(git_in(remote.path(), None, &["init", "-q", "--bare"], &[]));
    done(repo.git(None, &["remote", "add", "origin", remote.path().to_str().unwrap()]));
    repo.claim("ada", &["a.rs"]).await;
    done(repo.commit(Some("ada"), &["a.rs"]));
    repo.release("ada", &["a.rs"]).await;
    repo.claim("bob", &["a.rs"]).await;
    repo.release("bob", &["a.rs"]).await;
    done(repo.git(Some("ada"), &["push", "-q", "origin", "main"]));
    // One before it does.
    repo.write("a.rs");
    let later = "2099-01-01T00:00:00Z";
    let dates = [("GIT_COMMITTER_DATE", later), ("MANUS_SYNC_BYPASS", "1")];
    done(git_in(repo.path(), Some("ada"), &["commit", "-q", "-am", "x"], &dates));
    assert!(
        refused(repo.git(Some("ada"), &["push", "-q", "origin", "main"])).contains("your claim is outdated")
    );
}

#[tokio::test]
async fn a_bypass_is_possible_and_seen() {
    let repo = Repo::guarded().await;
    repo.claim("bob", &["a.rs"]).await;
    repo.write("a.rs");
    done(repo.git(None, &["add", "a.rs"]));
    let bypass = [("MANUS_SYNC_BYPASS", "1")];
    let said = done(git_in(repo.path(), Some("ada"), &["commit", "-q", "-m", "Urgent"], &bypass));
    assert!(said.contains("the supervisor was told"), "{said}");
    // By somebody who is no agent.
    repo.write("a.rs");
    done(git_in(repo.path(), Some("stranger"), &["commit", "-q", "-am", "More"], &bypass));
    let messages = repo.call("get_messages", json!({ "manus_id": "supervisor", "peek": true })).await;
    let told = |place: usize| {
        (
            messages[place]["message_type"].clone(),
            messages[place]["from_manus"].clone(),
            messages[place]["content"].clone(),
        )
    };
    let (kind, from, content) = told(0);
    assert_eq!((kind, from), (json!("GUARD_BYPASSED"), json!("ada")));
    assert_eq!(
        (&content["files"], &content["what"], &content["git_user"]),
        (&json!(["a.rs"]), &json!("commit"), &json!("A Person"))
    );
    assert!(content["in_the_way"][0].as_str().unwrap().contains("held by bob"));
    let (_, from, content) = told(1);
    assert_eq!((from, &content["who"]), (json!("supervisor"), &json!("stranger")));
    // Nothing but 1 goes past.
    repo.write("a.rs");
    refused(git_in(repo.path(), Some("ada"), &["commit", "-q", "-am", "x"], &[("MANUS_SYNC_BYPASS", "0")]));
}

#[tokio::test]
async fn hooks_that_were_there_go_first_and_come_back() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::new();
    let log = repo.path().join(".git/log");
    let script = format!(
        "#!/bin/sh\n# r\u{e9}sum\u{e9}\necho \"$0 $*\" >> '{}'\ncat >> '{}'\n[ ! -e stop ]\n",
        log.display(),
        log.display()
    );
    for (name, mode) in [("pre-commit", 0o750), ("pre-push", 0o711)] {
        fs::create_dir_all(repo.hook("")).unwrap();
        fs::write(repo.hook(name), &script).unwrap();
        fs::set_permissions(repo.hook(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    repo.guard("install");
    let installed = fs::read(repo.hook("pre-commit")).unwrap();
    repo.guard("install");
    assert_eq!(fs::read(repo.hook("pre-commit")).unwrap(), installed, "twice is once");

    done(repo.commit(None, &["a.rs"]));
    let remote = tempfile::tempdir().unwrap();
    done(git_in(remote.path(), None, &["init", "-q", "--bare"], &[]));
    done(repo.git(None, &["push", "-q", remote.path().to_str().unwrap(), "main"]));
    let ran = fs::read_to_string(&log).unwrap();
    assert!(ran.contains("pre-commit.before-manus-sync") && ran.contains("refs/heads/main"), "{ran}");
    // Its refusal is the last word.
    repo.write("stop");
    refused(repo.commit(None, &["a.rs"]));

    let said = repo.guard("uninstall");
    assert!(said.contains("as it was before"), "{said}");
    for (name, mode) in [("pre-commit", 0o750), ("pre-push", 0o711)] {
        assert_eq!(fs::read(repo.hook(name)).unwrap(), script.as_bytes());
        assert_eq!(fs::metadata(repo.hook(name)).unwrap().permissions().mode() & 0o777, mode);
        assert!(!repo.hook(&format!("{name}.before-manus-sync")).exists());
    }
    assert!(repo.guard("uninstall").contains("not the guard's"));
}

#[tokio::test]
async fn uninstalling_leaves_nothing_where_nothing_was() {
    let repo = Repo::new();
    let listed = || {
        let mut names: Vec<_> =
            fs::read_dir(repo.hook("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = listed();
    repo.guard("install");
    assert_eq!(listed().len(), before.len() + 2);
    repo.guard("uninstall");
    assert_eq!(listed(), before);
}

#[tokio::test]
async fn worktrees_and_hooks_elsewhere() {
    let repo = Repo::guarded().await;
    done(repo.commit(Some("ada"), &["a.rs"]));
    let other = tempfile::tempdir().unwrap();
    let tree = other.path().join("other tree");
    done(repo.git(None, &["worktree", "add", "-q", "-b", "side", tree.to_str().unwrap()]));
    repo.claim("bob", &["a.rs"]).await;
    fs::write(tree.join("a.rs"), "changed").unwrap();
    let why = refused(git_in(&tree, Some("ada"), &["commit", "-q", "-am", "x"], &[]));
    assert!(why.contains("a.rs is held by bob"), "{why}");
    done(git_in(&tree, Some("bob"), &["commit", "-q", "-am", "x"], &[]));
    // Where hooks are kept with the project.
    repo.guard("uninstall");
    done(repo.git(None, &["config", "core.hooksPath", ".hooks here"]));
    repo.guard("install");
    assert!(repo.path().join(".hooks here/pre-commit").exists() && !repo.hook("pre-commit").exists());
    repo.write("a.rs");
    refused(repo.git(Some("ada"), &["commit", "-q", "-am", "x"]));
}

#[tokio::test]
async fn a_project_within_a_repository_guards_its_own_files() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let app = folder.path().join("app");
    fs::create_dir(&app).unwrap();
    let server = Binary::serve(&app);
    let mut caller = Caller::connect(server.authority()).await;
    caller
        .call("register_manus", &json!({ "manus_id": "bob", "role": "COORDINATOR", "capabilities": [] }))
        .await
        .ok();
    caller.call("claim_files", &json!({ "manus_id": "bob", "files": ["**"] })).await.ok();
    // From the top the project is not around; within it is.
    assert!(run(&app, &["guard", "install"]).status.success());
    fs::write(folder.path().join("outside.txt"), "x").unwrap();
    done(git_in(folder.path(), None, &["add", "outside.txt"], &[]));
    done(git_in(folder.path(), Some("ada"), &["commit", "-q", "-m", "x"], &[]));
    fs::write(app.join("inside.txt"), "x").unwrap();
    fs::write(folder.path().join("outside.txt"), "y").unwrap();
    done(git_in(folder.path(), None, &["add", "app/inside.txt", "outside.txt"], &[]));
    let why = refused(git_in(folder.path(), Some("ada"), &["commit", "-q", "-m", "x"], &[]));
    assert!(why.contains("inside.txt is held by bob") && !why.contains("outside.txt"), "{why}");
}

#[tokio::test]
async fn without_a_server_commits_go_on_with_a_warning() {
    let mut repo = Repo::guarded().await;
    repo.server.take().unwrap().kill();
    let said = done(repo.commit(Some("ada"), &["a.rs"]));
    assert!(said.contains("no server answers") && said.contains("Nothing is checked"), "{said}");
    fs::write(repo.path().join(".manus-sync/config.toml"), "[hooks]\nfail-closed = true\n").unwrap();
    assert!(refused(repo.commit(Some("ada"), &["a.rs"])).contains("fail-closed"));
    // A repository without a project is none of our business.
    let other = tempfile::tempdir().unwrap();
    init(other.path());
    assert!(run(other.path(), &["guard", "install"]).status.success());
    fs::write(other.path().join("a"), "x").unwrap();
    done(git_in(other.path(), None, &["add", "a"], &[]));
    assert_eq!(done(git_in(other.path(), None, &["commit", "-q", "-m", "x"], &[])), "");
}

#[tokio::test]
async fn checking_by_hand() {
    let repo = Repo::guarded().await;
    repo.claim("bob", &["a.rs"]).await;
    repo.write("a.rs");
    done(repo.git(None, &["add", "a.rs"]));
    let refused = run(repo.path(), &["guard", "check", "--as", "ada"]);
    assert_eq!(refused.status.code(), Some(1));
    let fine = run(repo.path(), &["guard", "check", "--as", "bob"]);
    assert_eq!(String::from_utf8(fine.stdout).unwrap(), "1 files are free to commit\n");
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(run(nowhere.path(), &["guard", "install"]).status.code(), Some(1));
}

/// Where a server asks who comes, the guard shows the token that the agent got when it enrolled.
#[tokio::test]
async fn an_enrolled_agents_commits_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--auth", "required"];
    let server = Binary::start(command(folder.path(), &serve));
    let enrolment = create(folder.path(), &["--role", "enrolment"]);
    let shown = [("MANUS_SYNC_TOKEN", enrolment.as_str())];
    let agent = |arguments: &[&str]| {
        done(command(folder.path(), arguments).envs(shown).output().unwrap());
    };
    agent(&["register", "ada", "--role", "SPEED_DEVELOPER"]);
    agent(&["register", "bob", "--role", "SPEED_DEVELOPER"]);
    agent(&["files", "claim", "a.rs", "--as", "bob"]);
    agent(&["guard", "install"]);
    fs::write(folder.path().join("a.rs"), "one\n").unwrap();
    done(git_in(folder.path(), None, &["add", "a.rs"], &[]));
    let commit = |who| git_in(folder.path(), Some(who), &["commit", "-q", "-m", "x"], &shown);
    assert!(refused(commit("ada")).contains("a.rs is held by bob"));
    assert_eq!(done(commit("bob")), "");
    server.kill();
}
