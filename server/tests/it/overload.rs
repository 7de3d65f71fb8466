//! Bad days: watchers that do not read, connections that say nothing, bodies that mean no good. The server refuses in words, keeps
//! its memory, and is there for everybody else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::json;
use tokio::time::timeout;

use crate::binary::Binary;
use crate::project::{Answer, Caller, Project};

const MIB: u64 = 1024 * 1024;

/// What a process has in memory, in bytes.
#[cfg(target_os = "linux")]
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// How many files and connections it has open.
#[cfg(target_os = "linux")]
fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// Whatever comes over a stream until this event, or a later one that came with it; the numbers of the events in their order.
async fn read_until(body: &mut Incoming, last: u64) -> Vec<u64> {
    let (mut seqs, mut rest) = (Vec::<u64>::new(), Vec::new());
    while seqs.last().is_none_or(|seq| *seq < last) {
        let frame =
            timeout(Duration::from_secs(30), body.frame()).await.expect("something within half a minute");
        let data = frame.expect("the stream goes on").unwrap().into_data().unwrap();
        rest.extend_from_slice(&data);
        let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines: Vec<u8> = rest.drain(..whole).collect();
        let ids = lines.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"id: "));
        seqs.extend(ids.map(|id| std::str::from_utf8(id).unwrap().parse::<u64>().unwrap()));
    }
    seqs
}

/// Twenty watchers that do not read while a hundred megabytes of events go by: the server keeps none of it for them, and when one
/// reads on it has missed nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_that_do_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let mut caller = Caller::connect(server.authority()).await;
    for name in ["ada", "bob"] {
        let who = json!({ "manus_id": name, "role": "SPEED_DEVELOPER", "capabilities": [] });
        caller.call("register_manus", &who).await.ok();
    }
    let mut watchers = Vec::new();
    for _ in 0..20 {
        let mut watcher = Caller::connect(server.authority()).await;
        let request = Request::get("/api/v1/events?since=0").body(Full::default()).unwrap();
        let (status, body) = watcher.open(request).await;
        assert_eq!(status, 200);
        watchers.push((watcher, body));
    }
    let before = memory(server.pid());
    let text = "x".repeat(60 * 1024);
    let note = json!({ "from_manus": "ada", "to_manus": "bob", "message_type": "NOTE", "content": text });
    let mut last = 0;
    for _ in 0..100 {
        for _ in 0..17 {
            last = caller.call("send_message", &note).await.seq();
        }
        // Nobody else's messages are to fill the memory, either.
        last = last.max(caller.call("get_messages", &json!({ "manus_id": "bob", "limit": 100 })).await.seq());
    }
    let grown = memory(server.pid()).saturating_sub(before);
    // All of it for each of them would be two thousand.
    assert!(grown < 400 * MIB, "{} MiB more", grown / MIB);
    let (_caller, mut body) = watchers.pop().unwrap();
    let seqs = read_until(&mut body, last).await;
    assert!(seqs.iter().copied().eq(1..=seqs[seqs.len() - 1]), "{} events of {last}", seqs.len());
    drop(watchers);
    caller.call("list_manus", &json!({})).await.ok();
    server.kill();
}

/// Ten thousand connections of which nobody says anything, or half a word; as many as the system lets a process have.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connections_that_say_nothing() {
    let most = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let count = usize::try_from(most.saturating_sub(500)).unwrap().min(10_000);
    println!("{count} idle connections, of {most} files that a process may have open");
    let folder = tempfile::tempdir().unwrap();
    let server = Binary::serve(folder.path());
    let (pid, before) = (server.pid(), memory(server.pid()));
    let at_rest = open_files(pid);
    let idle: Vec<TcpStream> = (0..count)
        .map(|n| {
            let mut stream = TcpStream::connect(server.authority()).unwrap();
            if n % 2 == 0 {
                stream.write_all(b"POST /api/v1/list_tasks HTTP/1.1\r\nhost: loc").unwrap();
            }
            stream
        })
        .collect();
    until("all are let in", || open_files(pid) >= at_rest + count).await;
    let mut caller = Caller::connect(server.authority()).await;
    caller.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    let each = memory(pid).saturating_sub(before) / count as u64;
    assert!(each < 64 * 1024, "{each} bytes a connection");
    drop(idle);
    until("all are gone", || open_files(pid) < at_rest + 100).await;
    caller.call("create_task", &json!({ "title": "Two", "description": "" })).await.ok();
    server.kill();
}

/// Waits for a state, and says so when it does not come.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn post(project: &Project, name: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(format!("/api/v1/{name}")).header("content-type", "application/json");
    project.caller().await.send(request.body(Full::from(body)).unwrap()).await.unwrap()
}

