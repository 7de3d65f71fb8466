//! TLS: the real program with a certificate made for the occasion, and everything of its own that talks to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use http::Request;
use http::header::{HOST, ORIGIN};
use http_body_util::Full;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use server::client::{CallError, Client, Seen};
use server::tls::Trust;

use crate::binary::{Binary, command};

/// An authority of one's own, and a server's certificate from it.
struct Paper {
    folder: tempfile::TempDir,
}

impl Paper {
    /// For these names.
    fn make(names: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        let paper = Self { folder: tempfile::tempdir().unwrap() };
        paper.write("authority.pem", &authority.pem());
        paper.write("server.pem", &certificate.pem());
        paper.write("server.key", &key.serialize_pem());
        paper
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    fn flags(&self) -> [String; 4] {
        let path = |file| self.path(file).display().to_string();
        ["--tls-cert".to_owned(), path("server.pem"), "--tls-key".to_owned(), path("server.key")]
    }

    /// Serves this folder with it.
    fn serve(&self, folder: &Path, more: &[&str]) -> Binary {
        let mut serve = command(folder, &["serve", "--listen", "127.0.0.1:0"]);
        serve.args(self.flags()).args(more);
        Binary::start(serve)
    }

    fn trust(&self) -> Trust {
        Trust::Authority(self.path("authority.pem"))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn done(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    said(&output)
}

#[tokio::test]
async fn calls_and_streams_are_encrypted_for_whoever_knows_the_authority() {
    let (paper, folder) = (Paper::make(&["localhost"]), tempfile::tempdir().unwrap());
    let server = paper.serve(folder.path(), &[]);
    assert!(server.url.starts_with("https://localhost:"), "{}", server.url);
    let mut client = Client::new(&server.url, &paper.trust()).unwrap();
    let ada = json!({ "manus_id": "ada", "role": "COORDINATOR", "capabilities": [] });
    client.call("register_manus", &ada).await.unwrap();
    let mut stream = client.events(&mut Seen::default()).await.unwrap();
    while stream.next().await.expect("ada is registered").kind != "manus_registered" {}
    // Without it nobody is asked anything.
    let unknown = Client::new(&server.url, &Trust::System);
    let refused = match unknown {
        Ok(mut client) => client.call("list_manus", &json!({})).await.map(|_| ()),
        // Machines without any list of authorities.
        Err(error) => Err(error),
    };
    match refused {
        Err(CallError::Unreachable(why)) => assert!(why.contains("--cacert"), "{why}"),
        other => panic!("{other:?}"),
    }
    // Another authority than the one that vouches.
    let other = Paper::make(&["localhost"]);
    let mut client = Client::new(&server.url, &other.trust()).unwrap();
    let refused = client.call("list_manus", &json!({})).await.unwrap_err().to_string();
    assert!(refused.contains("nobody whom this machine trusts") && refused.contains("--cacert"), "{refused}");
    // A name that the certificate does not hold.
    let elsewhere = server.url.replace("localhost", "127.0.0.1");
    let mut client = Client::new(&elsewhere, &paper.trust()).unwrap();
    let refused = client.call("list_manus", &json!({})).await.unwrap_err().to_string();
    assert!(refused.contains("for other names"), "{refused}");
    // Who does not encrypt is not heard.
    let plain = server.url.replace("https", "http");
    let mut client = Client::new(&plain, &Trust::System).unwrap();
    assert!(client.call("list_manus", &json!({})).await.is_err());
    let stopped = tokio::task::spawn_blocking(move || server.stop("-TERM")).await.unwrap();
    assert_eq!(stopped.code(), Some(0));
}

#[test]
fn the_projects_own_commands_know_their_server() {
    // Its certificate is for the name by which others know it.
    let (paper, folder) = (Paper::make(&["agents.example"]), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let server = paper.serve(folder, &[]);
    done(command(folder, &["register", "ada", "--role", "COORDINATOR"]));
    assert!(done(command(folder, &["status"])).contains("ada"));
    done(command(folder, &["doctor"]));
    // Another server that has taken the place of this one, with another certificate.
    let left = folder.join(".manus-sync/server.json");
    let mut info: Value = serde_json::from_slice(&std::fs::read(&left).unwrap()).unwrap();
    info["certificate"] = json!("0".repeat(64));
    std::fs::write(&left, info.to_string()).unwrap();
    let refused = command(folder, &["status"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("another server answers there"), "{}", said(&refused));
    server.kill();
}

#[test]
fn hooks_guards_and_tools_speak_it_too() {
    let (paper, folder) = (Paper::make(&["localhost"]), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let server = paper.serve(folder, &[]);
    let authority = paper.path("authority.pem");
    // By its address, as from another machine.
    let there = |arguments: &[&str]| {
        let mut command = command(folder, arguments);
        command.env("MANUS_SYNC_URL", &server.url).env("MANUS_SYNC_CACERT", &authority);
        command
    };
    let input = |command: &mut Command, text: &str| {
        let file = folder.join("input");
        std::fs::write(&file, text).unwrap();
        command.stdin(std::fs::File::open(&file).unwrap());
    };
    let edit = json!({ "session_id": "s1", "tool_name": "Edit", "cwd": folder,
                       "tool_input": { "file_path": "a.rs" } });
    let mut hook = there(&["hook", "PreToolUse", "--as", "ada"]);
    input(&mut hook, &edit.to_string());
    let answered = done(hook);
    let held = done(there(&["files", "check", "a.rs", "--json"]));
    let held: Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held["files"][0]["lock"]["locked_by"], "ada", "{held} {answered}");
    // The guard refuses what is not ours.
    let git = |arguments: &[&str]| {
        let done = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
    };
    git(&["init", "-q"]);
    std::fs::write(folder.join("a.rs"), "").unwrap();
    git(&["add", "a.rs"]);
    let refused = there(&["guard", "check", "--as", "bob"]).output().unwrap();
    assert!(!refused.status.success() && said(&refused).contains("ada"), "{}", said(&refused));
    // MCP over stdin and stdout.
    let begin = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
                       "params": { "name": "check", "arguments": { "files": ["a.rs"] } } });
    let mut mcp = there(&["mcp", "--as", "bob"]);
    input(&mut mcp, &format!("{begin}\n{ready}\n{call}\n"));
    let answered = done(mcp);
    assert!(answered.contains("ada"), "{answered}");
    // The same by a flag, and by the project's settings.
    let flag = authority.display().to_string();
    let mut by_flag = command(folder, &["agents", "--server", &server.url, "--cacert", &flag]);
    assert!(said(&by_flag.output().unwrap()).contains("ada"));
    std::fs::write(folder.join(".manus-sync/config.toml"), format!("cacert = '{flag}'\n")).unwrap();
    assert!(done(command(folder, &["agents", "--server", &server.url])).contains("ada"));
    server.kill();
}

#[tokio::test]
async fn what_browsers_are_told() {
    let (paper, folder) = (Paper::make(&["localhost"]), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let token = done(command(folder, &["token", "create", "--role", "admin"]));
    let token = token.lines().last().unwrap().to_owned();
    let server = paper.serve(folder, &["--auth", "required", "--allow-host", "agents.example"]);
    let authority = server.url.strip_prefix("https://").unwrap().to_owned();
    let mut client = Client::new(&server.url, &paper.trust()).unwrap();
    let mut send = async |request: http::request::Builder, body: String| {
        client.send(request.body(Full::from(body)).unwrap()).await.unwrap()
    };
    let login = |origin: &str| Request::post("/login").header(HOST, &authority).header(ORIGIN, origin);
    let answer = send(login(&server.url), format!("token={token}")).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure") && cookie.contains("HttpOnly"), "{cookie}");
    // What a browser notes for localhost would count for everything else that listens there.
    assert!(!answer.headers().contains_key("strict-transport-security"));
    let healthz = |host: &str| Request::get("/healthz").header(HOST, host);
    let answer = send(healthz("agents.example:3334"), String::new()).await;
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    // A page of the same name that came over an open wire may be anybody's.
    for (origin, status) in [("https://agents.example", 200), ("http://agents.example", 403)] {
        let request = healthz("agents.example").header(ORIGIN, origin);
        assert_eq!(send(request, String::new()).await.status(), status, "{origin}");
    }
    server.kill();
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let (paper, other) = (Paper::make(&["localhost"]), Paper::make(&["localhost"]));
    let folder = tempfile::tempdir().unwrap();
    paper.write("empty.pem", "nothing\n");
    paper.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let path = |paper: &Paper, file: &str| paper.path(file).display().to_string();
    let (cert, key) = (path(&paper, "server.pem"), path(&paper, "server.key"));
    let cases: [(&[&str], &str); 7] = [
        (&["--tls-cert", &cert], "--tls-key is missing"),
        (&["--tls-key", &key], "--tls-cert is missing"),
        (&["--tls-cert", &cert, "--tls-key", &path(&paper, "none.key")], "--tls-key names a PEM file"),
        (&["--tls-cert", &path(&paper, "empty.pem"), "--tls-key", &key], "holds no certificate"),
        (&["--tls-cert", &cert, "--tls-key", &cert], "holds no private key"),
        (&["--tls-cert", &cert, "--tls-key", &path(&paper, "locked.key")], "openssl pkey"),
        (&["--tls-cert", &cert, "--tls-key", &path(&other, "server.key")], "does not belong to"),
    ];
    for (flags, expected) in cases {
        let mut serve = command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let refused = serve.args(flags).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains(expected), "{flags:?}: {}", said(&refused));
    }
    assert!(!folder.path().join(".manus-sync").exists(), "nothing was begun");
}