#[tokio::test]
async fn bodies_that_mean_no_good() {
    let project = Project::start().await;
    let nested =
        |open: &str, close: &str, times: usize| (open.repeat(times) + &close.repeat(times)).into_bytes();
    let with_title = |title: &str| format!("{{\"title\":{title},\"description\":\"\"}}").into_bytes();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("deep lists", nested("[", "]", 300_000)),
        ("deep objects", nested("{\"title\":", "}", 100_000)),
        ("lists that never end", b"[".repeat(1024 * 1024)),
        ("deep within a field", with_title(&(("[".repeat(5_000)) + &"]".repeat(5_000)))),
        ("no text", vec![0xff; 1000]),
        ("half a character", b"{\"title\":\"\xf0\x9f\"}".to_vec()),
        ("half a pair", with_title("\"\\ud800\"")),
        ("a number without end", with_title(&"9".repeat(500_000))),
        ("a number beyond all", with_title("1e999999999")),
        ("twice the same", b"{\"title\":\"a\",\"title\":\"b\",\"description\":\"\"}".to_vec()),
        ("a word without end", with_title(&format!("\"{}\"", "a".repeat(900_000)))),
        ("many unknown fields", format!("{{{}\"z\":1}}", "\"y\":1,".repeat(100_000)).into_bytes()),
        ("nothing", Vec::new()),
        ("zeros", vec![0; 1000]),
    ];
    for (what, body) in bodies {
        let answer = post(&project, "create_task", body).await;
        assert_eq!(answer.refused(), (400, "invalid_argument".to_owned()), "{what}");
        assert!(answer.body.len() < 10_000, "{what}: {} bytes of words", answer.body.len());
    }
    project.call("create_task", &json!({ "title": "One", "description": "" })).await.ok();
    assert_eq!(project.call("list_tasks", &json!({})).await.ok()["items"].as_array().unwrap().len(), 1);
}

/// Sends these bytes, ends there if that is wanted, and reads what comes until the server ends it, too.
pub fn raw(project: &Project, bytes: &[u8], ends: bool) -> String {
    let mut stream = TcpStream::connect(project.server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // The server may have said no before all of it was sent.
    let _ = stream.write_all(bytes);
    if ends {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        said.extend_from_slice(&buffer[..count]);
        if !ends && said.windows(4).any(|four| four == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_lie() {
    let project = Project::start().await;
    let head = |more: &str| {
        let host = project.server.address();
        format!(
            "POST /api/v1/create_task HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{more}\r\n"
        )
    };
    let task = "{\"title\":\"Lie\",\"description\":\"\"}";
    let chunked = |chunk: &str, times: usize| {
        let one = format!("{:x}\r\n{chunk}\r\n", chunk.len());
        head("transfer-encoding: chunked\r\n") + &one.repeat(times)
    };
    // More is announced than anybody may send: nobody waits for it.
    let huge = raw(&project, head("content-length: 999999999999\r\n").as_bytes(), false);
    assert!(huge.starts_with("HTTP/1.1 413"), "{huge}");
    // More is announced than comes: it is not carried out.
    let short = head(&format!("content-length: {}\r\n", task.len() + 10)) + task;
    assert!(!raw(&project, short.as_bytes(), true).starts_with("HTTP/1.1 200"));
    // Chunks without end are read as far as a body may go.
    let endless = raw(&project, chunked(&" ".repeat(64 * 1024), 40).as_bytes(), false);
    assert!(endless.starts_with("HTTP/1.1 413"), "{endless}");
    // Two lengths, or two ways to say it: whoever is in front may have understood it otherwise.
    for both in
        ["content-length: 3\r\ncontent-length: 5\r\n", "content-length: -1\r\n", "content-length: 0x10\r\n"]
    {
        let said = raw(&project, (head(both) + task).as_bytes(), true);
        assert!(said.starts_with("HTTP/1.1 400"), "{both}: {said}");
    }
    let bad_chunk = head("transfer-encoding: chunked\r\n") + "zz\r\nabc\r\n0\r\n\r\n";
    assert!(!raw(&project, bad_chunk.as_bytes(), true).starts_with("HTTP/1.1 200"));
    // Heads without end, in one line or in many.
    let long = head(&format!("x: {}\r\n", "y".repeat(2_000_000)));
    assert!(!raw(&project, long.as_bytes(), true).starts_with("HTTP/1.1 200"));
    let many = head(&"x: y\r\n".repeat(50_000));
    assert!(!raw(&project, many.as_bytes(), true).starts_with("HTTP/1.1 200"));
    for nonsense in
        ["GET\r\n\r\n", "\r\n\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        assert!(!raw(&project, nonsense.as_bytes(), true).starts_with("HTTP/1.1 200"), "{nonsense:?}");
    }
    assert_eq!(project.call("list_tasks", &json!({})).await.ok()["items"], json!([]));
}

/// A body that says it is packed is not unpacked: nothing small becomes something large here.
#[tokio::test]
async fn packed_bodies_are_not_unpacked() {
    let project = Project::start().await;
    let request = Request::builder().method(Method::POST).uri("/api/v1/create_task");
    let request = request.header("content-type", "application/json").header("content-encoding", "gzip");
    let body = Full::from(&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..]);
    let answer = project.caller().await.send(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.refused(), (400, "invalid_argument".to_owned()));
}
